//! What a login needs of the device it happens on.

use crate::clock::{Clocks, Contact};
use claviger_domain::{
    device::ask_once::KeyHash,
    id::{AccountId, BreakGlassId, FactorId},
    time::Timestamp,
    totp::Step,
    verifier::{DeviceKey, Verifier},
};
use claviger_wire::server::{CodeVerdict, PasswordVerdict, Place, Recalled, State, What};
use std::sync::Arc;

/// Nothing can be kept: the disk is full, or worse. Who needs a code is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// Something that happened, before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// When, by the device's best knowledge of time.
    pub at: Timestamp,
    /// To whom.
    pub user: AccountId,
    /// Where.
    pub place: Place,
    /// What.
    pub what: What,
}

/// How a code was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// The server said yes, to this login and no other.
    WithServer,
    /// The server said that it was used before: elsewhere, or by a login here that hears its yes at this moment.
    UsedBefore,
    /// The server was silent: this is told later, and the wrong codes of this day count.
    Alone(Happened),
}

/// What came of using something up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is used now, for good.
    Fresh,
    /// It was before.
    Used,
    /// S8.5: too many wrong codes on this day without the server: right or not, nothing is told.
    TooManyWrong,
}

/// Whether an account on the device belongs to the user of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// It does.
    Ours,
    /// It was there before, and nobody confirmed that it is taken over: it is left alone (S8.12).
    NotOurs,
    /// Not known at the moment: a code is asked for all the same, and nothing is opened.
    Unknown,
}

/// S8.7a: how far the attempts to switch MFA on have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// The last one that somebody proved with a code.
    pub proven: i64,
    /// The last one that was taken back.
    pub taken_back: i64,
}

/// What codes of one user are checked with.
pub trait Checks {
    /// The key under which they are checked.
    fn key(&self) -> &DeviceKey;
    /// Steps up to this one are used.
    fn last(&self) -> Step;
    /// What the code of that step looks like; nothing where it is missing or damaged.
    fn verifier(&self, step: Step) -> Option<Verifier>;
    /// The first step after all that can be checked.
    fn end(&self) -> Step;
}

/// What a device keeps.
pub trait Vault: Send + Sync {
    /// What it must do; nothing where that is lost.
    fn state(&self) -> Option<Arc<State>>;
    /// Whose the account is.
    fn ownership(&self, user: AccountId) -> Ownership;
    /// What codes of the factor are checked with; nothing where only the server's word counts.
    fn checks(&self, user: AccountId, factor: FactorId) -> Option<Box<dyn Checks + '_>>;
    /// Uses up a step and every one before it, durably.
    fn use_step(&self, user: AccountId, factor: FactorId, step: Step, judged: Judged) -> Result<Use, Broken>;
    /// Counts a wrong code that the server doesn't know of, durably: Fresh, or TooManyWrong.
    fn wrong(&self, happened: Happened) -> Result<Use, Broken>;
    /// Uses up a break-glass code, durably.
    fn use_break_glass(&self, id: BreakGlassId, happened: Happened) -> Result<Use, Broken>;
    /// Notes something that is told later.
    fn record(&self, happened: Happened) -> Result<(), Broken>;
    /// S8.7a.
    fn attempts(&self) -> Attempts;
    /// S8.7a: somebody proved this attempt.
    fn prove(&self, attempt: i64, happened: Happened) -> Result<(), Broken>;
    /// The last contact with the server.
    fn contact(&self) -> Option<Contact>;
}

/// The server, asked by somebody who waits at a login: it has a second, for a password a few, then it is silent.
pub trait Online: Send + Sync {
    /// What it thinks of a code, given after that key; nothing if it is silent.
    fn code(&self, user: AccountId, code: &str, place: &Place, key: Option<KeyHash>) -> Option<CodeVerdict>;
    /// Whether a code is asked for after that key (S8.13b); nothing if it is silent.
    fn recall(&self, user: AccountId, key: KeyHash, place: &Place) -> Option<Recalled>;
    /// What it thinks of a password; nothing if it is silent.
    fn password(&self, user: AccountId, password: &str, place: &Place) -> Option<PasswordVerdict>;
}

/// The clocks of the machine.
pub trait Clock: Send + Sync {
    /// What they show.
    fn clocks(&self) -> Clocks;
}

/// Where a password goes that the server found right: to the half that makes this host's hash of it (S8.12).
pub trait Passwords: Send + Sync {
    /// Takes it. Nothing of it may be left when this returns, but for what that half was given.
    fn keep(&self, user: AccountId, password: &str);
}

/// The journal of the system.
pub trait Log: Send + Sync {
    /// What happens every day.
    fn note(&self, line: &str);
    /// What somebody should look at.
    fn warn(&self, line: &str);
}

/// All of them.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// What the device keeps.
    pub vault: &'a dyn Vault,
    /// The server.
    pub online: &'a dyn Online,
    /// The clocks.
    pub clock: &'a dyn Clock,
    /// The half that makes hashes.
    pub passwords: &'a dyn Passwords,
    /// The journal.
    pub log: &'a dyn Log,
}
