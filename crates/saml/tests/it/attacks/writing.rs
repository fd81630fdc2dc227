//! People whose names are markup: whatever is in the directory, what we write says that and nothing else.

use crate::{
    support::{CONSUMER, PROVIDERS, base64, id, now, signer},
    written::{assertion, attribute, envelope, message},
};
use claviger_saml::{Header, SignWhat, names::Status};

fn written(name: &str, value: &str) -> String {
    let form = assertion(name, vec![attribute(value, &[value])]).respond(
        &envelope(None),
        SignWhat::Assertion,
        &signer(PROVIDERS),
    );
    message(&form.unwrap())
}

/// The one name and the one attribute that a reader finds in what was written.
fn read(xml: &str) -> (String, String, String) {
    let document = roxmltree::Document::parse(xml).unwrap();
    let all = |name: &'static str| document.descendants().filter(move |node| node.tag_name().name() == name);
    for name in ["NameID", "Attribute", "AttributeValue", "Assertion", "Issuer", "Signature"] {
        let expected = if name == "Issuer" { 2 } else { 1 };
        assert_eq!(all(name).count(), expected, "{name} in {xml}");
    }
    let text = |name| all(name).next().unwrap().text().unwrap_or_default().to_owned();
    let name = all("Attribute").next().unwrap().attribute("Name").unwrap().to_owned();
    (text("NameID"), name, text("AttributeValue"))
}

/// Whether the value arrives as it is, as name, attribute and attribute's name.
fn arrives(value: &str) {
    assert_eq!(read(&written(value, value)), (value.to_owned(), value.to_owned(), value.to_owned()));
}

#[test]
fn end_tags_in_a_name() {
    arrives(
        "x</saml:AttributeValue></saml:Attribute><saml:Attribute Name=\"role\"><saml:AttributeValue>admin",
    );
    arrives("mallory</saml:NameID><saml:NameID>admin");
}

#[test]
fn comments_in_a_name_against_readers_of_cve_2017_11427() {
    let name = "admin@example.org<!---->.evil.example";
    arrives(name);
    assert!(!written(name, name).contains("<!--"), "no reader can take it for a comment");
}

#[test]
fn sections_instructions_and_entities_in_a_name() {
    arrives("<![CDATA[admin]]>");
    arrives("]]>");
    arrives("<?x y?>");
    arrives("&admin; &#97; &amp;");
    arrives("<!DOCTYPE x>");
}

#[test]
fn quotes_and_attributes_in_a_name() {
    arrives("x\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity");
    arrives("x' y='");
}

#[test]
fn cve_2021_32796_xmldom_line_ends_and_tabs_in_attributes() {
    arrives("a\tb\nc\rd\r\ne");
}

#[test]
fn template_and_formula_marks_in_a_name() {
    arrives("${7*7}{{7*7}}=cmd|' /C calc'!A0");
}

#[test]
fn signatures_in_a_name() {
    arrives("</saml:NameID><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>");
}

#[test]
fn parameters_in_relay_state() {
    let header =
        Header { id: id(3), issuer: "idp".to_owned(), issued: now(), destination: CONSUMER.to_owned() };
    let out = header.respond(&id(9), Status::Success);
    let address =
        out.redirect(Some("x&SAMLResponse=forged#\r\nSet-Cookie: a=b"), &signer(PROVIDERS)).unwrap();
    assert_eq!(address.matches("SAMLResponse=").count(), 1, "{address}");
    assert!(address.is_ascii() && !address.contains(['#', '\r', '\n', ' ']), "{address}");
}

#[test]
fn parameters_in_a_forms_relay_state_are_left_to_the_page_to_escape() {
    let form = assertion("alice", Vec::new())
        .respond(&envelope(Some("\"><script>")), SignWhat::Assertion, &signer(PROVIDERS))
        .unwrap();
    assert_eq!(form.relay_state.as_deref(), Some("\"><script>"));
    assert_eq!(
        form.value,
        base64(message(&form)),
        "the message itself is Base64, in which there is no markup"
    );
}
