//! The page of all components.

use crate::*;
use claviger_testing::{TestDatabase, on_both};
use std::{collections::BTreeMap, fs};

const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
const FULL: &str = "/_design";
const BARE: &str = "/_design/bare";

#[test]
fn every_component_is_on_the_page_with_every_macro_of_it() {
    let page = fs::read_to_string(format!("{TEMPLATES}/design.html")).unwrap();
    for file in fs::read_dir(format!("{TEMPLATES}/components")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let import = format!("{{% import \"components/{name}\" as ");
        let alias = page.split(import.as_str()).nth(1).and_then(|rest| rest.split(" %}").next());
        let alias = alias.unwrap_or_else(|| panic!("{name} is not on the page {FULL}"));
        let component = fs::read_to_string(&path).unwrap();
        let macros = component.split("{% macro ").skip(1).map(|rest| rest.split('(').next().unwrap());
        // What only other macros of its file call is shown with them.
        let is_inner = |called: &str| component.contains(&format!("{{{{ {called}("));
        for called in macros.filter(|called| !is_inner(called)) {
            let call = format!("{alias}::{called}(");
            assert!(page.contains(&call), "{name}: {called} is not on the page {FULL}");
        }
    }
}

on_both!(no_two_things_on_the_page_have_one_id, async |database: &TestDatabase| {
    let site = Site::fresh(database).await;
    for path in [FULL, BARE] {
        let html = site.get(path).await.text;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for id in html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            *seen.entry(id).or_default() += 1;
        }
        let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty() && seen.len() > 40, "{path}: {twice:?}");
    }
});

on_both!(bars_fill_their_box_and_are_named, async |database: &TestDatabase| {
    let html = Site::fresh(database).await.get(FULL).await.text;
    let rest = html.split("<rect class=\"chart-bar\"").skip(1);
    let bars: Vec<_> = rest.map(|rest| rest.split("</rect>").next().unwrap()).collect();
    assert_eq!(bars.len(), 12, "of 240");
    for (index, bar) in [
        (0, r#" x="3.0" y="100.0" width="14.0" height="0.0"><title>00:00: 0</title>"#),
        (5, r#" x="103.0" y="0.0" width="14.0" height="100.0"><title>05:00: 12</title>"#),
        (6, r#" x="123.0" y="75.0" width="14.0" height="25.0"><title>06:00: 3</title>"#),
    ] {
        assert_eq!(bars.get(index), Some(&bar));
    }
});
