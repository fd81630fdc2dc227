//! S8.13b: how often a group of devices asks for the code, and the end of what is remembered.

use crate::{
    App, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    account::Realm,
    device::ask_once::AskOnce,
    id::{AccountId, DeviceGroupId},
    permission::{AssistUsers, Granted, ManageUsers, ViewUsers},
    time::Timestamp,
};
use claviger_store::{
    Commit,
    table::{
        device_group::{self, DeviceGroup},
        remembered_login::{self, Listed},
    },
};
use serde_json::json;

/// So many are listed.
const SHOWN: i64 = 100;

/// The newest of the logins that are remembered.
#[derive(Clone, Debug)]
pub struct RememberedLogins {
    /// The newest first.
    pub logins: Vec<Listed>,
    /// Whether there are more.
    pub has_more: bool,
}

impl RememberedLogins {
    /// Those that are good still: the hours of a group may have become fewer.
    fn of(mut found: Vec<Listed>, now: Timestamp) -> Self {
        let shown = usize::try_from(SHOWN).unwrap_or_default();
        let has_more = found.len() > shown;
        found.truncate(shown);
        found.retain(|listed| now < listed.remembered.ends(listed.asks));
        Self { logins: found, has_more }
    }
}

impl App {
    /// Says how often a group of devices asks for the code. Asking less often is for somebody who just showed a code
    /// themselves; asking at every login forgets what is remembered.
    pub async fn set_ask_once(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
        ask_once: AskOnce,
    ) -> Result<DeviceGroup, Refusal> {
        let before = self.load_device_group(id).await?;
        if ask_once == before.ask_once {
            return Ok(before);
        }
        if ask_once.is_looser_than(before.ask_once) {
            self.require_fresh_code(granted.actor())?;
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        let details = json!({ "before_hours": before.ask_once.hours(), "hours": ask_once.hours() });
        let group = DeviceGroup { ask_once, ..before };
        draft.write(device_group::save(draft.organization.id, &group));
        if ask_once == AskOnce::EachTime {
            draft.write(remembered_login::forget_group(draft.organization.id, id));
        }
        draft.log("device_group.ask_once", &Target::from(&group), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(DeviceGroup { revision: group.revision + 1, ..group }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// The logins that are remembered on a group's devices.
    pub async fn remembered_in_group(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceGroupId,
    ) -> Result<RememberedLogins, Refusal> {
        let group = self.load_device_group(id).await?;
        let (organization, now) = (self.organization().await?.id, self.now());
        let found = remembered_login::of_group(&self.0.store, organization, group.id, now, SHOWN + 1).await?;
        Ok(RememberedLogins::of(found, now))
    }

    /// The logins of a user that are remembered.
    pub async fn remembered_of_user(
        &self,
        _: &Granted<ViewUsers>,
        id: AccountId,
    ) -> Result<RememberedLogins, Refusal> {
        let account = self.load_account(Realm::User, id).await?;
        let (organization, now) = (self.organization().await?.id, self.now());
        let found =
            remembered_login::of_account(&self.0.store, organization, account.id, now, SHOWN + 1).await?;
        Ok(RememberedLogins::of(found, now))
    }

    /// Forgets every login on a group's devices: everybody is asked for the code at their next one.
    pub async fn revoke_remembered_in_group(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
    ) -> Result<(), Refusal> {
        let group = self.load_device_group(id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(remembered_login::forget_group(draft.organization.id, id));
        draft.log("device_group.revoke_remembered", &Target::from(&group), "success", json!({}));
        Ok(draft.settle().await?)
    }

    /// Forgets every login of a user, such as when their computer is lost.
    pub async fn revoke_remembered_of_user(
        &self,
        granted: &Granted<AssistUsers>,
        id: AccountId,
    ) -> Result<(), Refusal> {
        let account = self.load_account(Realm::User, id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(remembered_login::forget_account(draft.organization.id, id));
        draft.log("user.revoke_remembered", &Target::from(&account), "success", json!({}));
        Ok(draft.settle().await?)
    }
}
