//! Metadata: ours as others read it, and others' as we do.

use crate::support::{APPLICATION, LOGOUT, OWN, PROVIDER, PROVIDERS, SIGN_ON, certificate, id, now, signer};
use claviger_saml::{
    Instant,
    binding::Demand,
    metadata::{IdentityProvider, is_address, read_service_providers},
    names::{Binding, NameIdFormat},
    signature::{Trust, verify},
    xml::{Limits, read},
};

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const MD: &str =
    r#"xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#;

fn key(usage: &str, text: &str) -> String {
    format!(
        "<md:KeyDescriptor {usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )
}

fn consumer(binding: &str, location: &str, more: &str) -> String {
    format!(r#"<md:AssertionConsumerService Binding="{binding}" Location="{location}" {more}/>"#)
}

fn entity(name: &str, role: &str) -> String {
    format!(
        r#"<md:EntityDescriptor {MD} entityID="{name}"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol" AuthnRequestsSigned="true" WantAssertionsSigned="1">{role}</md:SPSSODescriptor></md:EntityDescriptor>"#
    )
}

fn one_consumer() -> String {
    consumer(POST, "https://app.example.org/acs", r#"index="0""#)
}

fn refused(xml: &str) -> String {
    read_service_providers(xml.as_bytes(), now()).expect_err("it was taken").to_string()
}

#[test]
fn ours_lists_every_certificate_and_both_ways_of_each_service() {
    let certificates = [certificate(PROVIDERS), certificate(OWN)];
    let provider = IdentityProvider {
        entity_id: PROVIDER,
        sign_on: SIGN_ON,
        logout: LOGOUT,
        certificates: &certificates,
        name_ids: &NameIdFormat::ALL,
        requests: Demand::Signed,
        valid_until: Instant::parse("2026-12-01T00:00:00Z"),
    };
    let text = provider.write().unwrap();
    let key = |text: String| {
        format!(
            r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#
        )
    };
    let service = |name: &str, binding: &str, location: &str| {
        format!(r#"<md:{name} Binding="{binding}" Location="{location}"></md:{name}>"#)
    };
    let formats: String = NameIdFormat::ALL
        .iter()
        .map(|format| format!("<md:NameIDFormat>{}</md:NameIDFormat>", format.uri()))
        .collect();
    let expected = format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{PROVIDER}" validUntil="2026-12-01T00:00:00Z"><md:IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{}{}{}{}{formats}{}{}</md:IDPSSODescriptor></md:EntityDescriptor>"#,
        key(certificates[0].base64()),
        key(certificates[1].base64()),
        service("SingleLogoutService", REDIRECT, LOGOUT),
        service("SingleLogoutService", POST, LOGOUT),
        service("SingleSignOnService", REDIRECT, SIGN_ON),
        service("SingleSignOnService", POST, SIGN_ON),
    );
    assert_eq!(text, expected);
    let signed = provider.write_signed(&id(5), &signer(PROVIDERS)).unwrap();
    let root = read(signed.as_bytes(), Limits::METADATA).unwrap();
    let trust = Trust { certificates: &certificates, sha1: claviger_saml::Sha1::Refused };
    assert_eq!(verify(&root, trust).unwrap().certificate, 0);
}

#[test]
fn an_application_is_read_with_all_that_we_use() {
    let own = certificate(OWN).base64();
    let wrapped: String =
        own.as_bytes().chunks(64).map(|line| format!("\n    {}", str::from_utf8(line).unwrap())).collect();
    let role = [
        key(r#"use="signing""#, &wrapped),
        key("", &own),
        key(r#"use="encryption""#, "not read"),
        format!(r#"<md:SingleLogoutService Binding="{REDIRECT}" Location="https://app.example.org/slo" ResponseLocation="https://app.example.org/slo/done"/>"#),
        r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="https://app.example.org/soap"/>"#.to_owned(),
        format!("<md:NameIDFormat> {} </md:NameIDFormat>", NameIdFormat::Persistent.uri()),
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos</md:NameIDFormat>".to_owned(),
        consumer("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact", "https://app.example.org/artifact", r#"index="0""#),
        consumer(POST, "https://app.example.org/acs?a=1&amp;b=2", r#"index="1" isDefault="true""#),
        consumer(POST, "http://10.0.0.7:8080/acs", r#"index="2" isDefault="false""#),
    ];
    let xml =
        format!("<?xml version=\"1.0\"?>\n<!-- made by app 4.2 -->\n{}", entity(APPLICATION, &role.concat()));
    let found = read_service_providers(xml.as_bytes(), now()).unwrap();
    let [provider] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(provider.entity_id, APPLICATION);
    let consumers: Vec<_> =
        provider.consumers.iter().map(|c| (c.location.as_str(), c.index, c.is_default)).collect();
    assert_eq!(
        consumers,
        [
            ("https://app.example.org/acs?a=1&b=2", 1, Some(true)),
            ("http://10.0.0.7:8080/acs", 2, Some(false))
        ]
    );
    let [logout] = provider.logout.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (logout.binding, logout.location.as_str()),
        (Binding::Redirect, "https://app.example.org/slo")
    );
    assert_eq!(logout.response_location.as_deref(), Some("https://app.example.org/slo/done"));
    assert_eq!(provider.certificates, [certificate(OWN)]);
    assert_eq!(provider.name_ids, [NameIdFormat::Persistent]);
    assert!(provider.signs_requests && provider.wants_assertions_signed);
}

#[test]
fn an_aggregate_gives_its_service_providers() {
    let other = format!(
        r#"<md:EntityDescriptor {MD} entityID="idp"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></md:EntityDescriptor>"#
    );
    let xml = format!(
        "<md:EntitiesDescriptor {MD} validUntil=\"2026-12-01T00:00:00Z\">{}{other}<md:EntitiesDescriptor>{}</md:EntitiesDescriptor></md:EntitiesDescriptor>",
        entity("one", &one_consumer()),
        entity("two", &one_consumer())
    );
    let found = read_service_providers(xml.as_bytes(), now()).unwrap();
    let names: Vec<_> =
        found.iter().map(|provider| (provider.entity_id.as_str(), provider.valid_until)).collect();
    let until = Instant::parse("2026-12-01T00:00:00Z");
    assert_eq!(names, [("one", until), ("two", until)]);
    let expired = xml.replace("2026-12-01", "2026-11-01");
    assert_eq!(refused(&expired), "one: the metadata was valid until 2026-11-01T00:00:00Z");
}

#[test]
fn what_is_wrong_is_said_of_the_application_that_it_is_wrong_with() {
    for (xml, reason) in [
        (entity("app", ""), "app: it has no AssertionConsumerService with the binding HTTP-POST"),
        (
            entity("app", &(one_consumer() + &one_consumer())),
            "app: two AssertionConsumerServices have the index 0",
        ),
        (
            entity("app", &consumer(POST, "https://a/", r#"index="x""#)),
            "app: md:AssertionConsumerService has index = \"x\", which is not a number from 0 to 65,535",
        ),
        (
            entity("app", &(one_consumer() + &key(r#"use="signing""#, "AAAA"))),
            "app: a signing certificate can't be used: the certificate is not X.509 in DER",
        ),
        (
            entity("", &one_consumer()),
            ": md:EntityDescriptor has entityID = \"\", which is not a name of 1 to 1,024 bytes",
        ),
        (format!("<md:EntitiesDescriptor {MD}/>"), "there is no service provider of SAML 2.0 in it"),
        (
            "<html/>".to_owned(),
            "this is not metadata: found html where EntityDescriptor or EntitiesDescriptor should be",
        ),
        (
            format!(
                "<md:EntitiesDescriptor {MD}>{0}{0}</md:EntitiesDescriptor>",
                entity("app", &one_consumer())
            ),
            "app: it is described twice",
        ),
    ] {
        assert_eq!(refused(&xml), reason);
    }
}

#[test]
fn browsers_are_sent_to_plain_addresses_of_the_web_alone() {
    for (text, good) in [
        ("https://app.example.org/acs", true),
        ("http://localhost:8080/acs?x=1", true),
        ("https://[::1]/acs", true),
        ("HTTPS://app.example.org/acs", false),
        ("javascript:alert(1)", false),
        ("javascript://app.example.org/%0aalert(1)", false),
        ("data:text/html,x", false),
        ("//app.example.org/acs", false),
        ("https://", false),
        ("https:///acs", false),
        ("https://app.example.org@evil.example/acs", false),
        ("https://app.example.org\\@evil.example/", false),
        ("https://app.example.org/acs#x", false),
        ("https://app.example.org/a\"b", false),
        ("https://app.example.org/a b", false),
        ("https://аpp.example.org/acs", false),
        ("https://app.example.org/\u{A}x", false),
    ] {
        assert_eq!(is_address(text), good, "{text}");
    }
}
