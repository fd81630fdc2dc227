//! What a signature says that it covers.

use super::SignatureFault;
use crate::{
    base64,
    key::{DigestAlgorithm, Sha1, SignatureAlgorithm},
    names::{DS, EC, ENVELOPED},
    xml::{Element, Shape, Space},
};

/// The most prefixes a list may name.
const MOST_PREFIXES: usize = 32;

/// A `SignedInfo` of the only form that is accepted.
pub(super) struct Info {
    pub(super) algorithm: SignatureAlgorithm,
    /// Prefixes treated inclusively when the `SignedInfo` itself is canonicalized.
    pub(super) inclusive: Vec<String>,
    pub(super) reference: Reference,
}

/// The one thing that is signed.
pub(super) struct Reference {
    pub(super) uri: String,
    pub(super) inclusive: Vec<String>,
    pub(super) digest: DigestAlgorithm,
    pub(super) value: Vec<u8>,
}

impl Info {
    pub(super) fn read(info: &Element, sha1: Sha1) -> Result<Self, SignatureFault> {
        let [canonicalization, method, reference] =
            exactly(info, ["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
        let inclusive = prefixes_of(canonicalization)?
            .ok_or_else(|| SignatureFault::Canonicalization(algorithm_of(canonicalization)))?;
        exactly(method, [])?;
        Ok(Self {
            algorithm: accepted(&algorithm_of(method), sha1)?,
            inclusive,
            reference: read(reference, sha1)?,
        })
    }
}

/// The algorithm of an identifier, if it is accepted.
pub(super) fn accepted(uri: &str, sha1: Sha1) -> Result<SignatureAlgorithm, SignatureFault> {
    match (SignatureAlgorithm::from_uri(uri), sha1) {
        (Some(SignatureAlgorithm::RsaSha1), Sha1::Refused) => Err(SignatureFault::Sha1(uri.to_owned())),
        (Some(algorithm), _) => Ok(algorithm),
        (None, _) => Err(SignatureFault::Algorithm(short(uri))),
    }
}

fn read(reference: &Element, sha1: Sha1) -> Result<Reference, SignatureFault> {
    let [transforms, method, value] = exactly(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
    let uri = algorithm_of(method);
    let digest = match (DigestAlgorithm::from_uri(&uri), sha1) {
        (Some(DigestAlgorithm::Sha1), Sha1::Refused) => return Err(SignatureFault::Sha1(uri)),
        (Some(digest), _) => digest,
        (None, _) => return Err(SignatureFault::Digest(uri)),
    };
    exactly(method, [])?;
    Ok(Reference {
        uri: reference.need_attribute("URI")?.to_owned(),
        inclusive: inclusive_of(transforms)?,
        digest,
        value: base64::decode(value.only_text()?).ok_or(SignatureFault::Base64("the digest"))?,
    })
}

/// The prefixes of the second transform; the first must be the one that leaves the signature out, and there is no third.
fn inclusive_of(transforms: &Element) -> Result<Vec<String>, SignatureFault> {
    let listed: Vec<&Element> = transforms.elements().collect();
    let refused = || SignatureFault::Transforms(listed.iter().take(5).map(|one| algorithm_of(one)).collect());
    let [first, second] = listed.as_slice() else { return Err(refused()) };
    if !first.is(DS, "Transform") || algorithm_of(first) != ENVELOPED || !second.is(DS, "Transform") {
        return Err(refused());
    }
    exactly(first, [])?;
    exactly(transforms, ["Transform", "Transform"])?;
    prefixes_of(second)?.ok_or_else(refused)
}

/// The list of prefixes of an exclusive canonicalization; `None` if it is another algorithm.
fn prefixes_of(method: &Element) -> Result<Option<Vec<String>>, SignatureFault> {
    if algorithm_of(method) != EC.uri {
        return Ok(None);
    }
    let Some(list) = method.elements().next() else {
        exactly(method, [])?;
        return Ok(Some(Vec::new()));
    };
    exactly_in(method, [(EC, "InclusiveNamespaces")])?;
    exactly(list, [])?;
    let prefixes: Vec<String> = list
        .need_attribute("PrefixList")?
        .split_ascii_whitespace()
        .map(|prefix| if prefix == "#default" { String::new() } else { prefix.to_owned() })
        .collect();
    if prefixes.len() > MOST_PREFIXES {
        let element = list.written_name();
        return Err(Shape::TooMany { element, limit: MOST_PREFIXES, what: "prefixes" }.into());
    }
    Ok(Some(prefixes))
}

fn algorithm_of(method: &Element) -> String {
    short(method.attribute("Algorithm").unwrap_or_default())
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The elements of an element of a signature, if they are these and no others, with nothing but white space around them.
pub(super) fn exactly<'a, const N: usize>(
    element: &'a Element,
    names: [&'static str; N],
) -> Result<[&'a Element; N], SignatureFault> {
    exactly_in(element, names.map(|name| (DS, name)))
}

fn exactly_in<'a, const N: usize>(
    element: &'a Element,
    names: [(Space, &'static str); N],
) -> Result<[&'a Element; N], SignatureFault> {
    let found: Vec<&Element> = element.elements().collect();
    let mut wanted = names.iter().peekable();
    for child in &found {
        match wanted.next() {
            Some((space, name)) if child.is(*space, name) => {}
            Some((_, name)) => {
                let found = format!("{} in {}", child.written_name(), element.written_name());
                return Err(Shape::Other { found, wanted: (*name).to_owned() }.into());
            }
            None => {
                let what = if names.iter().any(|(space, name)| child.is(*space, name)) {
                    Shape::Several { element: element.written_name(), what: child.written_name() }
                } else {
                    let found = format!("{} in {}", child.written_name(), element.written_name());
                    Shape::Other { found, wanted: "nothing more".to_owned() }
                };
                return Err(what.into());
            }
        }
    }
    match wanted.next() {
        Some((_, name)) => {
            Err(Shape::Missing { element: element.written_name(), what: (*name).to_owned() }.into())
        }
        None => found.try_into().map_err(|_| SignatureFault::Several),
    }
}
