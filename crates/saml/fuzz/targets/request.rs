//! A posted message: whatever it is, it is refused or read, and what was read is written and read alike.
#![no_main]

use claviger_saml::{
    AuthnRequest, Consumer, Id, Instant, LogoutRequest, LogoutResponse, Reception, Sender, Sha1,
    binding::{Demand, Field, post},
    signature::Trust,
    xml::{Limits, c14n::exclusive, read},
};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

fuzz_target!(|bytes: &[u8]| {
    let Ok(root) = read(bytes, Limits::MESSAGE) else { return };
    let written = exclusive(&[], &root, &[]);
    // The canonical form repeats declarations, so that it may be over the limit; if it isn't, it is read, and is its own form.
    let wide =
        Limits { bytes: usize::MAX, attributes: usize::MAX, namespaces: usize::MAX, ..Limits::MESSAGE };
    let again = read(written.as_bytes(), wide).expect("the canonical form is a document");
    assert_eq!(exclusive(&[], &again, &[]), written);

    let trust = Trust { certificates: &[], sha1: Sha1::Accepted };
    let sender = Sender { entity_id: "app", trust, demand: Demand::Either };
    let consumers =
        [Consumer { location: "https://app.example.org/acs".to_owned(), index: 0, is_default: None }];
    let now = Instant::parse("2026-11-21T09:00:00Z").expect("a time");
    let reception = Reception {
        endpoint: "https://login.example.com/sso",
        now,
        max_age: Duration::from_secs(300),
        skew: Duration::from_secs(60),
    };
    for field in [Field::Request, Field::Response] {
        let Ok(inbound) = post::receive(field, &encoded(bytes), None) else { continue };
        let _ = inbound.claimed_issuer();
        let _ = AuthnRequest::accept(&inbound, &sender, &consumers, &reception);
        let _ = LogoutRequest::accept(&inbound, &sender, &reception);
        let _ = LogoutResponse::accept(&inbound, &sender, &Id::from_random([1; 20]), &reception);
        let demanded = Sender { demand: Demand::Signed, ..sender };
        assert!(
            AuthnRequest::accept(&inbound, &demanded, &consumers, &reception).is_err(),
            "nobody can have signed it"
        );
    }
});

fn encoded(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let all = chunk.iter().fold(0u32, |all, byte| all << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(all >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
