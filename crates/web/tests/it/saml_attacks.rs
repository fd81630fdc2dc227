//! Attacks on SAML from the browser to the log: the person reads what they can do, the administrator what it was. All of
//! them, message by message, are in `claviger-saml`.

use crate::{
    oidc_named::messages,
    saml::{application, given, post},
    *,
};
use axum::http::{Method, StatusCode};
use claviger_saml::{
    Certificate, Instant, SelfSigned, SigningKey,
    signature::{Signer, signed},
    xml::{Limits, encode, read},
};
use claviger_testing::{TestDatabase, on_both};
use data_encoding::BASE64;
use miniz_oxide::deflate::compress_to_vec;
use std::time::Duration;

const DAMAGED: &str = "What it sent can&#39;t be read.";
const NOT_TRUSTED: &str = "It isn&#39;t certain that it comes from the application.";
const MISADDRESSED: &str = "What it sent is meant for another place, or wants the answer at an unknown one.";
const OUTDATED: &str = "What it sent is too old, or a clock is wrong. Start again at the application.";
const UNSUPPORTED: &str = "It asks for something that isn&#39;t offered here.";
const FUTURE: &str =
    "the message was issued at 2027-01-16T08:00:00Z, which is in the future: compare the clocks";

/// A request of the wiki, with that put in.
fn message(id: &str, attributes: &str, children: &str) -> String {
    format!(
        r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="2027-01-15T08:00:00Z" Destination="https://sso.acme.test/saml/{id}/sso"{attributes}><saml:Issuer>https://wiki.example/metadata</saml:Issuer>{children}</samlp:AuthnRequest>"#
    )
}

async fn sent(site: &Site, id: &str, xml: &str) -> Answer {
    post(site, id, &[("SAMLRequest", &BASE64.encode(xml.as_bytes()))]).await
}

#[track_caller]
fn told(answer: &Answer, text: &str) {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_REQUEST, ""), "{}", answer.text);
    assert!(answer.text.contains("wiki sent a request that can&#39;t be accepted"), "{}", answer.text);
    assert!(answer.text.contains(text), "{text}: {}", answer.text);
    assert!(answer.text.contains("the activity log says more"), "{}", answer.text);
    for secret in ["evil", "passwd", "SAMLResponse"] {
        assert!(!answer.text.contains(secret), "the page says nothing of {secret}: {}", answer.text);
    }
}

#[track_caller]
fn all_of(mut found: Vec<String>, mut wanted: Vec<&str>) {
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

on_both!(readers_are_not_led_astray, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, _) = given(&site, "wiki").await;
    let plain = message(&id, "", "");
    let entity = format!("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{plain}");
    told(&sent(&site, &id, &entity).await, DAMAGED);
    let split = plain.replace("wiki.example/metadata<", "wiki.example/metadata<!---->.evil.example<");
    told(&sent(&site, &id, &split).await, DAMAGED);
    let bomb = BASE64.encode(&compress_to_vec(&vec![b' '; 2_000_000], 9));
    let bomb = serde_urlencoded::to_string([("SAMLRequest", bomb)]).unwrap();
    told(&site.get(&format!("/saml/{id}/sso?{bomb}")).await, DAMAGED);
    let state = "x".repeat(64 * 1024);
    let long =
        post(&site, &id, &[("SAMLRequest", &BASE64.encode(plain.as_bytes())), ("RelayState", &state)]).await;
    told(&long, DAMAGED);
    all_of(
        messages(&site).await,
        vec![
            "the XML is refused: line 1: a document type (<!DOCTYPE …>) is not accepted",
            "the XML is refused: line 1: a comment splits the text of saml:Issuer",
            "the message inflates to more than 131072 bytes",
            "RelayState is longer than 1024 bytes",
        ],
    );
});

on_both!(nobody_is_answered_elsewhere_or_at_another_time, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, _) = given(&site, "wiki").await;
    let evil = message(&id, " AssertionConsumerServiceURL=\"https://evil.example/acs\"", "");
    told(&sent(&site, &id, &evil).await, MISADDRESSED);
    let old = message(&id, "", "").replace("2027-01-15", "2027-01-14");
    told(&sent(&site, &id, &old).await, OUTDATED);
    let ahead = message(&id, "", "").replace("2027-01-15", "2027-01-16");
    told(&sent(&site, &id, &ahead).await, OUTDATED);
    let artifact = " ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\"";
    told(&sent(&site, &id, &message(&id, artifact, "")).await, UNSUPPORTED);
    all_of(
        messages(&site).await,
        vec![
            "the address \"https://evil.example/acs\" is not among the application's assertion consumer services",
            "the message was issued at 2027-01-14T08:00:00Z, more than 300 seconds ago",
            FUTURE,
            "the answer is wanted by \"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact\"; only HTTP-POST is offered",
        ],
    );
});

/// A key of the application, and its certificate.
fn signer() -> Signer {
    let key = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der = aws_lc_rs::encoding::AsDer::as_der(&key).unwrap();
    let key = SigningKey::from_pkcs8(der.as_ref()).unwrap();
    let now = Instant::parse("2027-01-15T08:00:00Z").unwrap();
    let about = SelfSigned {
        common_name: "wiki",
        serial: [7; 16],
        not_before: now.minus(Duration::from_secs(86_400)),
        lasts: Duration::from_secs(30 * 86_400),
    };
    let certificate: Certificate = about.make(&key).unwrap();
    Signer::new(key, certificate).unwrap()
}

on_both!(signatures_are_of_the_whole_message_by_the_applications_key, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, _) = given(&site, "wiki").await;
    let signer = signer();
    let mut strict = application("wiki");
    strict["requests"] = "must_be_signed".into();
    strict["certificates"] = vec![signer.certificate().pem()].into();
    let changed = site.call(Method::PUT, &format!("/applications/{id}"), Some(strict)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let sign = |signer: &Signer| {
        let root = read(message(&id, "", "").as_bytes(), Limits::MESSAGE).unwrap();
        encode(&signed(root, signer).unwrap()).unwrap()
    };
    let right = sign(&signer);
    told(&sent(&site, &id, &message(&id, "", "")).await, NOT_TRUSTED);
    let widened = right.replacen(" ID=\"_r1\"", " ForceAuthn=\"true\" ID=\"_r1\"", 1);
    told(&sent(&site, &id, &widened).await, NOT_TRUSTED);
    let wrapped = message(&id, "", &format!("<samlp:Extensions>{right}</samlp:Extensions>"));
    told(&sent(&site, &id, &wrapped.replacen("\"_r1\"", "\"_evil\"", 1)).await, NOT_TRUSTED);
    told(&sent(&site, &id, &sign(&self::signer())).await, NOT_TRUSTED);
    assert_eq!(sent(&site, &id, &right).await.status, StatusCode::SEE_OTHER, "the right one is taken");
    all_of(
        messages(&site).await,
        vec![
            "the signature is refused: the message is not signed, and this application's must be",
            "the signature is refused: the message was changed after it was signed: its digest differs",
            "the signature is refused: there is a signature inside of samlp:AuthnRequest; only one directly in the message is looked at",
            "the signature is refused: no registered certificate has the key that made the signature",
        ],
    );
});
