//! What must change on a device so that it is as laid down: pure, from what is wanted and what was found.
//!
//! Accounts stand here (S8.12); the files of sudo, sshd and PAM, and what the login window of macOS does, in the modules
//! below.

mod account;
pub mod files;
pub mod login_window;
pub mod pam;
pub mod sshd;

use claviger_domain::id::AccountId;
use claviger_wire::server::{AccountState, State, User};
use std::collections::{BTreeMap, BTreeSet};

pub use account::accounts;

/// The group of everybody who is asked for a code; sshd and the PAM module go by it (S8.14).
pub const GROUP: &str = "claviger-mfa";

/// What was found on a device.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The accounts of its own files, by name.
    pub accounts: BTreeMap<String, Existing>,
    /// The groups of its own files, by name, with their numbers.
    pub groups: BTreeMap<String, u32>,
    /// Who is in [`GROUP`].
    pub members: BTreeSet<String>,
    /// Names among the wanted ones that only another directory of the device knows.
    pub elsewhere: BTreeSet<String>,
    /// Shells among the wanted ones that can be run.
    pub shells: BTreeSet<String>,
    /// Which numbers are people's.
    pub numbers: Numbers,
}

/// From which number on accounts are people's; those below are the system's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// From 1000.
    #[default]
    OfLinux,
    /// From 501.
    OfMacos,
}

/// An account that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// Its number.
    pub uid: u32,
    /// Its comment.
    pub comment: String,
    /// Its shell.
    pub shell: String,
    /// Its password.
    pub password: Password,
    /// When it ends.
    pub expiry: Expiry,
    /// Whether something runs under its number.
    pub sessions: Sessions,
}

/// The password of an account, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// One that can be used.
    Usable,
    /// One behind a lock.
    BehindLock,
    /// None.
    None,
}

/// When an account ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Never, or on a day that somebody else laid down.
    NotOurs,
    /// On the first day of all: this is how accounts are locked here, for keys as well.
    DayOne,
}

/// Whether something runs under an account's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// Nothing.
    None,
    /// Something.
    Running,
}

/// An account that the agent made or took over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldAccount {
    /// Its name.
    pub name: String,
    /// Its number; nothing while it is being made.
    pub uid: Option<u32>,
}

/// The accounts that the agent made or took over; no other is ever touched.
pub type Held = BTreeMap<AccountId, HeldAccount>;

/// A new account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// Its number, if one is laid down.
    pub uid: Option<u32>,
    /// Its group.
    pub group: PrimaryGroup,
    /// Its comment.
    pub comment: String,
    /// Its shell; the system's default if that one isn't there.
    pub shell: Option<String>,
}

/// The first group of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrimaryGroup {
    /// A new one of the account's name.
    Own,
    /// The one of this number.
    Numbered(u32),
}

/// One change. Each is harmless when it is made twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Notes down that this account is ours from now on: before it is made, so that a crash leaves no stranger.
    Hold {
        /// The account's name.
        name: String,
        /// Its number, if it is there already.
        uid: Option<u32>,
    },
    /// Makes a group.
    MakeGroup {
        /// Its name.
        name: String,
        /// Its number.
        gid: u32,
    },
    /// Makes an account with a home.
    Make(NewAccount),
    /// Gives an account another name.
    Rename {
        /// The old name.
        from: String,
        /// The new one.
        to: String,
    },
    /// Changes comment and shell.
    Change {
        /// Whose.
        name: String,
        /// The new comment.
        comment: String,
        /// The new shell, if it is to be another.
        shell: Option<String>,
    },
    /// Locks an account for passwords and keys.
    Lock {
        /// Whose.
        name: String,
    },
    /// Ends everything that runs under it.
    EndSessions {
        /// Whose.
        name: String,
        /// Its number.
        uid: u32,
    },
    /// Opens it again.
    Unlock {
        /// Whose.
        name: String,
        /// What is behind the lock.
        password: Password,
    },
}

/// What is to be done for one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Who.
    pub user: AccountId,
    /// The account's name.
    pub name: String,
    /// In this order.
    pub steps: Vec<Step>,
    /// What the account is after them.
    pub state: AccountState,
    /// What to tell an administrator of it; may be empty.
    pub note: String,
}

/// S8.4: the accounts that are asked for a code, of those that are `ready`.
pub fn members(state: &State, ready: &BTreeSet<AccountId>) -> BTreeSet<String> {
    use claviger_wire::server::Codes;
    match state.codes {
        Codes::NotAsked => BTreeSet::new(),
        Codes::Asked => {
            users(state, ready).filter(|user| user.factor.is_some()).map(|user| user.name.clone()).collect()
        }
    }
}

/// Everybody who may sign in, of those whose accounts are `ready`.
pub fn users<'a>(state: &'a State, ready: &'a BTreeSet<AccountId>) -> impl Iterator<Item = &'a User> {
    use claviger_wire::server::Access;
    state.users.iter().filter(|user| user.access == Access::Open && ready.contains(&user.id))
}

#[cfg(test)]
pub(crate) mod tests;
