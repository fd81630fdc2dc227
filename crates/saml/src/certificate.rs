//! Certificates: wrappings of keys. Nothing is concluded from who signed one; it is trusted because it is registered.

use crate::{
    base64,
    instant::Instant,
    key::{DigestAlgorithm, PublicKey, SigningKey},
};
use aws_lc_rs::rsa;
use data_encoding::{BASE64, HEXLOWER};
use std::time::Duration;
use x509_cert::{
    Version,
    attr::AttributeTypeAndValue,
    der::{
        Any, Decode, Encode, Reader, SliceReader,
        asn1::{
            BitString, GeneralizedTime, Null, ObjectIdentifier, SetOfVec, UintRef, UtcTime, Utf8StringRef,
        },
    },
    ext::{
        AsExtension,
        pkix::{BasicConstraints, KeyUsage, KeyUsages},
    },
    name::{Name, RdnSequence, RelativeDistinguishedName},
    serial_number::SerialNumber,
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
    time::{Time, Validity},
};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// The most characters of a common name (RFC 5280, `ub-common-name`).
const LONGEST_NAME: usize = 64;
/// The last year that certificates write with two digits (RFC 5280 §4.1.2.5).
const LAST_OF_TWO_DIGITS: u16 = 2049;

/// Why a certificate is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongCertificate {
    /// Not Base64, with or without PEM's lines.
    #[error("the certificate is not Base64 or PEM")]
    Base64,
    /// Not a certificate.
    #[error("the certificate is not X.509 in DER")]
    Der,
    /// A key of another kind.
    #[error("the certificate's key is neither RSA nor P-256")]
    Kind,
    /// An RSA key that is too small or too large.
    #[error("the certificate's RSA key has {bits} bits; it must have 2048 to 8192")]
    Size {
        /// Its bits.
        bits: usize,
    },
    /// The certificate is for another key.
    #[error("the certificate belongs to another key")]
    OtherKey,
    /// It could not be made.
    #[error("the certificate could not be made: {0}")]
    Unmakeable(&'static str),
}

/// An X.509 certificate with a key that we can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    key: PublicKey,
    subject: String,
    not_before: Instant,
    not_after: Instant,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// If it is none, or its key is neither RSA of 2048 to 8192 bits nor P-256.
    pub fn from_der(der: &[u8]) -> Result<Self, WrongCertificate> {
        let read = x509_cert::Certificate::from_der(der).map_err(|_| WrongCertificate::Der)?;
        let inner = read.tbs_certificate;
        let at = |time: Time| Instant::from_unix(time.to_unix_duration().as_secs());
        Ok(Self {
            der: der.to_vec(),
            key: key_of(&inner.subject_public_key_info)?,
            subject: inner.subject.to_string(),
            not_before: at(inner.validity.not_before),
            not_after: at(inner.validity.not_after),
        })
    }

    /// Reads a certificate from PEM, or from Base64 as it stands in metadata.
    ///
    /// # Errors
    /// As [`Self::from_der`], and if it is neither.
    pub fn from_text(text: &str) -> Result<Self, WrongCertificate> {
        let inner: String = text.trim().lines().filter(|line| !line.trim().starts_with("-----")).collect();
        Self::from_der(&base64::decode(&inner).ok_or(WrongCertificate::Base64)?)
    }

    /// In DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// In Base64 on one line, as it stands in metadata.
    pub fn base64(&self) -> String {
        BASE64.encode(&self.der)
    }

    /// In PEM, to be downloaded.
    pub fn pem(&self) -> String {
        let text = self.base64();
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = after;
        }
        pem.push_str("-----END CERTIFICATE-----\n");
        pem
    }

    /// Its key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whom it names.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When it begins to hold.
    pub fn not_before(&self) -> Instant {
        self.not_before
    }

    /// When it ends. SAML trusts registered keys, so a signature is not refused for it; people should be told.
    pub fn not_after(&self) -> Instant {
        self.not_after
    }

    /// SHA-256 of it, in hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&DigestAlgorithm::Sha256.of(&self.der))
    }
}

fn key_of(info: &SubjectPublicKeyInfoOwned) -> Result<PublicKey, WrongCertificate> {
    let bytes = info.subject_public_key.as_bytes().ok_or(WrongCertificate::Der)?;
    if info.algorithm.oid == RSA {
        let bits = bits_of(bytes).map_err(|_| WrongCertificate::Der)?;
        if !(2048..=8192).contains(&bits) {
            return Err(WrongCertificate::Size { bits });
        }
        let key = rsa::PublicKey::from_der(bytes).map_err(|_| WrongCertificate::Der)?;
        return Ok(PublicKey::Rsa(key.as_ref().to_vec()));
    }
    let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as().ok());
    match (info.algorithm.oid, curve, bytes) {
        (EC, Some(P256), [4, point @ ..]) if point.len() == 64 => Ok(PublicKey::P256(bytes.to_vec())),
        _ => Err(WrongCertificate::Kind),
    }
}

/// The size of an `RSAPublicKey`'s modulus.
fn bits_of(key: &[u8]) -> Result<usize, x509_cert::der::Error> {
    let modulus = SliceReader::new(key)?.sequence(|reader| {
        let modulus = UintRef::decode(reader)?;
        UintRef::decode(reader)?;
        Ok(modulus.as_bytes())
    })?;
    let unused = modulus.first().map_or(0, |first| first.leading_zeros());
    Ok((modulus.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or_default()))
}

/// What a self-signed certificate says.
#[derive(Clone, Copy, Debug)]
pub struct SelfSigned<'a> {
    /// Whom it names: the first 64 characters of it.
    pub common_name: &'a str,
    /// Its number: random.
    pub serial: [u8; 16],
    /// When it begins to hold.
    pub not_before: Instant,
    /// For how long, in whole seconds.
    pub lasts: Duration,
}

impl SelfSigned<'_> {
    /// Makes the certificate of a key, signed by the key itself with RSA-SHA256.
    ///
    /// # Errors
    /// If the name is empty.
    pub fn make(&self, key: &SigningKey) -> Result<Certificate, WrongCertificate> {
        let der = self.encode(key)?;
        Certificate::from_der(&der)
    }

    fn encode(&self, key: &SigningKey) -> Result<Vec<u8>, WrongCertificate> {
        let failed = |what| move |_| WrongCertificate::Unmakeable(what);
        let common_name: String = self.common_name.chars().take(LONGEST_NAME).collect();
        if common_name.is_empty() {
            return Err(WrongCertificate::Unmakeable("it names nobody"));
        }
        let name = name_of(&common_name)?;
        let mut serial = self.serial;
        // A number above zero, in as many bytes each time.
        serial[0] = (serial[0] & 0x7f) | 0x40;
        let usage = KeyUsage(KeyUsages::DigitalSignature.into());
        let limits = BasicConstraints { ca: false, path_len_constraint: None };
        let extensions = vec![
            usage.to_extension(&name, &[]).map_err(failed("key usage"))?,
            limits.to_extension(&name, &[]).map_err(failed("constraints"))?,
        ];
        let algorithm = AlgorithmIdentifierOwned { oid: RSA_SHA256, parameters: Some(Null.into()) };
        let inner = x509_cert::TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(&serial).map_err(failed("number"))?,
            signature: algorithm.clone(),
            issuer: name.clone(),
            validity: Validity {
                not_before: time(self.not_before)?,
                not_after: time(self.not_before.plus(self.lasts))?,
            },
            subject: name,
            subject_public_key_info: SubjectPublicKeyInfoOwned {
                algorithm: AlgorithmIdentifierOwned { oid: RSA, parameters: Some(Null.into()) },
                subject_public_key: BitString::from_bytes(key.public()).map_err(failed("key"))?,
            },
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        let signed = inner.to_der().map_err(failed("encoding"))?;
        let signature = key.sign(&signed).map_err(|_| WrongCertificate::Unmakeable("signature"))?;
        let signature = BitString::from_bytes(&signature).map_err(failed("signature"))?;
        let whole =
            x509_cert::Certificate { tbs_certificate: inner, signature_algorithm: algorithm, signature };
        whole.to_der().map_err(failed("encoding"))
    }
}

fn name_of(common_name: &str) -> Result<Name, WrongCertificate> {
    let failed = |_| WrongCertificate::Unmakeable("name");
    let value = Any::from(Utf8StringRef::new(common_name).map_err(failed)?);
    let one = SetOfVec::try_from(vec![AttributeTypeAndValue { oid: COMMON_NAME, value }]).map_err(failed)?;
    Ok(RdnSequence(vec![RelativeDistinguishedName(one)]))
}

fn time(at: Instant) -> Result<Time, WrongCertificate> {
    let failed = WrongCertificate::Unmakeable("time");
    let date = at.date_time().ok_or(failed.clone())?;
    if date.year() > LAST_OF_TWO_DIGITS {
        return Ok(Time::GeneralTime(GeneralizedTime::from_date_time(date)));
    }
    UtcTime::from_date_time(date).map(Time::UtcTime).map_err(|_| failed)
}
