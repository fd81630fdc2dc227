//! What the application asks of the world.

use crate::mail::Message;
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use claviger_domain::{
    mail::Failure,
    secret::Secret,
    stream::{Reach, Transport, WebhookUrl},
    time::Timestamp,
};
use claviger_store::table::smtp::Encryption;
use std::{future::Future, pin::Pin};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A new RSA key of 2048 bits: PKCS #8, DER. Nothing if it fails.
    fn rsa_key(&self) -> Option<Secret<Vec<u8>>> {
        new_rsa_key()
    }

    /// A new key on P-256, in the same way.
    fn p256_key(&self) -> Option<Secret<Vec<u8>>> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
        Some(Secret::new(pair.to_pkcs8v1().ok()?.as_ref().to_vec()))
    }
}

/// The library makes it from the randomness of its own, which the system seeds; it takes none from outside.
pub fn new_rsa_key() -> Option<Secret<Vec<u8>>> {
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).ok()?;
    let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    Some(Secret::new(der.as_ref().to_vec()))
}

/// How to reach the mail server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// Name and password, if it asks for them.
    pub credentials: Option<(String, Secret<String>)>,
    /// What mails come from.
    pub from_address: String,
    /// The name beside it.
    pub from_name: String,
}

/// Why a mail was not taken, in words for an administrator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It may be taken later.
    #[error("{0}")]
    Failed(String),
    /// S4.10: the recipient's address was refused for good.
    #[error("{0}")]
    AddressRefused(String),
}

impl MailError {
    pub(crate) const fn failure(&self) -> Failure {
        match self {
            Self::Failed(_) => Failure::Passing,
            Self::AddressRefused(_) => Failure::AddressRefused,
        }
    }
}

/// The future of a sending.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// What is sent to a collector of log entries.
#[derive(Clone, Debug)]
pub enum Shipment {
    /// RFC 5424 messages, for a collector at `host` and `port`.
    Syslog {
        /// How they get there.
        transport: Transport,
        /// The collector's name or address.
        host: String,
        /// Its port.
        port: u16,
        /// The messages, the oldest first.
        messages: Vec<String>,
    },
    /// A JSON body for a webhook.
    Webhook {
        /// Where to.
        url: WebhookUrl,
        /// The value of `Claviger-Signature`.
        signature: String,
        /// The body.
        body: String,
    },
}

/// Why a shipment was not taken, in words for an administrator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShipError(pub String);

/// The future of a shipment.
pub type Shipping<'a> = Pin<Box<dyn Future<Output = Result<(), ShipError>> + Send + 'a>>;

/// Takes log entries to their collectors.
pub trait Courier: Send + Sync {
    /// Which addresses webhooks may have.
    fn reach(&self) -> Reach;

    /// Returns once the other side has taken it all.
    fn ship<'a>(&'a self, shipment: &'a Shipment) -> Shipping<'a>;
}

/// Hands a mail to a mail server.
pub trait Mailer: Send + Sync {
    /// Returns once the server has taken the mail.
    fn send<'a>(&'a self, server: &'a SmtpServer, message: &'a Message) -> Sending<'a>;
}
