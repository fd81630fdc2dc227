//! Requests that are taken, and what is made of them.

use crate::{
    foreign::{sign_by_xmlsec, template},
    support::{
        APPLICATION, CONSUMER, ID, OTHER_CONSUMER, OWN, SIGN_ON, accept, accept_post, accept_unsigned,
        changed, consumers, now, pkcs8, posted, reception, request, sign, with_sender,
    },
};
use claviger_saml::{
    AuthnRequest, Comparison, Interaction, Refusal, RequestedContext, Sha1,
    binding::{Demand, MessageKind, Signed, redirect},
    default_consumer,
    names::{NameIdFormat, context},
};
use proptest::prelude::*;
use std::sync::OnceLock;

pub(crate) const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
pub(crate) const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const ROOT: &str = "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest";

/// A request that `xmlsec1` signed with the application's key.
pub(crate) fn signed_by_xmlsec(method: &str, digest: &str, prefixes: &str) -> String {
    let children =
        format!("{}<samlp:NameIDPolicy AllowCreate=\"true\"/>", template(method, digest, prefixes));
    let xml = request(r#"xmlns:xs="http://www.w3.org/2001/XMLSchema""#, &children);
    sign_by_xmlsec(&format!("<?xml version=\"1.0\"?>\n{xml}\n"), ROOT, pkcs8(OWN)).unwrap()
}

#[test]
fn what_is_not_said_takes_its_default() {
    let taken = accept_unsigned(request("", "")).unwrap();
    let expected = AuthnRequest {
        id: claviger_saml::Id::parse(ID).unwrap(),
        issuer: APPLICATION.to_owned(),
        issued: now().minus(std::time::Duration::from_secs(30)),
        signed: Signed::No,
        consumer: consumers().remove(0),
        name_id: None,
        subject: None,
        context: None,
        interaction: Interaction::AsNeeded,
        relay_state: None,
    };
    assert_eq!(taken, expected);
}

#[test]
fn what_is_said_is_kept() {
    let children = r#"<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"> alice@example.org </saml:NameID></saml:Subject><samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" AllowCreate="1"/><samlp:RequestedAuthnContext Comparison="minimum"><saml:AuthnContextClassRef>https://refeds.org/profile/mfa</saml:AuthnContextClassRef></samlp:RequestedAuthnContext>"#;
    let attributes = r#"ForceAuthn="true" AssertionConsumerServiceURL="https://app.example.org/acs/second" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST""#;
    let taken = accept_post(sign(&request(attributes, children), OWN)).unwrap();
    assert_eq!(taken.signed, Signed::Document { certificate: 0 });
    assert_eq!(taken.consumer.location, OTHER_CONSUMER);
    assert_eq!(taken.name_id, Some(NameIdFormat::Persistent));
    assert_eq!(taken.subject.unwrap().value, "alice@example.org");
    assert_eq!(taken.interaction, Interaction::Fresh);
    let expected =
        RequestedContext { comparison: Comparison::Minimum, classes: vec![context::REFEDS_MFA.to_owned()] };
    assert_eq!(taken.context, Some(expected));
}

#[test]
fn passive_and_forced_are_told_apart() {
    for (attributes, expected) in [
        (r#"IsPassive="true""#, Interaction::None),
        (r#"IsPassive="1" ForceAuthn="0""#, Interaction::None),
        (r#"IsPassive="true" ForceAuthn="true""#, Interaction::Contradictory),
        (r#"IsPassive=" false ""#, Interaction::AsNeeded),
    ] {
        assert_eq!(accept_unsigned(request(attributes, "")).unwrap().interaction, expected);
    }
    let refused = accept_unsigned(request(r#"IsPassive="yes""#, "")).unwrap_err().to_string();
    assert_eq!(
        refused,
        "the message is not as it must be: samlp:AuthnRequest has IsPassive = \"yes\", which is not true or false"
    );
}

#[test]
fn the_consumer_is_found_by_number_and_by_default() {
    let taken = accept_unsigned(request(r#"AssertionConsumerServiceIndex="1""#, "")).unwrap();
    assert_eq!(taken.consumer.location, OTHER_CONSUMER);
    for (flags, expected) in [
        ([None, None], CONSUMER),
        ([None, Some(true)], OTHER_CONSUMER),
        ([Some(false), None], OTHER_CONSUMER),
        ([Some(false), Some(false)], CONSUMER),
    ] {
        let mut registered = consumers();
        for (consumer, flag) in registered.iter_mut().zip(flags) {
            consumer.is_default = flag;
        }
        assert_eq!(default_consumer(&registered).unwrap().location, expected, "{flags:?}");
    }
}

#[test]
fn a_context_is_answered_with_the_strongest_that_fits() {
    let offered = [context::PASSWORD, context::TIME_SYNC_TOKEN, context::REFEDS_MFA];
    for (comparison, wanted, expected) in [
        (Comparison::Exact, vec![context::PASSWORD], Some(context::PASSWORD)),
        (Comparison::Exact, vec![context::PASSWORD, context::REFEDS_MFA], Some(context::REFEDS_MFA)),
        (Comparison::Exact, vec!["urn:smartcard"], None),
        (Comparison::Minimum, vec![context::PASSWORD], Some(context::REFEDS_MFA)),
        (Comparison::Minimum, vec!["urn:smartcard"], None),
        (Comparison::Better, vec![context::TIME_SYNC_TOKEN], Some(context::REFEDS_MFA)),
        (Comparison::Better, vec![context::REFEDS_MFA], None),
        (Comparison::Maximum, vec![context::TIME_SYNC_TOKEN], Some(context::TIME_SYNC_TOKEN)),
    ] {
        let classes = wanted.iter().map(|class| (*class).to_owned()).collect();
        let requested = RequestedContext { comparison, classes };
        assert_eq!(requested.satisfied_by(&offered), expected, "{comparison:?} {wanted:?}");
    }
}

#[test]
fn what_xmlsec_signed_is_taken_with_and_without_listed_prefixes() {
    for prefixes in ["", "xs", "xs saml #default"] {
        let taken = accept_post(signed_by_xmlsec(RSA_SHA256, SHA256, prefixes)).unwrap();
        assert_eq!(taken.signed, Signed::Document { certificate: 0 }, "{prefixes}");
    }
    let larger = [
        (
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            "http://www.w3.org/2001/04/xmldsig-more#sha384",
        ),
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"),
    ];
    for (method, digest) in larger {
        assert!(accept_post(signed_by_xmlsec(method, digest, "")).is_ok(), "{method}");
    }
}

#[test]
fn sha1_is_taken_of_an_application_that_it_is_switched_on_for() {
    let inbound = posted(signed_by_xmlsec(RSA_SHA1, SHA1, "")).unwrap();
    let taken = with_sender(Demand::Signed, Sha1::Accepted, |sender| {
        AuthnRequest::accept(&inbound, sender, &consumers(), &reception(SIGN_ON))
    });
    assert_eq!(taken.unwrap().signed, Signed::Document { certificate: 0 });
}

#[test]
fn a_signature_that_nobody_registered_a_key_for_says_nothing() {
    let inbound = posted(sign(&request("", ""), OWN)).unwrap();
    let taken = with_sender(Demand::Either, Sha1::Refused, |sender| {
        let mut sender = *sender;
        sender.trust.certificates = &[];
        AuthnRequest::accept(&inbound, &sender, &consumers(), &reception(SIGN_ON))
    });
    assert_eq!(taken.unwrap().signed, Signed::Unchecked);
}

#[test]
fn who_it_claims_to_be_from_and_what_it_is_can_be_asked_before_it_is_checked() {
    let inbound = posted(request("", "")).unwrap();
    assert_eq!(inbound.claimed_issuer().unwrap(), APPLICATION);
    assert_eq!(inbound.kind().unwrap(), MessageKind::AuthnRequest);
}

#[test]
fn clocks_may_be_apart_and_messages_on_their_way_for_a_while() {
    for (issued, taken) in [
        ("2026-11-21T09:01:00Z", true),
        ("2026-11-21T09:01:01Z", false),
        ("2026-11-21T08:54:00Z", true),
        ("2026-11-21T08:53:59Z", false),
        ("2026-11-21T10:00:00.123+01:00", true),
    ] {
        let xml = changed(&request("", ""), "2026-11-21T08:59:30Z", issued);
        assert_eq!(accept_unsigned(xml).is_ok(), taken, "{issued}");
    }
}

proptest! {
    #[test]
    fn no_query_makes_it_fail(query in "(SAMLRequest|SAMLResponse|RelayState|SigAlg|Signature|[a-z])?=?[ -~]{0,40}(&[ -~]{0,20})?") {
        if let Ok(inbound) = redirect::receive(&query) {
            let _ = accept(&inbound, Demand::Either);
        }
    }

    #[test]
    fn a_changed_byte_of_a_signed_message_never_changes_what_is_read(place in 0usize..3_000, byte in any::<u8>()) {
        static GOOD: OnceLock<String> = OnceLock::new();
        let good = GOOD.get_or_init(|| sign(&request(r#"ForceAuthn="true""#, ""), OWN));
        let expected = accept_post(good).unwrap();
        let mut bytes = good.clone().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        match accept_post(&bytes) {
            Ok(taken) => prop_assert_eq!(taken, expected),
            Err(refusal) => prop_assert!(!matches!(refusal, Refusal::Replayed(_))),
        }
    }
}
