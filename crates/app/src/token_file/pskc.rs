//! PSKC, the Portable Symmetric Key Container (RFC 6030): XML, plain or encrypted. Signatures (§7) are not checked.

use super::{Row, Seed, TOKENS, digest_of, model_of, protection::Protection, refused, shape};
use claviger_domain::{
    field::FieldError,
    secret::Secret,
    token::{Moving, Profile, Serial, suitable},
    totp::{PERIOD, TotpSecret},
};
use data_encoding::BASE64;
use roxmltree::{Document, Node, ParsingOptions};

/// Of which RFC 6030 and the profiles before it are all in.
const NAMESPACE: &str = "urn:ietf:params:xml:ns:keyprov:pskc";
/// A token has some fifty nodes.
const NODES: u32 = 1_000_000;

/// What a key's trouble is trouble for.
enum Trouble {
    /// Its own row.
    Row(String),
    /// The whole file.
    File(FieldError),
}

impl From<FieldError> for Trouble {
    fn from(error: FieldError) -> Self {
        Self::File(error)
    }
}

fn of_the_row(message: &str) -> Trouble {
    Trouble::Row(message.to_owned())
}

pub(super) fn parse(text: &str, typed: Option<&Secret<String>>) -> Result<Vec<Row>, FieldError> {
    if text.contains("<!DOCTYPE") {
        return Err(refused("The file has a document type declaration (DOCTYPE); such files are not taken."));
    }
    shape::check(text)?;
    let options = ParsingOptions { nodes_limit: NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        refused(format!("The XML can't be read from line {} on. Is the file whole?", error.pos().row))
    })?;
    let container = document.root_element();
    let namespace = container.tag_name().namespace().unwrap_or_default();
    if container.tag_name().name() != "KeyContainer" || !namespace.starts_with(NAMESPACE) {
        return Err(refused(
            "This XML is not a PSKC file: it doesn't begin with a KeyContainer of RFC 6030.",
        ));
    }
    let is_encrypted = container.descendants().any(|node| node.tag_name().name() == "EncryptedValue");
    let protection = is_encrypted.then(|| Protection::of(container, typed)).transpose()?;
    let packages = container.children().filter(|node| node.tag_name().name() == "KeyPackage");
    let keys = packages.flat_map(|package| {
        let keys = package.children().filter(|node| node.tag_name().name() == "Key");
        keys.map(move |key| (package, key))
    });
    let mut rows = Vec::new();
    for (number, (package, key)) in (1..).zip(keys) {
        if number > TOKENS {
            return Err(refused("The file has more than 10,000 tokens. Split it."));
        }
        let seed = match seed(number, (package, key), protection.as_ref()) {
            Ok(seed) => Ok(seed),
            Err(Trouble::Row(message)) => Err(message),
            Err(Trouble::File(error)) => return Err(error),
        };
        rows.push(Row { number, seed });
    }
    Ok(rows)
}

/// The first element of that name below `node`, whatever its namespace: files differ in that.
pub(super) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// The element at the end of a path of names.
pub(super) fn find<'a, 'i>(node: Node<'a, 'i>, path: &[&str]) -> Option<Node<'a, 'i>> {
    path.iter().try_fold(node, |node, name| child(node, name))
}

/// The text of an element, comments left out.
pub(super) fn content(node: Node<'_, '_>) -> Secret<String> {
    let texts = node.children().filter(|node| node.is_text()).filter_map(|text| text.text());
    Secret::new(texts.collect::<String>().trim().to_owned())
}

/// Base64, whatever its line breaks.
pub(super) fn bytes(text: &Secret<String>) -> Option<Secret<Vec<u8>>> {
    let text: String = text.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let text = Secret::new(text);
    BASE64.decode(text.expose().as_bytes()).ok().map(Secret::new)
}

fn seed(
    row: usize,
    (package, key): (Node<'_, '_>, Node<'_, '_>),
    protection: Option<&Protection>,
) -> Result<Seed, Trouble> {
    // Before anything else, so that a wrong key or a changed file is never told as trouble of one row.
    let secret = secret(key, protection)?;
    let device = child(package, "DeviceInfo");
    let about = |name: &str| device.and_then(|device| child(device, name)).map(content);
    let serial = about("SerialNo").or_else(|| key.attribute("Id").map(Secret::from));
    let serial = serial.unwrap_or_else(|| Secret::from(""));
    let serial = Serial::parse("serial", serial.expose()).map_err(|error| Trouble::Row(error.message))?;
    let [maker, model] =
        ["Manufacturer", "Model"].map(|name| about(name).unwrap_or_else(|| Secret::from("")));
    let secret = suitable(profile(key)?, TotpSecret::new(secret.expose().clone()));
    let secret = secret.map_err(|unsuitable| Trouble::Row(unsuitable.to_string()))?;
    Ok(Seed { row, serial, model: model_of(maker.expose(), model.expose()), secret, user: None })
}

fn secret(key: Node<'_, '_>, protection: Option<&Protection>) -> Result<Secret<Vec<u8>>, Trouble> {
    let secret = find(key, &["Data", "Secret"]).ok_or_else(|| of_the_row("the secret is missing."))?;
    match (child(secret, "EncryptedValue"), protection) {
        (Some(sealed), Some(protection)) => Ok(protection.open(secret, sealed)?),
        _ => {
            let plain = child(secret, "PlainValue").and_then(|value| bytes(&content(value)));
            plain.ok_or_else(|| of_the_row("the secret is missing, or is not Base64."))
        }
    }
}

/// RFC 6030 §4.3.4 and §10, and the profile of TOTP in the IANA registry.
fn profile(key: Node<'_, '_>) -> Result<Profile, Trouble> {
    let algorithm = key.attribute("Algorithm").unwrap_or_default().to_ascii_lowercase();
    let moving = match algorithm.rsplit([':', '#']).next() {
        Some("totp") => Moving::Time { seconds: interval(key)? },
        Some("hotp") => Moving::Counter,
        _ => Moving::Other,
    };
    let parameters = child(key, "AlgorithmParameters");
    let suite = parameters.and_then(|parameters| child(parameters, "Suite")).map(content);
    let digest = digest_of(suite.map_or(String::new(), |suite| suite.expose().clone()).as_str())
        .ok_or_else(|| of_the_row("its digest is not known; Claviger takes SHA-1 tokens."))?;
    let format = parameters.and_then(|parameters| child(parameters, "ResponseFormat"));
    let asks = |name: &str| format.and_then(|format| format.attribute(name));
    if asks("Encoding").is_some_and(|encoding| !encoding.eq_ignore_ascii_case("DECIMAL")) {
        return Err(of_the_row("its codes are not made of digits."));
    }
    let digits = match asks("Length") {
        Some(length) => length.parse().map_err(|_| of_the_row("the number of digits is not a number."))?,
        None => Profile::TAKEN.digits,
    };
    let pin = find(key, &["Policy", "PINPolicy"]).and_then(|policy| policy.attribute("PINUsageMode"));
    if pin.is_some_and(|mode| mode != "Local") {
        return Err(of_the_row("its codes are mixed with a PIN."));
    }
    Ok(Profile { moving, digest, digits })
}

fn interval(key: Node<'_, '_>) -> Result<i64, Trouble> {
    let Some(interval) = find(key, &["Data", "TimeInterval"]) else { return Ok(PERIOD) };
    let seconds = child(interval, "PlainValue").and_then(|value| content(value).expose().parse().ok());
    seconds.ok_or_else(|| of_the_row("the time interval is encrypted or not a number."))
}

#[cfg(test)]
mod tests;
