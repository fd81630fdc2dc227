//! Metadata that an administrator was made to upload.

use crate::support::now;
use claviger_saml::metadata::read_service_providers;

fn metadata(location: &str, more: &str) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="app"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{more}<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{location}" index="0"/></md:SPSSODescriptor></md:EntityDescriptor>"#
    )
}

fn refused(xml: impl AsRef<[u8]>) -> String {
    read_service_providers(xml.as_ref(), now()).expect_err("it was taken").to_string()
}

#[test]
fn script_as_the_place_to_answer_to() {
    for location in
        ["javascript:alert(document.domain)", "data:text/html,x", "https://a@evil.example/", "/acs", ""]
    {
        assert_eq!(
            refused(metadata(location, "")),
            format!("app: the address {location:?} is not an http or https address")
        );
    }
}

#[test]
fn script_as_the_place_to_log_out() {
    let logout = r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://app.example.org/slo" ResponseLocation="javascript:x"/>"#;
    assert_eq!(
        refused(metadata("https://app.example.org/acs", logout)),
        "app: the address \"javascript:x\" is not an http or https address"
    );
}

#[test]
fn xxe_in_metadata() {
    let xml =
        format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n{}", metadata("https://a/", ""));
    assert_eq!(refused(xml), "the XML is refused: line 1: a document type (<!DOCTYPE …>) is not accepted");
}

#[test]
fn metadata_without_end() {
    assert_eq!(
        refused(vec![b' '; 5_000_000]),
        "the XML is refused: line 1: the document is larger than 4194304 bytes"
    );
    let deep = format!("{}{}", "<a>".repeat(500_000), "</a>".repeat(500_000));
    assert_eq!(refused(deep), "the XML is refused: line 1: elements are nested more than 32 deep");
    let wide = format!("<a>{}</a>", "<b/>".repeat(200_000));
    assert_eq!(refused(wide), "the XML is refused: line 1: there are more than 100000 elements");
}
