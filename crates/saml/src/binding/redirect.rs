//! HTTP-Redirect: the message is compressed in the query, and the query is what is signed.

use super::{
    Field, LONGEST_ENCODED, LONGEST_RELAY_STATE,
    inbound::{Arrival, Inbound, QuerySignature},
};
use crate::{
    base64,
    key::SignatureAlgorithm,
    refusal::Refusal,
    signature::{Signer, Unsendable},
    xml::{Element, Limits, encode, read},
};
use data_encoding::BASE64;
use miniz_oxide::{
    deflate::compress_to_vec,
    inflate::{
        TINFLStatus,
        core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF},
    },
};
use std::fmt::Write;

const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
/// Hard enough; messages are small.
const LEVEL: u8 = 6;

/// Reads the query of an address, without its `?`, as it was sent.
///
/// # Errors
/// If it holds no message, or one that can't be read.
pub fn receive(query: &str) -> Result<Inbound, Refusal> {
    if query.len() > LONGEST_ENCODED {
        return Err(Refusal::TooLong { what: "the query", limit: LONGEST_ENCODED });
    }
    let request = raw(query, "SAMLRequest")?;
    let (field, encoded) = match (request, raw(query, "SAMLResponse")?) {
        (Some(_), Some(_)) => return Err(Refusal::BothFields),
        (Some(encoded), None) => (Field::Request, encoded),
        (None, Some(encoded)) => (Field::Response, encoded),
        (None, None) => return Err(Refusal::NoParameter("SAMLRequest or SAMLResponse")),
    };
    if let Some(encoding) = raw(query, "SAMLEncoding")? {
        let encoding = decoded(encoding, "SAMLEncoding")?;
        if encoding != DEFLATE {
            return Err(Refusal::Encoding(encoding.chars().take(200).collect()));
        }
    }
    let relay_state = raw(query, "RelayState")?.map(|raw| decoded(raw, "RelayState")).transpose()?;
    if relay_state.as_ref().is_some_and(|state| state.len() > LONGEST_RELAY_STATE) {
        return Err(Refusal::TooLong { what: "RelayState", limit: LONGEST_RELAY_STATE });
    }
    let signature = signature_of(query, field, encoded)?;
    let compressed = base64::decode(&decoded(encoded, field.name())?).ok_or(Refusal::Base64(field.name()))?;
    let root = read(&inflate(&compressed)?, Limits::MESSAGE)?;
    Ok(Inbound { field, root, relay_state, arrival: Arrival::Redirect(signature) })
}

/// The signature of a query, with the octets that it covers put together from the query as it was sent.
fn signature_of(query: &str, field: Field, encoded: &str) -> Result<Option<QuerySignature>, Refusal> {
    let (algorithm, value) = match (raw(query, "SigAlg")?, raw(query, "Signature")?) {
        (None, None) => return Ok(None),
        (Some(algorithm), Some(value)) => (algorithm, value),
        (Some(_), None) | (None, Some(_)) => return Err(Refusal::HalfSignature),
    };
    let mut octets = format!("{}={encoded}", field.name());
    if let Some(relay_state) = raw(query, "RelayState")? {
        octets.push_str("&RelayState=");
        octets.push_str(relay_state);
    }
    octets.push_str("&SigAlg=");
    octets.push_str(algorithm);
    let value = base64::decode(&decoded(value, "Signature")?).ok_or(Refusal::Base64("Signature"))?;
    Ok(Some(QuerySignature { octets, algorithm: decoded(algorithm, "SigAlg")?, value }))
}

/// The value of a parameter as it was sent.
fn raw<'a>(query: &'a str, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    let mut found = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .filter(|(written, _)| percent_decoded(written).is_none_or(|written| written == name));
    let first = match found.next() {
        Some((written, value)) if written == name => Some(value),
        // A name that is written in another way would be seen by one reader and not by another.
        Some(_) => return Err(Refusal::Percent("the name of a parameter")),
        None => None,
    };
    if found.next().is_some() { Err(Refusal::TwiceInQuery(name)) } else { Ok(first) }
}

fn decoded(raw: &str, what: &'static str) -> Result<String, Refusal> {
    percent_decoded(raw).ok_or(Refusal::Percent(what))
}

/// The text of an `application/x-www-form-urlencoded` value; `None` if there is half an escape, or no UTF-8.
fn percent_decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn inflate(compressed: &[u8]) -> Result<Vec<u8>, Refusal> {
    let limit = Limits::MESSAGE.bytes;
    let mut inflated = vec![0; limit];
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = Box::<DecompressorOxide>::default();
    let (status, taken, made) = decompress(&mut state, compressed, &mut inflated, 0, flags);
    match status {
        TINFLStatus::Done if taken == compressed.len() => {
            inflated.truncate(made);
            Ok(inflated)
        }
        TINFLStatus::HasMoreOutput => Err(Refusal::Inflated { limit }),
        _ => Err(Refusal::Deflate),
    }
}

/// The address that carries a message to a place, with the signature in its query.
pub(crate) fn address(
    message: &Element,
    field: Field,
    destination: &str,
    relay_state: Option<&str>,
    signer: &Signer,
) -> Result<String, Unsendable> {
    let compressed = compress_to_vec(encode(message)?.as_bytes(), LEVEL);
    let mut query = format!("{}={}", field.name(), escaped(&BASE64.encode(&compressed)));
    if let Some(relay_state) = relay_state {
        query.push_str("&RelayState=");
        query.push_str(&escaped(relay_state));
    }
    query.push_str("&SigAlg=");
    query.push_str(&escaped(SignatureAlgorithm::RsaSha256.uri()));
    let signature = signer.sign(query.as_bytes())?;
    query.push_str("&Signature=");
    query.push_str(&escaped(&BASE64.encode(&signature)));
    let join = if destination.contains('?') { '&' } else { '?' };
    Ok(format!("{destination}{join}{query}"))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => {
                // Writing to a String can't fail.
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}
