//! JSON Web Signatures (RFC 7515) of our own: what is signed here, and what comes back. A key signs with the one
//! algorithm that it was made for; what a token says of its algorithm is compared with that, and decides nothing.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use claviger_domain::application::oidc::Algorithm;
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest token that is read.
const LONGEST: usize = 8 * 1024;

/// Why a key can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key that ID tokens are signed with can't be used")]
pub(super) struct WrongKey;

/// A private key with the name that applications know it by.
pub(super) struct SigningKey {
    kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
}

impl SigningKey {
    /// The key of that algorithm in PKCS #8, DER.
    pub(super) fn from_pkcs8(kid: String, algorithm: Algorithm, der: &[u8]) -> Result<Self, WrongKey> {
        let pair = match algorithm {
            Algorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(|_| WrongKey)?)),
            Algorithm::Es256 => Pair::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| WrongKey)?,
            ),
        };
        Ok(Self { kid, pair })
    }

    const fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::P256(_) => Algorithm::Es256,
        }
    }

    /// `RSAPublicKey` in DER, or the point.
    pub(super) fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::P256(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The claims as a signed token.
    pub(super) fn sign(&self, claims: &Value) -> Result<String, WrongKey> {
        let header = json!({ "alg": self.algorithm().key(), "kid": self.kid, "typ": "JWT" });
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &library_randomness(), signed.as_bytes(), &mut signature)
                    .map_err(|_| WrongKey)?;
                signature
            }
            Pair::P256(pair) => {
                let signature = pair.sign(&library_randomness(), signed.as_bytes());
                signature.map_err(|_| WrongKey)?.as_ref().to_vec()
            }
        };
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "the library takes the parameter and uses its own: PKCS #1 v1.5 needs none, and ECDSA's nonce is its business"
)]
fn library_randomness() -> aws_lc_rs::rand::SystemRandom {
    aws_lc_rs::rand::SystemRandom::new()
}

/// A public key as applications are told of it.
pub(super) struct PublicKey<'a> {
    pub(super) kid: String,
    pub(super) algorithm: Algorithm,
    /// `RSAPublicKey` in DER, or the point.
    pub(super) key: &'a [u8],
}

impl PublicKey<'_> {
    /// RFC 7517; nothing if the key is none.
    pub(super) fn jwk(&self) -> Option<Value> {
        let encoded = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let (kid, alg) = (&self.kid, self.algorithm.key());
        match self.algorithm {
            Algorithm::Rs256 => {
                let (n, e) = rsa_numbers(self.key)?;
                Some(
                    json!({ "kty": "RSA", "use": "sig", "alg": alg, "kid": kid, "n": encoded(n), "e": encoded(e) }),
                )
            }
            Algorithm::Es256 => {
                let (x, y) = self.key.strip_prefix(&[4]).filter(|point| point.len() == 64)?.split_at(32);
                let (x, y) = (encoded(x), encoded(y));
                Some(
                    json!({ "kty": "EC", "use": "sig", "alg": alg, "kid": kid, "crv": "P-256", "x": x, "y": y }),
                )
            }
        }
    }

    fn verifies(&self, octets: &[u8], signature: &[u8]) -> bool {
        match self.algorithm {
            Algorithm::Rs256 => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.key)
                .verify(octets, signature)
                .is_ok(),
            Algorithm::Es256 => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.key).verify(octets, signature).is_ok()
            }
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

/// The claims of a token that one of these keys signed; nothing of any other.
pub(super) fn verified(token: &str, keys: &[PublicKey<'_>]) -> Option<Value> {
    if token.len() > LONGEST {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
    let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
    let key = keys.iter().find(|key| key.kid == header.kid && key.algorithm.key() == header.alg)?;
    if !key.verifies(signed.as_bytes(), &decoded(signature)?) {
        return None;
    }
    serde_json::from_slice(&decoded(claims)?).ok()
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, rest) = der_value(der, 0x30)?;
    let (modulus, exponent) = der_value(sequence, 2)?;
    let (exponent, end) = der_value(exponent, 2)?;
    let unsigned = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    let (modulus, exponent) = (modulus.get(unsigned(modulus)..)?, exponent.get(unsigned(exponent)..)?);
    (rest.is_empty() && end.is_empty()).then_some((modulus, exponent))
}

/// The value with that tag, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match *length {
        short @ 0..0x80 => (usize::from(short), rest),
        long => {
            let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            let grown = |sum: usize, digit: &u8| sum.checked_mul(256)?.checked_add(usize::from(*digit));
            (digits.iter().try_fold(0, grown)?, rest)
        }
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::{
        encoding::AsDer,
        rsa::{KeyPair as Rsa, KeySize},
    };

    fn key(kid: &str, algorithm: Algorithm) -> SigningKey {
        let der = match algorithm {
            Algorithm::Rs256 => Rsa::generate(KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref().to_vec(),
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                pair.to_pkcs8v1().unwrap().as_ref().to_vec()
            }
        };
        SigningKey::from_pkcs8(kid.into(), algorithm, &der).unwrap()
    }

    #[test]
    fn what_is_signed_is_read_with_the_published_key_alone() {
        for algorithm in [Algorithm::Rs256, Algorithm::Es256] {
            let (ours, other) = (key("a", algorithm), key("a", algorithm));
            let (public, foreign) = (ours.public(), other.public());
            let published = |key| [PublicKey { kid: "a".into(), algorithm, key }];
            let claims = json!({ "sub": "alice", "n": 7 });
            let token = ours.sign(&claims).unwrap();
            assert_eq!(verified(&token, &published(&public)), Some(claims));
            assert_eq!(verified(&token, &published(&foreign)), None);
            assert_eq!(verified(&token, &[]), None);
        }
    }

    #[test]
    fn no_token_chooses_how_it_is_checked() {
        let (rsa, p256) = (key("r", Algorithm::Rs256), key("e", Algorithm::Es256));
        let (rsa_public, p256_public) = (rsa.public(), p256.public());
        let keys = [
            PublicKey { kid: "r".into(), algorithm: Algorithm::Rs256, key: &rsa_public },
            PublicKey { kid: "e".into(), algorithm: Algorithm::Es256, key: &p256_public },
        ];
        let token = rsa.sign(&json!({ "sub": "alice" })).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (_, claims) = signed.split_once('.').unwrap();
        let part = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        let hmac = {
            let head = part(r#"{"alg":"HS256","kid":"r"}"#);
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &rsa_public);
            let tag = aws_lc_rs::hmac::sign(&key, format!("{head}.{claims}").as_bytes());
            format!("{head}.{claims}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))
        };
        for forged in [
            format!("{}.{claims}.", part(r#"{"alg":"none","kid":"r"}"#)),
            format!("{}.{claims}.{signature}", part(r#"{"alg":"none","kid":"r"}"#)),
            format!("{}.{claims}.", part(r#"{"alg":"None"}"#)),
            format!("{}.{claims}.{signature}", part(r#"{"alg":"ES256","kid":"e"}"#)),
            format!("{}.{claims}.{signature}", part(r#"{"alg":"RS256","kid":"e"}"#)),
            format!("{}.{claims}.{signature}", part(r#"{"alg":"RS256","kid":"x"}"#)),
            format!("{}.{}.{signature}", signed.split_once('.').unwrap().0, part(r#"{"sub":"bob"}"#)),
            format!("{signed}."),
            format!("{token}="),
            hmac,
            String::new(),
            "..".into(),
            "x".repeat(LONGEST + 1),
        ] {
            assert_eq!(verified(&forged, &keys), None, "{forged}");
        }
        assert!(verified(&token, &keys).is_some());
    }

    #[test]
    fn numbers_of_a_key_are_read_from_der() {
        let der = [0x30, 0x08, 0x02, 0x02, 0x00, 0xff, 0x02, 0x02, 0x01, 0x01];
        assert_eq!(rsa_numbers(&der), Some((&[0xff][..], &[1, 1][..])));
        for end in 0..der.len() {
            assert_eq!(rsa_numbers(&der[..end]), None);
        }
        assert_eq!(rsa_numbers(&[0x30, 0xff]), None);
    }
}
