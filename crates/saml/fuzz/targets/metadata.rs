//! Metadata of applications, with their certificates.
#![no_main]

use claviger_saml::{
    Instant,
    metadata::{is_address, read_service_providers},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = Instant::parse("2026-11-21T09:00:00Z").expect("a time");
    let Ok(found) = read_service_providers(bytes, now) else { return };
    for provider in found {
        assert!(!provider.consumers.is_empty());
        assert!(provider.consumers.iter().all(|consumer| is_address(&consumer.location)));
        assert!(provider.logout.iter().all(|logout| is_address(&logout.location)));
    }
});
