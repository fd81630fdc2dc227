//! An application and a provider with keys, and their messages as text, to be changed at will.

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use claviger_saml::{
    AuthnRequest, Certificate, Consumer, Id, Instant, LogoutRequest, Reception, Refusal, SelfSigned, Sender,
    Sha1, SigningKey,
    binding::{Demand, Field, Inbound, post},
    signature::{Signer, Trust, signed},
    xml::{Limits, encode, read},
};
use std::{sync::OnceLock, time::Duration};

pub(crate) const PROVIDER: &str = "https://login.example.com/saml/7";
pub(crate) const SIGN_ON: &str = "https://login.example.com/saml/7/sso";
pub(crate) const LOGOUT: &str = "https://login.example.com/saml/7/slo";
pub(crate) const APPLICATION: &str = "https://app.example.org/metadata";
pub(crate) const CONSUMER: &str = "https://app.example.org/acs";
pub(crate) const OTHER_CONSUMER: &str = "https://app.example.org/acs/second";
pub(crate) const ID: &str = "_4fee3b046395c4e751011e97f8900b5273d56685";

/// Namespace declarations as messages carry them.
pub(crate) const NAMESPACES: &str = concat!(
    r#"xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" "#,
    r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#
);

pub(crate) fn now() -> Instant {
    Instant::parse("2026-11-21T09:00:00Z").unwrap()
}

/// A key in PKCS #8; the same one each time for a number.
pub(crate) fn pkcs8(number: usize) -> &'static [u8] {
    static KEYS: [OnceLock<Vec<u8>>; 4] = [const { OnceLock::new() }; 4];
    KEYS[number].get_or_init(|| {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        key.as_der().unwrap().as_ref().to_vec()
    })
}

pub(crate) fn signer(number: usize) -> Signer {
    let key = SigningKey::from_pkcs8(pkcs8(number)).unwrap();
    let certificate = certificate(number);
    Signer::new(key, certificate).unwrap()
}

pub(crate) fn certificate(number: usize) -> Certificate {
    let about = SelfSigned {
        common_name: "An application",
        serial: [7; 16],
        not_before: now().minus(Duration::from_secs(86_400)),
        lasts: Duration::from_secs(3 * 365 * 86_400),
    };
    about.make(&SigningKey::from_pkcs8(pkcs8(number)).unwrap()).unwrap()
}

/// The key of the application that is registered.
pub(crate) const OWN: usize = 0;
/// The provider's.
pub(crate) const PROVIDERS: usize = 1;
/// Somebody else's.
pub(crate) const ATTACKERS: usize = 2;

pub(crate) fn reception(endpoint: &str) -> Reception<'_> {
    Reception { endpoint, now: now(), max_age: Duration::from_secs(300), skew: Duration::from_secs(60) }
}

pub(crate) fn consumers() -> Vec<Consumer> {
    vec![
        Consumer { location: CONSUMER.to_owned(), index: 0, is_default: None },
        Consumer { location: OTHER_CONSUMER.to_owned(), index: 1, is_default: None },
    ]
}

/// A request to sign in, as text. `attributes` and `children` are put in as they are.
pub(crate) fn request(attributes: &str, children: &str) -> String {
    format!(
        r#"<samlp:AuthnRequest {NAMESPACES} ID="{ID}" Version="2.0" IssueInstant="2026-11-21T08:59:30Z" Destination="{SIGN_ON}" {attributes}><saml:Issuer>{APPLICATION}</saml:Issuer>{children}</samlp:AuthnRequest>"#
    )
}

/// A request to end Alice's session, as text.
pub(crate) fn logout(name: &str) -> String {
    format!(
        r#"<samlp:LogoutRequest {NAMESPACES} ID="{ID}" Version="2.0" IssueInstant="2026-11-21T08:59:30Z" Destination="{LOGOUT}"><saml:Issuer>{APPLICATION}</saml:Issuer><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">{name}</saml:NameID><samlp:SessionIndex>_s1</samlp:SessionIndex></samlp:LogoutRequest>"#
    )
}

/// The text with an enveloped signature by that key.
pub(crate) fn sign(xml: &str, key: usize) -> String {
    let root = read(xml.as_bytes(), Limits::MESSAGE).unwrap();
    encode(&signed(root, &signer(key)).unwrap()).unwrap()
}

/// The signature in a text, whole.
pub(crate) fn signature_in(xml: &str) -> &str {
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    &xml[from..to]
}

/// The text with `from` replaced, which must be in it.
pub(crate) fn changed(xml: &str, from: &str, to: &str) -> String {
    assert!(xml.contains(from), "{from} is not in {xml}");
    xml.replacen(from, to, 1)
}

pub(crate) fn base64(bytes: impl AsRef<[u8]>) -> String {
    data_encoding::BASE64.encode(bytes.as_ref())
}

pub(crate) fn posted(xml: impl AsRef<[u8]>) -> Result<Inbound, Refusal> {
    post::receive(Field::Request, &base64(xml), None)
}

/// Who is asked of whom, with the application's one certificate.
pub(crate) fn with_sender<T>(demand: Demand, sha1: Sha1, then: impl FnOnce(&Sender<'_>) -> T) -> T {
    let certificates = [certificate(OWN)];
    then(&Sender { entity_id: APPLICATION, trust: Trust { certificates: &certificates, sha1 }, demand })
}

/// Who is asked, with those certificates; they must sign.
pub(crate) fn with_certificates<T>(certificates: &[Certificate], then: impl FnOnce(&Sender<'_>) -> T) -> T {
    let trust = Trust { certificates, sha1: Sha1::Refused };
    then(&Sender { entity_id: APPLICATION, trust, demand: Demand::Signed })
}

/// A bare signature by one of the keys.
pub(crate) fn rsa_sha256(key: usize, octets: &[u8]) -> Vec<u8> {
    let key = KeyPair::from_pkcs8(pkcs8(key)).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut signature).unwrap();
    signature
}

pub(crate) fn accept(inbound: &Inbound, demand: Demand) -> Result<AuthnRequest, Refusal> {
    with_sender(demand, Sha1::Refused, |sender| {
        AuthnRequest::accept(inbound, sender, &consumers(), &reception(SIGN_ON))
    })
}

/// A posted request of an application that must sign.
pub(crate) fn accept_post(xml: impl AsRef<[u8]>) -> Result<AuthnRequest, Refusal> {
    accept(&posted(xml)?, Demand::Signed)
}

/// A posted request of an application that need not sign.
pub(crate) fn accept_unsigned(xml: impl AsRef<[u8]>) -> Result<AuthnRequest, Refusal> {
    accept(&posted(xml)?, Demand::Either)
}

/// A posted logout of an application that must sign.
pub(crate) fn accept_logout(xml: impl AsRef<[u8]>) -> Result<LogoutRequest, Refusal> {
    with_sender(Demand::Signed, Sha1::Refused, |sender| {
        LogoutRequest::accept(&posted(xml)?, sender, &reception(LOGOUT))
    })
}

/// The same of one that need not sign.
pub(crate) fn accept_unsigned_logout(xml: impl AsRef<[u8]>) -> Result<LogoutRequest, Refusal> {
    with_sender(Demand::Either, Sha1::Refused, |sender| {
        LogoutRequest::accept(&posted(xml)?, sender, &reception(LOGOUT))
    })
}

/// Why it was refused, in full.
pub(crate) fn why<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
    outcome.expect_err("it was not refused").to_string()
}

pub(crate) fn id(number: u8) -> Id {
    Id::from_random([number; 20])
}
