//! The system's random source. Without it nothing here is safe, so the process ends.

use crate::logs;
use data_encoding::BASE64URL_NOPAD;
use std::time::Duration;

/// Fills `bytes`.
#[expect(clippy::disallowed_methods, reason = "the port itself")]
pub fn fill(bytes: &mut [u8]) {
    if let Err(error) = getrandom::fill(bytes) {
        logs::warn(&format!("the system gives no random bytes: {error}"));
        std::process::abort();
    }
}

/// 16 random bytes as they stand in a request.
pub fn nonce() -> String {
    let mut bytes = [0; 16];
    fill(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// Between half of `span` and all of it, so that devices that lost their server together don't come back together.
pub fn jittered(span: Duration) -> Duration {
    let mut bytes = [0; 2];
    fill(&mut bytes);
    span.mul_f64(0.5 + f64::from(u16::from_be_bytes(bytes)) / 131_072.0)
}
