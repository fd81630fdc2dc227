//! XML Signature, as far as SAML needs it: one enveloped signature of the root, by a key that is registered.

mod info;
mod sign;
mod verify;

pub use sign::{Signer, Unsendable, signed};
pub(crate) use verify::locate;
pub use verify::{Trust, Verified, verify};

use crate::xml::{Shape, XmlError};

/// Why a signature was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// There is none.
    #[error("the message is not signed, and this application's must be")]
    Missing,
    /// It can't be checked.
    #[error("the message is signed, but no certificate is registered to check it with")]
    NoCertificate,
    /// It stands where it says nothing about the message as a whole.
    #[error("there is a signature inside of {0}; only one directly in the message is looked at")]
    Elsewhere(String),
    /// There are several.
    #[error("the message has more than one signature")]
    Several,
    /// A signature in a message that came by Redirect.
    #[error("a message sent by Redirect has a signature inside; it must be in the address alone")]
    InRedirect,
    /// The algorithm of the signature is none of those that are accepted.
    #[error("the signature algorithm {0:?} is not accepted")]
    Algorithm(String),
    /// The algorithm of a digest is none of those that are accepted.
    #[error("the digest algorithm {0:?} is not accepted")]
    Digest(String),
    /// SHA-1.
    #[error("{0:?} uses SHA-1, which is not switched on for this application")]
    Sha1(String),
    /// Another canonicalization.
    #[error("the canonicalization {0:?} is not accepted; it must be exclusive, without comments")]
    Canonicalization(String),
    /// Other transforms.
    #[error("the transforms are {0:?}; they must be enveloped-signature and exclusive canonicalization")]
    Transforms(Vec<String>),
    /// It is about something else.
    #[error("the signature is about {found:?}, and the message's ID is {root:?}")]
    Reference {
        /// What the signature names.
        found: String,
        /// The message's ID.
        root: String,
    },
    /// The message has no ID, so that nothing can name it.
    #[error("the message has no ID that a signature could name")]
    NoId,
    /// Not Base64.
    #[error("{0} is not Base64")]
    Base64(&'static str),
    /// No registered key made it.
    #[error("no registered certificate has the key that made the signature")]
    WrongKey,
    /// The message isn't the one that was signed.
    #[error("the message was changed after it was signed: its digest differs")]
    Changed,
    /// It is not built as a signature is.
    #[error("the signature is not as it must be: {0}")]
    Shape(#[from] Shape),
    /// What was signed can't be read.
    #[error("what was signed can't be read: {0}")]
    Xml(#[from] XmlError),
}
