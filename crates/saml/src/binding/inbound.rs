//! A message as it came: parsed, and not believed yet.

use super::Field;
use crate::{
    names::{SAML, SAMLP},
    refusal::Refusal,
    signature::{SignatureFault, Trust, locate, verify},
    xml::{Element, Shape},
};

/// Whether an application's messages must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// They must.
    Signed,
    /// They may; a signature that is there is checked.
    Either,
}

/// What is known of who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It isn't signed: anybody can have made it.
    No,
    /// It is signed, and there is no certificate to check it with: anybody can have made it.
    Unchecked,
    /// The query is signed, by the registered certificate of that number, from 0.
    Query {
        /// Which certificate.
        certificate: usize,
    },
    /// The message is signed, by the registered certificate of that number, from 0.
    Document {
        /// Which certificate.
        certificate: usize,
    },
}

/// Which message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A request to sign a person in.
    AuthnRequest,
    /// A request to end a session.
    LogoutRequest,
    /// An answer to our request to end a session.
    LogoutResponse,
}

impl MessageKind {
    /// The element's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthnRequest => "AuthnRequest",
            Self::LogoutRequest => "LogoutRequest",
            Self::LogoutResponse => "LogoutResponse",
        }
    }

    fn field(self) -> Field {
        match self {
            Self::AuthnRequest | Self::LogoutRequest => Field::Request,
            Self::LogoutResponse => Field::Response,
        }
    }
}

/// What a query says about its own signature.
#[derive(Clone, Debug)]
pub(super) struct QuerySignature {
    /// What was signed, byte for byte as it was sent.
    pub(super) octets: String,
    pub(super) algorithm: String,
    pub(super) value: Vec<u8>,
}

/// How the message came, with what that says of its signature.
#[derive(Clone, Debug)]
pub(super) enum Arrival {
    Redirect(Option<QuerySignature>),
    Post,
}

/// A message that was parsed. Of what it says only the issuer may be asked, to find out whom to check it against.
#[derive(Clone, Debug)]
pub struct Inbound {
    pub(super) field: Field,
    pub(super) root: Element,
    pub(super) relay_state: Option<String>,
    pub(super) arrival: Arrival,
}

impl Inbound {
    /// Which message it is.
    ///
    /// # Errors
    /// If it is none that a provider takes, or it came in the field of the other kind.
    pub fn kind(&self) -> Result<MessageKind, Refusal> {
        use MessageKind::{AuthnRequest, LogoutRequest, LogoutResponse};
        [AuthnRequest, LogoutRequest, LogoutResponse]
            .into_iter()
            .find(|kind| self.root.is(SAMLP, kind.name()) && self.field == kind.field())
            .ok_or_else(|| Refusal::OtherMessage {
                found: format!("{} in {}", self.root.written_name(), self.field.name()),
                wanted: "an AuthnRequest, LogoutRequest or LogoutResponse",
            })
    }

    /// Whom the message says it is from. Not to be believed before it was checked.
    ///
    /// # Errors
    /// If it doesn't say.
    pub fn claimed_issuer(&self) -> Result<&str, Refusal> {
        issuer_of(&self.root)
    }

    /// What came with it, to be sent back with the answer.
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }

    /// Checks its signature, and gives what may be read: of a message that was signed, what the signature covers.
    ///
    /// # Errors
    /// If it must be signed and isn't, or is and not rightly.
    pub fn open(&self, trust: Trust<'_>, demand: Demand) -> Result<Message, Refusal> {
        let embedded = locate(&self.root)?.is_some();
        let is_signed = match &self.arrival {
            Arrival::Redirect(_) if embedded => return Err(SignatureFault::InRedirect.into()),
            Arrival::Redirect(query) => query.is_some(),
            Arrival::Post => embedded,
        };
        let as_it_came = |signed| Message { root: self.root.clone(), signed };
        match (is_signed, demand) {
            (false, Demand::Signed) => return Err(SignatureFault::Missing.into()),
            (false, Demand::Either) => return Ok(as_it_came(Signed::No)),
            (true, Demand::Either) if trust.certificates.is_empty() => {
                return Ok(as_it_came(Signed::Unchecked));
            }
            (true, _) => {}
        }
        match &self.arrival {
            Arrival::Redirect(Some(query)) => {
                let certificate = trust.signer_of(&query.algorithm, query.octets.as_bytes(), &query.value)?;
                Ok(as_it_came(Signed::Query { certificate }))
            }
            Arrival::Redirect(None) | Arrival::Post => {
                let verified = verify(&self.root, trust)?;
                Ok(Message {
                    root: verified.root,
                    signed: Signed::Document { certificate: verified.certificate },
                })
            }
        }
    }
}

/// A message that may be read.
#[derive(Clone, Debug)]
pub struct Message {
    pub(crate) root: Element,
    pub(crate) signed: Signed,
}

/// Whom a message names as its issuer.
pub(crate) fn issuer_of(root: &Element) -> Result<&str, Refusal> {
    let issuer = root.need(SAML, "Issuer")?;
    let text = issuer.only_text()?;
    if text.is_empty() || text.len() > 1_024 {
        let wrong = Shape::Value {
            element: issuer.written_name(),
            what: "text".to_owned(),
            value: text.chars().take(80).collect(),
            wanted: "a name of 1 to 1,024 bytes",
        };
        return Err(wrong.into());
    }
    Ok(text)
}
