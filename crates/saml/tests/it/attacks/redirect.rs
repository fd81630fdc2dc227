//! The query of an address, and its signature.

use crate::{
    foreign::p256,
    requests::{RSA_SHA1, RSA_SHA256},
    support::{
        ATTACKERS, OWN, SIGN_ON, accept, base64, consumers, reception, request, rsa_sha256, sign, why,
        with_certificates,
    },
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use claviger_saml::{
    AuthnRequest, Refusal,
    binding::{Demand, Inbound, Signed, redirect::receive},
};
use miniz_oxide::deflate::compress_to_vec;

/// Percent-encoded, as lower case as some applications write it.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") })
        .collect()
}

fn deflated(xml: impl AsRef<[u8]>) -> String {
    escaped(&base64(compress_to_vec(xml.as_ref(), 9)))
}

fn plain(xml: impl AsRef<[u8]>) -> String {
    format!("SAMLRequest={}", deflated(xml))
}

/// The query with the signature of that key over it.
fn signed_by(key: usize, octets: &str) -> String {
    format!("{octets}&Signature={}", escaped(&base64(rsa_sha256(key, octets.as_bytes()))))
}

fn octets(relay_state: &str) -> String {
    format!("{}&RelayState={relay_state}&SigAlg={}", plain(request("", "")), escaped(RSA_SHA256))
}

fn signed() -> String {
    signed_by(OWN, &octets("state"))
}

fn accept_query(query: &str) -> Result<AuthnRequest, Refusal> {
    accept(&receive(query)?, Demand::Signed)
}

fn refused(query: &str) -> String {
    why(accept_query(query))
}

const WRONG_KEY: &str =
    "the signature is refused: no registered certificate has the key that made the signature";

#[test]
fn what_is_signed_is_the_query_as_it_was_sent() {
    let taken = accept_query(&signed()).unwrap();
    assert_eq!(
        (taken.signed, taken.relay_state.as_deref()),
        (Signed::Query { certificate: 0 }, Some("state"))
    );
    let reordered = signed().replace("&RelayState=state", "");
    assert!(
        accept_query(&format!("RelayState=state&other=1&{reordered}")).is_ok(),
        "the order is SAML's, not the query's"
    );
}

#[test]
fn a_signature_by_ecdsa_is_taken() {
    let (key, certificate) = p256();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key).unwrap();
    let ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    let octets = format!("{}&SigAlg={}", plain(request("", "")), escaped(ecdsa));
    let made = key.sign(&SystemRandom::new(), octets.as_bytes()).unwrap();
    let query = |value: &[u8]| format!("{octets}&Signature={}", escaped(&base64(value)));
    let accept = |inbound: Inbound| {
        with_certificates(std::slice::from_ref(&certificate), |sender| {
            AuthnRequest::accept(&inbound, sender, &consumers(), &reception(SIGN_ON))
        })
    };
    assert!(accept(receive(&query(made.as_ref())).unwrap()).is_ok());
    assert_eq!(why(accept(receive(&query(&[0; 64])).unwrap())), WRONG_KEY);
}

#[test]
fn signature_exclusion_in_the_query() {
    assert_eq!(
        refused(&plain(request("", ""))),
        "the signature is refused: the message is not signed, and this application's must be"
    );
}

#[test]
fn half_a_signature() {
    let (without_value, _) =
        signed().split_once("&Signature=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(refused(&without_value), "SigAlg and Signature must come together");
    assert_eq!(
        refused(&format!("{}&Signature=AAAA", plain(request("", "")))),
        "SigAlg and Signature must come together"
    );
}

#[test]
fn signature_of_another_key() {
    assert_eq!(refused(&signed_by(ATTACKERS, &octets("state"))), WRONG_KEY);
}

#[test]
fn relay_state_swapped_taken_away_and_put_in_after_signing() {
    assert_eq!(refused(&signed().replace("RelayState=state", "RelayState=other")), WRONG_KEY);
    assert_eq!(refused(&signed().replace("&RelayState=state", "")), WRONG_KEY);
    let without = format!("{}&SigAlg={}", plain(request("", "")), escaped(RSA_SHA256));
    assert_eq!(refused(&format!("{}&RelayState=other", signed_by(OWN, &without))), WRONG_KEY);
}

#[test]
fn message_swapped_after_signing() {
    let other = request("ForceAuthn=\"true\"", "");
    assert_eq!(refused(&signed().replace(&plain(request("", "")), &plain(other))), WRONG_KEY);
}

#[test]
fn query_encoded_anew_is_not_what_was_signed() {
    let query = signed();
    let upper = query.replace("%2f", "%2F").replace("%2b", "%2B").replace("%3d", "%3D").replace("%3a", "%3A");
    assert_ne!(query, upper);
    assert_eq!(refused(&upper), WRONG_KEY);
}

#[test]
fn algorithms_in_the_query() {
    for algorithm in ["none", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", ""] {
        let octets = format!("{}&SigAlg={}", plain(request("", "")), escaped(algorithm));
        assert_eq!(
            refused(&signed_by(OWN, &octets)),
            format!("the signature is refused: the signature algorithm {algorithm:?} is not accepted")
        );
    }
    let octets = format!("{}&SigAlg={}", plain(request("", "")), escaped(RSA_SHA1));
    assert_eq!(
        refused(&signed_by(OWN, &octets)),
        format!(
            "the signature is refused: {RSA_SHA1:?} uses SHA-1, which is not switched on for this application"
        )
    );
}

#[test]
fn parameter_pollution() {
    let query = signed();
    let extra = plain(request("IsPassive=\"true\"", ""));
    assert_eq!(refused(&format!("{query}&{extra}")), "SAMLRequest stands more than once in the request");
    assert_eq!(refused(&format!("{query}&RelayState=x")), "RelayState stands more than once in the request");
    assert_eq!(refused(&format!("{query}&Signature=AAAA")), "Signature stands more than once in the request");
    assert_eq!(
        refused(&format!("SAML%52equest=x&{query}")),
        "the name of a parameter is not percent-encoded UTF-8"
    );
    assert_eq!(
        refused(&format!("{query}&SAMLResponse=AAAA")),
        "there are both SAMLRequest and SAMLResponse in the request"
    );
    assert_eq!(refused("RelayState=x"), "there is no SAMLRequest or SAMLResponse in the request");
}

#[test]
fn signature_in_the_message_instead_of_the_query() {
    let embedded = plain(sign(&request("", ""), OWN));
    let reason = "the signature is refused: a message sent by Redirect has a signature inside; it must be in the address alone";
    assert_eq!(refused(&embedded), reason);
    let octets = format!("{embedded}&SigAlg={}", escaped(RSA_SHA256));
    assert_eq!(refused(&signed_by(OWN, &octets)), reason);
}

#[test]
fn deflate_bomb() {
    let bomb = compress_to_vec(&vec![b' '; 60_000_000], 9);
    assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
    assert_eq!(
        refused(&format!("SAMLRequest={}", escaped(&base64(bomb)))),
        "the message inflates to more than 131072 bytes"
    );
}

#[test]
fn something_behind_the_compressed_message() {
    let reason = "the message is not compressed with DEFLATE, or something follows it";
    let good = compress_to_vec(request("", "").as_bytes(), 9);
    let followed = [good.as_slice(), b"<x/>"].concat();
    let cut = &good[..good.len() - 1];
    for bytes in [followed.as_slice(), cut, b"", request("", "").as_bytes()] {
        assert_eq!(refused(&format!("SAMLRequest={}", escaped(&base64(bytes)))), reason);
    }
}

#[test]
fn other_encodings_of_the_message() {
    let query = format!("{}&SAMLEncoding=urn%3Ax", plain(request("", "")));
    assert_eq!(refused(&query), "the encoding \"urn:x\" is not accepted; it must be DEFLATE");
    let named = "urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE";
    assert!(receive(&format!("{}&SAMLEncoding={named}", plain(request("", "")))).is_ok());
}

#[test]
fn half_an_escape() {
    for value in ["%", "%4", "%zz", "%ff", "%c0%af"] {
        assert_eq!(
            refused(&format!("{}&RelayState={value}", plain(request("", "")))),
            "RelayState is not percent-encoded UTF-8"
        );
    }
    assert_eq!(refused("SAMLRequest=AA-_"), "SAMLRequest is not Base64");
}

#[test]
fn relay_state_oversize() {
    let query = format!("{}&RelayState={}", plain(request("", "")), "x".repeat(1_025));
    assert_eq!(refused(&query), "RelayState is longer than 1024 bytes");
    let form = claviger_saml::binding::post::receive(
        claviger_saml::binding::Field::Request,
        &base64(request("", "")),
        Some(&"x".repeat(1_025)),
    );
    assert_eq!(why(form), "RelayState is longer than 1024 bytes");
}

#[test]
fn query_oversize() {
    assert_eq!(
        refused(&format!("SAMLRequest={}", "A".repeat(300_000))),
        "the query is longer than 262144 bytes"
    );
}
