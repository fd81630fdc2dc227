//! The canonical form: of examples, and beside `xmllint`'s.

use crate::foreign::{Folder, run};
use claviger_saml::xml::{Limits, c14n::exclusive, read};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

fn canonical(text: &str) -> String {
    exclusive(&[], &read(text.as_bytes(), Limits::MESSAGE).unwrap(), &[])
}

#[test]
fn only_what_is_used_is_declared_where_it_is_used() {
    for (text, form) in [
        (r#"<a xmlns="u" xmlns:p="v"/>"#, r#"<a xmlns="u"></a>"#),
        (r#"<a xmlns:p="v"><p:b/><p:c/></a>"#, r#"<a><p:b xmlns:p="v"></p:b><p:c xmlns:p="v"></p:c></a>"#),
        (r#"<p:a xmlns:p="v"><p:b/></p:a>"#, r#"<p:a xmlns:p="v"><p:b></p:b></p:a>"#),
        (r#"<a xmlns="u"><b xmlns=""/></a>"#, r#"<a xmlns="u"><b xmlns=""></b></a>"#),
        (r#"<a xmlns="u"><b xmlns="u"/></a>"#, r#"<a xmlns="u"><b></b></a>"#),
        (
            r#"<a xmlns:z="1" xmlns:y="2" y:k="" z:k="" b='"&lt;>&#9;' a="&apos;"/>"#,
            r#"<a xmlns:y="2" xmlns:z="1" a="'" b="&quot;&lt;>&#x9;" z:k="" y:k=""></a>"#,
        ),
        ("<a xml:lang='de'>&gt;\"'&#13;</a>", "<a xml:lang=\"de\">&gt;\"'&#xD;</a>"),
    ] {
        assert_eq!(canonical(text), form);
    }
}

#[test]
fn listed_prefixes_are_declared_even_where_they_are_not_used() {
    let root = read(
        br#"<r xmlns="d" xmlns:xs="XS" xmlns:q="Q"><a:b xmlns:a="A" t="xs:string"><a:c/></a:b></r>"#,
        Limits::MESSAGE,
    )
    .unwrap();
    let inner = root.elements().next().unwrap();
    let listed = |prefixes: &[&str]| {
        let prefixes: Vec<String> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
        exclusive(&[&root], inner, &prefixes)
    };
    assert_eq!(listed(&[]), r#"<a:b xmlns:a="A" t="xs:string"><a:c></a:c></a:b>"#);
    assert_eq!(listed(&["xs"]), r#"<a:b xmlns:a="A" xmlns:xs="XS" t="xs:string"><a:c></a:c></a:b>"#);
    assert_eq!(
        listed(&["xs", "", "none"]),
        r#"<a:b xmlns="d" xmlns:a="A" xmlns:xs="XS" t="xs:string"><a:c></a:c></a:b>"#
    );
}

/// A document with nested declarations, of the kind that canonical forms differ by.
fn document() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "p:a", "q:b", "c"]);
    let declared = prop::collection::btree_map(
        prop::sample::select(vec!["xmlns", "xmlns:p", "xmlns:q"]),
        prop::sample::select(vec!["urn:1", "urn:2", "urn:3"]),
        0..3,
    );
    let attributes = prop::collection::btree_map(
        prop::sample::select(vec!["x", "y", "xml:lang", "p:x", "q:z"]),
        prop::sample::select(vec!["", "1", "&lt;&quot;&amp;", "&#9;&#10;&#13;", "a\n b", "é€😀", "'"]),
        0..3,
    );
    let text = prop::sample::select(vec![
        "",
        " ",
        "t",
        "\n\t",
        "&amp;&lt;>",
        "&#13;",
        "]",
        "é€😀",
        "<![CDATA[<&]]>",
        "]]&gt;",
    ]);
    let leaf = text.clone().prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let parts = (
            name.clone(),
            declared.clone(),
            attributes.clone(),
            prop::collection::vec(inner, 0..4),
            text.clone(),
        );
        parts.prop_map(|(name, declared, attributes, inner, text)| {
            let pairs: String =
                declared.iter().chain(&attributes).map(|(k, v)| format!(" {k}=\"{v}\"")).collect();
            format!("<{name}{pairs}>{text}{}</{name}>", inner.concat())
        })
    })
    .prop_map(|inner| format!(r#"<r xmlns:p="urn:p" xmlns:q="urn:q">{inner}</r>"#))
}

#[test]
fn three_hundred_documents_have_the_form_that_xmllint_gives_them() {
    let folder = Folder::new("canonical");
    let mut runner = TestRunner::deterministic();
    let mut compared = 0;
    while compared < 300 {
        let text = document().new_tree(&mut runner).unwrap().current();
        // Two prefixes of one namespace can make one attribute stand twice: such a draw is no XML.
        let Ok(root) = read(text.as_bytes(), Limits::MESSAGE) else { continue };
        let file = folder.write("document.xml", &text);
        let theirs = run("xmllint", &["--exc-c14n", file.to_str().unwrap()]);
        assert!(theirs.status.success(), "xmllint refuses {text}");
        assert_eq!(exclusive(&[], &root, &[]), String::from_utf8(theirs.stdout).unwrap(), "of {text}");
        compared += 1;
    }
}
