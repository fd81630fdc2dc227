//! Devices listed, and who is bound to one (S8.2).

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
};
use claviger_domain::{
    account::Account,
    device::MfaStatus,
    id::{AccountId, DeviceId},
    permission::{Granted, ViewUsers},
    sign_in::TotpSwitch,
};
use claviger_store::table::{
    account::sort_key,
    device_binding::{self, After, Binding, BoundDevice, BoundUser},
    device_contact::{self, Known},
    device_list::{self, Filter, Present},
    user_list::Page,
};

/// Devices of one user that are shown.
const OF_USER: i64 = 200;

/// A device in the list.
#[derive(Clone, Debug)]
pub struct ListedDevice {
    /// The device with its latest contact.
    pub known: Known,
    /// S8.3.
    pub status: MfaStatus,
    /// How many users are bound to it.
    pub users: i64,
}

/// One page of the list.
#[derive(Clone, Debug)]
pub struct DevicePage {
    /// The devices.
    pub devices: Vec<ListedDevice>,
    /// Whether there are rows before the first.
    pub has_newer: bool,
    /// Whether there are rows after the last.
    pub has_older: bool,
}

/// One page of those who are bound to a device.
#[derive(Clone, Debug)]
pub struct DeviceUsers {
    /// By name.
    pub users: Vec<BoundUser>,
    /// Where the next page begins; nothing on the last.
    pub next: Option<After>,
}

impl App {
    pub(super) async fn present(&self) -> Result<Present, Problem> {
        Ok(Present { totp: self.organization().await?.totp, now: self.now() })
    }

    /// S8.2: one page of the devices that match.
    pub async fn devices(
        &self,
        _: &Granted<ViewUsers>,
        filter: &Filter,
        (page, limit): (&Page, i64),
    ) -> Result<DevicePage, Problem> {
        let organization = self.organization().await?.id;
        let present = self.present().await?;
        let store = &self.0.store;
        let mut rows = device_list::page(store, organization, filter, (page, limit + 1), present).await?;
        let (has_newer, has_older) = trim(&mut rows, Read::from(page), limit);
        let ids: Vec<_> = rows.iter().map(|known| known.device.id).collect();
        let counts = device_binding::count(store, organization, &ids).await?;
        let devices = rows.into_iter().map(|known| listed(known, present.totp, &counts)).collect();
        Ok(DevicePage { devices, has_newer, has_older })
    }

    /// How many of the devices that match have each status of S8.3; those with none are left out.
    pub async fn devices_by_status(
        &self,
        _: &Granted<ViewUsers>,
        filter: &Filter,
    ) -> Result<Vec<(String, i64)>, Problem> {
        let organization = self.organization().await?.id;
        Ok(device_list::by_status(&self.0.store, organization, filter, self.present().await?).await?)
    }

    pub(crate) async fn load_device(&self, id: DeviceId) -> Result<Known, Refusal> {
        let organization = self.organization().await?.id;
        device_contact::known(&self.0.store, organization, id).await?.ok_or(Refusal::NotFound("device"))
    }

    /// One device.
    pub async fn device(&self, _: &Granted<ViewUsers>, id: DeviceId) -> Result<ListedDevice, Refusal> {
        let organization = self.organization().await?;
        let known = self.load_device(id).await?;
        let counts = device_binding::count(&self.0.store, organization.id, &[id]).await?;
        Ok(listed(known, organization.totp, &counts))
    }

    /// S8.2: who is bound to a device, by name after that place.
    pub async fn device_users(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceId,
        (after, limit): (Option<&After>, i64),
    ) -> Result<DeviceUsers, Refusal> {
        self.load_device(id).await?;
        let organization = self.organization().await?.id;
        let mut users =
            device_binding::of_devices(&self.0.store, organization, &[id], after, limit + 1).await?;
        let (_, has_more) = trim(&mut users, Read::First, limit);
        let next = users.last().filter(|_| has_more).map(|last| place_of(&last.account));
        Ok(DeviceUsers { users, next })
    }

    /// The devices that a user is bound to, and how.
    pub async fn devices_of(
        &self,
        _: &Granted<ViewUsers>,
        user: AccountId,
    ) -> Result<Vec<(Binding, ListedDevice)>, Problem> {
        let organization = self.organization().await?;
        let bound = device_binding::of_account(&self.0.store, organization.id, user, OF_USER).await?;
        let ids: Vec<_> = bound.iter().map(|bound| bound.known.device.id).collect();
        let counts = device_binding::count(&self.0.store, organization.id, &ids).await?;
        let listed = |BoundDevice { binding, known }| (binding, listed(known, organization.totp, &counts));
        Ok(bound.into_iter().map(listed).collect())
    }
}

fn listed(known: Known, totp: TotpSwitch, counts: &[(DeviceId, i64)]) -> ListedDevice {
    let count = counts.iter().find(|(device, _)| *device == known.device.id);
    ListedDevice {
        status: known.contact.standing(&known.device).status(totp),
        users: count.map_or(0, |(_, count)| *count),
        known,
    }
}

fn place_of(account: &Account) -> After {
    After { name: sort_key(account), id: account.id.0 }
}
