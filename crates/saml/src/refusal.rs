//! Why a message is refused: in a sentence for the administrators' log, and in a kind for the person's page.

use crate::{
    signature::SignatureFault,
    xml::{Shape, XmlError},
};

/// Why a message is refused. The text names what was found and what was expected; nothing in it is a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A part of the query or the form is not there.
    #[error("there is no {0} in the request")]
    NoParameter(&'static str),
    /// A part of the query or the form is there twice.
    #[error("{0} stands more than once in the request")]
    TwiceInQuery(&'static str),
    /// Both a request and a response.
    #[error("there are both SAMLRequest and SAMLResponse in the request")]
    BothFields,
    /// Something is too long.
    #[error("{what} is longer than {limit} bytes")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// The most it may have.
        limit: usize,
    },
    /// Not percent-encoded UTF-8.
    #[error("{0} is not percent-encoded UTF-8")]
    Percent(&'static str),
    /// Not Base64.
    #[error("{0} is not Base64")]
    Base64(&'static str),
    /// Encoded in another way than DEFLATE.
    #[error("the encoding {0:?} is not accepted; it must be DEFLATE")]
    Encoding(String),
    /// Not compressed with DEFLATE.
    #[error("the message is not compressed with DEFLATE, or something follows it")]
    Deflate,
    /// Larger than allowed once it is inflated.
    #[error("the message inflates to more than {limit} bytes")]
    Inflated {
        /// The most there may be.
        limit: usize,
    },
    /// Half a signature.
    #[error("SigAlg and Signature must come together")]
    HalfSignature,
    /// The XML was not read.
    #[error("the XML is refused: {0}")]
    Xml(#[from] XmlError),
    /// The XML is no such message.
    #[error("the message is not as it must be: {0}")]
    Shape(#[from] Shape),
    /// Another message than expected at this place.
    #[error("{found} came where {wanted} is expected")]
    OtherMessage {
        /// Its name.
        found: String,
        /// What was expected.
        wanted: &'static str,
    },
    /// Another version of SAML.
    #[error("the message is of SAML version {0:?}, not 2.0")]
    Version(String),
    /// The signature was not taken.
    #[error("the signature is refused: {0}")]
    Signature(#[from] SignatureFault),
    /// From somebody else.
    #[error("the message is from {found:?}, not from {expected:?}")]
    Issuer {
        /// Whom it names.
        found: String,
        /// Whom it was checked for.
        expected: String,
    },
    /// For another address.
    #[error("the message is for {found:?}, and came to {expected:?}")]
    Destination {
        /// The address it names.
        found: String,
        /// The address it came to.
        expected: String,
    },
    /// Signed, and for no address.
    #[error("the message is signed and names no Destination, as it then must")]
    NoDestination,
    /// Too old.
    #[error("the message was issued at {issued}, more than {seconds} seconds ago")]
    TooOld {
        /// When it was issued.
        issued: String,
        /// How old it may be.
        seconds: u64,
    },
    /// Not issued yet.
    #[error("the message was issued at {issued}, which is in the future: compare the clocks")]
    FromTheFuture {
        /// When it was issued.
        issued: String,
    },
    /// No longer valid by its own word.
    #[error("the message was to be answered before {0}")]
    Expired(String),
    /// Both an address and a number of one.
    #[error("the request names both AssertionConsumerServiceURL and AssertionConsumerServiceIndex")]
    TwoConsumers,
    /// An address that isn't registered.
    #[error("the address {0:?} is not among the application's assertion consumer services")]
    UnknownConsumer(String),
    /// A number that isn't registered.
    #[error("the application has no assertion consumer service of index {0}")]
    UnknownConsumerIndex(String),
    /// There is nowhere to answer to.
    #[error("the application has no assertion consumer service")]
    NoConsumer,
    /// The answer is wanted in another way.
    #[error("the answer is wanted by {0:?}; only HTTP-POST is offered")]
    ResponseBinding(String),
    /// A kind of name that isn't offered.
    #[error("the NameID format {0:?} is not offered")]
    NameIdFormat(String),
    /// A name for somebody else.
    #[error("the request wants a name in the namespace of {0:?}, another application's")]
    ForeignQualifier(String),
    /// An encrypted name.
    #[error("an encrypted NameID is not accepted")]
    Encrypted,
    /// It was answered before.
    #[error("the request {0:?} was answered before")]
    Replayed(String),
    /// An answer to something that wasn't asked.
    #[error("the response answers {found:?}, and {expected:?} was asked")]
    NotAsked {
        /// What it answers.
        found: String,
        /// What was asked.
        expected: String,
    },
}

/// What a person can be told, without what only administrators understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It can't be read.
    Damaged,
    /// It can't be trusted to come from the application.
    NotTrusted,
    /// It is for another place or from another application.
    Misaddressed,
    /// It is too old, or a clock is wrong.
    Outdated,
    /// It wants what isn't offered.
    Unsupported,
    /// It was used before.
    Repeated,
}

impl Refusal {
    /// What the person may be told.
    pub fn kind(&self) -> Kind {
        match self {
            Self::NoParameter(_)
            | Self::TwiceInQuery(_)
            | Self::BothFields
            | Self::TooLong { .. }
            | Self::Percent(_)
            | Self::Base64(_)
            | Self::Encoding(_)
            | Self::Deflate
            | Self::Inflated { .. }
            | Self::HalfSignature
            | Self::Xml(_)
            | Self::Shape(_)
            | Self::OtherMessage { .. }
            | Self::Version(_)
            | Self::TwoConsumers => Kind::Damaged,
            Self::Signature(_) => Kind::NotTrusted,
            Self::Issuer { .. }
            | Self::Destination { .. }
            | Self::NoDestination
            | Self::UnknownConsumer(_)
            | Self::UnknownConsumerIndex(_)
            | Self::NoConsumer
            | Self::ForeignQualifier(_)
            | Self::NotAsked { .. } => Kind::Misaddressed,
            Self::TooOld { .. } | Self::FromTheFuture { .. } | Self::Expired(_) => Kind::Outdated,
            Self::ResponseBinding(_) | Self::NameIdFormat(_) | Self::Encrypted => Kind::Unsupported,
            Self::Replayed(_) => Kind::Repeated,
        }
    }
}
