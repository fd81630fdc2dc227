//! Signs what we send: RSA-SHA256 over the exclusive canonical form.

use crate::{
    certificate::{Certificate, WrongCertificate},
    key::{DigestAlgorithm, PublicKey, SignatureAlgorithm, SigningKey, WrongKey},
    names::{DS, EC, ENVELOPED, SAML},
    xml::{Element, Node, Unwritable, c14n, encode},
};
use data_encoding::BASE64;

/// Why a message can't be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// XML can't carry what is in it.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// The key can't sign.
    #[error(transparent)]
    Key(#[from] WrongKey),
    /// It has no ID that a signature could name.
    #[error("{0} has no ID, and can't be signed")]
    NoId(String),
}

/// A key with the certificate that tells others of it.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey,
    certificate: Certificate,
}

impl Signer {
    /// Puts them together.
    ///
    /// # Errors
    /// If the certificate belongs to another key.
    pub fn new(key: SigningKey, certificate: Certificate) -> Result<Self, WrongCertificate> {
        match certificate.key() {
            PublicKey::Rsa(public) if public == key.public() => Ok(Self { key, certificate }),
            _ => Err(WrongCertificate::OtherKey),
        }
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The algorithm, and the signature of octets, as the query of an address carries them.
    pub(crate) fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, WrongKey> {
        self.key.sign(octets)
    }
}

/// The element with its enveloped signature, after its `Issuer` if it begins with one.
///
/// # Errors
/// If it has no `ID`, or holds what XML can't carry.
pub fn signed(mut element: Element, signer: &Signer) -> Result<Element, Unsendable> {
    let id = element.attribute("ID").ok_or_else(|| Unsendable::NoId(element.written_name()))?;
    let reference = format!("#{id}");
    let digest = DigestAlgorithm::Sha256.of(encode(&element)?.as_bytes());
    let info = info(reference, &digest);
    let value = signer.sign(c14n::exclusive(&[], &info, &[]).as_bytes())?;
    let certificate = Element::new(DS, "X509Certificate").text(signer.certificate.base64());
    let signature = Element::new(DS, "Signature")
        .child(info)
        .child(Element::new(DS, "SignatureValue").text(BASE64.encode(&value)))
        .child(Element::new(DS, "KeyInfo").child(Element::new(DS, "X509Data").child(certificate)));
    let issuer_first = element.elements().next().is_some_and(|first| first.is(SAML, "Issuer"));
    element.children.insert(usize::from(issuer_first), Node::Element(signature));
    Ok(element)
}

fn info(reference: String, digest: &[u8]) -> Element {
    let method = |name, uri| Element::new(DS, name).with("Algorithm", uri);
    let transforms = Element::new(DS, "Transforms")
        .child(method("Transform", ENVELOPED))
        .child(method("Transform", EC.uri));
    let reference = Element::new(DS, "Reference")
        .with("URI", reference)
        .child(transforms)
        .child(method("DigestMethod", DigestAlgorithm::Sha256.uri()))
        .child(Element::new(DS, "DigestValue").text(BASE64.encode(digest)));
    Element::new(DS, "SignedInfo")
        .child(method("CanonicalizationMethod", EC.uri))
        .child(method("SignatureMethod", SignatureAlgorithm::RsaSha256.uri()))
        .child(reference)
}
