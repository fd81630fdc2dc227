//! Certificates: made and read, and what `openssl` makes of ours.

use crate::{
    foreign::{Folder, run},
    support::{OWN, PROVIDERS, certificate, pkcs8},
};
use claviger_saml::{
    Certificate, Instant, PublicKey, SelfSigned, SigningKey, WrongCertificate, signature::Signer,
};
use std::time::Duration;

fn made(common_name: &str, from: &str, days: u64) -> Certificate {
    let about = SelfSigned {
        common_name,
        serial: [0xFF; 16],
        not_before: Instant::parse(from).unwrap(),
        lasts: Duration::from_secs(days * 86_400),
    };
    about.make(&SigningKey::from_pkcs8(pkcs8(OWN)).unwrap()).unwrap()
}

#[test]
fn openssl_reads_and_verifies_a_certificate_of_ours() {
    let folder = Folder::new("openssl");
    let certificate = made("Wiki, \"R&D\" + Büro", "2026-11-21T09:00:00Z", 1_095);
    let pem = folder.write("certificate.pem", certificate.pem());
    let pem = pem.to_str().unwrap();
    let shown = run("openssl", &["x509", "-in", pem, "-noout", "-text", "-nameopt", "utf8,sep_comma_plus"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    for line in [
        "Version: 3 (0x2)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "Not Before: Nov 21 09:00:00 2026 GMT",
        "Not After : Nov 20 09:00:00 2029 GMT",
        "Public-Key: (2048 bit)",
        "CA:FALSE",
        "Digital Signature",
        "Büro",
    ] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    let verified = run("openssl", &["verify", "-check_ss_sig", "-attime", "1800000000", "-CAfile", pem, pem]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

#[test]
fn a_certificate_is_read_back_from_each_way_of_writing_it() {
    let certificate = made("Wiki", "2049-06-01T00:00:00Z", 365);
    assert_eq!(certificate.not_after().to_string(), "2050-06-01T00:00:00Z");
    assert_eq!(certificate.subject(), "CN=Wiki");
    assert_eq!(certificate.fingerprint().len(), 64);
    for text in [certificate.pem(), certificate.base64(), format!("\n  {}\n ", certificate.base64())] {
        assert_eq!(Certificate::from_text(&text).unwrap(), certificate);
    }
}

#[test]
fn a_long_name_is_cut_where_certificates_end() {
    assert_eq!(made(&"ü".repeat(100), "2026-11-21T09:00:00Z", 1).subject().chars().count(), 64 + "CN=".len());
}

#[test]
fn a_certificate_of_another_key_is_not_taken_with_a_key() {
    let key = SigningKey::from_pkcs8(pkcs8(OWN)).unwrap();
    assert_eq!(Signer::new(key, certificate(PROVIDERS)).unwrap_err(), WrongCertificate::OtherKey);
}

/// A certificate that `openssl` makes.
fn by_openssl(arguments: &[&str]) -> Result<Certificate, WrongCertificate> {
    let folder = Folder::new("foreign");
    let key = folder.write("key.pem", "");
    let mut all =
        vec!["req", "-x509", "-nodes", "-subj", "/CN=app", "-days", "9", "-keyout", key.to_str().unwrap()];
    all.extend(arguments);
    let made = run("openssl", &all);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Certificate::from_text(&String::from_utf8(made.stdout).unwrap())
}

#[test]
fn keys_that_are_too_small_or_of_other_kinds_are_named() {
    assert!(matches!(by_openssl(&["-newkey", "rsa:3072"]).unwrap().key(), PublicKey::Rsa(_)));
    let curve = |name| by_openssl(&["-newkey", "ec", "-pkeyopt", name]);
    assert!(matches!(curve("ec_paramgen_curve:P-256").unwrap().key(), PublicKey::P256(_)));
    assert_eq!(curve("ec_paramgen_curve:secp384r1").unwrap_err(), WrongCertificate::Kind);
    assert_eq!(by_openssl(&["-newkey", "ed25519"]).unwrap_err(), WrongCertificate::Kind);
    let small = by_openssl(&["-newkey", "rsa:1024"]).unwrap_err();
    assert_eq!(small.to_string(), "the certificate's RSA key has 1024 bits; it must have 2048 to 8192");
    assert_eq!(Certificate::from_text("not base64!").unwrap_err(), WrongCertificate::Base64);
    assert_eq!(Certificate::from_text("AAAA").unwrap_err(), WrongCertificate::Der);
}
