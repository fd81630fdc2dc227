//! The query of an address: percent-encoding, Base64, DEFLATE and XML.
#![no_main]

use claviger_saml::{
    Sha1,
    binding::{Demand, redirect},
    signature::Trust,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|query: &str| {
    let Ok(inbound) = redirect::receive(query) else { return };
    let _ = inbound.kind();
    let _ = inbound.claimed_issuer();
    let trust = Trust { certificates: &[], sha1: Sha1::Accepted };
    let _ = inbound.open(trust, Demand::Either);
    assert!(inbound.open(trust, Demand::Signed).is_err(), "nobody can have signed it");
});
