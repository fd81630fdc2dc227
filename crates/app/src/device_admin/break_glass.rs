//! S8.8: a one-time code for a person who is stuck at one device.

use crate::{
    App, Refusal,
    draft::{Draft, Target},
    mail::Facts,
};
use claviger_domain::{
    account::{Realm, State},
    break_glass::{Terms, code},
    id::{AccountId, BreakGlassId, DeviceId},
    mail::Kind,
    permission::{AssistUsers, Granted},
    secret::Secret,
    time::Timestamp,
};
use claviger_store::{
    Commit,
    table::{
        self,
        break_glass::BreakGlass,
        device_bound::{Tie, tie},
    },
};
use claviger_wire::server::normalize_break_glass;
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// A code that was just made: the only time it is known.
#[derive(Clone, Debug)]
pub struct MadeCode {
    /// In groups of four, to be read out.
    pub code: Secret<String>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl App {
    /// S8.8: makes a code for a user on a device; an earlier one that was not used is dead. The user is told by e-mail.
    pub async fn make_break_glass(
        &self,
        granted: &Granted<AssistUsers>,
        (device, user): (DeviceId, AccountId),
        (hours, reason): (&str, &str),
    ) -> Result<MadeCode, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let terms = Terms::parse(hours, reason)?;
        let device = self.load_device(device).await?.device;
        let account = self.load_account(Realm::User, user).await?;
        let organization = self.organization().await?.id;
        if account.state != State::Activated {
            let message = "Only an activated user can sign in to a device.";
            return Err(Refusal::state("not_activated", message));
        }
        if tie(&self.0.store, organization, device.id, account.id).await? != Tie::Bound {
            return Err(Refusal::state("not_bound", "The user is not bound to the device."));
        }
        let shown = code(&Secret::new(self.random()));
        let code_hash = Sha256::digest(normalize_break_glass(shown.expose()).as_bytes()).into();
        let mut draft = Draft::new(self, granted.actor()).await?;
        let made = BreakGlass {
            id: BreakGlassId::new(draft.now, self.random()),
            device: device.id,
            account: account.id,
            code_hash,
            reason: terms.reason,
            created_at: draft.now,
            expires_at: draft.now.plus(terms.valid),
            used_at: None,
        };
        draft.write(table::account::unchanged(organization, &account));
        draft.write(table::device::unchanged(organization, &device));
        draft.write(table::break_glass::forget_earlier(organization, device.id, account.id));
        draft.write(table::break_glass::insert(organization, &made));
        let details = json!({
            "account": account.id,
            "user": account.email,
            "reason": made.reason,
            "until": made.expires_at,
        });
        draft.log("device.break_glass", &Target::from(&device), "success", details);
        let facts = Facts {
            until: Some(made.expires_at),
            actor: Some(draft.actor_name()),
            device: Some(device.name.clone()),
            ..Facts::default()
        };
        draft.mail(Kind::BreakGlass, &account, &format!("break_glass:{}", made.id), &facts)?;
        match draft.commit().await? {
            Commit::Committed => Ok(MadeCode { code: shown, expires_at: made.expires_at }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
