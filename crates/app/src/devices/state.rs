//! What a device must do: put together, compared with what it was told last, signed, and held until it changes.

use super::{
    Calling,
    compose::{Composed, Parts, compose},
    invite::invite,
};
use crate::{App, Problem, until_decided};
use claviger_domain::{
    device::{Device, Switch},
    id::DeviceId,
    organization::Organization,
    time::Timestamp,
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        device_contact::{Contact, Known},
    },
};
use claviger_wire::{
    server::{HOLD_SECONDS, Remembers, SignedState, State},
    signed,
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// What a device that asks is answered.
#[derive(Clone, Debug)]
pub enum News {
    /// It is to do this from now on.
    State(Box<SignedState>),
    /// Nothing else than what it knows.
    Same,
    /// It was deleted.
    Gone,
}

/// Whether a look at a device's state is also its call.
#[derive(Clone, Copy)]
enum Look<'a> {
    /// It just called, from this address.
    Call(&'a str),
    /// It waits.
    Wait,
}

impl App {
    /// What the device must do, if that is not what it has at revision `since`: at once, or as soon as it changes
    /// within the time that a call is held (S8.5).
    pub async fn await_state(&self, calling: &Calling, since: i64) -> Result<News, Problem> {
        let waiting = self.0.watch.enter(calling.device.id);
        let held = tokio::time::sleep(Duration::from_secs(HOLD_SECONDS));
        tokio::pin!(held);
        let mut look = Look::Call(&calling.actor.address);
        loop {
            let woken = waiting.woken();
            tokio::pin!(woken);
            // From here on nothing that changes is missed.
            woken.as_mut().enable();
            match self.state_since(calling.device.id, since, look).await? {
                News::Same if self.0.watch.is_closed() => return Ok(News::Same),
                News::Same => look = Look::Wait,
                news @ (News::State(_) | News::Gone) => return Ok(news),
            }
            tokio::select! {
                () = &mut woken => {}
                () = &mut held => return Ok(News::Same),
            }
        }
    }

    async fn state_since(&self, id: DeviceId, since: i64, look: Look<'_>) -> Result<News, Problem> {
        let _turn = self.0.watch.turn().await;
        until_decided!({
            let organization = self.load_organization().await?;
            // The contact first: what is put together after it is at least as new as what it tells of.
            let known = table::device_contact::known(&self.0.store, organization.id, id).await?;
            match known {
                None => Some(News::Gone),
                Some(Known { device, contact }) => {
                    let composed = self.composed(&organization, &device).await?;
                    self.handed_over(&organization, (&device, &contact), composed, (since, look)).await?
                }
            }
        })
    }

    async fn composed(&self, organization: &Organization, device: &Device) -> Result<Composed, Problem> {
        let (store, id, now) = (&self.0.store, organization.id, self.now());
        let remembering = table::remembered_login::groups_of(store, id, device.id).await?;
        let parts = Parts {
            invite: (device.rules.invites == Switch::On).then(|| invite(&self.0.public_url)),
            remembers: if remembering.is_empty() { Remembers::Never } else { Remembers::Maybe },
            bound: table::device_bound::everybody(store, id, device.id).await?,
            keys: table::device_bound::ssh_keys(store, id, device.id).await?,
            codes: table::break_glass::good(store, id, device.id, now).await?,
            policies: table::policy_bound::of_device(store, id, device.id).await?,
            runs: table::command_run::open_on(store, id, device.id, now).await?,
        };
        Ok(compose(organization, device, parts, now))
    }

    /// Notes what the device is to do, if that is new, and that it called. Nothing if another look came first.
    async fn handed_over(
        &self,
        organization: &Organization,
        (device, contact): (&Device, &Contact),
        composed: Composed,
        (since, look): (i64, Look<'_>),
    ) -> Result<Option<News>, Problem> {
        let Composed { mut state, news } = composed;
        let hash: [u8; 32] = Sha256::digest(text_of(&state)?).into();
        let is_new = contact.state_hash != hash;
        // A database that was restored knows of less than the device does, which refuses what is older.
        let is_behind = contact.state_revision < since;
        let mut batch = Batch::new();
        state.revision = contact.state_revision;
        if is_new || is_behind {
            state.revision = contact.state_revision.max(since).saturating_add(1);
            batch.push(table::device_contact::new_state(
                organization.id,
                device.id,
                contact.state_revision,
                (state.revision, hash),
            ));
            for (account, name) in &news {
                batch.push(table::device_bound::telling(organization.id, device.id, *account, name));
            }
        }
        if let Look::Call(address) = look {
            batch.push(table::device_contact::touch(organization.id, device.id, self.now(), address));
        }
        if self.0.store.commit(batch).await? == Commit::Conflict {
            return Ok(None);
        }
        if state.revision == since {
            return Ok(Some(News::Same));
        }
        Ok(Some(News::State(Box::new(self.signed_state(&state, self.now()).await?))))
    }

    async fn signed_state(&self, state: &State, now: Timestamp) -> Result<SignedState, Problem> {
        let text = text_of(state)?;
        let message = signed::state(state.device, state.revision, &Sha256::digest(&text).into());
        let signature = BASE64URL_NOPAD.encode(&self.device_signer().await?.sign(&message)?);
        Ok(SignedState { state: text, signature, now: now.0 })
    }
}

fn text_of(state: &State) -> Result<String, Problem> {
    serde_json::to_string(state).map_err(|error| Problem::Internal(error.to_string()))
}
