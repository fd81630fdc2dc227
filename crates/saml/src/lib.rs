//! SAML 2.0 as an identity provider speaks it: requests are read and checked, answers are written and signed (S10.1).
//!
//! There is no input, output, clock or randomness in here. Times, ids, keys and what an application is registered
//! with come as
//! arguments; what comes out is text to send, or a [`Refusal`] with the reason.
//!
//! A request comes in by [`binding::redirect::receive`] or [`binding::post::receive`]. What it claims to be from
//! ([`binding::Inbound::claimed_issuer`]) says which application to check it against; [`AuthnRequest::accept`],
//! [`LogoutRequest::accept`] and [`LogoutResponse::accept`] do. The answer is [`Assertion::respond`], [`refuse`],
//! or a logout's
//! [`Header`].

mod base64;
pub mod binding;
mod certificate;
mod instant;
mod key;
mod logout;
mod message;
pub mod metadata;
mod name_id;
pub mod names;
mod refusal;
mod request;
mod response;
pub mod signature;
pub mod xml;

pub use certificate::{Certificate, SelfSigned, WrongCertificate};
pub use instant::Instant;
pub use key::{PublicKey, Sha1, SignatureAlgorithm, SigningKey, WrongKey};
pub use logout::{Header, LogoutRequest, LogoutResponse, Outgoing};
pub use message::{Id, Reception, Sender};
pub use name_id::NameId;
pub use refusal::{Kind, Refusal};
pub use request::{
    Answered, AuthnRequest, Comparison, Consumer, Interaction, ReplayKey, RequestedContext, default_consumer,
};
pub use response::{Assertion, Attribute, AttributeFormat, Envelope, SignWhat, refuse};
