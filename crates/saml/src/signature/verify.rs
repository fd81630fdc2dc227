//! Checks a signature, and gives back what it covers.
//!
//! Nothing is read from the document as it came. Of the signature, the octets that its value covers are parsed anew, and the
//! reference is taken from there; of the message, the octets that the digest covers. Whatever else stood in the
//! document is gone, so that there is nothing to wrap, and no second parser to differ.

use super::{
    SignatureFault,
    info::{Info, accepted, exactly},
};
use crate::{
    base64,
    certificate::Certificate,
    key::Sha1,
    names::DS,
    xml::{Element, Limits, Node, c14n, read},
};

/// Whose signatures are taken.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The certificates that are registered; those in messages are not looked at.
    pub certificates: &'a [Certificate],
    /// Whether SHA-1 is taken.
    pub sha1: Sha1,
}

impl Trust<'_> {
    /// Which certificate's key made a signature over octets, as in the query of an address.
    pub(crate) fn signer_of(
        &self,
        uri: &str,
        octets: &[u8],
        signature: &[u8],
    ) -> Result<usize, SignatureFault> {
        let algorithm = accepted(uri, self.sha1)?;
        if self.certificates.is_empty() {
            return Err(SignatureFault::NoCertificate);
        }
        let made = |certificate: &Certificate| certificate.key().verifies(algorithm, octets, signature);
        self.certificates.iter().position(made).ok_or(SignatureFault::WrongKey)
    }
}

/// What a signature covers, and nothing else.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The message, read from the octets that were signed.
    pub root: Element,
    /// Which of the registered certificates has the key, from 0.
    pub certificate: usize,
}

/// The signature directly in the root; `None` if there is none anywhere.
pub(crate) fn locate(root: &Element) -> Result<Option<&Element>, SignatureFault> {
    let mut own = root.all(DS, "Signature");
    let found = own.next();
    if own.next().is_some() {
        return Err(SignatureFault::Several);
    }
    for child in root.elements().filter(|child| found.is_none_or(|found| !std::ptr::eq(found, *child))) {
        refuse_inside(child)?;
    }
    if let Some(parts) = found {
        parts.elements().try_for_each(refuse_inside)?;
    }
    Ok(found)
}

fn refuse_inside(element: &Element) -> Result<(), SignatureFault> {
    if element.all(DS, "Signature").next().is_some() {
        return Err(SignatureFault::Elsewhere(element.written_name()));
    }
    element.elements().try_for_each(refuse_inside)
}

/// Checks the enveloped signature of a message.
///
/// # Errors
/// If there is none, or anything about it is not as it must be.
pub fn verify(root: &Element, trust: Trust<'_>) -> Result<Verified, SignatureFault> {
    let signature = locate(root)?.ok_or(SignatureFault::Missing)?;
    let (covered, certificate) = covered_by(root, signature, trust)?;
    let id = root.attribute("ID").filter(|id| !id.is_empty()).ok_or(SignatureFault::NoId)?;
    let reference = Info::read(&covered, trust.sha1)?.reference;
    if reference.uri.strip_prefix('#') != Some(id) {
        return Err(SignatureFault::Reference { found: reference.uri, root: id.to_owned() });
    }
    let mut content = root.clone();
    content.children.retain(|node| !matches!(node, Node::Element(child) if child.is(DS, "Signature")));
    let octets = c14n::exclusive(&[], &content, &reference.inclusive);
    if reference.digest.of(octets.as_bytes()) != reference.value {
        return Err(SignatureFault::Changed);
    }
    Ok(Verified { root: read(octets.as_bytes(), Limits::MESSAGE)?, certificate })
}

/// The `SignedInfo`, read from the octets that the signature's value covers, and whose key made that.
fn covered_by(
    root: &Element,
    signature: &Element,
    trust: Trust<'_>,
) -> Result<(Element, usize), SignatureFault> {
    let (written, value) = if signature.elements().count() == 2 {
        let [info, value] = exactly(signature, ["SignedInfo", "SignatureValue"])?;
        (info, value)
    } else {
        let [info, value, _] = exactly(signature, ["SignedInfo", "SignatureValue", "KeyInfo"])?;
        (info, value)
    };
    let info = Info::read(written, trust.sha1)?;
    let value = base64::decode(value.only_text()?).ok_or(SignatureFault::Base64("the signature"))?;
    let octets = c14n::exclusive(&[root, signature], written, &info.inclusive);
    let certificate = trust.signer_of(info.algorithm.uri(), octets.as_bytes(), &value)?;
    Ok((read(octets.as_bytes(), Limits::MESSAGE)?, certificate))
}
