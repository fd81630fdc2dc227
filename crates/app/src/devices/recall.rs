//! S8.13b: a code that was given at SSH is remembered, and the next login like it is spared one.

use super::{Calling, circumstances};
use crate::{
    App, Problem,
    draft::{Draft, Target},
    until_decided, words,
};
use claviger_domain::{
    account::Account,
    device::ask_once::{Remembered, Shown, recall},
    factor::Factor,
};
use claviger_store::{
    Commit,
    table::{
        self,
        factor::{Holder, Sealed},
        remembered_login,
    },
};
use claviger_wire::server::{CodeAttempt, RecallAttempt, Recalled};
use serde_json::json;

impl App {
    /// Remembers a code that is being accepted, for each group of the device that asks for one once in a while.
    pub(super) async fn remember_code(
        &self,
        draft: &mut Draft<'_>,
        calling: &Calling,
        attempt: &CodeAttempt,
        (account, factor): (&Account, &Factor),
    ) -> Result<(), Problem> {
        let place = &attempt.place;
        let Some(shown) = Shown::at(&place.service, attempt.key, &place.from) else { return Ok(()) };
        let (organization, device) = (draft.organization.id, calling.device.id);
        let groups = remembered_login::groups_of(&self.0.store, organization, device).await?;
        if !groups.is_empty() {
            // Somebody may be suspended at this moment, and what is remembered of them is forgotten once.
            draft.write(table::account::unchanged(organization, account));
        }
        for group in groups {
            let until = draft.now.plus(group.hours.span());
            let remembered =
                Remembered { group: group.group, factor: factor.id, shown, since: draft.now, until };
            draft.write(remembered_login::still(organization, device, group.group, group.hours));
            draft.write(remembered_login::remember(organization, (account.id, device), &remembered));
            let details = json!({
                "device_group": group.group,
                "name": group.name,
                "key": shown.key.fingerprint(),
                "until": words::iso(until),
            });
            draft.log("device.code.remembered", &Target::from(account), "success", details);
        }
        Ok(())
    }

    /// Whether a code is asked for of somebody who has shown a key. A yes is in the log before it is told.
    pub async fn device_recall(
        &self,
        calling: &Calling,
        attempt: &RecallAttempt,
    ) -> Result<Recalled, Problem> {
        let place = &attempt.place;
        let Some(shown) = Shown::at(&place.service, Some(attempt.key), &place.from) else {
            return Ok(Recalled::Ask);
        };
        until_decided!({
            let organization = self.organization().await?;
            let holder = self.bound_holder(calling.device.id, attempt.user).await?;
            match (holder, calling.asks(organization.totp)) {
                (Some(Holder { account, factor: Some(sealed) }), true) => {
                    self.recalled(calling, attempt, &shown, (&account, &sealed)).await?
                }
                (Some(_) | None, _) => Some(Recalled::Ask),
            }
        })
    }

    async fn recalled(
        &self,
        calling: &Calling,
        attempt: &RecallAttempt,
        shown: &Shown,
        (account, sealed): (&Account, &Sealed),
    ) -> Result<Option<Recalled>, Problem> {
        let mut draft = Draft::new(self, &calling.actor).await?.under(circumstances(&attempt.place));
        let organization = draft.organization.id;
        let known =
            remembered_login::at_device(&self.0.store, organization, calling.device.id, account.id).await?;
        let Some(good) = recall(account.state, &sealed.factor, shown, &known, draft.now) else {
            return Ok(Some(Recalled::Ask));
        };
        draft.write(table::account::unchanged(organization, account));
        draft.write(table::factor::unchanged(organization, &sealed.factor));
        draft.write(remembered_login::unchanged(organization, (account.id, calling.device.id), &good));
        let details = json!({ "device_group": good.0.group, "key": shown.key.fingerprint() });
        draft.log("device.login.remembered", &Target::from(account), "success", details);
        Ok((draft.commit().await? == Commit::Committed).then_some(Recalled::Remembered))
    }
}
