//! The report: how things are, and what happened since the server heard of it last.

use super::{Sync, lock, pause::Pause};
use crate::{logs, platform::system::machine, server::Failure, tasks::Outcome};
use claviger_agent_core::{clock::Contact, port::Clock};
use claviger_domain::{
    device::{Applied, Blocked},
    time::Timestamp,
};
use claviger_wire::{
    orders::{PolicySaid, RunSaid},
    server::{Account, Codes, Presence, Report},
};

/// Events of one report.
const EVENTS: usize = 100;
/// Accounts of one report: a few hundred kilobytes.
const ACCOUNTS: usize = 3_000;
/// Policies of one report.
const POLICIES: usize = 200;
/// Ended runs of one report: what they printed is up to 200 kilobytes each.
const RUNS: usize = 2;

impl Sync {
    pub(super) fn keep_telling(&self) {
        // The first report waits for what became of the state.
        self.shared.tell.wait(None);
        let mut pause = Pause::none();
        loop {
            let wait = match self.tell_all() {
                Ok(()) => {
                    pause = Pause::none();
                    None
                }
                // Whoever polls says so in the journal.
                Err(Failure::Silent(_)) => Some(pause.next()),
                Err(error) => {
                    logs::warn(&format!("the report was not taken: {error}"));
                    Some(pause.next())
                }
            };
            self.shared.tell.wait(wait);
        }
    }

    fn tell_all(&self) -> Result<(), Failure> {
        loop {
            let Some(report) = self.report() else { return Ok(()) };
            let taken = self.server.report(&report)?;
            self.met(taken.now);
            self.noted(&report, taken.now);
            let sent = report.events.last().map(|event| event.sequence);
            if let Err(error) = self.vault.acknowledge(taken.sequence) {
                logs::warn(&format!("what the server knows can't be kept: {error}"));
                return Ok(());
            }
            let is_all_taken = sent.is_none_or(|sent| taken.sequence >= sent);
            let is_all_told = report.policies.len() < POLICIES && report.runs.len() < RUNS;
            if report.events.len() < EVENTS && report.accounts.len() < ACCOUNTS && is_all_taken && is_all_told
            {
                return Ok(());
            }
            let first = report.events.first().map(|event| event.sequence);
            if first.is_some_and(|first| taken.sequence < first) {
                logs::warn("the server takes no more events at the moment");
                return Ok(());
            }
        }
    }

    /// Nothing before anybody knows what became of the state.
    fn report(&self) -> Option<Report> {
        let outcome = lock(&self.shared.outcome).clone()?;
        let outcome = outcome.unwrap_or_else(|why| self.without_root(&why));
        let accounts = self.changed(&outcome);
        let (policies, runs) = self.new_of(&outcome);
        Some(Report {
            machine: machine::describe(),
            revision: outcome.revision,
            applied: outcome.applied,
            detail: outcome.detail,
            ssh_server: outcome.ssh_server,
            clock: self.clock.clocks().wall.0,
            accounts,
            events: self.vault.events_after(0, EVENTS).unwrap_or_default(),
            policies,
            runs,
        })
    }

    fn without_root(&self, why: &str) -> Outcome {
        let state = self.vault.current();
        let asked = state.as_ref().is_some_and(|state| state.codes == Codes::Asked);
        Outcome {
            revision: state.map_or(0, |state| state.revision),
            applied: if asked { Applied::Blocked(Blocked::Other) } else { Applied::Off },
            detail: format!("The root half of the agent did not apply the state: {why}"),
            ssh_server: Presence::Missing,
            accounts: Vec::new(),
            taken_back: 0,
            due: None,
            policies: Vec::new(),
            runs: Vec::new(),
            again: None,
        }
    }

    /// S9: what the server wasn't told yet of policies and runs.
    fn new_of(&self, outcome: &Outcome) -> (Vec<PolicySaid>, Vec<RunSaid>) {
        let told = lock(&self.shared.told);
        let policies = outcome.policies.iter().filter(|said| told.policies.get(&said.policy) != Some(*said));
        let runs = outcome.runs.iter().filter(|said| told.runs.get(&said.run) != Some(*said));
        (policies.take(POLICIES).cloned().collect(), runs.take(RUNS).cloned().collect())
    }

    /// The accounts that the server doesn't know to be as they are; all of them after a change of the state.
    fn changed(&self, outcome: &Outcome) -> Vec<Account> {
        let told = lock(&self.shared.told);
        let is_known = |account: &Account| {
            told.revision == outcome.revision && told.accounts.get(&account.user) == Some(account)
        };
        let accounts = outcome.accounts.iter().map(|(user, state)| Account {
            user: *user,
            state: *state,
            offline_until: self.offline_until(*user).map(|until| until.0),
        });
        accounts.filter(|account| !is_known(account)).take(ACCOUNTS).collect()
    }

    fn noted(&self, report: &Report, now: i64) {
        let mut told = lock(&self.shared.told);
        if told.revision != report.revision {
            told.accounts.clear();
            told.policies.clear();
            told.runs.clear();
            told.revision = report.revision;
        }
        told.accounts.extend(report.accounts.iter().map(|account| (account.user, account.clone())));
        told.policies.extend(report.policies.iter().map(|said| (said.policy, said.clone())));
        told.runs.extend(report.runs.iter().map(|said| (said.run, said.clone())));
        told.at = Some(Contact { server: Timestamp(now), at: self.clock.clocks().uptime });
    }
}
