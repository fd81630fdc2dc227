//! What the agent keeps on disk: the state it was given, what codes are checked with, which of them are used, and
//! what it has to tell.
//!
//! One directory, 0700, files 0600, used by one process at a time:
//!
//! | file | content |
//! | --- | --- |
//! | `state` | the state as it was received, with its signature |
//! | `accounts` | what became of each user's account |
//! | `journal` | one checked line a record: used steps, wrong codes, events, contacts |
//! | `numbers`, `USER.used` | the numbers of the journal, and the last step of a user, once more |
//! | `USER.verifiers` | the key and the verifiers of a user's factor |
//! | `break-glass/ID` | there if that code is used |
//! | `lock` | held while the directory is used |
//!
//! What is used up is in two places, so that damage to either of them never makes it fresh again: where both are
//! damaged, the user's codes count only if the server says so, until it has said which steps are used. Damaged
//! verifiers match nothing and are not covered any more, so that they are fetched again.

mod book;
mod disk;
mod journal;
mod line;
mod port;
mod verifiers;

use book::{Book, Record};
use claviger_agent_core::{clock::Contact, port::Attempts};
use claviger_domain::{
    id::{AccountId, FactorId},
    totp::Step,
};
use claviger_wire::server::{Account, AccountState, Event, SignedState, State, Verifiers};
use journal::Journal;
use std::{
    collections::BTreeMap,
    fs::File,
    io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, RwLock},
};

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk is full, or worse.
    #[error("{path}: {source}", path = path.display())]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error("{} is used by another agent", .0.display())]
    Busy(PathBuf),
    /// What the server sent can't be understood.
    #[error("the server's {0} can't be read")]
    Malformed(&'static str),
    /// A thread died while it held the vault.
    #[error("the vault is out of order: restart the agent")]
    OutOfOrder,
}

/// What a directory of the agent holds.
pub struct Vault {
    directory: PathBuf,
    kept: Mutex<Kept>,
    state: RwLock<Option<Arc<State>>>,
    accounts: RwLock<Option<BTreeMap<AccountId, AccountState>>>,
    on_event: OnceLock<Box<dyn Fn() + Send + Sync>>,
    _lock: File,
}

/// What is written with every login.
struct Kept {
    book: Book,
    journal: Journal,
    /// The last step that was written down because the server called it used: its yes may be on the way to another login.
    called_used: BTreeMap<(AccountId, FactorId), Step>,
}

impl Vault {
    /// Opens the directory, makes it if need be, and writes anew what is damaged in it.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        disk::make_private(directory)?;
        let lock = disk::lock(directory)?;
        let (book, journal) = book::load(directory)?;
        let state = Self::read_state(directory).and_then(|signed| line::parse(&signed.state));
        let accounts: Option<Vec<Account>> = line::read(&directory.join(ACCOUNTS));
        Ok(Self {
            directory: directory.to_owned(),
            kept: Mutex::new(Kept::new(book, journal)),
            state: RwLock::new(state.map(Arc::new)),
            accounts: RwLock::new(accounts.map(|accounts| by_user(&accounts))),
            on_event: OnceLock::new(),
            _lock: lock,
        })
    }

    /// The state as it was received; nothing if there is none, or if it is damaged. Its signature is for the caller
    /// to check.
    pub fn signed_state(&self) -> Option<SignedState> {
        Self::read_state(&self.directory)
    }

    fn read_state(directory: &Path) -> Option<SignedState> {
        line::read(&directory.join(STATE))
    }

    /// What logins are decided upon at the moment.
    pub fn current(&self) -> Option<Arc<State>> {
        self.state.read().ok()?.clone()
    }

    /// Keeps a state and decides logins upon it from now on. The caller has checked its signature and revision.
    pub fn put_state(&self, signed: &SignedState) -> Result<(), Error> {
        let state: State = line::parse(&signed.state).ok_or(Error::Malformed("state"))?;
        line::write(&self.directory, STATE, signed)?;
        *self.state.write().map_err(|_| Error::OutOfOrder)? = Some(Arc::new(state));
        Ok(())
    }

    /// Forgets a state whose signature turned out to be wrong: nobody is known then, and who is in the group of
    /// the enrolled is refused.
    pub fn drop_state(&self) -> Result<(), Error> {
        *self.state.write().map_err(|_| Error::OutOfOrder)? = None;
        disk::remove(&self.directory.join(STATE))
    }

    /// Keeps what became of the users' accounts, so that accounts which aren't taken over are left alone (S8.12).
    pub fn put_accounts(&self, accounts: &[Account]) -> Result<(), Error> {
        line::write(&self.directory, ACCOUNTS, &accounts)?;
        *self.accounts.write().map_err(|_| Error::OutOfOrder)? = Some(by_user(accounts));
        Ok(())
    }

    /// The steps of a user's factor whose verifiers are there and whole, in order, joined where they touch; none while
    /// only the server's word counts. Every byte of them is read: this is for fetching what is missing, not for logins.
    pub fn coverage(&self, user: AccountId, factor: FactorId) -> Vec<Range<i64>> {
        match self.last_step(user, factor) {
            Some(_) => verifiers::whole(&self.directory, user, factor),
            None => Vec::new(),
        }
    }

    /// The steps of `wanted` that [`Self::coverage`] lacks.
    pub fn missing(&self, user: AccountId, factor: FactorId, wanted: Range<i64>) -> Vec<Range<i64>> {
        verifiers::without(wanted, &self.coverage(user, factor))
    }

    /// Until which step codes of the user can be checked here without a gap from `from` on; nothing if `from` can't.
    pub fn covered_until(&self, user: AccountId, factor: FactorId, from: i64) -> Option<i64> {
        let ranges = self.coverage(user, factor);
        ranges.into_iter().find(|range| range.contains(&from)).map(|range| range.end)
    }

    /// Adds verifiers to those of the same factor and key, or puts them in the place of another factor's. Steps before
    /// `keep_from` are dropped. The server's last used step counts from here on, too.
    pub fn put_verifiers(&self, user: AccountId, sent: &Verifiers, keep_from: i64) -> Result<(), Error> {
        let parsed = verifiers::parse(sent)?;
        let mut kept = self.kept()?;
        let known = kept.book.last_step(user, sent.factor).unwrap_or(Step::NONE).0;
        let last = known.max(sent.last_step).max(kept.book.told_step(sent.factor).unwrap_or(known));
        // First what is used, then what could be used: never the other way round.
        kept.write(&[Record::Step { user, factor: sent.factor, step: last }])?;
        kept.book.forget_other_factors(user, sent.factor);
        kept.write_used(&self.directory, user)?;
        verifiers::put(&self.directory, user, parsed, keep_from)
    }

    /// Everybody whose codes could be checked here.
    pub fn users(&self) -> Result<Vec<AccountId>, Error> {
        verifiers::users(&self.directory)
    }

    /// Forgets what codes of a user are checked with: unbound, reset, suspended or deleted. Which steps were used is
    /// kept, should they come back.
    pub fn forget(&self, user: AccountId) -> Result<(), Error> {
        verifiers::remove(&self.directory, user)
    }

    /// Steps up to this one are used; nothing while only the server's word counts.
    pub fn last_step(&self, user: AccountId, factor: FactorId) -> Option<Step> {
        self.kept().ok()?.book.last_step(user, factor)
    }

    /// What is to be told, after `sequence`, the oldest first, at most `limit` of it.
    pub fn events_after(&self, sequence: i64, limit: usize) -> Result<Vec<Event>, Error> {
        Ok(self.kept()?.book.events_after(sequence).take(limit).cloned().collect())
    }

    /// The server knows what happened up to `sequence`.
    pub fn acknowledge(&self, sequence: i64) -> Result<(), Error> {
        let mut kept = self.kept()?;
        if kept.book.has_acknowledged(sequence) {
            return Ok(());
        }
        let mut records = kept.book.renumbered_after(sequence);
        records.push(Record::Acknowledged { sequence });
        kept.write(&records)?;
        kept.write_numbers(&self.directory)
    }

    /// The number that the next event gets.
    pub fn next_sequence(&self) -> Result<i64, Error> {
        Ok(self.kept()?.book.next_sequence())
    }

    /// Calls `waken` after each event, on the thread of whoever noted it: it must be quick.
    pub fn on_event(&self, waken: impl Fn() + Send + Sync + 'static) {
        // The first one stays.
        let _ = self.on_event.set(Box::new(waken));
    }

    /// Remembers what time the server said it is.
    pub fn put_contact(&self, contact: &Contact) -> Result<(), Error> {
        let mut kept = self.kept()?;
        if contact.is_news(kept.book.contact()) {
            kept.note(&[Record::contact(contact)])?;
        } else {
            kept.book.meet(contact.clone());
        }
        Ok(())
    }

    /// S8.7a: how far the attempts to switch MFA on have come.
    pub fn attempts(&self) -> Result<Attempts, Error> {
        Ok(self.kept()?.book.attempts())
    }

    /// S8.7a: this attempt was taken back; `event` tells of it. Codes are not asked for until the next one.
    pub fn take_back(&self, attempt: i64, event: claviger_agent_core::port::Happened) -> Result<(), Error> {
        self.add(event, &[Record::TakenBack { attempt }]).map(drop)
    }

    fn kept(&self) -> Result<MutexGuard<'_, Kept>, Error> {
        self.kept.lock().map_err(|_| Error::OutOfOrder)
    }
}

const STATE: &str = "state";
const ACCOUNTS: &str = "accounts";

fn by_user(accounts: &[Account]) -> BTreeMap<AccountId, AccountState> {
    accounts.iter().map(|account| (account.user, account.state)).collect()
}

#[cfg(test)]
mod tests;
