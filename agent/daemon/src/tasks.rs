//! What changes the system: accounts, and whether logins ask. It does only what the server signed.
//!
//! On Linux that is a process of its own, which is root and has no network (`socket`); on Windows and macOS it is a part
//! of the one service (`direct`). The rest of the agent can't tell.

mod book;
#[cfg(any(windows, mac))]
mod direct;
mod let_in;
mod proof;
mod root;
mod runs;
#[cfg(all(unix, not(mac)))]
mod serve;
#[cfg(all(unix, not(mac)))]
pub mod socket;
mod turn;

#[cfg(any(windows, mac))]
pub use direct::Direct;
pub use let_in::Note;
pub use root::{Root, Settings};
#[cfg(all(unix, not(mac)))]
pub use serve::serve;
pub use turn::Turn;

use claviger_domain::{device::Applied, id::AccountId};
use claviger_wire::{
    orders::{PolicySaid, RunSaid},
    server::{AccountState, Presence, SignedState},
};
use serde::{Deserialize, Serialize};
use std::io;

/// The half of the agent that changes the system.
pub trait RootHalf: Send + Sync {
    /// Whoever will be asked for a code is noted as such, before logins are decided upon the new state.
    fn prepare(&self, signed: &SignedState) -> io::Result<()>;
    /// Everything in a state; `proven` is the last attempt of S8.7a that somebody proved.
    fn apply(&self, signed: &SignedState, proven: i64) -> io::Result<Outcome>;
    /// S8.12: the server found this password right.
    fn keep_password(&self, user: AccountId, password: &str) -> io::Result<()>;
    /// S8.14: the notes of whom was let in without a code. Those of the names `taken` are kept elsewhere by now, and can go.
    fn let_in(&self, taken: Vec<String>) -> io::Result<Vec<Note>>;
}

/// What became of a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its revision.
    pub revision: i64,
    /// Whether codes are asked for.
    pub applied: Applied,
    /// In words; may be empty.
    pub detail: String,
    /// Whether sshd is there.
    pub ssh_server: Presence,
    /// The users' accounts.
    pub accounts: Vec<(AccountId, AccountState)>,
    /// S8.7a: the last attempt that was taken back.
    pub taken_back: i64,
    /// S8.7a: seconds until this one is.
    pub due: Option<i64>,
    /// S9.1: what became of the policies.
    #[serde(default)]
    pub policies: Vec<PolicySaid>,
    /// S9.2: what became of the runs.
    #[serde(default)]
    pub runs: Vec<RunSaid>,
    /// Seconds until there is something to ask for again, if there is.
    #[serde(default)]
    pub again: Option<i64>,
}
