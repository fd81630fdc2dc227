//! Keys and the algorithms that are used with them.

use aws_lc_rs::{
    digest,
    signature::{
        ECDSA_P256_SHA256_FIXED, KeyPair, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256,
        RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
    },
};
use std::fmt;

/// Whether what is hashed with SHA-1 is taken; off unless an application can't do otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sha1 {
    /// Not.
    #[default]
    Refused,
    /// Of this application.
    Accepted,
}

/// How a signature was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSA PKCS #1 v1.5 with SHA-256; the one we sign with.
    RsaSha256,
    /// With SHA-384.
    RsaSha384,
    /// With SHA-512.
    RsaSha512,
    /// ECDSA on P-256 with SHA-256, both numbers beside each other.
    EcdsaSha256,
    /// RSA with SHA-1.
    RsaSha1,
}

impl SignatureAlgorithm {
    const ALL: [Self; 5] =
        [Self::RsaSha256, Self::RsaSha384, Self::RsaSha512, Self::EcdsaSha256, Self::RsaSha1];

    /// Its identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        }
    }

    /// The algorithm of an identifier, if it is one of these.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }
}

/// How a digest was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DigestAlgorithm {
    Sha256,
    Sha384,
    Sha512,
    Sha1,
}

impl DigestAlgorithm {
    const ALL: [Self; 4] = [Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha1];

    pub(crate) const fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    pub(crate) fn of(self, octets: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        };
        digest::digest(algorithm, octets).as_ref().to_vec()
    }
}

/// The public key of a certificate, of a kind that we can check signatures with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA, 2048 to 8192 bits: `RSAPublicKey` in DER.
    Rsa(Vec<u8>),
    /// P-256: the point, uncompressed.
    P256(Vec<u8>),
}

impl PublicKey {
    /// Whether this key made that signature of those octets. A key of the other kind did not.
    pub fn verifies(&self, algorithm: SignatureAlgorithm, octets: &[u8], signature: &[u8]) -> bool {
        use SignatureAlgorithm::{EcdsaSha256, RsaSha1, RsaSha256, RsaSha384, RsaSha512};
        let (way, key): (&'static dyn VerificationAlgorithm, _) = match (self, algorithm) {
            (Self::Rsa(key), RsaSha256) => (&RSA_PKCS1_2048_8192_SHA256, key),
            (Self::Rsa(key), RsaSha384) => (&RSA_PKCS1_2048_8192_SHA384, key),
            (Self::Rsa(key), RsaSha512) => (&RSA_PKCS1_2048_8192_SHA512, key),
            (Self::Rsa(key), RsaSha1) => (&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key),
            (Self::P256(key), EcdsaSha256) => (&ECDSA_P256_SHA256_FIXED, key),
            (Self::Rsa(_), EcdsaSha256) | (Self::P256(_), RsaSha256 | RsaSha384 | RsaSha512 | RsaSha1) => {
                return false;
            }
        };
        UnparsedPublicKey::new(way, key).verify(octets, signature).is_ok()
    }
}

/// Why a key is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is not an RSA key of 2048 to 8192 bits in PKCS #8 form")]
pub struct WrongKey;

/// The private key that an application's messages are signed with.
pub struct SigningKey(RsaKeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Reads a key from PKCS #8 in DER.
    ///
    /// # Errors
    /// If it is no RSA key of 2048 to 8192 bits.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, WrongKey> {
        RsaKeyPair::from_pkcs8(der).map(Self).map_err(|_| WrongKey)
    }

    /// `RSAPublicKey` in DER.
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// RSA-SHA256 of the octets.
    ///
    /// # Errors
    /// If the key can't sign, which one that was read can.
    pub(crate) fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, WrongKey> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &no_randomness(), octets, &mut signature).map_err(|_| WrongKey)?;
        Ok(signature)
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "PKCS #1 v1.5 is deterministic: the parameter is there and not used"
)]
fn no_randomness() -> aws_lc_rs::rand::SystemRandom {
    aws_lc_rs::rand::SystemRandom::new()
}
