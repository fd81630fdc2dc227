//! Base64 as it is written in XML: with white space, and otherwise strict.

use data_encoding::BASE64;

/// What was encoded, if it is Base64 once white space is left out.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).collect();
    BASE64.decode(&text).ok()
}
