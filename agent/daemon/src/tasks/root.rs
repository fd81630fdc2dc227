//! What the root half does with a state. All of it can be done again; a crash in the middle heals with the next time.

#[cfg(all(unix, not(mac)))]
mod linux;
#[cfg(mac)]
mod macos;
#[cfg(windows)]
mod windows;

use super::{
    Note, Outcome, Turn,
    book::{Book, Force},
    let_in,
    proof::Verdict,
    runs::Runs,
};
use crate::{
    identity::ServerKey,
    logs,
    platform::system::{Paths, accounts, machine, policies},
};
use anyhow::{Context, Result, bail};
use claviger_agent_core::{
    plan::{self, Planned, Step},
    policy::Cycle,
    port::Clock,
};
use claviger_domain::{
    device::{Applied, Blocked},
    id::{AccountId, DeviceId},
    time::Span,
};
use claviger_wire::{
    orders::CYCLE_SECONDS,
    server::{Access, AccountState, Codes, SignedState, State},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

/// What the root half goes by.
pub struct Settings {
    /// Whose state it takes.
    pub device: DeviceId,
    /// Signed by whom.
    pub server_key: ServerKey,
    /// Where it remembers.
    pub folder: PathBuf,
    /// Where the system's things are.
    pub paths: Paths,
    /// What time it is.
    pub clock: Box<dyn Clock>,
}

/// The root half.
pub struct Root {
    settings: Settings,
    book: Book,
    policies: policies::Kept,
    runs: Runs,
    /// When the policies were looked at, by the clock that nobody can set.
    cycled: Option<Span>,
    kept: Option<Kept>,
    /// What the passwords that were set look like under a key that lives as long as this process: the same one isn't
    /// set twice, and nothing on the disk tells which one it was.
    passwords: BTreeMap<AccountId, [u8; 32]>,
    key: [u8; 32],
}

/// The state that is in force.
struct Kept {
    signed: SignedState,
    state: State,
}

/// What became of the accounts.
#[derive(Default)]
struct Accounts {
    ready: BTreeSet<AccountId>,
    told: Vec<(AccountId, AccountState)>,
    notes: Vec<String>,
}

impl Root {
    /// Begins where it was when it ended.
    pub fn open(settings: Settings) -> Result<Self> {
        let book = Book::open(&settings.folder)?;
        let (policies, runs) = (policies::Kept::load(&settings.folder)?, Runs::open(&settings.folder)?);
        if let Err(error) = let_in::prepare(&settings.folder) {
            logs::warn(&format!("whoever is let in without a code can't be noted down: {error}"));
        }
        let kept = book.state()?.and_then(|signed| {
            let opened = settings.server_key.open(&signed, settings.device);
            opened.ok().map(|state| Kept { signed, state: accounts::meant(state) })
        });
        let mut key = [0; 32];
        crate::entropy::fill(&mut key);
        Ok(Self { settings, book, policies, runs, cycled: None, kept, passwords: BTreeMap::new(), key })
    }

    /// Applies the last state once more: after a start, or when a time has come.
    pub fn refresh(&mut self) -> Result<Option<Outcome>> {
        let _turn = self.turn()?;
        match self.kept.take() {
            Some(kept) => {
                let outcome = self.carry_out(&kept.state);
                self.kept = Some(kept);
                outcome.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Applies a state.
    pub fn apply(&mut self, signed: &SignedState, proven: i64) -> Result<Outcome> {
        let _turn = self.turn()?;
        let state = accounts::meant(self.accept(signed)?);
        self.book.proof.prove(proven);
        let outcome = self.carry_out(&state);
        self.kept = Some(Kept { signed: signed.clone(), state });
        outcome
    }

    /// Puts whoever is going to be asked into the group; nobody is taken out of it.
    pub fn prepare(&mut self, signed: &SignedState) -> Result<()> {
        let _turn = self.turn()?;
        let state = self.accept(signed)?;
        let codes = self.codes(&state);
        let held = self.book.held();
        let state = accounts::meant(state);
        let found = accounts::find(&self.settings.paths, &state, &held)?;
        let there = plan::accounts(&state, &held, &found).into_iter().filter(|planned| {
            planned.state == AccountState::Ready && found.accounts.contains_key(&planned.name)
        });
        let ready = there.map(|planned| planned.user).collect();
        let members = plan::members(&State { codes, ..state }, &ready);
        self.announce(&found.members.union(&members).cloned().collect())
    }

    /// Whoever uninstalls the agent while it runs, where no service manager stops it, has the last word.
    fn turn(&self) -> Result<Turn> {
        if let Some(turn) = Turn::wait(&self.settings.folder)? {
            return Ok(turn);
        }
        logs::note("this device was uninstalled: the agent ends");
        std::process::exit(0)
    }

    /// A state that the server signed, that is this device's, and that isn't older than the last one.
    fn accept(&mut self, signed: &SignedState) -> Result<State> {
        let state =
            self.settings.server_key.open(signed, self.settings.device).context("the state was refused")?;
        let (last, new) = (self.book.revision, state.revision);
        if new < last {
            bail!("the state was refused: its revision {new} is older than {last}");
        }
        if let Some(kept) = self.kept.as_ref().filter(|kept| kept.state.revision == new) {
            if signed.state != kept.signed.state {
                bail!("the state was refused: it differs from the one that had its revision {new} before");
            }
            return Ok(state);
        }
        self.book.put_state(signed)?;
        self.book.revision = new;
        self.book.save()?;
        Ok(state)
    }

    /// Whether codes are asked for, with S8.7a counted in.
    fn codes(&self, state: &State) -> Codes {
        match self.book.proof.verdict(state.proof, &self.settings.clock.clocks()) {
            Verdict::WasTakenBack | Verdict::IsOver => Codes::NotAsked,
            Verdict::Stays | Verdict::Waits(_) => state.codes,
        }
    }

    fn carry_out(&mut self, state: &State) -> Result<Outcome> {
        self.take_back_if_due(state)?;
        let codes = self.codes(state);
        let mut accounts = self.accounts(state)?;
        self.files(state, &mut accounts);
        let Cycle { said: policies, notes } = self.policies(state);
        accounts.notes.extend(notes);
        let applied = self.logins(state, codes, &mut accounts);
        match (applied, state.codes) {
            (Applied::InForce, _) => self.book.proof.begin(state.proof, &self.settings.clock.clocks()),
            (_, Codes::NotAsked) => self.book.proof.pause(),
            _ => {}
        }
        self.book.save()?;
        let now = self.settings.clock.clocks().wall;
        let runs = self.runs.carry_out(&state.runs, now);
        let is_taken_back = state.codes == Codes::Asked && codes == Codes::NotAsked;
        Ok(Outcome {
            revision: state.revision,
            applied: if is_taken_back { Applied::Blocked(Blocked::Unproven) } else { applied },
            detail: detail(&accounts.notes),
            ssh_server: machine::ssh_server(&self.settings.paths),
            accounts: accounts.told,
            taken_back: self.book.proof.taken_back(),
            due: self.due_of(state).map(Span::seconds_rounded_up),
            policies,
            runs,
            again: self.again(state),
        })
    }

    /// S9.1: what policies lay down. It comes before logins are looked at, because both have drop-ins of sshd.
    fn policies(&mut self, state: &State) -> Cycle {
        let clocks = self.settings.clock.clocks();
        self.cycled = Some(clocks.uptime.since);
        let Settings { paths, folder, .. } = &self.settings;
        self.policies.carry_out(&state.policies, (paths, folder), clocks.wall)
    }

    /// Seconds until a run may have ended, or policies are looked at again.
    fn again(&self, state: &State) -> Option<i64> {
        match (self.runs.are_going(), state.policies.is_empty()) {
            (true, _) => Some(1),
            (false, false) => Some(CYCLE_SECONDS),
            (false, true) => None,
        }
    }

    fn take_back_if_due(&mut self, state: &State) -> Result<()> {
        let clocks = self.settings.clock.clocks();
        let is_over = self.book.proof.verdict(state.proof, &clocks) == Verdict::IsOver;
        if is_over && state.codes == Codes::Asked {
            logs::warn("nobody signed in with a code in time: MFA is taken back (S8.7a)");
            self.book.proof.take_back(state.proof);
            self.book.save()?;
        }
        Ok(())
    }

    /// Codes are asked for from now on, or not any more, as it was wanted.
    fn switched(&mut self, codes: Codes) -> Applied {
        let (force, applied) = match codes {
            Codes::Asked => (Force::On, Applied::InForce),
            Codes::NotAsked => (Force::Off, Applied::Off),
        };
        if (self.book.force, force) == (Force::Off, Force::On) {
            logs::note("MFA is in force");
        }
        self.book.force = force;
        applied
    }

    /// How long until something has to happen by itself.
    pub fn due(&self) -> Option<Span> {
        let state = &self.kept.as_ref()?.state;
        let cycle = self.cycled.filter(|_| !state.policies.is_empty()).map(|cycled| {
            let passed = self.settings.clock.clocks().uptime.since.micros() - cycled.micros();
            Span::from_micros((CYCLE_SECONDS * 1_000_000 - passed).max(0))
        });
        self.due_of(state).into_iter().chain(cycle).min()
    }

    fn due_of(&self, state: &State) -> Option<Span> {
        if state.codes == Codes::NotAsked {
            return None;
        }
        match self.book.proof.verdict(state.proof, &self.settings.clock.clocks()) {
            Verdict::Waits(left) if self.book.force == Force::On => Some(left),
            Verdict::IsOver => Some(Span::ZERO),
            _ => None,
        }
    }

    fn accounts(&mut self, state: &State) -> Result<Accounts> {
        let held = self.book.held();
        let found = accounts::find(&self.settings.paths, state, &held)?;
        let mut accounts = Accounts::default();
        for planned in plan::accounts(state, &held, &found) {
            let became = match self.change(&planned) {
                Ok(()) => planned.state,
                Err(error) => {
                    accounts.notes.push(format!("{}: {error:#}", planned.name));
                    AccountState::Failed
                }
            };
            if !planned.note.is_empty() {
                accounts.notes.push(planned.note.clone());
            }
            if became == AccountState::Ready {
                accounts.ready.insert(planned.user);
            }
            if state.users.iter().any(|user| user.id == planned.user) {
                accounts.told.push((planned.user, became));
            }
        }
        Ok(accounts)
    }

    fn change(&mut self, planned: &Planned) -> Result<()> {
        for step in &planned.steps {
            match step {
                Step::Hold { name, uid } => self.book.hold(planned.user, name, *uid)?,
                step => accounts::make(step)?,
            }
            match step {
                Step::Hold { .. } => {}
                Step::Make(new) => {
                    let uid = accounts::number_of(&self.settings.paths, &new.name)?;
                    self.book.hold(planned.user, &new.name, uid)?;
                    logs::note(&format!("{}: the account was made", new.name));
                }
                Step::Lock { name } => logs::note(&format!("{name}: the account was locked")),
                Step::Unlock { name, .. } => logs::note(&format!("{name}: the account was opened")),
                Step::EndSessions { name, .. } => logs::note(&format!("{name}: what ran was ended")),
                Step::MakeGroup { .. } | Step::Rename { .. } | Step::Change { .. } => {}
            }
        }
        Ok(())
    }

    /// S8.14: who was let in while the agent could not be asked.
    pub fn let_in(&self, taken: &[String]) -> Result<Vec<Note>> {
        let_in::notes(&self.settings.folder, taken).context("the notes of whom was let in")
    }

    /// S8.12: gives an open account of ours the password that the server found right.
    pub fn set_password(&mut self, user: AccountId, password: &str) -> Result<()> {
        let state = &self.kept.as_ref().context("there is no state yet")?.state;
        let of = state.users.iter().find(|known| known.id == user && known.access == Access::Open);
        let name = &of.context("nobody of that identifier may sign in here")?.name;
        let (held, uid) = self.book.account(user).context("the account is not ours")?;
        let is_the_same =
            held == name && uid.is_some() && accounts::number_of(&self.settings.paths, name)? == uid;
        if !is_the_same {
            bail!("{name}: the account is not ours");
        }
        if password.is_empty() || password.len() > 512 || password.chars().any(char::is_control) {
            bail!("{name}: the password can't be one of this system");
        }
        let mark = crate::identity::hash(&[self.key.as_slice(), password.as_bytes()].concat());
        if self.passwords.get(&user) == Some(&mark) {
            return Ok(());
        }
        accounts::set_password(name, password)?;
        self.passwords.insert(user, mark);
        Ok(())
    }
}

/// What was in force stays, even if it could not be changed; why is told.
#[cfg(any(windows, mac))]
fn not_switched(codes: Codes, (why, detail): (Blocked, String), accounts: &mut Accounts) -> Applied {
    logs::warn(&format!("MFA can't be switched: {detail}"));
    accounts.notes.insert(0, detail);
    match codes {
        Codes::Asked => Applied::Blocked(why),
        Codes::NotAsked => Applied::Off,
    }
}

/// What an administrator reads; the portal has room for so much.
fn detail(notes: &[String]) -> String {
    notes.join("\n").chars().take(2_000).collect()
}
