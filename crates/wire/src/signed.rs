//! The exact bytes that are signed, both ways, so that both ends build them in one place.
//!
//! A request is signed by the device's key. A reply is signed by the organization's key for devices and bound to the
//! request's nonce, so that no other reply, older or of another device, passes for it. The state of a device is signed
//! once more by itself, bound to the device and its revision, because it travels on to the agent's root half.

use claviger_domain::id::DeviceId;
use data_encoding::BASE64URL_NOPAD;

/// The header with the device's id.
pub const DEVICE: &str = "claviger-device";
/// The header with 16 random bytes in Base64URL, new for every request.
pub const NONCE: &str = "claviger-nonce";
/// The header with the signature in Base64URL, on requests and replies.
pub const SIGNATURE: &str = "claviger-signature";

const NONCE_BYTES: usize = 16;

/// 16 bytes in Base64URL, and nothing else: it becomes a line of what is signed.
pub fn is_nonce(text: &str) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == NONCE_BYTES)
}

/// A request as it is signed. `body_hash` is the SHA-256 of the body, empty or not.
pub fn request(device: DeviceId, nonce: &str, method: &str, target: &str, body_hash: &[u8; 32]) -> Vec<u8> {
    let lines = format!("claviger agent request 1\n{device}\n{nonce}\n{method} {target}\n");
    with(lines, body_hash)
}

/// A reply as it is signed; `nonce` is that of the request.
pub fn reply(nonce: &str, status: u16, body_hash: &[u8; 32]) -> Vec<u8> {
    with(format!("claviger agent reply 1\n{nonce}\n{status}\n"), body_hash)
}

/// The state of a device as it is signed.
pub fn state(device: DeviceId, revision: i64, body_hash: &[u8; 32]) -> Vec<u8> {
    with(format!("claviger device state 1\n{device}\n{revision}\n"), body_hash)
}

fn with(lines: String, body_hash: &[u8; 32]) -> Vec<u8> {
    let mut bytes = lines.into_bytes();
    bytes.extend_from_slice(body_hash);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_sixteen_bytes_on_one_line() {
        assert!(is_nonce(&BASE64URL_NOPAD.encode(&[7; 16])));
        for other in ["", "AAAA", &BASE64URL_NOPAD.encode(&[7; 17]), "AAAAAAAAAAAAAAAAAAAAA\n"] {
            assert!(!is_nonce(other), "{other:?}");
        }
    }
}
