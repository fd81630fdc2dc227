//! The reader beside another one, and what it drops and keeps.

use claviger_saml::xml::{Element, Limits, Node, encode, read};
use proptest::prelude::*;

fn same(ours: &Element, theirs: roxmltree::Node<'_, '_>) {
    let (name, space) = (theirs.tag_name().name(), theirs.tag_name().namespace().unwrap_or_default());
    assert_eq!(ours.written_name().rsplit(':').next(), Some(name));
    let shown = format!("{ours:?}");
    assert!(space.is_empty() || shown.contains(&format!("uri: {space:?}")), "{space}");
    for attribute in theirs.attributes().filter(|attribute| attribute.namespace().is_none()) {
        assert_eq!(ours.attribute(attribute.name()), Some(attribute.value()));
    }
    let children: Vec<_> = theirs.children().filter(roxmltree::Node::is_element).collect();
    assert_eq!(ours.elements().count(), children.len());
    for (ours, theirs) in ours.elements().zip(children) {
        same(ours, theirs);
    }
    let text: String =
        theirs.children().filter_map(|child| child.is_text().then(|| child.text()).flatten()).collect();
    assert_eq!(text_of(ours), text);
}

/// All text directly in an element, by way of the canonical form that another reader understands.
fn text_of(element: &Element) -> String {
    let mut text = String::new();
    for node in nodes(element) {
        if let Node::Text(part) = node {
            text.push_str(&part);
        }
    }
    text
}

fn nodes(element: &Element) -> Vec<Node> {
    element.nodes().to_vec()
}

/// Pieces that documents are made of, right and wrong, so that many of their rows are nearly XML.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "<a>", "</a>", "<a/>", "<b:c xmlns:b='u'>", "</b:c>", "<b:c>", "<a x='1'>", "<a x='1' y=\"2\"/>", "<a xmlns='v'>",
            "<a xmlns=''>", "<a x='1' x='2'/>", "<a xmlns:b='u' xmlns:c='u' b:x='1' c:x='2'/>", "<a xmlns:b=''/>",
            "text", " ", "\n", "\r\n", "\t", "&amp;", "&lt;", "&#65;", "&#x41;", "&#0;", "&nbsp;", "&", ";", "]]>",
            "<![CDATA[<x>&]]>", "<![CDATA[]]>", "<!--c-->", "<!---->", "<!--->", "<!--a--b-->", "<?pi x?>", "<?xml version='1.0'?>",
            "<!DOCTYPE a>", "<!doctype a>", "<a x=1/>", "<a x/>", "<a x='<'/>", "<a x='&lt;&#10;\n\t'/>", "<a x='1'y='2'/>", "< a>",
            "<a />", "<a / >", "</a >", "</ a>", "<a:b:c/>", "<:a/>", "<a:/>", "<1/>", "<é/>", "\u{FEFF}", "\u{1}", "\u{FFFE}", "€",
            "<a b:xmlns='u'/>", "<xmlns:a/>", "<a xmlns:xmlns='u'/>", "<a xmlns:xml='u'/>", "<a xml:id='q'/>", "<", ">", "\"", "'",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_read_another_reader_reads_alike(pieces in prop::collection::vec(piece(), 0..12), wrap: bool) {
        let inner = pieces.concat();
        let text = if wrap { format!("<r>{inner}</r>") } else { inner };
        if let Ok(ours) = read(text.as_bytes(), Limits::MESSAGE) {
            let theirs = roxmltree::Document::parse(&text);
            let theirs = theirs.unwrap_or_else(|error| panic!("only we read {text:?}: {error}"));
            same(&ours, theirs.root_element());
        }
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, Limits::MESSAGE);
    }
}

fn fault(text: &str) -> String {
    read(text.as_bytes(), Limits::MESSAGE).expect_err("it was read").to_string()
}

#[test]
fn what_is_not_xml_is_refused_with_the_line() {
    for (text, reason) in [
        ("", "line 1: not well-formed: there is no element"),
        (
            "<a>\n\n<b></a>",
            "line 3: not well-formed: ill-formed document: expected `</b>`, but `</a>` was found",
        ),
        ("<a>\n<b>", "line 2: not well-formed: b has no end"),
        ("<a/><b/>", "line 1: not well-formed: more than one root"),
        ("<a/>x", "line 1: not well-formed: text outside of the root"),
        ("<a/>&amp;", "line 1: not well-formed: a reference outside of the root"),
        ("<a/><![CDATA[ ]]>", "line 1: not well-formed: 1 characters outside of the root"),
        ("<a b='1' b='2'/>", "line 1: the attribute b stands twice on one element"),
        (
            "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
            "line 1: the attribute q:b stands twice on one element",
        ),
        ("<a xmlns='u' xmlns='v'/>", "line 1: the attribute xmlns stands twice on one element"),
        ("<a xmlns:p=''/>", "line 1: xmlns:p=\"\" may not be declared"),
        ("<p:a/>", "line 1: the prefix \"p\" is not declared"),
        ("<a b=1/>", "line 1: not well-formed: a tag has an attribute without quotes"),
        ("<a b='1'c='2'/>", "line 1: not well-formed: a tag has an attribute without white space before it"),
        ("<a b='<'/>", "line 1: not well-formed: < within an attribute"),
        ("<r><!---><!--c--></r>", "line 1: not well-formed: -- within a comment"),
        ("<a>]]></a>", "line 1: not well-formed: ]]> within text"),
        ("<a>&#x110000;</a>", "line 1: the character U+110000 is not allowed in XML"),
        ("<a>&#+65;</a>", "line 1: not well-formed: &#+65; is not a reference"),
        ("<a>\n\u{B}</a>", "line 2: the character U+000B is not allowed in XML"),
        (" <?xml version='1.0'?><a/>", "line 1: not well-formed: an XML declaration that is not the first"),
        (
            "<?xml version='1.1'?><a/>",
            "line 1: the XML declaration is not for XML 1.0 in UTF-8: \"xml version='1.1'\"",
        ),
    ] {
        assert_eq!(fault(text), reason, "{text}");
    }
}

#[test]
fn comments_between_elements_are_dropped_and_texts_around_references_are_one() {
    let root = read(b"<?xml version='1.0' encoding='UTF-8'?><!--x--><a><!--y--><b>one &amp;<![CDATA[ <two> ]]>&#x21;</b></a><!--z-->", Limits::MESSAGE).unwrap();
    assert_eq!(encode(&root).unwrap(), "<a><b>one &amp; &lt;two&gt; !</b></a>");
    assert_eq!(root.elements().next().unwrap().only_text().unwrap(), "one & <two> !");
}

#[test]
fn one_byte_order_mark_is_passed_over() {
    assert!(read("\u{FEFF}<?xml version='1.0'?><a/>".as_bytes(), Limits::MESSAGE).is_ok());
    assert_eq!(fault("\u{FEFF}\u{FEFF}<a/>"), "line 1: not well-formed: text outside of the root");
}

#[test]
fn line_ends_and_white_space_are_made_one_before_anything_else() {
    let root = read(b"<a x='1\r\n2\t3&#13;&#10;4'>1\r\n2\r3&#13;4</a>", Limits::MESSAGE).unwrap();
    assert_eq!(root.attribute("x"), Some("1 2 3\r\n4"));
    assert_eq!(encode(&root).unwrap(), "<a x=\"1 2 3&#xD;&#xA;4\">1\n2\n3&#xD;4</a>");
}
