//! Users and administrators: what they share, and what tells them apart (S3.1–S3.4, S6.1).

use crate::{
    field::{FieldError, Presence, line},
    id::AccountId,
    mfa::Mfa,
    permission::Role,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Which portal an account belongs to. A person can have one of each; they share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Realm {
    /// Signs in to the User Portal, applications and devices.
    User,
    /// Signs in to the Admin Portal.
    Administrator,
}

impl Realm {
    /// The word in the database, in logs and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Administrator => "administrator",
        }
    }
}

/// What only one realm has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user has a login name.
    User {
        /// The login name.
        username: Username,
    },
    /// An administrator has a role.
    Administrator {
        /// What they may do.
        role: Role,
    },
}

impl Kind {
    /// The realm of such an account.
    pub const fn realm(&self) -> Realm {
        match self {
            Self::User { .. } => Realm::User,
            Self::Administrator { .. } => Realm::Administrator,
        }
    }
}

/// S3.2: whether the account can sign in at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Hash)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Created, not yet activated.
    Staged,
    /// Can sign in.
    Activated,
    /// Was activated and is barred.
    Suspended,
}

impl State {
    /// The word in the database, in filters and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Activated => "activated",
            Self::Suspended => "suspended",
        }
    }

    /// The state of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Staged, Self::Activated, Self::Suspended].into_iter().find(|state| state.key() == key)
    }
}

/// S3.3: the password, as a PHC string where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// Not set yet; the mailed link sets it.
    Pending,
    /// In use.
    Active(PasswordHash),
    /// Must be changed at the next sign-in.
    Expired(PasswordHash),
}

impl Password {
    /// The hash to check a typed password against.
    pub const fn hash(&self) -> Option<&PasswordHash> {
        match self {
            Self::Pending => None,
            Self::Active(hash) | Self::Expired(hash) => Some(hash),
        }
    }

    /// The word in the database and in the API.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active(_) => "active",
            Self::Expired(_) => "expired",
        }
    }
}

/// An Argon2id hash with its parameters and salt, in PHC string format.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A user or an administrator as loaded, with the revision that a change is guarded on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Which account.
    pub id: AccountId,
    /// Counts every change.
    pub revision: i64,
    /// User or administrator.
    pub kind: Kind,
    /// Where mail goes, and a name to sign in with.
    pub email: Email,
    /// What they are called.
    pub name: PersonName,
    /// Whether they can sign in.
    pub state: State,
    /// Their password.
    pub password: Password,
    /// Their MFA.
    pub mfa: Mfa,
    /// When the account was made.
    pub created_at: Timestamp,
    /// The last complete sign-in.
    pub last_sign_in_at: Option<Timestamp>,
}

impl Account {
    /// The login name, if this is a user.
    pub fn username(&self) -> Option<&Username> {
        match &self.kind {
            Kind::User { username } => Some(username),
            Kind::Administrator { .. } => None,
        }
    }
}

/// A mail address: unique in its realm without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Takes what RFC 5321 takes without quoting: ASCII, one `@`, at most 254 characters.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = line(field, "E-mail", text, 254, Presence::Required)?;
        match text.split_once('@') {
            Some((local, domain)) if is_local_part(local) && is_domain(domain) => Ok(Self(text)),
            _ => Err(FieldError::new(field, "Enter a full e-mail address, like alice@example.com.")),
        }
    }

    /// As it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is found and compared by.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_local_part(local: &str) -> bool {
    (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b))
}

fn is_domain(domain: &str) -> bool {
    !domain.is_empty()
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

/// S3.1: a login name that every POSIX system takes, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Username(String);

impl Username {
    /// `[a-z_][a-z0-9_.-]{0,31}`, case-insensitive.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let name = text.trim().to_ascii_lowercase();
        let mut bytes = name.bytes();
        let starts = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
        let goes_on = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b));
        if name.is_empty() {
            Err(FieldError::new(field, "Username is missing."))
        } else if name.len() > 32 {
            Err(FieldError::new(field, "Username can have at most 32 characters."))
        } else if starts && goes_on {
            Ok(Self(name))
        } else {
            Err(FieldError::new(
                field,
                "Username must start with a letter or _ and can contain letters, digits, and _ . - only.",
            ))
        }
    }

    /// In lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person's name in parts, each of them optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonName {
    /// Given name.
    pub first: String,
    /// Family name.
    pub last: String,
    /// What to call them, if not first and last name.
    pub display: String,
}

impl PersonName {
    /// Parses the three fields `first_name`, `last_name` and `display_name`.
    pub fn parse(first: &str, last: &str, display: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = crate::field::Fields::new();
        let first = fields.take(line("first_name", "First name", first, 100, Presence::Optional));
        let last = fields.take(line("last_name", "Last name", last, 100, Presence::Optional));
        let display = fields.take(line("display_name", "Display name", display, 200, Presence::Optional));
        let name = first.zip(last).zip(display);
        fields.finish(name.map(|((first, last), display)| Self { first, last, display }))
    }

    /// The display name, or first and last, or `fallback`.
    pub fn shown(&self, fallback: &str) -> String {
        let parts = [self.first.as_str(), self.last.as_str()];
        let full = parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
        match (self.display.is_empty(), full.is_empty()) {
            (false, _) => self.display.clone(),
            (true, false) => full,
            (true, true) => fallback.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_posix_safe_and_fold_case() {
        assert_eq!(Username::parse("username", " Alice.B-2 ").unwrap().as_str(), "alice.b-2");
        assert!(Username::parse("username", &"a".repeat(32)).is_ok());
        for refused in ["", "2alice", "-a", ".a", "al ice", "älice", "a/b", &"a".repeat(33)] {
            assert!(Username::parse("username", refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn addresses_are_plain_and_complete() {
        for taken in ["a@b", "alice+x@example.com", "o'neil@sub.example.org"] {
            assert!(Email::parse("email", taken).is_ok(), "{taken}");
        }
        let long = format!("{}@example.com", "a".repeat(65));
        for refused in [
            "",
            "alice",
            "@b.c",
            "a@",
            "a b@c.d",
            "a@b@c",
            "a@-b.c",
            "a..b@c.d",
            "ü@c.d",
            "a@b\r\nBcc: x@y.z",
            &long,
        ] {
            assert!(Email::parse("email", refused).is_err(), "{refused:?}");
        }
        assert_eq!(Email::parse("email", "Alice@Example.COM").unwrap().key(), "alice@example.com");
    }

    #[test]
    fn a_person_is_shown_by_what_is_known() {
        let name = |first, last, display| PersonName::parse(first, last, display).unwrap().shown("alice");
        assert_eq!(name("", "", ""), "alice");
        assert_eq!(name("Alice", "", ""), "Alice");
        assert_eq!(name("Alice", "Liddell", ""), "Alice Liddell");
        assert_eq!(name("Alice", "Liddell", "Al"), "Al");
    }

    #[test]
    fn states_have_words() {
        for state in [State::Staged, State::Activated, State::Suspended] {
            assert_eq!(State::from_key(state.key()), Some(state));
        }
        assert_eq!(State::from_key("gone"), None);
    }
}
