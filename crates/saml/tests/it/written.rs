//! What we write: other programs verify and read it, whatever is in it.

use crate::{
    foreign::{Folder, run},
    support::{
        APPLICATION, CONSUMER, LOGOUT, OWN, PROVIDER, PROVIDERS, certificate, changed, id, now, posted,
        reception, signer,
    },
};
use claviger_saml::{
    Assertion, Attribute, AttributeFormat, Envelope, Header, LogoutRequest, LogoutResponse, NameId, Sender,
    Sha1, SignWhat,
    binding::{Demand, Field, PostForm, Signed, post, redirect},
    names::{NameIdFormat, Status, context},
    refuse,
    signature::{Trust, Unsendable},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use std::time::Duration;

pub(crate) fn envelope(relay_state: Option<&str>) -> Envelope {
    Envelope {
        id: id(1),
        issuer: PROVIDER.to_owned(),
        issued: now(),
        recipient: CONSUMER.to_owned(),
        in_response_to: Some(id(9)),
        relay_state: relay_state.map(str::to_owned),
    }
}

pub(crate) fn assertion(name: &str, attributes: Vec<Attribute>) -> Assertion {
    Assertion {
        id: id(2),
        name_id: NameId::new(NameIdFormat::Email, name, PROVIDER, APPLICATION),
        audience: APPLICATION.to_owned(),
        not_before: now().minus(Duration::from_secs(60)),
        not_on_or_after: now().plus(Duration::from_secs(300)),
        authenticated: now().minus(Duration::from_secs(5)),
        context: context::TIME_SYNC_TOKEN.to_owned(),
        session_index: "_s1".to_owned(),
        session_ends: Some(now().plus(Duration::from_secs(3_600))),
        attributes,
    }
}

pub(crate) fn attribute(name: &str, values: &[&str]) -> Attribute {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Attribute { name: name.to_owned(), format: AttributeFormat::Basic, friendly_name: None, values }
}

pub(crate) fn message(form: &PostForm) -> String {
    form.message().unwrap()
}

/// Whether `xmlsec1` verifies the signature directly in the element of that name.
fn xmlsec_verifies(files: &[String], element: &str) -> bool {
    let folder = Folder::new("verify");
    let pem = folder.write("certificate.pem", certificate(PROVIDERS).pem());
    let paths: Vec<String> = files
        .iter()
        .enumerate()
        .map(|(number, text)| folder.write(&format!("{number}.xml"), text).to_str().unwrap().to_owned())
        .collect();
    let place = format!("//*[local-name()='{element}']/*[local-name()='Signature']");
    let assertions = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";
    let responses = "urn:oasis:names:tc:SAML:2.0:protocol:Response";
    let mut arguments = vec!["--verify", "--pubkey-cert-pem", pem.to_str().unwrap(), "--node-xpath", &place];
    arguments.extend(["--id-attr:ID", assertions, "--id-attr:ID", responses]);
    arguments.extend(paths.iter().map(String::as_str));
    let ran = run("xmlsec1", &arguments);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    ran.status.success() && said.lines().filter(|line| *line == "OK").count() == files.len()
}

/// Any text that XML can carry, with a liking for what needs care.
fn value() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        "",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "  two  ",
        "<",
        ">",
        "&",
        "\"",
        "'",
        "]]>",
        "<!-- x -->",
        "</saml:AttributeValue>",
        "&amp;",
        "&#10;",
        "xmlns:saml=\"urn:x\"",
        "<?pi?>",
        "é",
        "e\u{301}",
        "日本語",
        "😀",
        "\u{85}",
        "\u{2028}",
        "\u{FEFF}",
        "\u{202E}",
        "\u{A0}",
        "\u{10FFFF}",
        "ß",
        "a:b",
        "{ns}x",
    ]);
    let any = prop_oneof![awkward.prop_map(str::to_owned), "[ -~]{0,20}", "\\PC{0,10}"];
    prop::collection::vec(any, 0..4).prop_map(|parts| {
        let fit =
            |c: &char| *c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}') || matches!(c, '\t' | '\n' | '\r');
        parts.concat().chars().filter(fit).collect()
    })
}

/// The texts of the elements of that name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap();
    let named = document.descendants().filter(|node| node.tag_name().name() == name);
    named.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

#[test]
fn xmlsec_verifies_two_hundred_responses_of_varying_content() {
    let signer = signer(PROVIDERS);
    let mut runner = TestRunner::deterministic();
    let mut files = Vec::new();
    let ways = [SignWhat::Assertion, SignWhat::Response, SignWhat::Both];
    for (number, way) in ways.iter().cycle().take(200).enumerate() {
        let attributes = prop::collection::vec((value(), prop::collection::vec(value(), 0..3)), 0..4);
        let (name, attributes) = (value(), attributes).new_tree(&mut runner).unwrap().current();
        let told: Vec<Attribute> = attributes
            .iter()
            .map(|(name, values)| Attribute {
                name: name.clone(),
                format: [AttributeFormat::Basic, AttributeFormat::Uri, AttributeFormat::Unspecified]
                    [number % 3],
                friendly_name: (number % 2 == 0).then(|| name.clone()),
                values: values.clone(),
            })
            .collect();
        let form = assertion(&name, told).respond(&envelope(None), *way, &signer).unwrap();
        let xml = message(&form);
        assert_eq!(texts(&xml, "NameID"), [name]);
        let values: Vec<String> = attributes.into_iter().flat_map(|(_, values)| values).collect();
        assert_eq!(texts(&xml, "AttributeValue"), values);
        files.push((*way, xml));
    }
    let of = |wanted: [SignWhat; 2]| -> Vec<String> {
        files.iter().filter(|(way, _)| wanted.contains(way)).map(|(_, xml)| xml.clone()).collect()
    };
    let assertions = of([SignWhat::Assertion, SignWhat::Both]);
    let responses = of([SignWhat::Response, SignWhat::Both]);
    assert_eq!((assertions.len(), responses.len()), (133, 133));
    assert!(xmlsec_verifies(&assertions, "Assertion"), "of the assertions, one is not verified");
    assert!(xmlsec_verifies(&responses, "Response"), "of the responses, one is not verified");
}

#[test]
fn xmlsec_refuses_a_response_of_which_one_character_was_changed() {
    let form = assertion("alice@example.org", Vec::new())
        .respond(&envelope(None), SignWhat::Both, &signer(PROVIDERS))
        .unwrap();
    let xml = changed(&message(&form), "alice@", "alicf@");
    assert!(!xmlsec_verifies(std::slice::from_ref(&xml), "Assertion"));
    assert!(!xmlsec_verifies(&[xml], "Response"));
}

#[test]
fn a_response_says_whom_it_is_for_until_when_and_how_the_person_signed_in() {
    let told = vec![attribute("memberOf", &["R&D <ops>", "Ärzte"]), attribute("empty", &[])];
    let form = assertion("alice@example.org", told)
        .respond(&envelope(Some("/start?a=1&b=\"2\"")), SignWhat::Assertion, &signer(PROVIDERS))
        .unwrap();
    assert_eq!((form.action.as_str(), form.field.name()), (CONSUMER, "SAMLResponse"));
    assert_eq!(form.relay_state.as_deref(), Some("/start?a=1&b=\"2\""));
    let xml = message(&form);
    let signature = crate::support::signature_in(&xml);
    let expected = format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Destination="{CONSUMER}" ID="{response}" InResponseTo="{asked}" IssueInstant="2026-11-21T09:00:00Z" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{PROVIDER}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"></samlp:StatusCode></samlp:Status><saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{assertion}" IssueInstant="2026-11-21T09:00:00Z" Version="2.0"><saml:Issuer>{PROVIDER}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">alice@example.org</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{asked}" NotOnOrAfter="2026-11-21T09:05:00Z" Recipient="{CONSUMER}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2026-11-21T08:59:00Z" NotOnOrAfter="2026-11-21T09:05:00Z"><saml:AudienceRestriction><saml:Audience>{APPLICATION}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="2026-11-21T08:59:55Z" SessionIndex="_s1" SessionNotOnOrAfter="2026-11-21T10:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="memberOf" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"><saml:AttributeValue>R&amp;D &lt;ops&gt;</saml:AttributeValue><saml:AttributeValue>Ärzte</saml:AttributeValue></saml:Attribute><saml:Attribute Name="empty" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"#,
        response = id(1),
        assertion = id(2),
        asked = id(9),
    );
    assert_eq!(xml, expected);
}

#[test]
fn an_opaque_name_says_who_gave_it_to_whom() {
    let mut about = assertion("", Vec::new());
    about.name_id = NameId::new(NameIdFormat::Persistent, "f81d4fae", PROVIDER, APPLICATION);
    let mut to = envelope(None);
    to.in_response_to = None;
    let xml = message(&about.respond(&to, SignWhat::Response, &signer(PROVIDERS)).unwrap());
    let name = format!(
        r#"<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="{PROVIDER}" SPNameQualifier="{APPLICATION}">f81d4fae</saml:NameID>"#
    );
    assert!(xml.contains(&name), "{xml}");
    assert!(!xml.contains("InResponseTo"), "nobody asked: {xml}");
}

#[test]
fn a_refusal_names_its_status_has_no_assertion_and_is_signed() {
    let nested = |first: &str, second: &str| {
        format!(
            r#"<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{first}"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{second}"></samlp:StatusCode></samlp:StatusCode><samlp:StatusMessage>Not assigned &amp; so on.</samlp:StatusMessage></samlp:Status>"#
        )
    };
    let mut files = Vec::new();
    for (status, first, second) in [
        (Status::NoPassive, "Responder", "NoPassive"),
        (Status::RequestDenied, "Responder", "RequestDenied"),
        (Status::AuthnFailed, "Responder", "AuthnFailed"),
        (Status::NoAuthnContext, "Responder", "NoAuthnContext"),
        (Status::UnknownPrincipal, "Responder", "UnknownPrincipal"),
        (Status::InvalidNameIdPolicy, "Requester", "InvalidNameIDPolicy"),
    ] {
        let form =
            refuse(&envelope(None), status, Some("Not assigned & so on."), &signer(PROVIDERS)).unwrap();
        let xml = message(&form);
        assert!(xml.contains(&nested(first, second)), "{xml}");
        assert!(!xml.contains("Assertion"), "{xml}");
        files.push(xml);
    }
    assert!(xmlsec_verifies(&files, "Response"));
}

#[test]
fn what_xml_cannot_carry_is_refused_with_its_place() {
    let signer = signer(PROVIDERS);
    let respond = |about: &Assertion| about.respond(&envelope(None), SignWhat::Assertion, &signer);
    let why = |outcome: Result<PostForm, Unsendable>| outcome.expect_err("it was written").to_string();
    assert_eq!(
        why(respond(&assertion("ali\0ce", Vec::new()))),
        "saml:NameID holds the character U+0000, which XML can't carry"
    );
    assert_eq!(
        why(respond(&assertion("alice", vec![attribute("desk", &["ok", "\u{1B}[0m"])]))),
        "saml:AttributeValue holds the character U+001B, which XML can't carry"
    );
    assert_eq!(
        why(respond(&assertion("alice", vec![attribute("\u{FFFE}", &[])]))),
        "Name of saml:Attribute holds the character U+FFFE, which XML can't carry"
    );
}

/// The provider's logout messages as the application would take them: what is checked is the same both ways.
fn from_provider<T>(then: impl FnOnce(&Sender<'_>) -> T) -> T {
    let certificates = [certificate(OWN), certificate(PROVIDERS)];
    let trust = Trust { certificates: &certificates, sha1: Sha1::Refused };
    then(&Sender { entity_id: PROVIDER, trust, demand: Demand::Signed })
}

fn header() -> Header {
    Header { id: id(3), issuer: PROVIDER.to_owned(), issued: now(), destination: LOGOUT.to_owned() }
}

#[test]
fn logout_messages_are_taken_at_the_other_end_by_both_bindings() {
    let name = NameId::new(NameIdFormat::Transient, "_t", PROVIDER, APPLICATION);
    let out = header().request(&name, "_s1", now().plus(Duration::from_secs(300)));
    let state = "relay & state = \"ü\"";
    let address = out.redirect(Some(state), &signer(PROVIDERS)).unwrap();
    let form = out.post(Some(state), &signer(PROVIDERS)).unwrap();
    assert_eq!((form.action.as_str(), form.field), (LOGOUT, Field::Request));
    let query = address.strip_prefix(&format!("{LOGOUT}?")).unwrap();
    let ways = [
        (redirect::receive(query).unwrap(), Signed::Query { certificate: 1 }),
        (
            post::receive(form.field, &form.value, form.relay_state.as_deref()).unwrap(),
            Signed::Document { certificate: 1 },
        ),
    ];
    for (inbound, signed) in ways {
        let taken =
            from_provider(|sender| LogoutRequest::accept(&inbound, sender, &reception(LOGOUT))).unwrap();
        let expected = LogoutRequest {
            id: id(3),
            issuer: PROVIDER.to_owned(),
            signed,
            name_id: name.clone(),
            session_indexes: vec!["_s1".to_owned()],
            relay_state: Some(state.to_owned()),
        };
        assert_eq!(taken, expected);
    }
}

#[test]
fn logout_answers_are_taken_for_what_was_asked_alone() {
    let out = header().respond(&id(9), Status::PartialLogout);
    let address = out.redirect(None, &signer(PROVIDERS)).unwrap();
    let inbound = redirect::receive(address.split_once('?').unwrap().1).unwrap();
    let answer =
        |asked| from_provider(|sender| LogoutResponse::accept(&inbound, sender, &asked, &reception(LOGOUT)));
    assert_eq!(answer(id(9)).unwrap().status, Some(Status::PartialLogout));
    let refused = answer(id(8)).unwrap_err().to_string();
    assert_eq!(
        refused,
        format!("the response answers {:?}, and {:?} was asked", id(9).as_str(), id(8).as_str())
    );
}

#[test]
fn a_query_is_joined_to_one_that_is_there() {
    let mut header = header();
    header.destination = "https://app.example.org/slo?tenant=7".to_owned();
    let out = header.respond(&id(9), Status::Success);
    let address = out.redirect(None, &signer(PROVIDERS)).unwrap();
    assert!(address.starts_with("https://app.example.org/slo?tenant=7&SAMLResponse="), "{address}");
    assert!(posted(message(&out.post(None, &signer(PROVIDERS)).unwrap())).is_ok());
}
