//! The half with the network: it holds a poll open, hands each state on, fetches what codes are checked with, and tells
//! the server what became of it all. Four threads that sleep until something happens.

mod apply;
mod fetch;
mod let_in;
mod pause;
mod poll;
mod tell;

use crate::{
    bell::Bell,
    clock::SystemClocks,
    identity::ServerKey,
    logs,
    server::Server,
    status::{Link, Standing},
    tasks::{Outcome, RootHalf},
    vault::Vault,
};
use claviger_agent_core::{clock::Contact, port::Clock};
use claviger_domain::{
    id::{AccountId, DeviceId, FactorId, PolicyId, RunId},
    time::Timestamp,
};
use claviger_wire::{
    orders::{PolicySaid, RunSaid},
    server::{Account, Proof},
};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicI64},
    thread,
};

/// Room for a TLS connection and a message; it is taken page by page.
const STACK: usize = 512 * 1024;

/// What keeps a device and its server together.
pub struct Sync {
    /// Whose states are taken.
    pub device: DeviceId,
    /// Signed by whom.
    pub server_key: ServerKey,
    /// The connection that is held.
    pub held: Server,
    /// The connections of everything else.
    pub server: Arc<Server>,
    /// The root half.
    pub tasks: Arc<dyn RootHalf>,
    /// What is kept.
    pub vault: Arc<Vault>,
    /// What time it is.
    pub clock: SystemClocks,
    /// The file that enrollment left, and that goes with it.
    pub enrollment: PathBuf,
    /// Where `claviger-agent status` looks; nowhere if that isn't wanted.
    pub standing: Option<PathBuf>,
    /// What the threads share.
    pub shared: Shared,
}

/// What the threads share.
#[derive(Debug, Default)]
pub struct Shared {
    apply: Bell,
    fetch: Bell,
    tell: Bell,
    /// The revision that the root half was last prepared for.
    coming: AtomicI64,
    outcome: Mutex<Option<Result<Outcome, String>>>,
    covered: Mutex<BTreeMap<AccountId, Covered>>,
    told: Mutex<Told>,
    link: Mutex<Link>,
}

/// Until when a user's codes can be checked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Covered {
    factor: FactorId,
    /// The first step that can't.
    end: i64,
    /// The day on which every byte was looked at.
    looked: i64,
}

/// What the server knows of the accounts, and when it was told anything.
#[derive(Debug, Default)]
struct Told {
    revision: i64,
    accounts: BTreeMap<AccountId, Account>,
    policies: BTreeMap<PolicyId, PolicySaid>,
    runs: BTreeMap<RunId, RunSaid>,
    at: Option<Contact>,
}

/// What a thread is called and does.
type Thread = (&'static str, fn(&Sync));

impl Sync {
    /// Starts the threads. If one of them ends, so does the process: half an agent is none.
    pub fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let waken = Arc::clone(self);
        self.vault.on_event(move || {
            waken.shared.tell.ring();
            // S8.7a: somebody may have proved it.
            if waken.vault.current().is_some_and(|state| state.proof != Proof::NotNeeded) {
                waken.shared.apply.ring();
            }
        });
        let threads: [Thread; 4] = [
            ("apply", Self::keep_applying),
            ("poll", Self::keep_polling),
            ("fetch", Self::keep_fetching),
            ("tell", Self::keep_telling),
        ];
        for (name, work) in threads {
            let sync = Arc::clone(self);
            let thread = thread::Builder::new().name(name.into()).stack_size(STACK);
            thread.spawn(move || {
                let _end = EndsTheProcess(name);
                work(&sync);
            })?;
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        let contact = claviger_agent_core::port::Vault::contact(self.vault.as_ref());
        self.clock.clocks().best(contact.as_ref())
    }

    /// The server said what time it is.
    fn met(&self, server: i64) {
        let contact = Contact { server: Timestamp(server), at: self.clock.clocks().uptime };
        if let Err(error) = self.vault.put_contact(&contact) {
            logs::warn(&format!("the server's time can't be kept: {error}"));
        }
        self.put_link(Link::Up { since: server });
    }

    /// The server answered without saying what time it is: it is what we thought.
    fn met_again(&self) {
        let uptime = self.clock.clocks().uptime;
        let before = claviger_agent_core::port::Vault::contact(self.vault.as_ref());
        match before.filter(|before| before.at.boot == uptime.boot) {
            Some(_) => self.met(self.now().0),
            None => self.put_link(Link::Up { since: self.now().0 }),
        }
    }

    fn put_link(&self, link: Link) {
        {
            let mut known = lock(&self.shared.link);
            match (&*known, &link) {
                (Link::Up { .. }, Link::Up { .. }) => return,
                (Link::Up { .. } | Link::Unknown, Link::Down { why, .. }) => logs::warn(why),
                (Link::Down { .. } | Link::Unknown, Link::Up { .. }) => logs::note("connected to the server"),
                _ => {}
            }
            *known = link;
        }
        self.stand();
    }

    /// Writes down how things are, for `claviger-agent status`; on a device that was uninstalled nothing is left behind.
    fn stand(&self) {
        let Some(path) = self.standing.as_ref().filter(|_| self.enrollment.exists()) else { return };
        let covered = lock(&self.shared.covered).values().map(|covered| covered.end).min();
        let contact = claviger_agent_core::port::Vault::contact(self.vault.as_ref());
        let standing = Standing {
            clock_ahead: contact.map(|contact| self.clock.clocks().ahead(Some(&contact))),
            link: lock(&self.shared.link).clone(),
            // What commands printed is nobody's on this machine.
            outcome: lock(&self.shared.outcome)
                .clone()
                .map(|outcome| outcome.map(|outcome| Outcome { runs: Vec::new(), ..outcome })),
            covered_until: covered.map(|end| claviger_domain::totp::Step(end).starts().0),
            waiting: self.vault.events_after(0, usize::MAX).map_or(0, |events| events.len()),
        };
        if let Err(error) = standing.write(path) {
            logs::warn(&format!("{error:#}"));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct EndsTheProcess(&'static str);

impl Drop for EndsTheProcess {
    fn drop(&mut self) {
        logs::warn(&format!("the thread {} ended: the agent starts anew", self.0));
        std::process::exit(1);
    }
}
