//! Messages of SAML and metadata. The seeds were recorded from libraries of applications, and signed with one key.

use crate::{Broken, Outcome, changes::changed, numbers::Numbers};
use claviger_saml::{
    AuthnRequest, Certificate, Consumer, Id, Instant, LogoutRequest, LogoutResponse, Reception, Refusal,
    Sender, Sha1,
    binding::{Demand, Field, Inbound, post as by_post, redirect as by_redirect},
    metadata::{is_address, read_service_providers},
    signature::Trust,
    xml::{Limits, c14n::exclusive, read},
};
use data_encoding::BASE64;
use std::{sync::OnceLock, time::Duration};

const POSTED: &[&str] = &[
    include_str!("../../crates/saml/tests/it/recorded/pysaml2.authn.base64"),
    include_str!("../../crates/saml/tests/it/recorded/node-saml.authn.base64"),
];
const QUERIES: &[&[u8]] = &[
    include_bytes!("../../crates/saml/tests/it/recorded/python3-saml.authn.query"),
    include_bytes!("../../crates/saml/tests/it/recorded/pysaml2.authn.query"),
    include_bytes!("../../crates/saml/tests/it/recorded/node-saml.authn.query"),
    include_bytes!("../../crates/saml/tests/it/recorded/python3-saml.logout.query"),
    include_bytes!("../../crates/saml/tests/it/recorded/node-saml.logout.query"),
    include_bytes!("../seeds/redirect/authn.txt"),
    include_bytes!("../seeds/redirect/logout.txt"),
    include_bytes!("../seeds/redirect/response.txt"),
    include_bytes!("../seeds/redirect/signed.txt"),
];
const MESSAGES: &[&[u8]] = &[
    include_bytes!("../seeds/request/authn.xml"),
    include_bytes!("../seeds/request/logout.xml"),
    include_bytes!("../seeds/request/response.xml"),
    include_bytes!("../seeds/request/signed.xml"),
];
const METADATA: &[&[u8]] = &[
    include_bytes!("../../crates/saml/tests/it/recorded/python3-saml.metadata.xml"),
    include_bytes!("../../crates/saml/tests/it/recorded/pysaml2.metadata.xml"),
    include_bytes!("../../crates/saml/tests/it/recorded/node-saml.metadata.xml"),
    include_bytes!("../seeds/metadata/app.xml"),
    include_bytes!("../seeds/metadata/two.xml"),
];
const CERTIFICATE: &str = include_str!("../../crates/saml/tests/it/recorded/certificate.pem");

/// What attacks on readers of XML and of signatures are made of.
const WORDS: &[&[u8]] = &[
    b"<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>",
    b"<!ENTITY % p SYSTEM \"https://evil.example/x.dtd\">",
    b"<?xml version=\"1.0\" encoding=\"UTF-16\"?>",
    b"<?x y?>",
    b"<!---->",
    b"<!--x-->",
    b"<![CDATA[x]]>",
    b"]]>",
    b"&e;",
    b"&#0;",
    b"&#x10FFFF;",
    b"&amp;",
    b"&lt;",
    b"\xef\xbb\xbf",
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b" xmlns=\"urn:x\"",
    b" xmlns:ds=\"urn:x\"",
    b" xmlns:saml=\"\"",
    b" xmlns:xml=\"urn:x\"",
    b" xmlns=\"\"",
    b" ID=\"_1\"",
    b" Id=\"_1\"",
    b" xml:id=\"_1\"",
    b" samlp:ID=\"_1\"",
    b" ForceAuthn=\"true\"",
    b" IsPassive=\"1\"",
    b" AssertionConsumerServiceURL=\"https://evil.example/acs\"",
    b" AssertionConsumerServiceIndex=\"1\"",
    b"<samlp:Extensions>",
    b"</samlp:Extensions>",
    b"<ds:Object>",
    b"</ds:Object>",
    b"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">",
    b"</ds:Signature>",
    b"<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
    b"<ds:Reference URI=\"\">",
    b"http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    b"http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    b"http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    b"http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    b"<saml:NameID>admin@example.org</saml:NameID>",
    b"<saml:EncryptedID/>",
    b"</saml:NameID>",
    b"</samlp:AuthnRequest>",
    b"-2147483649",
    b"99999999999999999999",
    b"9999-12-31T23:59:60Z",
    b"SAMLRequest=",
    b"SAMLResponse=",
    b"&RelayState=",
    b"&Signature=",
    b"&SigAlg=",
    b"%00",
    b"%2",
    b"%zz",
];

const APPLICATION: &str = "https://app.example.org/metadata";
const CONSUMER: &str = "https://app.example.org/acs";
const SIGN_ON: &str = "https://login.example.com/saml/7/sso";
const LOG_OUT: &str = "https://login.example.com/saml/7/slo";

/// What is known, and what was recorded, as it is read.
struct Known {
    certificates: Vec<Certificate>,
    consumers: [Consumer; 1],
    now: Instant,
    messages: Vec<Vec<u8>>,
    signed: Vec<Taken>,
}

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Taken {
    SignOn(Box<AuthnRequest>),
    LogOut(Box<LogoutRequest>),
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let posted = POSTED.iter().filter_map(|value| BASE64.decode(value.as_bytes()).ok());
        let mut known = Known {
            certificates: Certificate::from_text(CERTIFICATE).into_iter().collect(),
            consumers: [Consumer { location: CONSUMER.to_owned(), index: 1, is_default: None }],
            now: Instant::LAST,
            messages: posted.chain(MESSAGES.iter().map(|message| message.to_vec())).collect(),
            signed: Vec::new(),
        };
        known.now = Instant::parse("2026-11-22T09:57:15Z").unwrap_or(Instant::LAST);
        let posted = POSTED.iter().filter_map(|value| by_post::receive(Field::Request, value, None).ok());
        let queries =
            QUERIES.iter().filter_map(|query| by_redirect::receive(std::str::from_utf8(query).ok()?).ok());
        let inbound: Vec<_> = posted.chain(queries).collect();
        known.signed = inbound.iter().filter_map(|inbound| known.taken(inbound, Demand::Signed)).collect();
        known
    })
}

impl Known {
    fn reception<'a>(&self, endpoint: &'a str) -> Reception<'a> {
        let (max_age, skew) = (Duration::from_secs(300), Duration::from_secs(60));
        Reception { endpoint, now: self.now, max_age, skew }
    }

    fn taken(&self, inbound: &Inbound, demand: Demand) -> Option<Taken> {
        let trust = Trust { certificates: &self.certificates, sha1: Sha1::Refused };
        let sender = Sender { entity_id: APPLICATION, trust, demand };
        let sign_on = AuthnRequest::accept(inbound, &sender, &self.consumers, &self.reception(SIGN_ON));
        let log_out = || LogoutRequest::accept(inbound, &sender, &self.reception(LOG_OUT));
        match sign_on {
            Ok(request) => Some(Taken::SignOn(Box::new(request))),
            Err(_) => log_out().ok().map(|request| Taken::LogOut(Box::new(request))),
        }
    }

    /// A message of an application that must sign is one of those that were signed, to the last letter. Nobody can have
    /// signed where nothing is trusted, and an answer goes to a registered address whether it is signed or not.
    fn look(&self, inbound: &Inbound) -> Result<Outcome, Broken> {
        let _ = inbound.kind();
        let _ = inbound.claimed_issuer();
        if let Some(taken) = self.taken(inbound, Demand::Signed) {
            Broken::unless(self.signed.contains(&taken), "a signed message was changed, and taken")?;
        }
        let nobody = Trust { certificates: &[], sha1: Sha1::Accepted };
        Broken::unless(inbound.open(nobody, Demand::Signed).is_err(), "a signature of nobody was taken")?;
        let sender = Sender { entity_id: APPLICATION, trust: nobody, demand: Demand::Either };
        let reception = self.reception(LOG_OUT);
        let _ = LogoutResponse::accept(inbound, &sender, &Id::from_random([1; 20]), &reception);
        match self.taken(inbound, Demand::Either) {
            Some(Taken::SignOn(request)) => {
                let is_right = request.consumer.location == CONSUMER && request.issuer == APPLICATION;
                Broken::unless(is_right, "an answer would go to another place").map(|()| Outcome::Read)
            }
            Some(Taken::LogOut(_)) => Ok(Outcome::Read),
            None => Ok(Outcome::Refused),
        }
    }

    fn received(&self, inbound: Result<Inbound, Refusal>) -> Result<Outcome, Broken> {
        inbound.map_or(Ok(Outcome::Refused), |inbound| self.look(&inbound))
    }
}

/// A message to be posted: a changed one, or changed Base64.
pub(crate) fn a_post(number: u64) -> Vec<u8> {
    let mut numbers = Numbers::of(number);
    if numbers.below(16) == 0 {
        let seeds: Vec<&[u8]> = POSTED.iter().map(|value| value.as_bytes()).collect();
        return changed(&seeds, WORDS, &mut numbers);
    }
    BASE64.encode(&a_message(&mut numbers)).into_bytes()
}

fn a_message(numbers: &mut Numbers) -> Vec<u8> {
    let seeds: Vec<&[u8]> = known().messages.iter().map(Vec::as_slice).collect();
    changed(&seeds, WORDS, numbers)
}

/// What was posted: it is refused or read, and what was read is written and read alike.
pub fn post(value: &[u8]) -> Result<Outcome, Broken> {
    let Ok(value) = std::str::from_utf8(value) else { return Ok(Outcome::Refused) };
    if let Ok(bytes) = BASE64.decode(value.as_bytes()) {
        form(&bytes)?;
    }
    let response = by_post::receive(Field::Response, value, Some("/start"));
    known().received(response)?;
    known().received(by_post::receive(Field::Request, value, None))
}

/// The canonical form of what was read is its own canonical form. It repeats declarations, so that it may be over the limits.
fn form(bytes: &[u8]) -> Result<(), Broken> {
    let Ok(root) = read(bytes, Limits::MESSAGE) else { return Ok(()) };
    let written = exclusive(&[], &root, &[]);
    let wide =
        Limits { bytes: usize::MAX, attributes: usize::MAX, namespaces: usize::MAX, ..Limits::MESSAGE };
    let again = read(written.as_bytes(), wide);
    let again = again.map_err(|error| Broken(format!("the canonical form isn't read: {error}")))?;
    Broken::unless(exclusive(&[], &again, &[]) == written, "the canonical form has another one")
}

/// A query: changed, or around a changed message.
pub(crate) fn a_redirect(number: u64) -> Vec<u8> {
    let mut numbers = Numbers::of(number);
    if numbers.below(2) == 0 {
        return changed(QUERIES, WORDS, &mut numbers);
    }
    let deflated = miniz_oxide::deflate::compress_to_vec(&a_message(&mut numbers), 1);
    let escaped: String = BASE64.encode(&deflated).chars().map(escaped).collect();
    format!("SAMLRequest={escaped}&RelayState=%2Fstart").into_bytes()
}

fn escaped(character: char) -> String {
    match character {
        '+' => "%2B".to_owned(),
        '/' => "%2F".to_owned(),
        '=' => "%3D".to_owned(),
        other => other.to_string(),
    }
}

/// The query of an address: percent-encoding, Base64, DEFLATE and XML.
pub fn redirect(query: &[u8]) -> Result<Outcome, Broken> {
    let Ok(query) = std::str::from_utf8(query) else { return Ok(Outcome::Refused) };
    known().received(by_redirect::receive(query))
}

/// Metadata, changed.
pub(crate) fn a_metadata(number: u64) -> Vec<u8> {
    changed(METADATA, WORDS, &mut Numbers::of(number))
}

/// Metadata of applications, with their certificates.
pub fn metadata(bytes: &[u8]) -> Result<Outcome, Broken> {
    let Ok(found) = read_service_providers(bytes, known().now) else { return Ok(Outcome::Refused) };
    for provider in found {
        Broken::unless(!provider.consumers.is_empty(), "an application has no place to answer to")?;
        let consumers = provider.consumers.iter().map(|consumer| &consumer.location);
        let places = consumers.chain(provider.logout.iter().map(|logout| &logout.location));
        for place in places {
            Broken::unless(is_address(place), "people would be sent to what is no address of the web")?;
        }
    }
    Ok(Outcome::Read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_is_taken_as_signed() {
        assert_eq!(known().signed.len(), 7, "five queries and two forms: {:?}", known().signed);
        for query in QUERIES.iter().take(5) {
            assert_eq!(redirect(query), Ok(Outcome::Read));
        }
        for value in POSTED {
            assert_eq!(post(value.as_bytes()), Ok(Outcome::Read));
        }
    }

    #[test]
    fn a_changed_message_that_was_taken_as_signed_would_be_seen() {
        let inbound = by_post::receive(Field::Request, POSTED[0], None).unwrap();
        let mut forgetful = Known { signed: Vec::new(), ..copy() };
        assert!(forgetful.look(&inbound).is_err());
        forgetful.signed = known().signed.clone();
        assert_eq!(forgetful.look(&inbound), Ok(Outcome::Read));
    }

    fn copy() -> Known {
        let known = known();
        Known {
            certificates: known.certificates.clone(),
            consumers: known.consumers.clone(),
            now: known.now,
            messages: Vec::new(),
            signed: Vec::new(),
        }
    }
}
