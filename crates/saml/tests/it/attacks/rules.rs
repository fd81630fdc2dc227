//! Messages that are well made, and want what they may not.

use crate::support::{
    APPLICATION, CONSUMER, OWN, SIGN_ON, accept_logout, accept_post, accept_unsigned, accept_unsigned_logout,
    changed, logout, posted, reception, request, sign, why, with_sender,
};
use claviger_saml::{
    Answered, AuthnRequest, Kind, Refusal, ReplayKey, Sha1,
    binding::{Demand, Signed},
};
use std::{collections::HashSet, time::Duration};

fn with_consumer(url: &str) -> Result<AuthnRequest, Refusal> {
    accept_unsigned(request(&format!("AssertionConsumerServiceURL=\"{url}\""), ""))
}

#[test]
fn answers_go_to_registered_addresses_alone() {
    for url in [
        "https://evil.example/acs",
        "https://app.example.org/acs/",
        "https://app.example.org/acs/../evil",
        "https://app.example.org/acs?x=1",
        "https://app.example.org/ACS",
        "https://APP.example.org/acs",
        "https://app.example.org:443/acs",
        "https://app.example.org/acs ",
        "https://app.example.org/acs#",
        "https://app.example.org/ac",
        "http://app.example.org/acs",
        "https://app.example.org.evil.example/acs",
        "https://app.example.org@evil.example/acs",
        "javascript:alert(1)",
        "",
    ] {
        assert_eq!(
            why(with_consumer(url)),
            format!("the address {url:?} is not among the application's assertion consumer services")
        );
    }
    assert_eq!(with_consumer(CONSUMER).unwrap().consumer.location, CONSUMER);
}

#[test]
fn a_signature_registers_no_address() {
    let xml = sign(&request("AssertionConsumerServiceURL=\"https://evil.example/acs\"", ""), OWN);
    assert_eq!(
        why(accept_post(xml)),
        "the address \"https://evil.example/acs\" is not among the application's assertion consumer services"
    );
}

#[test]
fn numbers_of_addresses_that_are_not_registered() {
    for index in ["7", "-1", "65536", "x", " 0"] {
        assert_eq!(
            why(accept_unsigned(request(&format!("AssertionConsumerServiceIndex=\"{index}\""), ""))),
            format!("the application has no assertion consumer service of index {index}")
        );
    }
    let both = format!("AssertionConsumerServiceIndex=\"0\" AssertionConsumerServiceURL=\"{CONSUMER}\"");
    assert_eq!(
        why(accept_unsigned(request(&both, ""))),
        "the request names both AssertionConsumerServiceURL and AssertionConsumerServiceIndex"
    );
}

#[test]
fn an_application_without_an_address() {
    let inbound = posted(request("", "")).unwrap();
    let outcome = with_sender(Demand::Either, Sha1::Refused, |sender| {
        AuthnRequest::accept(&inbound, sender, &[], &reception(SIGN_ON))
    });
    assert_eq!(why(outcome), "the application has no assertion consumer service");
}

#[test]
fn answers_by_other_ways() {
    let artifact = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact";
    assert_eq!(
        why(accept_unsigned(request(&format!("ProtocolBinding=\"{artifact}\""), ""))),
        format!("the answer is wanted by {artifact:?}; only HTTP-POST is offered")
    );
}

#[test]
fn unsigned_requests_stay_unsigned_whatever_they_say() {
    let taken = accept_unsigned(request("ForceAuthn=\"true\"", "")).unwrap();
    assert_eq!(taken.signed, Signed::No);
    assert_eq!(
        why(accept_post(request("ForceAuthn=\"true\"", ""))),
        "the signature is refused: the message is not signed, and this application's must be"
    );
}

#[test]
fn a_wrong_signature_is_refused_even_where_none_is_needed() {
    let xml = changed(&sign(&request("", ""), OWN), "Destination=", "ForceAuthn=\"1\" Destination=");
    assert_eq!(
        why(accept_unsigned(xml)),
        "the signature is refused: the message was changed after it was signed: its digest differs"
    );
}

#[test]
fn one_application_in_the_name_of_another() {
    let xml = sign(&changed(&request("", ""), APPLICATION, "https://other.example/metadata"), OWN);
    assert_eq!(
        why(accept_post(xml)),
        format!("the message is from \"https://other.example/metadata\", not from {APPLICATION:?}")
    );
    let format = changed(
        &request("", ""),
        "<saml:Issuer>",
        "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">",
    );
    assert_eq!(
        why(accept_unsigned(format)),
        format!("the message is from {APPLICATION:?}, not from {APPLICATION:?}")
    );
}

#[test]
fn nobody_as_the_issuer() {
    let empty = changed(&request("", ""), APPLICATION, " ");
    assert_eq!(
        why(accept_unsigned(empty)),
        "the message is not as it must be: saml:Issuer has text = \"\", which is not a name of 1 to 1,024 bytes"
    );
    let none = changed(&request("", ""), &format!("<saml:Issuer>{APPLICATION}</saml:Issuer>"), "");
    assert_eq!(
        why(accept_unsigned(none)),
        "the message is not as it must be: samlp:AuthnRequest has no Issuer"
    );
}

#[test]
fn a_name_in_another_applications_namespace() {
    let policy = "<samlp:NameIDPolicy SPNameQualifier=\"https://other.example/metadata\"/>";
    assert_eq!(
        why(accept_unsigned(request("", policy))),
        "the request wants a name in the namespace of \"https://other.example/metadata\", another application's"
    );
}

#[test]
fn kinds_of_names_that_are_not_offered() {
    let kerberos = "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos";
    assert_eq!(
        why(accept_unsigned(request("", &format!("<samlp:NameIDPolicy Format=\"{kerberos}\"/>")))),
        format!("the NameID format {kerberos:?} is not offered")
    );
    let encrypted = changed(&logout("x"), "<saml:NameID ", "<saml:EncryptedID/><saml:NameID ");
    assert_eq!(why(accept_unsigned_logout(encrypted)), "an encrypted NameID is not accepted");
}

#[test]
fn a_message_for_another_provider() {
    let xml = changed(&request("", ""), SIGN_ON, "https://other.example/sso");
    let reason = format!("the message is for \"https://other.example/sso\", and came to {SIGN_ON:?}");
    assert_eq!(why(accept_unsigned(&xml)), reason);
    assert_eq!(why(accept_post(sign(&xml, OWN))), reason);
}

#[test]
fn a_signed_message_for_nobody_in_particular() {
    let xml = changed(&request("", ""), &format!("Destination=\"{SIGN_ON}\""), "");
    assert_eq!(
        why(accept_post(sign(&xml, OWN))),
        "the message is signed and names no Destination, as it then must"
    );
    assert!(accept_unsigned(xml).is_ok());
}

#[test]
fn a_message_kept_for_later() {
    let xml = changed(&request("", ""), "2026-11-21T08:59:30Z", "2026-11-20T09:00:00Z");
    let refusal = accept_post(sign(&xml, OWN)).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the message was issued at 2026-11-20T09:00:00Z, more than 300 seconds ago"
    );
    assert_eq!(refusal.kind(), Kind::Outdated);
}

#[test]
fn a_message_made_ahead() {
    let xml = changed(&request("", ""), "2026-11-21T08:59:30Z", "2030-01-01T00:00:00Z");
    assert_eq!(
        why(accept_post(sign(&xml, OWN))),
        "the message was issued at 2030-01-01T00:00:00Z, which is in the future: compare the clocks"
    );
}

#[test]
fn a_message_of_no_time() {
    for (issued, shown) in
        [("tomorrow", "tomorrow"), ("2026-11-21T09:00:00", "2026-11-21T09:00:00"), ("", "")]
    {
        let xml = changed(&request("", ""), "2026-11-21T08:59:30Z", issued);
        assert_eq!(
            why(accept_unsigned(xml)),
            format!(
                "the message is not as it must be: samlp:AuthnRequest has IssueInstant = {shown:?}, which is not a time in UTC"
            )
        );
    }
}

#[test]
fn an_ended_logout_request() {
    let xml = changed(&logout("x"), "Version=", "NotOnOrAfter=\"2026-11-21T08:59:00Z\" Version=");
    assert_eq!(
        why(accept_logout(sign(&xml, OWN))),
        "the message was to be answered before 2026-11-21T08:59:00Z"
    );
}

#[test]
fn an_older_version_of_saml() {
    let xml = changed(&request("", ""), "Version=\"2.0\"", "Version=\"1.1\"");
    assert_eq!(why(accept_unsigned(xml)), "the message is of SAML version \"1.1\", not 2.0");
}

#[test]
fn an_id_that_is_no_name() {
    for id in ["", "a b", "&lt;script&gt;", "&quot;"] {
        let xml = changed(&request("", ""), crate::support::ID, id);
        assert!(why(accept_unsigned(xml)).ends_with("which is not a name of at most 256 characters"), "{id}");
    }
}

/// What was answered, as the database would keep it.
#[derive(Default)]
struct Memory(HashSet<ReplayKey>);

impl Answered for Memory {
    fn remember(&mut self, key: &ReplayKey) -> bool {
        self.0.insert(key.clone())
    }
}

#[test]
fn a_request_that_is_answered_twice() {
    let mut memory = Memory::default();
    let request = accept_post(sign(&request("", ""), OWN)).unwrap();
    request.answer_once(&reception(SIGN_ON), &mut memory).unwrap();
    let refusal = request.answer_once(&reception(SIGN_ON), &mut memory).unwrap_err();
    assert_eq!(refusal.to_string(), format!("the request {:?} was answered before", crate::support::ID));
    assert_eq!(refusal.kind(), Kind::Repeated);
}

#[test]
fn what_is_remembered_outlives_what_is_taken() {
    let taken = accept_post(sign(&request("", ""), OWN)).unwrap();
    let reception = reception(SIGN_ON);
    let last = taken.issued.plus(reception.max_age + reception.skew);
    assert!(taken.replay_key(&reception).until > last);
    let mut late = reception;
    late.now = last.plus(Duration::from_secs(1));
    let inbound = posted(sign(&request("", ""), OWN)).unwrap();
    let outcome = with_sender(Demand::Signed, Sha1::Refused, |sender| {
        AuthnRequest::accept(&inbound, sender, &crate::support::consumers(), &late)
    });
    assert!(matches!(outcome, Err(Refusal::TooOld { .. })));
}
