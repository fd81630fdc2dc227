//! What codes are checked with while the server is away: fetched day by day, forgotten with the user.

use super::{Covered, Sync, lock};
use crate::{logs, server::Failure, vault};
use claviger_domain::{
    id::{AccountId, FactorId},
    time::{Span, Timestamp},
    totp::Step,
    verifier::{STEPS_A_DAY, VERIFIER_BYTES},
};
use claviger_wire::server::{Access, Codes, Factor, State};
use std::{collections::BTreeMap, ops::Range};

/// Steps before and after that a code may be of.
const AROUND: i64 = 3;
/// A window of a year comes in twelve parts; more than this is somebody's mistake.
const PARTS: usize = 40;

/// Why verifiers were not fetched.
#[derive(Debug, thiserror::Error)]
enum NotFetched {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error(transparent)]
    Vault(#[from] vault::Error),
}

impl Sync {
    pub(super) fn keep_fetching(&self) {
        loop {
            self.fetch_all();
            self.shared.fetch.wait(None);
        }
    }

    fn fetch_all(&self) {
        let Some(state) = self.vault.current() else { return };
        let wanted = wanted(&state);
        self.forget_others(&wanted);
        let before = lock(&self.shared.covered).clone();
        for (user, factor) in &wanted {
            match self.fetch(*user, factor, state.offline_days) {
                Ok(()) => {}
                // The next poll that comes through tries again.
                Err(NotFetched::Failure(Failure::Silent(_))) => break,
                Err(error) => logs::warn(&format!("what codes of {user} are checked with: {error}")),
            }
        }
        if *lock(&self.shared.covered) != before {
            self.shared.tell.ring();
            self.stand();
        }
    }

    /// Unbound, locked, reset, or codes aren't asked for: nothing of theirs stays.
    fn forget_others(&self, wanted: &BTreeMap<AccountId, Factor>) {
        for user in self.vault.users().unwrap_or_default() {
            if !wanted.contains_key(&user)
                && let Err(error) = self.vault.forget(user)
            {
                logs::warn(&format!("what codes of {user} are checked with can't be removed: {error}"));
            }
        }
        lock(&self.shared.covered)
            .retain(|user, covered| wanted.get(user).is_some_and(|factor| factor.id == covered.factor));
    }

    fn fetch(&self, user: AccountId, factor: &Factor, days: u16) -> Result<(), NotFetched> {
        let now = self.now();
        let window = window(factor, days, now);
        let today = now.seconds().div_euclid(86_400);
        let known = lock(&self.shared.covered).get(&user).copied();
        let is_enough = |end: i64| window.end - end < STEPS_A_DAY;
        if known.is_some_and(|known| known.looked == today && is_enough(known.end) && known.end <= window.end)
        {
            return Ok(());
        }
        for missing in self.vault.missing(user, factor.id, window.clone()) {
            // The days behind what is there are fetched one at a time.
            if missing.end == window.end && missing.start > window.start && is_enough(missing.start) {
                continue;
            }
            self.fetch_range(user, factor.id, missing, window.start)?;
        }
        let covered =
            self.vault.covered_until(user, factor.id, window.start + AROUND).unwrap_or(window.start);
        let end = covered.min(self.window_end(factor, days, now));
        lock(&self.shared.covered).insert(user, Covered { factor: factor.id, end, looked: today });
        Ok(())
    }

    /// S8.5: what reaches beyond the window counts for nothing, should the window have become shorter.
    fn window_end(&self, factor: &Factor, days: u16, now: Timestamp) -> i64 {
        let contact = claviger_agent_core::port::Vault::contact(self.vault.as_ref());
        window(factor, days, contact.map_or(now, |contact| contact.server)).end
    }

    fn fetch_range(
        &self,
        user: AccountId,
        factor: FactorId,
        missing: Range<i64>,
        keep_from: i64,
    ) -> Result<(), NotFetched> {
        let mut from = missing.start;
        for _ in 0..PARTS {
            let sent = self.server.verifiers(user, factor, from)?;
            let bytes = sent.verifiers.len() / 4 * 3 + sent.verifiers.len() % 4;
            let steps = i64::try_from(bytes / VERIFIER_BYTES).unwrap_or_default();
            let end = sent.first.saturating_add(steps);
            if sent.factor != factor || steps == 0 {
                return Ok(());
            }
            self.vault.put_verifiers(user, &sent, keep_from)?;
            if end >= missing.end || end <= from {
                return Ok(());
            }
            from = end;
        }
        Ok(())
    }

    /// When a user's codes end here, for the report.
    pub(super) fn offline_until(&self, user: AccountId) -> Option<Timestamp> {
        let covered = lock(&self.shared.covered).get(&user).copied()?;
        Some(Step(covered.end).starts()).filter(|until| until.since(self.now()) > Span::ZERO)
    }
}

fn wanted(state: &State) -> BTreeMap<AccountId, Factor> {
    if state.codes == Codes::NotAsked {
        return BTreeMap::new();
    }
    let open = state.users.iter().filter(|user| user.access == Access::Open);
    open.filter_map(|user| Some((user.id, user.factor.clone()?))).collect()
}

/// S8.5: the steps of which codes are to be checked here, as the server sees them.
fn window(factor: &Factor, days: u16, now: Timestamp) -> Range<i64> {
    let center = Step::at(now).0.saturating_add(factor.resynced);
    let end = center.saturating_add(i64::from(days).saturating_mul(STEPS_A_DAY)).saturating_add(AROUND);
    center.saturating_sub(AROUND)..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::verifier::offline_window;

    /// What the device asks for is what the server answers with.
    #[test]
    fn the_window_is_the_servers() {
        let now = Timestamp::from_seconds(1_800_000_000);
        for resynced in [-20, 0, 3] {
            let factor = Factor { id: FactorId::new(now, [1; 10]), resynced, learned: 0 };
            assert_eq!(window(&factor, 30, now), offline_window(resynced, 30, Step::NONE, now));
        }
    }
}
