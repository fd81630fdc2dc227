//! What a device must do.

use crate::orders::{PolicyOrder, RunOrder};
use claviger_domain::{
    device::{Rules, Sudo, TakeOver},
    id::{AccountId, BreakGlassId, DeviceId, FactorId},
};
use serde::{Deserialize, Serialize};

/// What a device must do, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whose state.
    pub device: DeviceId,
    /// Counts the changes of it.
    pub revision: i64,
    /// The organization's name.
    pub organization: String,
    /// Whom to turn to; may be empty.
    pub support: String,
    /// Whether codes are asked for at all: the device's switch is on and the organization's TOTP, too (S8.3).
    pub codes: Codes,
    /// What an administrator laid down for the device.
    pub rules: Rules,
    /// The offline window in days (S8.5).
    pub offline_days: u16,
    /// Which steps are accepted.
    pub window: Window,
    /// S8.7a: MFA is taken back unless somebody proved it.
    pub proof: Proof,
    /// S8.13b: whether it is worth asking the server before a code is asked for.
    #[serde(default, skip_serializing_if = "Remembers::is_never")]
    pub remembers: Remembers,
    /// S8.13b: what is shown to those who have to set MFA up by a date; nothing where that isn't wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<Invite>,
    /// Everybody who is bound to the device.
    pub users: Vec<User>,
    /// S9.1: what is laid down beside logins. A server that knows of none sends none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyOrder>,
    /// S9.2: runs that the device has not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunOrder>,
}

impl State {
    /// A state that lays nothing down.
    pub fn empty(device: DeviceId) -> Self {
        Self {
            device,
            revision: 0,
            organization: String::new(),
            support: String::new(),
            codes: Codes::NotAsked,
            rules: Rules::default(),
            offline_days: 30,
            window: Window::Tolerant,
            proof: Proof::NotNeeded,
            remembers: Remembers::Never,
            invite: None,
            users: Vec::new(),
            policies: Vec::new(),
            runs: Vec::new(),
        }
    }
}

/// Whether a device asks for codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codes {
    /// It doesn't.
    NotAsked,
    /// It does.
    Asked,
}

/// Which steps are accepted (S2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// One before and one after.
    Tolerant,
    /// One before.
    Strict,
}

/// Whether the device is in a group that asks for the code once in a while only. What isn't said is never: agents
/// and servers that don't know of it go on as they did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remembers {
    /// It isn't.
    #[default]
    Never,
    /// It is.
    Maybe,
}

impl Remembers {
    const fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

/// S8.7a.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Not asked for, or given.
    NotNeeded,
    /// Needed within so many seconds of the moment at which MFA came into force with this `attempt`.
    Within {
        /// Seconds.
        seconds: i64,
        /// Counts how often MFA was switched on with the tick; a device that took one back waits for the next.
        attempt: i64,
    },
}

/// A user who is bound to the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The user.
    pub id: AccountId,
    /// The name of the account.
    pub name: String,
    /// For the account's comment.
    pub full_name: String,
    /// Whether they may sign in.
    pub access: Access,
    /// Their number, if one is laid down.
    pub uid: Option<u32>,
    /// Their group's number, if one is laid down.
    pub gid: Option<u32>,
    /// Their shell.
    pub shell: String,
    /// Their SSH keys, in the lines of `authorized_keys`.
    pub ssh_keys: Vec<String>,
    /// What they may do as root.
    pub sudo: Sudo,
    /// Whether an account of that name may be taken over.
    pub take_over: TakeOver,
    /// Whether they must use MFA; only Windows is told (S8.15).
    #[serde(default, skip_serializing_if = "Requirement::is_not_required")]
    pub requirement: Requirement,
    /// Their factor, if they are enrolled (S8.4).
    pub factor: Option<Factor>,
    /// Codes for a person who is stuck (S8.8).
    pub break_glass: Vec<BreakGlass>,
    /// S8.13b: by when they have to set MFA up; nothing where no [`Invite`] is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolls_until: Option<i64>,
}

/// Whether somebody must use MFA, enrolled or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// They need not.
    #[default]
    NotRequired,
    /// They must, at once or in a while.
    Required,
}

impl Requirement {
    /// Whether they need not.
    pub const fn is_not_required(&self) -> bool {
        matches!(self, Self::NotRequired)
    }
}

/// Whether a bound user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// They may.
    Open,
    /// The account is locked: suspended, staged, or unbound. Never deleted.
    Locked,
}

/// How to set MFA up, for a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    /// The page of the portal.
    pub link: String,
    /// A QR code of it, two rows of modules in a line; empty if it would be too large.
    pub picture: String,
}

/// A factor as a device knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Which factor.
    pub id: FactorId,
    /// Its clock: whole steps that a resync found.
    pub resynced: i64,
    /// Its clock: thousandths of a step learned around that.
    pub learned: i32,
}

/// A break-glass code as a device knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    /// Which code.
    pub id: BreakGlassId,
    /// SHA-256 of its 16 characters as [`super::normalize_break_glass`] leaves them: 80 random bits need no salt.
    pub hash: String,
    /// Until when.
    pub expires_at: i64,
}
