//! Bearer tokens: 256 random bits, of which the database holds the hash.

use claviger_domain::secret::Secret;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// A token as it is given to its bearer, once.
#[derive(Clone, Debug)]
pub struct Token(Secret<String>);

impl Token {
    /// A token of these random bytes, with a prefix that says what it is.
    pub fn new(prefix: &str, random: [u8; 32]) -> Self {
        Self(Secret::new(format!("{prefix}{}", BASE64URL_NOPAD.encode(&random))))
    }

    /// The text, for the one place that hands it out.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.expose())
    }
}

/// What is stored of a token that someone presents.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
