//! Every component with every state, on one page, in debug builds only.

mod samples;

use super::{
    bulk,
    charts::{AreaChart, BarChart, Donut},
    selection::Action,
};
use crate::{
    Web,
    chrome::AdminChrome,
    form::{Check, Field},
    routing::{Routes, get},
    theme::Theme,
    view::{Fact, Flash, Link, Padlock, Pager, filters, page},
};
use askama::Template;
use axum::{Router, response::Response};
use claviger_app::bulk::Kind;
use samples::{Chip, Entry, Line, OpenSessions, Own, Row, Segment, UserHeader};

const HERE: &str = "/_design";

pub(crate) fn routes() -> Router<Web> {
    Router::new().at(HERE, get(full)).at("/_design/bare", get(bare))
}

#[derive(Template)]
#[template(path = "design.html")]
struct Design {
    chrome: AdminChrome,
    here: &'static str,
    crumbs: Vec<Link>,
    padlocks: Vec<Padlock>,
    flashes: Vec<Flash>,
    plain: Field,
    wrong: Field,
    empty: Field,
    on: Check,
    off: Check,
    refused: Check,
    days: Option<Field>,
    chips: Vec<Chip>,
    segments: Vec<Segment>,
    actions: Vec<Action>,
    rows: Vec<Row>,
    report: Vec<Line>,
    pagers: Vec<(&'static str, Pager)>,
    donut: Donut,
    area: AreaChart,
    bars: BarChart,
    facts: Vec<Fact>,
    qr_svg: String,
    key: String,
    key_groups: Vec<String>,
    entries: Vec<Entry>,
    header: UserHeader,
    own: Own,
    sessions: OpenSessions,
    locked: bool,
}

/// What stands on a page once only is shown with everything in it, and on a page of its own with nothing.
#[derive(Clone, Copy)]
enum Filling {
    Full,
    Bare,
}

async fn full(theme: Theme) -> Response {
    page(&design(theme, Filling::Full))
}

async fn bare(theme: Theme) -> Response {
    page(&design(theme, Filling::Bare))
}

fn design(theme: Theme, filling: Filling) -> Design {
    let (donut, area, bars) = samples::pictures();
    Design {
        chrome: samples::chrome(theme),
        here: HERE,
        crumbs: samples::crumbs(),
        padlocks: samples::padlocks("mfa"),
        flashes: ["success", "warning", "danger", ""]
            .map(|kind| Flash { kind, text: "Your changes were saved.".into() })
            .into(),
        plain: Field::of("Alice"),
        wrong: Field { value: "366".into(), error: Some("Days must be between 1 and 365.".into()) },
        empty: Field::default(),
        on: Check { on: true, error: None },
        off: Check { on: false, error: None },
        refused: Check { on: false, error: Some("Enable TOTP first.".into()) },
        days: Some(Field::of("7")),
        chips: samples::chips(),
        segments: samples::segments(),
        actions: Kind::ALL.into_iter().map(bulk::action).collect(),
        rows: samples::rows(),
        report: samples::report(),
        pagers: samples::pagers(),
        donut,
        area,
        bars,
        facts: samples::facts(),
        qr_svg: samples::qr_svg(),
        key: samples::KEY.to_owned(),
        key_groups: samples::key_groups(),
        entries: samples::entries(),
        header: samples::header(filling),
        own: match filling {
            Filling::Full => samples::own(),
            Filling::Bare => samples::own_of_nobody(),
        },
        sessions: samples::sessions(filling),
        locked: matches!(filling, Filling::Bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeMap, fs};

    const TEMPLATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");

    #[test]
    fn every_component_is_on_the_page_with_every_macro_of_it() {
        let page = fs::read_to_string(format!("{TEMPLATES}/design.html")).unwrap();
        for file in fs::read_dir(format!("{TEMPLATES}/components")).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let import = format!("{{% import \"components/{name}\" as ");
            let alias = page.split(import.as_str()).nth(1).and_then(|rest| rest.split(" %}").next());
            let alias = alias.unwrap_or_else(|| panic!("{name} is not on the page /_design"));
            let component = fs::read_to_string(&path).unwrap();
            let macros = component.split("{% macro ").skip(1).map(|rest| rest.split('(').next().unwrap());
            // What only other macros of its file call is shown with them.
            let is_inner = |called: &str| component.contains(&format!("{{{{ {called}("));
            for called in macros.filter(|called| !is_inner(called)) {
                let call = format!("{alias}::{called}(");
                assert!(page.contains(&call), "{name}: {called} is not on the page /_design");
            }
        }
    }

    #[test]
    fn no_two_things_on_the_page_have_one_id() {
        for filling in [Filling::Full, Filling::Bare] {
            let html = design(Theme::System, filling).render().unwrap();
            let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
            for id in html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                *seen.entry(id).or_default() += 1;
            }
            let twice: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
            assert!(twice.is_empty() && seen.len() > 40, "{twice:?}");
        }
    }
}
