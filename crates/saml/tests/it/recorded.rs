//! What applications' libraries send, as it was recorded: python3-saml 1.16, pysaml2 7.5 and node-saml 5.1, with one key.

use claviger_saml::{
    AuthnRequest, Certificate, Consumer, Instant, LogoutRequest, Reception, Refusal, Sender, Sha1,
    binding::{Demand, Field, Inbound, Signed, post, redirect},
    metadata::{ServiceProvider, read_service_providers},
    names::NameIdFormat,
    signature::Trust,
};
use std::time::Duration;

const APPLICATION: &str = "https://app.example.org/metadata";
const CONSUMER: &str = "https://app.example.org/acs";
const SIGN_ON: &str = "https://login.example.com/saml/7/sso";
const LOGOUT: &str = "https://login.example.com/saml/7/slo";

fn certificate() -> Certificate {
    Certificate::from_text(include_str!("recorded/certificate.pem")).unwrap()
}

fn reception(endpoint: &str) -> Reception<'_> {
    Reception {
        endpoint,
        now: Instant::parse("2026-11-22T09:57:15Z").unwrap(),
        max_age: Duration::from_secs(300),
        skew: Duration::from_secs(60),
    }
}

fn with_sender<T>(then: impl FnOnce(&Sender<'_>) -> T) -> T {
    let certificates = [certificate()];
    let trust = Trust { certificates: &certificates, sha1: Sha1::Refused };
    then(&Sender { entity_id: APPLICATION, trust, demand: Demand::Signed })
}

fn accept(inbound: &Inbound) -> Result<AuthnRequest, Refusal> {
    let consumers = [Consumer { location: CONSUMER.to_owned(), index: 1, is_default: None }];
    with_sender(|sender| AuthnRequest::accept(inbound, sender, &consumers, &reception(SIGN_ON)))
}

#[test]
fn requests_by_redirect_are_taken_with_their_signatures() {
    for (query, relay_state) in [
        (include_str!("recorded/python3-saml.authn.query"), "/start?a=b c"),
        (include_str!("recorded/pysaml2.authn.query"), "rs"),
        (include_str!("recorded/node-saml.authn.query"), "rs"),
    ] {
        let taken = accept(&redirect::receive(query).unwrap()).unwrap();
        assert_eq!(taken.signed, Signed::Query { certificate: 0 });
        assert_eq!(taken.consumer.location, CONSUMER);
        assert_eq!(taken.relay_state.as_deref(), Some(relay_state));
    }
}

#[test]
fn requests_by_post_are_taken_with_their_signatures() {
    for value in
        [include_str!("recorded/pysaml2.authn.base64"), include_str!("recorded/node-saml.authn.base64")]
    {
        let taken = accept(&post::receive(Field::Request, value, None).unwrap()).unwrap();
        assert_eq!(taken.signed, Signed::Document { certificate: 0 });
        assert_eq!(taken.consumer.location, CONSUMER);
    }
}

#[test]
fn logouts_are_taken_with_their_signatures() {
    for query in
        [include_str!("recorded/python3-saml.logout.query"), include_str!("recorded/node-saml.logout.query")]
    {
        let inbound = redirect::receive(query).unwrap();
        let taken =
            with_sender(|sender| LogoutRequest::accept(&inbound, sender, &reception(LOGOUT))).unwrap();
        assert_eq!(taken.signed, Signed::Query { certificate: 0 });
        assert_eq!(
            (taken.name_id.value.as_str(), taken.name_id.format),
            ("alice@example.org", NameIdFormat::Email)
        );
        assert_eq!(taken.session_indexes, ["_s1"]);
    }
}

#[test]
fn metadata_is_read() {
    let read = |text: &str| -> ServiceProvider {
        let found = read_service_providers(text.as_bytes(), reception("").now).unwrap();
        let [provider] = found.as_slice() else { panic!("{found:?}") };
        provider.clone()
    };
    for (text, logout) in [
        (include_str!("recorded/python3-saml.metadata.xml"), 1),
        (include_str!("recorded/pysaml2.metadata.xml"), 1),
        (include_str!("recorded/node-saml.metadata.xml"), 0),
    ] {
        let provider = read(text);
        assert_eq!(provider.entity_id, APPLICATION);
        assert_eq!(provider.certificates, [certificate()]);
        assert_eq!(provider.consumers.iter().map(|c| c.location.as_str()).collect::<Vec<_>>(), [CONSUMER]);
        assert_eq!(provider.logout.len(), logout);
        assert!(provider.signs_requests);
    }
}
