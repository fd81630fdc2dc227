//! The state handed to the root half, after each change and each poll: what appeared or was changed by hand meanwhile is
//! put right then.

use super::{Sync, lock};
use crate::{logs, tasks::Outcome};
use claviger_agent_core::port::Happened;
use claviger_domain::id::AccountId;
use claviger_wire::server::{Account, Place, SignedState, What};
use std::{sync::atomic::Ordering, time::Duration};

/// After the root half did not answer.
const AGAIN: Duration = Duration::from_secs(10);

/// What of an outcome is worth telling.
fn timeless(outcome: &Outcome) -> Outcome {
    Outcome { due: None, again: None, ..outcome.clone() }
}

impl Sync {
    pub(super) fn keep_applying(&self) {
        loop {
            let wait = self.apply();
            self.pick_up_let_in();
            self.shared.apply.wait(wait);
        }
    }

    /// How long to wait for the next time, if not until something happens.
    fn apply(&self) -> Option<Duration> {
        let signed = self.vault.signed_state()?;
        let proven = self.vault.attempts().map_or(0, |attempts| attempts.proven);
        match self.tasks.apply(&signed, proven) {
            Ok(outcome) => {
                let due = outcome.due.map(|seconds| seconds.saturating_add(1));
                let next = due.into_iter().chain(outcome.again).min();
                self.became(outcome);
                next.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
            }
            // The root half was just prepared for a newer one: that rings as soon as it is kept.
            Err(_) if self.is_newer_coming(&signed) => Some(AGAIN),
            Err(error) => {
                self.put_outcome(Err(error.to_string()));
                Some(AGAIN)
            }
        }
    }

    fn is_newer_coming(&self, signed: &SignedState) -> bool {
        let sent = self.server_key.open(signed, self.device).map_or(0, |state| state.revision);
        self.shared.coming.load(Ordering::Acquire) > sent
    }

    fn became(&self, outcome: Outcome) {
        let is_new = lock(&self.shared.outcome)
            .as_ref()
            .and_then(|known| known.as_ref().ok())
            .is_none_or(|known| known.accounts != outcome.accounts);
        if is_new {
            let accounts: Vec<Account> = outcome
                .accounts
                .iter()
                .map(|(user, state)| Account { user: *user, state: *state, offline_until: None })
                .collect();
            if let Err(error) = self.vault.put_accounts(&accounts) {
                logs::warn(&format!("what became of the accounts can't be kept: {error}"));
            }
        }
        self.taken_back(outcome.taken_back);
        self.put_outcome(Ok(outcome));
    }

    /// S8.7a: the server is told once; logins go by it as well.
    fn taken_back(&self, attempt: i64) {
        let known = self.vault.attempts().map_or(0, |attempts| attempts.taken_back);
        // It happened to nobody.
        let Ok(nobody) = "00000000-0000-0000-0000-000000000000".parse::<AccountId>() else { return };
        if attempt > known {
            let happened =
                Happened { at: self.now(), user: nobody, place: Place::default(), what: What::TakenBack };
            if let Err(error) = self.vault.take_back(attempt, happened) {
                logs::warn(&format!("that MFA was taken back can't be kept: {error}"));
            }
        }
    }

    fn put_outcome(&self, outcome: Result<Outcome, String>) {
        {
            let mut known = lock(&self.shared.outcome);
            let same = |known: &Result<Outcome, String>| match (known, &outcome) {
                (Ok(known), Ok(outcome)) => timeless(known) == timeless(outcome),
                (Err(known), Err(outcome)) => known == outcome,
                _ => false,
            };
            if known.as_ref().is_some_and(same) {
                return;
            }
            if let Err(why) = &outcome {
                logs::warn(&format!("the root half did not apply the state: {why}"));
            }
            *known = Some(outcome);
        }
        self.shared.tell.ring();
        self.stand();
    }
}
