//! Users bound to devices, and accounts that are taken over (S8.12).

use crate::{
    App, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    account::{Account, Realm},
    device::{AccountName, Device, Sudo},
    field::FieldError,
    id::{AccountId, DeviceId},
    permission::{Granted, ManageUsers},
};
use claviger_store::{
    Commit, Statement,
    table::{self, device_binding},
};
use serde_json::json;

impl App {
    /// Binds a user to a device, or changes what they may do as root.
    pub async fn bind_user(
        &self,
        granted: &Granted<ManageUsers>,
        (device, user): (DeviceId, AccountId),
        sudo: Sudo,
    ) -> Result<(), Refusal> {
        let device = self.load_device(device).await?.device;
        let account = self.load_account(Realm::User, user).await?;
        self.bind(granted, (&device, &account), sudo).await
    }

    /// The same for a user by e-mail or username.
    pub async fn bind_named_user(
        &self,
        granted: &Granted<ManageUsers>,
        (device, identifier): (DeviceId, &str),
        sudo: Sudo,
    ) -> Result<(), Refusal> {
        let device = self.load_device(device).await?.device;
        let found = self.find_account(Realm::User, identifier.trim()).await?;
        let account = found.ok_or_else(|| FieldError::new("user", "No user has that e-mail or username."))?;
        self.bind(granted, (&device, &account), sudo).await
    }

    /// The same for a device by its name, from the user's side.
    pub async fn bind_to_named_device(
        &self,
        granted: &Granted<ManageUsers>,
        (name, user): (&str, AccountId),
        sudo: Sudo,
    ) -> Result<(), Refusal> {
        let organization = self.organization().await?.id;
        let account = self.load_account(Realm::User, user).await?;
        let refused = |message: &str| Refusal::from(FieldError::new("device", message));
        let found = table::device_list::named(&self.0.store, organization, name.trim()).await?;
        match found.as_slice() {
            [] => Err(refused("No device has that name.")),
            [device] => self.bind(granted, (device, &account), sudo).await,
            [_, _, ..] => Err(refused("Several devices have that name. Add the user on the device's page.")),
        }
    }

    async fn bind(
        &self,
        granted: &Granted<ManageUsers>,
        (device, account): (&Device, &Account),
        sudo: Sudo,
    ) -> Result<(), Refusal> {
        let name = account.username().map(ToString::to_string).unwrap_or_default();
        if AccountName::parse(&name).is_none() {
            let message = format!("“{name}” belongs to the system on a device. Change the username first.");
            return Err(FieldError::new("user", message).into());
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        draft.write(table::device::unchanged(organization, device));
        draft.write(table::account::unchanged(organization, account));
        draft.write(device_binding::bind(organization, (device.id, account.id), sudo, draft.now));
        let details = json!({ "account": account.id, "user": account.email, "sudo": sudo });
        draft.log("device.bind", &Target::from(device), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Unbinds a user who is bound directly: the account is locked, and its home stays.
    pub async fn unbind_user(
        &self,
        granted: &Granted<ManageUsers>,
        (device, user): (DeviceId, AccountId),
    ) -> Result<(), Refusal> {
        let gone = || Refusal::state("not_bound", "The user is not bound to the device directly.");
        let organization = self.organization().await?.id;
        let unbind = device_binding::unbind(organization, device, user);
        let forget = table::remembered_login::forget_account(organization, user);
        self.tie_changed(granted, (device, user), ("device.unbind", [unbind, forget]), gone).await
    }

    /// S8.12: lets the device take an account over that was there before.
    pub async fn confirm_take_over(
        &self,
        granted: &Granted<ManageUsers>,
        (device, user): (DeviceId, AccountId),
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let not_asked =
            || Refusal::state("no_take_over", "The device doesn't ask to take an account of this user over.");
        let organization = self.organization().await?.id;
        let confirm = device_binding::confirm_take_over(organization, device, user);
        self.tie_changed(granted, (device, user), ("device.take_over", [confirm]), not_asked).await
    }

    async fn tie_changed(
        &self,
        granted: &Granted<ManageUsers>,
        (device, user): (DeviceId, AccountId),
        (action, statements): (&str, impl IntoIterator<Item = Statement>),
        refused: impl Fn() -> Refusal,
    ) -> Result<(), Refusal> {
        let device = self.load_device(device).await?.device;
        let account = self.load_account(Realm::User, user).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(statements);
        let details = json!({ "account": account.id, "user": account.email });
        draft.log(action, &Target::from(&device), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(refused()),
        }
    }
}
