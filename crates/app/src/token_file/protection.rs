//! How a PSKC file protects its secrets (RFC 6030 §6): AES-128-CBC under a pre-shared key or one derived from a
//! passphrase, with a MAC over what is encrypted. The MAC is checked first; what doesn't fit fails the whole file.

use super::{
    pskc::{bytes, child, content, find},
    refused,
};
use aws_lc_rs::{
    cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    hmac, pbkdf2,
};
use claviger_domain::{field::FieldError, secret::Secret};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use roxmltree::Node;
use std::num::NonZeroU32;

const KEY: usize = 16;
/// More rounds of PBKDF2 would let a file keep the server busy.
const ROUNDS: u32 = 2_000_000;
const AES_128_CBC: &str = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";

/// What opens the encrypted values of a file.
pub(super) struct Protection {
    key: Secret<Vec<u8>>,
    mac: hmac::Key,
}

fn of_the_key(message: &str) -> FieldError {
    FieldError::new("key", message)
}

/// A wrong key, a wrong passphrase and a changed file look the same.
fn unfitting() -> FieldError {
    of_the_key("This key or passphrase doesn't fit the file, or the file was changed. Nothing was imported.")
}

impl Protection {
    /// Reads `EncryptionKey` and `MACMethod` of the container; `typed` is what the administrator knows.
    pub(super) fn of(container: Node<'_, '_>, typed: Option<&Secret<String>>) -> Result<Self, FieldError> {
        let typed = typed.ok_or_else(|| of_the_key("The file is encrypted. Enter its key or passphrase."))?;
        let named = child(container, "EncryptionKey");
        let key = match named.and_then(|named| find(named, &["DerivedKey", "KeyDerivationMethod"])) {
            Some(method) => derived(method, typed)?,
            None if named.is_some_and(|named| child(named, "X509Data").is_some()) => {
                let message =
                    "The file is encrypted to a certificate. Ask for one with a key or a passphrase.";
                return Err(refused(message));
            }
            None => pre_shared(typed)?,
        };
        let method = child(container, "MACMethod").ok_or_else(|| {
            refused("The file is encrypted, but nothing shows that it is unchanged: it has no MAC.")
        })?;
        let algorithm = match method.attribute("Algorithm").unwrap_or_default() {
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256" => hmac::HMAC_SHA256,
            _ => return Err(refused("The file's MAC is of another kind than HMAC with SHA-1 or SHA-256.")),
        };
        let mac = match child(method, "MACKey") {
            Some(sealed) => decrypted(&key, &cipher_value(sealed)?).ok_or_else(unfitting)?,
            None => key.clone(),
        };
        Ok(Self { mac: hmac::Key::new(algorithm, mac.expose()), key })
    }

    /// The bytes of a `Secret` whose value is encrypted.
    pub(super) fn open(
        &self,
        secret: Node<'_, '_>,
        sealed: Node<'_, '_>,
    ) -> Result<Secret<Vec<u8>>, FieldError> {
        let sealed = cipher_value(sealed)?;
        let tag = child(secret, "ValueMAC").and_then(|tag| bytes(&content(tag)));
        let tag = tag.ok_or_else(|| refused("The file is encrypted, but a value has no MAC."))?;
        hmac::verify(&self.mac, &sealed, tag.expose()).map_err(|_| unfitting())?;
        decrypted(&self.key, &sealed).ok_or_else(unfitting)
    }
}

/// The initialization vector and what is encrypted under it.
fn cipher_value(value: Node<'_, '_>) -> Result<Vec<u8>, FieldError> {
    let method = child(value, "EncryptionMethod").and_then(|method| method.attribute("Algorithm"));
    if method != Some(AES_128_CBC) {
        return Err(refused("The file is encrypted in another way than with AES-128-CBC."));
    }
    let sealed = find(value, &["CipherData", "CipherValue"]).and_then(|value| bytes(&content(value)));
    let sealed = sealed.ok_or_else(|| refused("An encrypted value of the file can't be read."))?;
    Ok(sealed.expose().clone())
}

/// RFC 6030 §6.4: PKCS #5 padding.
fn decrypted(key: &Secret<Vec<u8>>, sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (iv, body) = sealed.split_first_chunk::<16>()?;
    let key = UnboundCipherKey::new(&AES_128, key.expose()).ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).ok()?;
    let mut plain = body.to_vec();
    let length = key.decrypt(&mut plain, DecryptionContext::Iv128(iv.into())).ok()?.len();
    plain.truncate(length);
    Some(Secret::new(plain))
}

/// 16 bytes in hexadecimal or Base64.
fn pre_shared(typed: &Secret<String>) -> Result<Secret<Vec<u8>>, FieldError> {
    let text: String = typed.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let text = Secret::new(text);
    let hexadecimal = HEXLOWER_PERMISSIVE.decode(text.expose().as_bytes()).ok();
    let key = hexadecimal.or_else(|| BASE64.decode(text.expose().as_bytes()).ok()).map(Secret::new);
    key.filter(|key| key.expose().len() == KEY)
        .ok_or_else(|| of_the_key("The file asks for a key of 16 bytes: 32 hexadecimal digits."))
}

/// RFC 6030 §6.2: PBKDF2 (RFC 8018 §5.2).
fn derived(method: Node<'_, '_>, typed: &Secret<String>) -> Result<Secret<Vec<u8>>, FieldError> {
    if !method.attribute("Algorithm").unwrap_or_default().ends_with("#pbkdf2") {
        return Err(refused("The file's key is derived in another way than with PBKDF2."));
    }
    let unreadable = || refused("The parameters of PBKDF2 in the file can't be read.");
    let parameters = child(method, "PBKDF2-params").ok_or_else(unreadable)?;
    let salt = find(parameters, &["Salt", "Specified"]).and_then(|salt| bytes(&content(salt)));
    let salt = salt.ok_or_else(unreadable)?;
    let number =
        |name: &str| child(parameters, name).and_then(|node| content(node).expose().parse::<u32>().ok());
    let rounds = number("IterationCount").and_then(NonZeroU32::new).ok_or_else(unreadable)?;
    if rounds.get() > ROUNDS {
        return Err(refused("The file asks for more than 2,000,000 rounds of PBKDF2."));
    }
    if number("KeyLength").is_some_and(|length| usize::try_from(length) != Ok(KEY)) {
        return Err(refused("The file's key has another length than the 16 bytes of AES-128."));
    }
    let function = child(parameters, "PRF").and_then(|function| function.attribute("Algorithm"));
    let function = match function.unwrap_or_default().to_ascii_lowercase() {
        name if name.is_empty() || name.ends_with("sha1") => pbkdf2::PBKDF2_HMAC_SHA1,
        name if name.ends_with("sha256") => pbkdf2::PBKDF2_HMAC_SHA256,
        _ => return Err(refused("The file's key is derived with another digest than SHA-1 or SHA-256.")),
    };
    let mut key = vec![0; KEY];
    pbkdf2::derive(function, rounds, salt.expose(), typed.expose().as_bytes(), &mut key);
    Ok(Secret::new(key))
}
