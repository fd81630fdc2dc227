//! What a login needs of the vault.

use super::{
    Error, Kept, Vault,
    book::{BREAK_GLASS, Record},
    disk, verifiers,
};
use claviger_agent_core::{
    clock::Contact,
    port::{self, Attempts, Broken, Checks, Happened, Judged, Ownership, Use},
};
use claviger_domain::{
    device::OFFLINE_FAILURES,
    id::{AccountId, BreakGlassId, FactorId},
    totp::Step,
    verifier::{DeviceKey, Verifier},
};
use claviger_wire::server::{AccountState, State, What};
use std::{io, sync::Arc};

/// So many events wait at most; beyond them only what must not be lost is noted. Nothing is numbered and then dropped.
const WAITING: usize = 5_000;
const SECONDS_A_DAY: i64 = 86_400;

/// A user's verifiers with the last used step.
struct Checked {
    opened: verifiers::Opened,
    last: Step,
}

impl Checks for Checked {
    fn key(&self) -> &DeviceKey {
        self.opened.key()
    }

    fn last(&self) -> Step {
        self.last
    }

    fn verifier(&self, step: Step) -> Option<Verifier> {
        self.opened.verifier(step)
    }

    fn end(&self) -> Step {
        self.opened.end()
    }
}

impl From<Error> for Broken {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

impl Vault {
    /// S4.17 on a device: uses up a step and every one before it. It is on the disk when this returns.
    pub fn use_step(
        &self,
        user: AccountId,
        factor: FactorId,
        step: Step,
        judged: Judged,
    ) -> Result<Use, Error> {
        let mut kept = self.kept()?;
        // Where only the server's word counts nothing is fresh.
        if kept.book.last_step(user, factor).is_none_or(|last| step <= last) {
            // The server says yes once, whatever it said to others meanwhile.
            let is_due = judged == Judged::WithServer
                && kept.book.last_step(user, factor) == Some(step)
                && kept.called_used.remove(&(user, factor)) == Some(step);
            return Ok(if is_due { Use::Fresh } else { Use::Used });
        }
        let mut records = vec![Record::Step { user, factor, step: step.0 }];
        match judged {
            Judged::Alone(happened) if kept.is_over(&happened) => return Ok(Use::TooManyWrong),
            Judged::Alone(happened) => records.push(Record::Event(kept.book.numbered(happened))),
            Judged::UsedBefore => {
                kept.called_used.insert((user, factor), step);
            }
            Judged::WithServer => {}
        }
        kept.write(&records)?;
        kept.write_used(&self.directory, user)?;
        self.told(kept, &records)?;
        Ok(Use::Fresh)
    }

    /// S8.5: counts a wrong code of which the server doesn't know. It is on the disk when this returns; from the
    /// eleventh of a day on nothing is counted and nothing told.
    pub fn wrong(&self, happened: Happened) -> Result<Use, Error> {
        let mut kept = self.kept()?;
        if kept.is_over(&happened) {
            return Ok(Use::TooManyWrong);
        }
        let (user, day) = (happened.user, day(&happened));
        let count = kept.book.wrong_count(user, day).saturating_add(1);
        let mut records = vec![Record::Wrong { user, day, count }];
        records.extend(kept.event(happened));
        kept.write(&records)?;
        kept.write_used(&self.directory, user)?;
        self.told(kept, &records)?;
        Ok(Use::Fresh)
    }

    /// S8.8: uses up a break-glass code. It is on the disk when this returns.
    pub fn use_break_glass(&self, id: BreakGlassId, happened: Happened) -> Result<Use, Error> {
        let kept = self.kept()?;
        if kept.book.is_used(id) {
            return Ok(Use::Used);
        }
        let path = self.directory.join(BREAK_GLASS).join(id.to_string());
        match disk::private().create_new(true).open(&path) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Use::Used),
            Err(error) => return Err(disk::at(&path)(error)),
        }
        self.write_event(kept, happened, &[Record::BreakGlass { id }]).inspect_err(|_| {
            // It was not used, then; whoever is stuck can try it again.
            let _ = std::fs::remove_file(&path);
        })?;
        Ok(Use::Fresh)
    }

    /// Notes something that is told later.
    pub fn record(&self, happened: Happened) -> Result<(), Error> {
        self.add(happened, &[])
    }

    /// S8.7a: somebody proved this attempt.
    pub fn prove(&self, attempt: i64, happened: Happened) -> Result<(), Error> {
        self.add(happened, &[Record::Proven { attempt }])
    }

    pub(super) fn add(&self, happened: Happened, records: &[Record]) -> Result<(), Error> {
        self.write_event(self.kept()?, happened, records)
    }

    fn write_event(
        &self,
        mut kept: std::sync::MutexGuard<'_, Kept>,
        happened: Happened,
        records: &[Record],
    ) -> Result<(), Error> {
        let mut records = records.to_vec();
        records.extend(kept.event(happened));
        kept.write(&records)?;
        self.told(kept, &records)
    }

    /// Writes the numbers once more after an event, lets go, and wakes who tells the server.
    fn told(&self, kept: std::sync::MutexGuard<'_, Kept>, records: &[Record]) -> Result<(), Error> {
        if !records.iter().any(|record| matches!(record, Record::Event(_))) {
            return Ok(());
        }
        kept.write_numbers(&self.directory)?;
        drop(kept);
        if let Some(waken) = self.on_event.get() {
            waken();
        }
        Ok(())
    }
}

impl Kept {
    /// S8.5: whether the wrong codes of that day without the server are used up.
    fn is_over(&self, happened: &Happened) -> bool {
        self.book.wrong_count(happened.user, day(happened)) >= OFFLINE_FAILURES
    }

    /// The event, unless too many wait and it is one of those that can be done without.
    fn event(&self, happened: Happened) -> Option<Record> {
        let matters = match happened.what {
            What::OfflineCode { .. }
            | What::BreakGlass { .. }
            | What::LetIn
            | What::TakenBack
            | What::Proven => true,
            What::OfflineWrongCode { .. } | What::FirstFactorAlone | What::Refused { .. } => false,
        };
        (matters || self.book.waiting() < WAITING).then(|| Record::Event(self.book.numbered(happened)))
    }
}

fn day(happened: &Happened) -> i64 {
    happened.at.seconds().div_euclid(SECONDS_A_DAY)
}

impl port::Vault for Vault {
    fn state(&self) -> Option<Arc<State>> {
        self.current()
    }

    fn ownership(&self, user: AccountId) -> Ownership {
        let Ok(accounts) = self.accounts.read() else { return Ownership::Unknown };
        match accounts.as_ref().and_then(|accounts| accounts.get(&user)) {
            Some(AccountState::Ready | AccountState::Locked | AccountState::Failed) => Ownership::Ours,
            Some(AccountState::NeedsTakeOver | AccountState::NameRefused) => Ownership::NotOurs,
            None => Ownership::Unknown,
        }
    }

    fn checks(&self, user: AccountId, factor: FactorId) -> Option<Box<dyn Checks + '_>> {
        let opened = verifiers::open(&self.directory, user, factor)?;
        let last = self.last_step(user, factor)?;
        Some(Box::new(Checked { opened, last }))
    }

    fn use_step(&self, user: AccountId, factor: FactorId, step: Step, judged: Judged) -> Result<Use, Broken> {
        Ok(self.use_step(user, factor, step, judged)?)
    }

    fn wrong(&self, happened: Happened) -> Result<Use, Broken> {
        Ok(self.wrong(happened)?)
    }

    fn use_break_glass(&self, id: BreakGlassId, happened: Happened) -> Result<Use, Broken> {
        Ok(self.use_break_glass(id, happened)?)
    }

    fn record(&self, happened: Happened) -> Result<(), Broken> {
        Ok(self.record(happened)?)
    }

    fn attempts(&self) -> Attempts {
        self.attempts().unwrap_or_default()
    }

    fn prove(&self, attempt: i64, happened: Happened) -> Result<(), Broken> {
        Ok(self.prove(attempt, happened)?)
    }

    fn contact(&self) -> Option<Contact> {
        self.kept().ok()?.book.contact().cloned()
    }
}
