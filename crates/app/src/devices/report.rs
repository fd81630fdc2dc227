//! What a device tells of itself and of the accounts on it (S8.3, S8.12).

use super::{Calling, enroll::of_machine};
use crate::{
    App, Problem,
    draft::{Draft, Target},
    until_decided,
};
use claviger_domain::{
    device::{AccountState, Applied, Device, SshServer, told},
    time::{Span, Timestamp},
};
use claviger_store::{
    Commit, Statement,
    table::{
        self,
        device_bound::Reported,
        device_contact::{Contact, Known, Told},
    },
};
use claviger_wire::server::{self as wire, Presence, Report, Taken};
use serde_json::json;
use std::collections::HashMap;

const DETAIL: usize = 500;
/// The end of an account's offline window is noted when it moved by so much; it moves with every contact.
const NOTED_EVERY: Span = Span::hours(1);

impl App {
    /// Takes a report: first the facts, then what happened, each event once. Nothing if the device was deleted.
    pub async fn device_report(&self, calling: &Calling, report: &Report) -> Result<Option<Taken>, Problem> {
        if self.take_facts(calling, report).await?.is_none() {
            return Ok(None);
        }
        let sequence = self.take_events(calling, &report.events).await?;
        Ok(sequence.map(|sequence| Taken { sequence, now: self.now().0 }))
    }

    async fn take_facts(&self, calling: &Calling, report: &Report) -> Result<Option<()>, Problem> {
        until_decided!({
            let mut draft = Draft::new(self, &calling.actor).await?;
            let id = draft.organization.id;
            let known = table::device_contact::known(&self.0.store, id, calling.device.id).await?;
            let Some(Known { device, contact }) = known else { return Ok(None) };
            let now = facts(report, &contact, draft.now);
            draft.write(table::device_contact::told(id, device.id, &contact.told, &now));
            draft.write(table::device_contact::touch(id, device.id, draft.now, &calling.actor.address));
            log_applied(&mut draft, &device, &contact.told, &now);
            // What was said of an older state says nothing of this one.
            let said = self.said(&mut draft, &device, report).await?;
            draft.write_all(said);
            if report.revision == contact.state_revision {
                let stored = table::device_bound::accounts(&self.0.store, id, device.id).await?;
                let changed = changed(&stored, &report.accounts);
                let statements: Vec<Statement> = changed
                    .map(|(account, state, until)| {
                        table::device_bound::reported(id, (device.id, account), state, until, draft.now)
                    })
                    .collect();
                draft.write_all(statements);
            }
            (draft.commit().await? == Commit::Committed).then_some(Some(()))
        })
    }
}

fn facts(report: &Report, contact: &Contact, now: Timestamp) -> Told {
    let before = Told {
        applied_revision: report.revision.clamp(0, contact.state_revision.max(0)),
        applied: report.applied,
        detail: told(&report.detail, DETAIL),
        ssh_server: match report.ssh_server {
            Presence::Present => SshServer::Present,
            Presence::Missing => SshServer::Missing,
        },
        clock_ahead: report.clock.saturating_sub(now.0),
        ..contact.told.clone()
    };
    of_machine(&report.machine, before)
}

/// S8.3: MFA came into force, can't, or is no longer, where it was otherwise before.
fn log_applied(draft: &mut Draft<'_>, device: &Device, before: &Told, now: &Told) {
    let (action, outcome, details) = match (before.applied, now.applied) {
        (before, now) if before == now => return,
        (_, Applied::InForce) => ("device.mfa.in_force", "success", json!({})),
        (_, Applied::Off) => ("device.mfa.not_in_force", "success", json!({})),
        (_, Applied::Blocked(why)) => {
            ("device.mfa.blocked", "refused", json!({ "why": why.key(), "detail": now.detail }))
        }
    };
    draft.log(action, &Target::from(device), outcome, details);
}

type News = (claviger_domain::id::AccountId, AccountState, Option<Timestamp>);

/// What the device says otherwise than before of accounts that it was told of.
fn changed<'a>(stored: &[Reported], accounts: &'a [wire::Account]) -> impl Iterator<Item = News> + use<'a> {
    let stored: HashMap<_, _> =
        stored.iter().map(|known| (known.account, (known.state, known.offline_until))).collect();
    accounts.iter().filter_map(move |account| {
        let (state, until) = stored.get(&account.user)?;
        let now = (state_of(account.state), account.offline_until.map(Timestamp));
        let is_new = now.0 != *state || has_moved(*until, now.1);
        is_new.then_some((account.user, now.0, now.1))
    })
}

fn has_moved(before: Option<Timestamp>, now: Option<Timestamp>) -> bool {
    match (before, now) {
        (None, None) => false,
        (Some(before), Some(now)) => now.since(before).max(before.since(now)) >= NOTED_EVERY,
        (None, Some(_)) | (Some(_), None) => true,
    }
}

const fn state_of(state: wire::AccountState) -> AccountState {
    match state {
        wire::AccountState::Ready => AccountState::Ready,
        wire::AccountState::Locked => AccountState::Locked,
        wire::AccountState::NeedsTakeOver => AccountState::NeedsTakeOver,
        wire::AccountState::NameRefused => AccountState::NameRefused,
        wire::AccountState::Failed => AccountState::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::id::AccountId;

    #[test]
    fn only_what_is_new_of_accounts_that_are_known_is_written() {
        let (hour, now) = (Span::hours(1), Timestamp::from_seconds(1_800_000_000));
        let id = |n: u8| AccountId::new(now, [n; 10]);
        let stored = |n, until| Reported { account: id(n), state: AccountState::Ready, offline_until: until };
        let said = |n, state, until: Option<Timestamp>| wire::Account {
            user: id(n),
            state,
            offline_until: until.map(|until| until.0),
        };
        let stored = [stored(1, Some(now)), stored(2, Some(now)), stored(3, Some(now)), stored(4, None)];
        let report = [
            said(1, wire::AccountState::Ready, Some(Timestamp(now.plus(hour).0 - 1))),
            said(2, wire::AccountState::Ready, Some(now.minus(hour))),
            said(3, wire::AccountState::Locked, Some(now)),
            said(4, wire::AccountState::Ready, None),
            said(5, wire::AccountState::Ready, None),
        ];
        let written: Vec<_> = changed(&stored, &report).map(|(account, state, _)| (account, state)).collect();
        assert_eq!(written, [(id(2), AccountState::Ready), (id(3), AccountState::Locked)]);
    }
}
