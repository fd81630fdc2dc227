//! Public SSH keys: the lines of `authorized_keys` without options (S3.1).

use crate::field::FieldError;
use data_encoding::{BASE64, BASE64_NOPAD};
use sha2::{Digest as _, Sha256};

/// Keys of one user.
pub const KEYS_EACH: usize = 20;
const LONGEST_LINE: usize = 8_192;
const LONGEST_COMMENT: usize = 100;
/// RFC 8332, and what OpenSSH and auditors ask for by now.
const RSA_BITS: usize = 2_048;

/// What follows the name of the type in a key's bytes.
#[derive(Clone, Copy)]
enum Shape {
    /// RFC 8709: 32 bytes.
    Ed25519,
    /// RFC 5656: the curve's name and a point of so many bytes.
    Ecdsa(&'static str, usize),
    /// RFC 4253: exponent and modulus.
    Rsa,
    /// A security key: the same as without, and the application's name.
    SkEd25519,
    /// The same with a point on P-256.
    SkEcdsa,
}

const TYPES: &[(&str, Shape)] = &[
    ("ssh-ed25519", Shape::Ed25519),
    ("ecdsa-sha2-nistp256", Shape::Ecdsa("nistp256", 65)),
    ("ecdsa-sha2-nistp384", Shape::Ecdsa("nistp384", 97)),
    ("ecdsa-sha2-nistp521", Shape::Ecdsa("nistp521", 133)),
    ("ssh-rsa", Shape::Rsa),
    ("sk-ssh-ed25519@openssh.com", Shape::SkEd25519),
    ("sk-ecdsa-sha2-nistp256@openssh.com", Shape::SkEcdsa),
];

/// A public key with its comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    kind: &'static str,
    bytes: Vec<u8>,
    comment: String,
}

impl SshKey {
    /// One line as in a `.pub` file. Options before the key are refused: they would hold on every device.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let refused = |message: &str| FieldError::new(field, message);
        let text = text.trim();
        if text.is_empty() {
            return Err(refused("Paste a public key, the line of a .pub file."));
        }
        if text.len() > LONGEST_LINE {
            return Err(refused("A key can have at most 8192 characters."));
        }
        if text.contains("PRIVATE KEY") {
            return Err(refused(
                "This is a private key. Nobody else may have it: make a new one, and paste its .pub file.",
            ));
        }
        if text.chars().any(char::is_control) {
            return Err(refused("A key is one line. Add one key at a time."));
        }
        let mut words = text.splitn(3, ' ');
        let (kind, encoded) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let known = TYPES.iter().find(|(name, _)| *name == kind);
        let &(kind, shape) = known.ok_or_else(|| refused(&unknown_type()))?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| refused(BROKEN))?;
        check(kind, shape, &bytes).map_err(refused)?;
        let comment = words.next().unwrap_or_default().trim();
        if comment.chars().count() > LONGEST_COMMENT {
            return Err(refused("The comment behind a key can have at most 100 characters."));
        }
        Ok(Self { kind, bytes, comment: comment.to_owned() })
    }

    /// Its type, such as `ssh-ed25519`.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }

    /// What stands behind it.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The line for `authorized_keys`.
    pub fn line(&self) -> String {
        let line = format!("{} {}", self.kind, BASE64.encode(&self.bytes));
        if self.comment.is_empty() { line } else { format!("{line} {}", self.comment) }
    }

    /// SHA-256 of the key itself.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// As `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(&self.digest()))
    }
}

const BROKEN: &str = "The key is broken or incomplete. Copy the whole line of the .pub file.";

fn unknown_type() -> String {
    let names: Vec<_> = TYPES.iter().map(|(name, _)| *name).collect();
    format!("A key begins with its type, without options before it: one of {}.", names.join(", "))
}

/// Whether the bytes are a key of that type, from the first to the last.
fn check(kind: &str, shape: Shape, bytes: &[u8]) -> Result<(), &'static str> {
    let mut parts = Parts(bytes);
    let is_type = parts.next() == Some(kind.as_bytes());
    let is_key = match shape {
        Shape::Ed25519 => has(parts.next(), 32),
        Shape::Ecdsa(curve, size) => parts.next() == Some(curve.as_bytes()) && has(parts.next(), size),
        Shape::Rsa => {
            let (exponent, modulus) = (parts.next(), parts.next());
            if modulus.is_some_and(|modulus| bits(modulus) < RSA_BITS) {
                return Err("RSA keys need at least 2048 bits. An ssh-ed25519 key is shorter and as good.");
            }
            exponent.is_some_and(|exponent| !exponent.is_empty()) && modulus.is_some()
        }
        Shape::SkEd25519 => has(parts.next(), 32) && parts.next().is_some(),
        Shape::SkEcdsa => {
            parts.next() == Some(b"nistp256") && has(parts.next(), 65) && parts.next().is_some()
        }
    };
    if is_type && is_key && parts.0.is_empty() { Ok(()) } else { Err(BROKEN) }
}

fn has(part: Option<&[u8]>, size: usize) -> bool {
    part.is_some_and(|part| part.len() == size)
}

/// Bits of a number that begins with its highest byte.
fn bits(number: &[u8]) -> usize {
    let significant: &[u8] = match number.iter().position(|byte| *byte != 0) {
        Some(first) => number.get(first..).unwrap_or_default(),
        None => &[],
    };
    let leading = significant.first().map_or(0, |byte| byte.leading_zeros());
    (significant.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0))
}

/// RFC 4251: strings, each with its length of four bytes before it.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (part, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packed(parts: &[&[u8]]) -> Vec<u8> {
        let each = |part: &&[u8]| [&u32::try_from(part.len()).unwrap().to_be_bytes()[..], part].concat();
        parts.iter().flat_map(each).collect()
    }

    fn line(kind: &str, parts: &[&[u8]]) -> String {
        let all = [&[kind.as_bytes()], parts].concat();
        format!("{kind} {}", BASE64.encode(&packed(&all)))
    }

    fn refused(text: &str) -> String {
        SshKey::parse("key", text).unwrap_err().message
    }

    /// The fingerprints are those of `ssh-keygen -lf`.
    #[test]
    fn keys_have_the_fingerprint_that_ssh_shows() {
        for (text, kind, comment, fingerprint) in [
            (
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl GitHub host key",
                "ssh-ed25519",
                "GitHub host key",
                "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
            ),
            (
                "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNuG5N87uRgg6CLrbo5wAdT/y6v0mKV0U2w0WZ2YB/++Tpockg=",
                "ecdsa-sha2-nistp256",
                "",
                "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
            ),
        ] {
            let key = SshKey::parse("key", &format!("  {text}\n")).unwrap();
            assert_eq!((key.kind(), key.comment()), (kind, comment));
            assert_eq!(key.fingerprint(), fingerprint);
            assert_eq!(key.line(), text);
        }
    }

    #[test]
    fn every_type_is_taken_in_its_own_shape_only() {
        let (point, other) = ([4; 65], [4; 64]);
        for (kind, parts) in [
            ("ssh-ed25519", vec![&[7; 32][..]]),
            ("ecdsa-sha2-nistp384", vec![b"nistp384", &[4; 97]]),
            ("ecdsa-sha2-nistp521", vec![b"nistp521", &[4; 133]]),
            ("ssh-rsa", vec![&[1, 0, 1], &[0x80; 256]]),
            ("sk-ssh-ed25519@openssh.com", vec![&[7; 32], b"ssh:"]),
            ("sk-ecdsa-sha2-nistp256@openssh.com", vec![b"nistp256", &point, b"ssh:"]),
        ] {
            assert_eq!(SshKey::parse("key", &line(kind, &parts)).unwrap().kind(), kind);
            let longer = [&parts[..], &[b"x"]].concat();
            assert_eq!(refused(&line(kind, &longer)), BROKEN, "{kind} with more behind");
            assert_eq!(refused(&line(kind, &parts[1..])), BROKEN, "{kind} with less");
        }
        assert_eq!(refused(&line("ecdsa-sha2-nistp256", &[b"nistp256", &other])), BROKEN);
        assert_eq!(refused(&line("ecdsa-sha2-nistp256", &[b"nistp384", &point])), BROKEN);
        let inner = packed(&[b"ssh-rsa", &[7; 32]]);
        assert_eq!(refused(&format!("ssh-ed25519 {}", BASE64.encode(&inner))), BROKEN);
        let short = line("ssh-rsa", &[&[1, 0, 1], &[0x7f; 256]]);
        assert!(refused(&short).starts_with("RSA keys need at least 2048 bits"));
    }

    #[test]
    fn options_certificates_private_keys_and_lists_are_refused() {
        let key = line("ssh-ed25519", &[&[7; 32]]);
        for text in [
            format!("command=\"rm -rf /\" {key}"),
            format!("no-pty,{key}"),
            format!("cert-authority {key}"),
            key.replace("ssh-ed25519 ", "ssh-ed25519-cert-v01@openssh.com "),
            key.replace("ssh-ed25519 ", "ssh-dss "),
        ] {
            assert!(refused(&text).contains("without options before it"), "{text}");
        }
        assert!(refused(&format!("{key}\n{key}")).contains("one line"));
        assert!(refused("-----BEGIN OPENSSH PRIVATE KEY-----").contains("private key"));
        assert!(refused(&format!("{key} {}", "x".repeat(101))).contains("100 characters"));
        assert!(refused(&"x".repeat(8_193)).contains("8192"));
        for broken in ["", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 !!!!", "ssh-ed25519 AAAA"] {
            assert!(SshKey::parse("key", broken).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(ssh-ed25519|ssh-rsa|) ?[A-Za-z0-9+/=]{0,80} ?\\PC{0,20}") {
            if let Ok(key) = SshKey::parse("key", &text) {
                prop_assert_eq!(SshKey::parse("key", &key.line()), Ok(key.clone()));
            }
        }
    }
}
