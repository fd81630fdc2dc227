//! Names that may become accounts of an operating system.

use std::fmt;

/// S3.1: `[a-z_][a-z0-9_.-]{0,31}`, and no name of the system's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountName(String);

/// Accounts that a system brings along; ours never have such a name.
const RESERVED: &[&str] = &[
    "root",
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "www-data",
    "backup",
    "list",
    "irc",
    "gnats",
    "nobody",
    "sshd",
    "messagebus",
    "polkitd",
    "sudo",
    "wheel",
    "adm",
    "shadow",
    "claviger",
    "_apt",
];

impl AccountName {
    /// The name, if it may be one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = text.bytes();
        let first = letters.next()?;
        let is_right = (first.is_ascii_lowercase() || first == b'_')
            && text.len() <= 32
            && letters
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'_' | b'.' | b'-'));
        let is_system = RESERVED.contains(&text) || text.starts_with("systemd-");
        (is_right && !is_system).then(|| Self(text.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_names_become_accounts() {
        for taken in ["alice", "a.b-c_d", "x1"] {
            assert_eq!(AccountName::parse(taken).unwrap().as_str(), taken);
        }
        let long = "a".repeat(33);
        for refused in [
            "",
            "Alice",
            "../../etc/x",
            "a b",
            "-x",
            "1a",
            "root",
            "systemd-x",
            "_apt",
            "a\n",
            "a:b",
            "é",
            &long,
        ] {
            assert_eq!(AccountName::parse(refused), None, "{refused:?}");
        }
    }
}
