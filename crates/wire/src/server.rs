//! Messages between an agent and the server: JSON, version 1.
//!
//! | request | body | reply |
//! | --- | --- | --- |
//! | `POST /agent/v1/enroll` | [`Enroll`] (unsigned: the key is in it) | 201 [`Enrolled`] |
//! | `GET /agent/v1/state?since=REVISION` | – | 200 [`SignedState`], or 204 after at most [`HOLD_SECONDS`] |
//! | `GET /agent/v1/verifiers?user=ID&factor=ID&from=STEP` | – | 200 [`Verifiers`] |
//! | `POST /agent/v1/password` | [`PasswordAttempt`] | 200 [`PasswordVerdict`] |
//! | `POST /agent/v1/code` | [`CodeAttempt`] | 200 [`CodeVerdict`] |
//! | `POST /agent/v1/remembered` | [`RecallAttempt`] | 200 [`Recalled`] |
//! | `POST /agent/v1/report` | [`Report`] | 200 [`Taken`] |
//! | `DELETE /agent/v1/device` | – | 204 |
//!
//! Bytes are Base64URL without padding, times are microseconds since 1970, UTC. Anything else than a success is
//! RFC 9457 problem details; 401 `unknown_device` means that the device was deleted on the server.

mod state;

pub use state::{
    Access, BreakGlass, Codes, Factor, Invite, Proof, Remembers, Requirement, State, User, Window,
};

use crate::orders::{PolicySaid, RunSaid};
use claviger_domain::{
    device::{Applied, Platform, ask_once::KeyHash},
    id::{AccountId, BreakGlassId, DeviceId, FactorId},
};
use serde::{Deserialize, Serialize};

/// How long a poll is held while nothing changes.
pub const HOLD_SECONDS: u64 = 240;
/// How long a login waits for the server before it goes on without it.
pub const ONLINE_SECONDS: u64 = 1;
/// How long it waits for the word on a password, while the server answers: that is work, and there may be a line.
pub const PASSWORD_SECONDS: u64 = 5;

/// What a connect key begins with. After it come 43 characters of the key's token, a dot, and 22 characters: the first
/// 16 bytes of the SHA-256 of the server's public key for devices, so that a device knows its server from the first
/// byte on.
pub const CONNECT_KEY_PREFIX: &str = "clvk_";

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name on the network.
    pub hostname: String,
    /// What it runs on.
    pub platform: Platform,
    /// Name and version of the system, such as `Debian GNU/Linux 12 (bookworm)`.
    pub system: String,
    /// The version of the agent.
    pub agent_version: String,
}

/// A device that wants to be known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enroll {
    /// The connect key, whole.
    pub connect_key: String,
    /// The device's Ed25519 public key.
    pub public_key: String,
    /// 16 random bytes that the reply's signature is bound to.
    pub nonce: String,
    /// What it is.
    pub machine: Machine,
}

/// A device that is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolled {
    /// Its id.
    pub device: DeviceId,
    /// The organization's name.
    pub organization: String,
    /// The server's Ed25519 public key for devices; the connect key holds its fingerprint.
    pub server_key: String,
}

/// A state with the signature that binds it to its device and revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedState {
    /// The exact text of a [`State`].
    pub state: String,
    /// Over [`crate::signed::state`].
    pub signature: String,
    /// The server's time.
    pub now: i64,
}

/// A break-glass code without the blanks and dashes that people type, in capitals.
pub fn normalize_break_glass(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Characters of a break-glass code: Base32.
pub const BREAK_GLASS_CHARACTERS: usize = 16;

/// What a user's codes are checked with: at most 32 days in one answer, so that a longer window takes several, each from
/// the step after the last one. An empty answer means that there is no more.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verifiers {
    /// Whose factor.
    pub factor: FactorId,
    /// The key of this factor on this device.
    pub key: String,
    /// The first step below.
    pub first: i64,
    /// Eight bytes for each step, one after the other.
    pub verifiers: String,
    /// Steps up to this one are used, as far as the server knows.
    pub last_step: i64,
}

/// Where somebody signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The login program's service, such as `sshd`.
    pub service: String,
    /// The address they come from; empty at the machine itself.
    pub from: String,
}

/// A password that somebody typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct PasswordAttempt {
    /// Who.
    pub user: AccountId,
    /// What they typed.
    pub password: String,
    /// Where.
    pub place: Place,
}

/// What the server thinks of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum PasswordVerdict {
    /// It is theirs.
    Right,
    /// It isn't, or they may not sign in.
    Wrong,
    /// Too many wrong ones: not looked at.
    Wait {
        /// For how long.
        seconds: i64,
    },
}

/// A code that somebody typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct CodeAttempt {
    /// Who.
    pub user: AccountId,
    /// What they typed.
    pub code: String,
    /// Where.
    pub place: Place,
    /// The key that sshd accepted before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyHash>,
}

/// What the server thinks of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum CodeVerdict {
    /// Right, and used up everywhere.
    Accepted,
    /// Right once.
    AlreadyUsed,
    /// Wrong.
    Wrong,
    /// Not looked at.
    Locked {
        /// Until when; nothing if an administrator must act.
        until: Option<i64>,
    },
    /// They have no factor by now.
    NotEnrolled,
}

/// Somebody who showed a key, before a code is asked for (S8.13b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallAttempt {
    /// Who.
    pub user: AccountId,
    /// The key that sshd accepted.
    pub key: KeyHash,
    /// Where.
    pub place: Place,
}

/// Whether a code is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "recalled")]
pub enum Recalled {
    /// No: one was accepted a while ago, from the same person with the same key at the same address.
    Remembered,
    /// Yes.
    Ask,
}

/// What a device tells of itself, at every change and with whatever happened since the last one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// What it is.
    pub machine: Machine,
    /// The revision it applied last.
    pub revision: i64,
    /// What came of it.
    pub applied: Applied,
    /// More about it, in words; may be empty.
    pub detail: String,
    /// Whether sshd is there.
    pub ssh_server: Presence,
    /// The device's clock, in microseconds, to compare.
    pub clock: i64,
    /// What became of each user's account.
    pub accounts: Vec<Account>,
    /// What happened, the oldest first; numbered without gaps for ever.
    pub events: Vec<Event>,
    /// S9.1: what became of policies, as far as the server doesn't know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicySaid>,
    /// S9.2: what became of runs, as far as the server doesn't know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunSaid>,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is.
    Present,
    /// It isn't.
    Missing,
}

/// What became of a user's account on the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whose.
    pub user: AccountId,
    /// What.
    pub state: AccountState,
    /// Until which time codes can be checked without the server; nothing if they can't.
    pub offline_until: Option<i64>,
}

/// The state of an account on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// As laid down.
    Ready,
    /// Locked, as laid down.
    Locked,
    /// An account of that name was there before: an administrator must confirm that it is taken over.
    NeedsTakeOver,
    /// The name or number can't be used here.
    NameRefused,
    /// It could not be made or changed; the report's detail says why.
    Failed,
}

/// Something that happened on the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its number.
    pub sequence: i64,
    /// When, by the device's best knowledge of time.
    pub at: i64,
    /// Who.
    pub user: AccountId,
    /// Where.
    pub place: Place,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum What {
    /// A code was accepted while the server could not be asked; its step is used up here.
    OfflineCode {
        /// Of which factor.
        factor: FactorId,
        /// The step.
        step: i64,
    },
    /// A wrong code while the server could not be asked.
    OfflineWrongCode {
        /// Of which factor.
        factor: FactorId,
    },
    /// A break-glass code was used.
    BreakGlass {
        /// Which one.
        id: BreakGlassId,
    },
    /// Somebody who isn't enrolled signed in with the first factor alone.
    FirstFactorAlone,
    /// Somebody was let in because the agent could not be asked (S8.14).
    LetIn,
    /// Refused without a look at a code: the window ended, too many failures offline, or not enrolled (S8.7b).
    Refused {
        /// Why.
        why: Refused,
    },
    /// S8.7a: MFA was taken back.
    TakenBack,
    /// S8.7a: somebody signed in with a code.
    Proven,
}

/// Why somebody was refused without a look at a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refused {
    /// The server was away for longer than the offline window.
    WindowEnded,
    /// Nothing to check by: enrolled since the last contact.
    NothingToCheckBy,
    /// Too many wrong codes without the server.
    TooManyWrong,
    /// Not enrolled, where that is refused.
    NotEnrolled,
}

/// A report that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Events up to this number are known and need not be sent again.
    pub sequence: i64,
    /// The server's time.
    pub now: i64,
}
