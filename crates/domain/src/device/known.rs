//! A device as the server knows it: what was laid down for it, and what it told.

use super::{Platform, Proof, Rules, Stage, words};
use crate::{
    field::{FieldError, Presence, line},
    id::{ConnectKeyId, DeviceId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The most characters of a device's name.
pub const NAME: usize = 200;

/// A device as loaded, with the revision that a change is guarded on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Which device.
    pub id: DeviceId,
    /// Counts what administrators change, and what the device proved.
    pub revision: i64,
    /// What it is called; its own name on the network to begin with.
    pub name: String,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// What it runs on.
    pub platform: Platform,
    /// What an administrator laid down for it.
    pub rules: Rules,
    /// S8.7a.
    pub proof: Proof,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// With which connect key.
    pub connect_key: ConnectKeyId,
}

impl Device {
    /// What lists are sorted and searched by.
    pub fn name_key(&self) -> String {
        self.name.to_lowercase()
    }
}

/// A device's name as entered.
pub fn parse_name(field: &'static str, text: &str) -> Result<String, FieldError> {
    line(field, "Name", text, NAME, Presence::Required)
}

/// What a device says of itself, on one line and not longer than `most` characters.
pub fn told(text: &str, most: usize) -> String {
    let line: String = text.chars().filter(|c| !c.is_control()).take(most).collect();
    line.trim().to_owned()
}

impl Proof {
    /// S8.7a: the proof after the device took MFA back; nothing where none is wanted.
    pub fn taken_back(self) -> Option<Self> {
        (self.stage == Stage::Wanted).then_some(Self { stage: Stage::TakenBack, ..self })
    }
}

/// What a device last said of a user's account on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Nothing yet since it was last told what to do.
    #[default]
    Unknown,
    /// As laid down.
    Ready,
    /// Locked, as laid down.
    Locked,
    /// An account of that name was there before: an administrator must confirm that it is taken over.
    NeedsTakeOver,
    /// The name or number can't be used there.
    NameRefused,
    /// It could not be made or changed.
    Failed,
}
words!(AccountState {
    Unknown => "unknown",
    Ready => "ready",
    Locked => "locked",
    NeedsTakeOver => "needs_take_over",
    NameRefused => "name_refused",
    Failed => "failed",
});

/// Whether openssh-server is on a device (S8.11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SshServer {
    /// It is.
    Present,
    /// It isn't, or the device hasn't said so yet.
    #[default]
    Missing,
}
words!(SshServer { Present => "present", Missing => "missing" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waits_for_a_proof_is_taken_back() {
        let wanted = Proof { attempt: 2, seconds: 60, stage: Stage::Wanted };
        assert_eq!(wanted.taken_back(), Some(Proof { stage: Stage::TakenBack, ..wanted }));
        for stage in [Stage::None, Stage::Given, Stage::TakenBack] {
            assert_eq!(Proof { stage, ..wanted }.taken_back(), None, "{stage:?}");
        }
    }

    #[test]
    fn what_a_device_tells_stays_on_one_short_line() {
        assert_eq!(told(" web-1\n\u{7}.acme.test ", 100), "web-1.acme.test");
        assert_eq!(told("ééééé", 3), "ééé");
    }

    #[test]
    fn words_are_read_back() {
        for state in AccountState::ALL {
            assert_eq!(AccountState::from_key(state.key()), Some(*state));
        }
        assert_eq!(SshServer::from_key("gone"), None);
    }
}
