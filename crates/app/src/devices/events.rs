//! What happened at a device while it could not ask, or what nobody asks about: taken once each, in order (S8.5).

use super::{Calling, circumstances};
use crate::{
    App, Problem,
    draft::{Draft, Target},
    until_decided, words,
};
use claviger_domain::{
    account::Realm,
    attempt::offline::Late,
    device::{Device, Proof},
    id::{AccountId, FactorId},
    time::Timestamp,
    totp::Step,
};
use claviger_store::{
    Commit,
    table::{
        self,
        device_bound::Tie,
        device_contact::Known,
        factor::{Holder, Sealed},
    },
};
use claviger_wire::server::{Event, What};
use serde_json::json;

/// Events that are taken of one report; a device sends the others again.
const AT_ONCE: usize = 200;
/// Entries among which the one of a code is looked for that was used a moment ago.
const LATELY: i64 = 50;

impl App {
    /// Takes the events that are not known yet, each with what follows from it in one batch. Returns up to which number
    /// they are known; nothing if the device was deleted.
    pub(super) async fn take_events(
        &self,
        calling: &Calling,
        events: &[Event],
    ) -> Result<Option<i64>, Problem> {
        let mut taken = match self.known_again(calling).await? {
            Some(known) => known.contact.event_sequence,
            None => return Ok(None),
        };
        let fresh: Vec<_> = events.iter().filter(|event| event.sequence > taken).take(AT_ONCE).collect();
        for event in fresh {
            if event.sequence > taken {
                match self.take_event(calling, event).await? {
                    Some(sequence) => taken = sequence,
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(taken))
    }

    async fn known_again(&self, calling: &Calling) -> Result<Option<Known>, Problem> {
        let organization = self.organization().await?;
        Ok(table::device_contact::known(&self.0.store, organization.id, calling.device.id).await?)
    }

    async fn take_event(&self, calling: &Calling, event: &Event) -> Result<Option<i64>, Problem> {
        until_decided!({
            let Some(Known { device, contact }) = self.known_again(calling).await? else { return Ok(None) };
            if contact.event_sequence >= event.sequence {
                return Ok(Some(contact.event_sequence));
            }
            let mut facts = circumstances(&event.place);
            facts.insert("at".into(), json!(words::iso(Timestamp(event.at))));
            let mut draft = Draft::new(self, &calling.actor).await?.under(facts);
            draft.write(table::device_contact::event_taken(
                draft.organization.id,
                device.id,
                contact.event_sequence,
                event.sequence,
            ));
            match event.what {
                What::TakenBack => {
                    let after = device.proof.taken_back();
                    proof_changed(&mut draft, &device, after, "device.mfa.taken_back")?;
                }
                What::Proven => {
                    let after = device.proof.confirmed();
                    proof_changed(&mut draft, &device, after, "device.mfa.proven")?;
                }
                what => self.of_somebody(&mut draft, calling, event, what).await?,
            }
            (draft.commit().await? == Commit::Committed).then_some(Some(event.sequence))
        })
    }

    /// What happened to somebody; a device is believed about those alone that it was told of.
    async fn of_somebody(
        &self,
        draft: &mut Draft<'_>,
        calling: &Calling,
        event: &Event,
        what: What,
    ) -> Result<(), Problem> {
        let id = draft.organization.id;
        if self.tie(calling, event.user).await? == Tie::None {
            let target = Target { id: event.user.to_string(), name: String::new() };
            draft.log("device.report", &target, "refused", json!({}));
            return Ok(());
        }
        let holder = table::factor::holder(&self.0.store, id, Realm::User, event.user).await?;
        let target = target_of(holder.as_ref(), event.user);
        match what {
            What::OfflineCode { factor, step } => {
                let code =
                    OfflineCode { user: event.user, factor, step: Step(step), at: Timestamp(event.at) };
                self.offline_code(draft, calling, holder, &code).await?;
            }
            What::OfflineWrongCode { factor } => match of_factor(holder, factor) {
                Some((holder, sealed)) => {
                    let at = Timestamp(event.at);
                    self.count_offline(draft, &holder.account, &sealed.factor, at).await?;
                }
                None => draft.log("device.code.offline", &target, "wrong_code", json!({})),
            },
            What::BreakGlass { id: code } => {
                let at = Timestamp(event.at);
                draft.write(table::break_glass::used(id, calling.device.id, code, at));
                draft.log("device.break_glass.use", &target, "success", json!({ "code": code }));
            }
            What::FirstFactorAlone => draft.log("device.login.first_factor", &target, "success", json!({})),
            What::LetIn => draft.log("device.login.let_in", &target, "success", json!({})),
            What::Refused { why } => {
                draft.log("device.login.refused", &target, "refused", json!({ "why": why }));
            }
            What::TakenBack | What::Proven => {}
        }
        Ok(())
    }

    /// A code that was accepted there is used up here, too, if it wasn't before.
    async fn offline_code(
        &self,
        draft: &mut Draft<'_>,
        calling: &Calling,
        holder: Option<Holder>,
        code: &OfflineCode,
    ) -> Result<(), Problem> {
        let target = &target_of(holder.as_ref(), code.user);
        let Some((holder, sealed)) = of_factor(holder, code.factor) else {
            draft.log("device.code.offline", target, "success", json!({ "here": "replaced" }));
            return Ok(());
        };
        let late = self.take_offline(draft, &sealed.factor, code.step, code.at);
        let (action, outcome, here) = match late {
            Late::UsedUp => ("device.code.offline", "success", "used_up"),
            Late::Dead => ("device.code.offline", "success", "dead"),
            Late::Implausible => ("device.code.offline", "refused", "implausible"),
            // The answer of this server came too late for the device: it was one login.
            Late::Twice if self.was_asked(calling, &holder, &sealed).await? => {
                ("device.code.offline", "success", "known")
            }
            Late::Twice => ("device.code.replayed_offline", "already_used", "used"),
        };
        draft.log(action, target, outcome, json!({ "here": here }));
        Ok(())
    }

    /// Whether the latest code of the factor was accepted here for this very device.
    async fn was_asked(&self, calling: &Calling, holder: &Holder, sealed: &Sealed) -> Result<bool, Problem> {
        let organization = self.organization().await?;
        let (person, device) = (holder.account.id.to_string(), calling.device.id.to_string());
        let entries = table::audit::about(&self.0.store, organization.id, &person, LATELY).await?;
        Ok(entries.iter().any(|entry| {
            let is_accepted = entry.action == "device.code" && entry.outcome == "success";
            is_accepted && entry.actor_id == device && entry.at == sealed.factor.last_used_at
        }))
    }
}

/// A code that a device accepted by itself.
struct OfflineCode {
    user: AccountId,
    factor: FactorId,
    step: Step,
    at: Timestamp,
}

/// S8.7a: somebody signed in with a code, or nobody did in time.
fn proof_changed(
    draft: &mut Draft<'_>,
    device: &Device,
    after: Option<Proof>,
    action: &str,
) -> Result<(), Problem> {
    if let Some(proof) = after {
        let changed = Device { proof, ..device.clone() };
        draft.write(table::device::save(draft.organization.id, &changed)?);
    }
    draft.log(action, &Target::from(device), "success", json!({ "attempt": device.proof.attempt }));
    Ok(())
}

fn target_of(holder: Option<&Holder>, user: AccountId) -> Target {
    holder.map_or_else(
        || Target { id: user.to_string(), name: String::new() },
        |holder| Target::from(&holder.account),
    )
}

/// Somebody who still has that factor.
fn of_factor(holder: Option<Holder>, factor: FactorId) -> Option<(Holder, Sealed)> {
    let mut holder = holder?;
    let sealed = holder.factor.take().filter(|sealed| sealed.factor.id == factor)?;
    Some((holder, sealed))
}
