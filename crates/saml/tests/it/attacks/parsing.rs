//! What is done to make readers read differently, too much, or something else.

use crate::support::{
    APPLICATION, ID, NAMESPACES, accept_logout, accept_unsigned, accept_unsigned_logout, changed, logout,
    request, why,
};

/// Why the request is refused, without the words that each reason begins with.
fn reason(xml: impl AsRef<[u8]>) -> String {
    let why = why(accept_unsigned(xml));
    why.strip_prefix("the XML is refused: ").unwrap_or(&why).to_owned()
}

fn with_doctype(subset: &str, children: &str) -> String {
    format!("<!DOCTYPE r [{subset}]>{}", request("", children))
}

const DOCTYPE: &str = "line 1: a document type (<!DOCTYPE …>) is not accepted";

#[test]
fn xxe_file_of_the_server() {
    let xml =
        with_doctype("<!ENTITY x SYSTEM \"file:///etc/passwd\">", "<samlp:Extensions>&x;</samlp:Extensions>");
    assert_eq!(reason(xml), DOCTYPE);
}

#[test]
fn xxe_by_a_parameter_entity() {
    let xml = with_doctype("<!ENTITY % x SYSTEM \"http://evil.example/x.dtd\"> %x;", "");
    assert_eq!(reason(xml), DOCTYPE);
}

#[test]
fn xxe_by_an_external_document_type() {
    let xml = format!("<!DOCTYPE r SYSTEM \"http://evil.example/x.dtd\">{}", request("", ""));
    assert_eq!(reason(xml), DOCTYPE);
}

#[test]
fn cve_2003_1564_billion_laughs() {
    let mut subset = String::from("<!ENTITY a0 \"ha\">");
    for level in 1..10 {
        subset += &format!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10));
    }
    assert_eq!(reason(with_doctype(&subset, "<samlp:Extensions>&a9;</samlp:Extensions>")), DOCTYPE);
}

#[test]
fn quadratic_blowup() {
    let subset = format!("<!ENTITY a \"{}\">", "x".repeat(50_000));
    let children = format!("<samlp:Extensions>{}</samlp:Extensions>", "&a;".repeat(10_000));
    assert_eq!(reason(with_doctype(&subset, &children)), DOCTYPE);
}

#[test]
fn cve_2025_25291_ruby_saml_document_type_read_by_one_parser_alone() {
    // What one of two parsers takes for a document type with everything in it, the other takes for content.
    let xml = format!("<!DOCTYPE r [<!ENTITY x '\">'> <!-- ]>{} --> ]>{}", logout("admin"), request("", ""));
    assert_eq!(reason(xml), DOCTYPE);
}

#[test]
fn cve_2025_25292_ruby_saml_namespaces_read_by_one_parser_alone() {
    let attribute = changed(&request("", ""), "Destination=", "samlp:xmlns=\"urn:x\" Destination=");
    assert!(accept_unsigned(attribute).is_ok(), "an attribute of that name declares nothing");
    let twice = changed(&request("", ""), "Destination=", "xmlns=\"urn:x\" xmlns=\"urn:y\" Destination=");
    assert_eq!(reason(twice), "line 1: the attribute xmlns stands twice on one element");
    let xmlns = changed(&request("", ""), "Destination=", "xmlns:xmlns=\"urn:x\" Destination=");
    assert_eq!(reason(xmlns), "line 1: xmlns:xmlns=\"urn:x\" may not be declared");
}

#[test]
fn cve_2020_29509_go_attribute_with_an_empty_prefix() {
    let xml = changed(&request("", ""), "Destination=", ":x=\"1\" Destination=");
    assert_eq!(reason(xml), "line 1: not well-formed: \":x\" is not a name");
}

#[test]
fn cve_2020_29510_go_directive_with_a_comment() {
    let xml = format!("<!x<!-- --> y>{}", request("", ""));
    assert!(reason(&xml).starts_with("line 1: not well-formed: "), "{}", reason(xml));
}

#[test]
fn cve_2020_29511_go_element_with_two_colons() {
    let xml = request("", "<samlp::Extensions/>");
    assert_eq!(reason(xml), "line 1: not well-formed: \"samlp::Extensions\" is not a name");
}

/// A name that is split must not be read as what stands before or after.
fn split(name: &str) -> String {
    let why = why(accept_unsigned_logout(logout(name)));
    why.strip_prefix("the XML is refused: ").unwrap_or(&why).to_owned()
}

#[test]
fn cve_2017_11427_python_saml_comment_in_the_name() {
    assert_eq!(
        split("admin@example.org<!---->.evil.example"),
        "line 1: a comment splits the text of saml:NameID"
    );
}

#[test]
fn cve_2017_11428_ruby_saml_comment_before_the_name() {
    assert_eq!(split("<!--x-->admin@example.org"), "line 1: a comment splits the text of saml:NameID");
}

#[test]
fn cve_2017_11429_saml2_js_section_in_the_name() {
    let taken = accept_unsigned_logout(logout("admin@example.org<![CDATA[.evil.example]]>")).unwrap();
    assert_eq!(taken.name_id.value, "admin@example.org.evil.example", "it is read whole");
}

#[test]
fn cve_2017_11430_omniauth_saml_comment_in_the_issuer() {
    let xml = changed(&request("", ""), APPLICATION, &format!("{APPLICATION}<!--x-->.evil.example"));
    assert_eq!(reason(xml), "line 1: a comment splits the text of saml:Issuer");
}

#[test]
fn cve_2018_0489_shibboleth_entity_or_instruction_in_the_name() {
    assert_eq!(
        split("admin@example.org<?x y?>.evil.example"),
        "line 1: a processing instruction (<?x …?>) is not accepted"
    );
    assert_eq!(split("admin@example.org&x;"), "line 1: the entity &x; is not accepted");
}

#[test]
fn cve_2018_5387_samlbase_element_in_the_name() {
    assert_eq!(
        split("admin@example.org<x/>.evil.example"),
        "the message is not as it must be: saml:NameID holds elements where there should be text alone"
    );
}

#[test]
fn two_names_for_two_readers() {
    let xml = changed(&logout("mallory"), "<saml:NameID ", "<saml:NameID>admin</saml:NameID><saml:NameID ");
    assert_eq!(
        why(accept_unsigned_logout(xml)),
        "the message is not as it must be: samlp:LogoutRequest has more than one NameID"
    );
}

#[test]
fn two_issuers_for_two_readers() {
    let xml = request("", "<saml:Issuer>https://other.example/metadata</saml:Issuer>");
    assert_eq!(reason(xml), "the message is not as it must be: samlp:AuthnRequest has more than one Issuer");
}

#[test]
fn duplicate_ids() {
    let xml = request("", &format!("<samlp:Extensions><x id=\"{ID}\"/></samlp:Extensions>"));
    assert_eq!(reason(xml), format!("line 1: the ID {ID:?} stands twice in the document"));
}

#[test]
fn other_encodings() {
    let seven = format!("<?xml version=\"1.0\" encoding=\"UTF-7\"?>{}", request("", ""));
    assert_eq!(
        reason(seven),
        "line 1: the XML declaration is not for XML 1.0 in UTF-8: \"xml version=\\\"1.0\\\" encoding=\\\"UTF-7\\\"\""
    );
    let sixteen: Vec<u8> = request("", "").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(reason([vec![0xFF, 0xFE], sixteen].concat()), "line 1: the document is not UTF-8");
    let overlong = changed(&request("", ""), "Version=", "x=\"@\" Version=").into_bytes();
    let overlong: Vec<u8> = overlong.split(|byte| *byte == b'@').collect::<Vec<_>>().join(&[0xC0, 0xAF][..]);
    assert_eq!(reason(overlong), "line 1: the document is not UTF-8");
}

#[test]
fn characters_that_end_strings_elsewhere() {
    assert_eq!(split("admin\0.evil.example"), "line 1: the character U+0000 is not allowed in XML");
    assert_eq!(split("admin&#0;.evil.example"), "line 1: the character U+0000 is not allowed in XML");
    assert_eq!(split("admin&#xFFFE;"), "line 1: the character U+FFFE is not allowed in XML");
    assert_eq!(split("admin&#xD800;"), "line 1: the character U+D800 is not allowed in XML");
}

#[test]
fn nesting_that_ends_the_stack() {
    let (open, close) = ("<x>".repeat(10_000), "</x>".repeat(10_000));
    assert_eq!(
        reason(request("", &format!("{open}{close}"))),
        "line 1: elements are nested more than 24 deep"
    );
}

#[test]
fn elements_without_number() {
    assert_eq!(reason(request("", &"<x/>".repeat(20_000))), "line 1: there are more than 1000 elements");
}

#[test]
fn attributes_without_number() {
    let attributes: String = (0..10_000).map(|number| format!(" a{number}=\"\"")).collect();
    assert_eq!(
        reason(request("", &format!("<x{attributes}/>"))),
        "line 1: an element has more than 32 attributes"
    );
}

#[test]
fn namespaces_without_number() {
    let mut children = String::new();
    for level in 0..20 {
        let declared: String = (0..30).map(|number| format!(" xmlns:n{level}.{number}=\"u\"")).collect();
        children += &format!("<x{declared}>");
    }
    assert_eq!(reason(request("", &children)), "line 1: more than 64 namespaces are declared at once");
    let long = format!("<x xmlns:n=\"{}\"/>", "u".repeat(600));
    assert_eq!(reason(request("", &long)), "line 1: the namespace of \"n\" is longer than 512 bytes");
}

#[test]
fn documents_without_end() {
    let large = request("", &" ".repeat(140_000));
    assert_eq!(reason(large), "line 1: the document is larger than 131072 bytes");
    let encoded = request("", &" ".repeat(300_000));
    assert_eq!(reason(encoded), "SAMLRequest is longer than 262144 bytes");
}

#[test]
fn a_response_where_a_request_is_expected() {
    let xml = format!("<samlp:Response {NAMESPACES} ID=\"_r\" Version=\"2.0\"/>");
    assert_eq!(
        reason(xml),
        "samlp:Response in SAMLRequest came where an AuthnRequest, LogoutRequest or LogoutResponse is expected"
    );
    let elsewhere = changed(&request("", ""), "SAML:2.0:protocol", "SAML:2.0:protocol:x");
    assert!(
        reason(elsewhere).starts_with("samlp:AuthnRequest in SAMLRequest came where "),
        "another namespace"
    );
    assert_eq!(why(accept_logout(request("", ""))), "AuthnRequest came where LogoutRequest is expected");
}

#[test]
fn what_is_not_base64() {
    for value in ["PHg+\u{0}", "PHg-", "PHg", "PHg+PA==x", "%50"] {
        let refused =
            claviger_saml::binding::post::receive(claviger_saml::binding::Field::Request, value, None);
        assert_eq!(why(refused), "SAMLRequest is not Base64", "{value}");
    }
}
