//! HMAC (RFC 2104), for all that is signed or checked with it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of an HMAC-SHA-256.
pub(crate) const SHA256_BYTES: usize = 32;

/// A key, prepared: two of the four blocks that a short text costs. HMAC takes a key of any length, so there is always one.
pub(crate) fn keyed<M: KeyInit>(key: &[u8]) -> Option<M> {
    M::new_from_slice(key).ok()
}

/// HMAC-SHA-256 over `parts` one after the other.
pub(crate) fn sha256(key: Option<Hmac<Sha256>>, parts: &[&[u8]]) -> [u8; SHA256_BYTES] {
    let summed = key.map(|mac| parts.iter().fold(mac, Mac::chain_update));
    summed.map(|mac| mac.finalize().into_bytes().into()).unwrap_or_default()
}
