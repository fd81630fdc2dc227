//! S8.13b: a code that is asked for once in so many hours: for the same person, with the same key, from the same address,
//! on all devices of a group.

use crate::{
    account::State,
    factor::Factor,
    field::{FieldError, number},
    id::{DeviceGroupId, FactorId},
    lockout::Lock,
    time::{Span, Timestamp},
};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, net::IpAddr, str::FromStr};

/// The longest time, in hours: a week.
const LONGEST: u8 = 168;

/// How often a group of devices asks for the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AskOnce {
    /// At every login.
    #[default]
    EachTime,
    /// Once in so many hours.
    For(Hours),
}

/// 1 to 168 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours(u8);

impl Hours {
    /// So many, if they are within bounds.
    pub fn of(hours: i64) -> Option<Self> {
        u8::try_from(hours).ok().filter(|hours| (1..=LONGEST).contains(hours)).map(Self)
    }

    /// How many.
    pub fn number(self) -> i64 {
        i64::from(self.0)
    }

    /// The same as a time.
    pub fn span(self) -> Span {
        Span::hours(self.number())
    }
}

impl AskOnce {
    /// What a form says; empty for every login.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        if text.trim().is_empty() {
            return Ok(Self::EachTime);
        }
        let hours = number(field, "Hours", text, 1, i64::from(LONGEST))?;
        Ok(Hours::of(hours).map_or(Self::EachTime, Self::For))
    }

    /// The hours, if there are any.
    pub fn hours(self) -> Option<i64> {
        match self {
            Self::EachTime => None,
            Self::For(hours) => Some(hours.number()),
        }
    }

    /// Whether less is asked for than `before`.
    pub fn is_looser_than(self, before: Self) -> bool {
        self.hours().unwrap_or(0) > before.hours().unwrap_or(0)
    }
}

/// SHA-256 of a public key of SSH. As text it is Base64URL.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct KeyHash(pub [u8; 32]);

/// A text that is no hash of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the SHA-256 of a key")]
pub struct NotAHash;

impl KeyHash {
    /// The key that a login program says it accepted: the first line `publickey TYPE BASE64` of what sshd calls
    /// `SSH_AUTH_INFO_0`.
    pub fn of_methods(methods: &str) -> Option<Self> {
        let mut lines = methods.lines().map(|line| line.split(' '));
        let mut words = lines.find(|words| words.clone().next() == Some("publickey"))?;
        let key = BASE64.decode(words.nth(2)?.as_bytes()).ok()?;
        Some(Self(Sha256::digest(key).into()))
    }

    /// As `ssh-keygen -l` shows it.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(&self.0))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fingerprint())
    }
}

impl FromStr for KeyHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| NotAHash)?;
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

impl From<KeyHash> for String {
    fn from(hash: KeyHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for KeyHash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

/// The address that a login comes from, if it is that of another machine. A name is none: whoever owns the address
/// chooses it.
pub fn remote_address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>().ok()?.to_canonical();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// What somebody shows at a login of SSH before a code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key that sshd accepted.
    pub key: KeyHash,
    /// Where they come from.
    pub from: IpAddr,
}

impl Shown {
    /// What is shown, if it is enough to be remembered by: at SSH, a key, and an address of another machine.
    pub fn at(service: &str, key: Option<KeyHash>, from: &str) -> Option<Self> {
        let key = key.filter(|_| service == "sshd")?;
        Some(Self { key, from: remote_address(from)? })
    }
}

/// A login with a code that is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// On which group of devices it is good.
    pub group: DeviceGroupId,
    /// Whose code it was.
    pub factor: FactorId,
    /// What went with it.
    pub shown: Shown,
    /// When the code was accepted.
    pub since: Timestamp,
    /// Until when it was to be good at that time.
    pub until: Timestamp,
}

impl Remembered {
    /// Until when it is good if the group asks like that now: a time that was made shorter counts at once, one that was
    /// made longer for later logins alone.
    pub fn ends(&self, now_asks: AskOnce) -> Timestamp {
        match now_asks {
            AskOnce::EachTime => self.since,
            AskOnce::For(hours) => self.until.min(self.since.plus(hours.span())),
        }
    }
}

/// The code that stands for this login, with how its group asks now; nothing if one is asked for. `known` are the logins
/// of the person that are remembered for groups of this device.
///
/// While the factor is locked nobody gets in without a code either (S4.19).
pub fn recall(
    state: State,
    factor: &Factor,
    shown: &Shown,
    known: &[(Remembered, AskOnce)],
    now: Timestamp,
) -> Option<(Remembered, AskOnce)> {
    match (state, factor.failures.lock_at(now)) {
        (State::Activated, Lock::Open) => {}
        (State::Staged | State::Suspended, _) | (State::Activated, Lock::Until(_) | Lock::Closed) => {
            return None;
        }
    }
    let mut known = known.iter();
    let good = known.find(|(remembered, asks)| {
        remembered.factor == factor.id
            && remembered.shown == *shown
            && remembered.since <= now
            && now < remembered.ends(*asks)
    });
    good.copied()
}

#[cfg(test)]
mod tests;
