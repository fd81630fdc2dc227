//! Groups of devices, and the groups of users that are bound to them (S8.2).

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
    draft::{Draft, Target, nothing},
    groups::GroupForm,
};
use claviger_domain::{
    device::{Sudo, ask_once::AskOnce},
    field::FieldError,
    group::GroupName,
    id::{DeviceGroupId, DeviceId, GroupId},
    permission::{Granted, ManageUsers, ViewUsers},
};
use claviger_store::{
    Commit,
    table::{
        device_group::{self, CountedDevices, DeviceGroup, GroupBinding, Member},
        remembered_login,
    },
};
use serde_json::json;

/// One page of the devices of a group.
#[derive(Clone, Debug)]
pub struct GroupDevices {
    /// By name.
    pub devices: Vec<Member>,
    /// Whether there are more.
    pub has_more: bool,
}

impl App {
    pub(crate) async fn load_device_group(&self, id: DeviceGroupId) -> Result<DeviceGroup, Refusal> {
        let organization = self.organization().await?.id;
        let found = device_group::load(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("device group"))
    }

    /// Every group with its size.
    pub async fn device_groups(&self, _: &Granted<ViewUsers>) -> Result<Vec<CountedDevices>, Problem> {
        let organization = self.organization().await?.id;
        Ok(device_group::list(&self.0.store, organization).await?)
    }

    /// One group.
    pub async fn device_group(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceGroupId,
    ) -> Result<DeviceGroup, Refusal> {
        self.load_device_group(id).await
    }

    /// The groups of a device.
    pub async fn groups_of_device(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceId,
    ) -> Result<Vec<DeviceGroup>, Problem> {
        let organization = self.organization().await?.id;
        Ok(device_group::of_device(&self.0.store, organization, id).await?)
    }

    /// The devices of a group, by name after that one.
    pub async fn devices_in_group(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceGroupId,
        (after, limit): (Option<(String, DeviceId)>, i64),
    ) -> Result<GroupDevices, Problem> {
        let organization = self.organization().await?.id;
        let mut devices = device_group::devices(&self.0.store, organization, id, after, limit + 1).await?;
        let (_, has_more) = trim(&mut devices, Read::First, limit);
        Ok(GroupDevices { devices, has_more })
    }

    /// The groups of users that are bound to a group of devices.
    pub async fn group_bindings(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceGroupId,
    ) -> Result<Vec<GroupBinding>, Problem> {
        let organization = self.organization().await?.id;
        Ok(device_group::bindings(&self.0.store, organization, id).await?)
    }

    /// A new, empty group.
    pub async fn create_device_group(
        &self,
        granted: &Granted<ManageUsers>,
        form: &GroupForm,
    ) -> Result<DeviceGroup, Refusal> {
        let (name, description) = form.parse()?;
        self.refuse_taken_device_group(&name, None).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let group = DeviceGroup {
            id: DeviceGroupId::new(draft.now, self.random()),
            revision: 1,
            name,
            description,
            created_at: draft.now,
            ask_once: AskOnce::default(),
        };
        draft.write(device_group::insert(draft.organization.id, &group));
        draft.log("device_group.create", &Target::from(&group), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(group),
            Commit::Conflict => Err(taken()),
        }
    }

    async fn refuse_taken_device_group(
        &self,
        name: &GroupName,
        own: Option<DeviceGroupId>,
    ) -> Result<(), Refusal> {
        let organization = self.organization().await?.id;
        match device_group::by_name(&self.0.store, organization, name).await? {
            Some(group) if Some(group.id) != own => Err(taken()),
            _ => Ok(()),
        }
    }

    /// Renames a group.
    pub async fn edit_device_group(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
        form: &GroupForm,
    ) -> Result<DeviceGroup, Refusal> {
        let (name, description) = form.parse()?;
        let before = self.load_device_group(id).await?;
        self.refuse_taken_device_group(&name, Some(id)).await?;
        let group = DeviceGroup { name, description, ..before };
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(device_group::save(draft.organization.id, &group));
        draft.log("device_group.edit", &Target::from(&group), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(DeviceGroup { revision: group.revision + 1, ..group }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Deletes a group and its bindings; devices and people stay.
    pub async fn delete_device_group(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
    ) -> Result<(), Refusal> {
        let group = self.load_device_group(id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(device_group::delete(draft.organization.id, &group));
        draft.log("device_group.delete", &Target::from(&group), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Puts a device into a group.
    pub async fn join_device_group(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
        device: DeviceId,
    ) -> Result<(), Refusal> {
        let group = self.load_device_group(id).await?;
        let device = self.load_device(device).await?.device;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        draft.write(device_group::exists(organization, id));
        draft.write(claviger_store::table::device::unchanged(organization, &device));
        draft.write(device_group::join(organization, id, device.id, draft.now));
        joined(&mut draft, "device.join", &Target::from(&device), &group);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// The same for a device by its name.
    pub async fn join_device_group_by_name(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
        name: &str,
    ) -> Result<(), Refusal> {
        let device = self.device_by_name(granted, name).await?;
        self.join_device_group(granted, id, device).await
    }

    /// The one device of that name.
    pub async fn device_by_name(&self, _: &Granted<ManageUsers>, name: &str) -> Result<DeviceId, Refusal> {
        let organization = self.organization().await?.id;
        let refused = |message: &str| Refusal::from(FieldError::new("device", message));
        let found =
            claviger_store::table::device_list::named(&self.0.store, organization, name.trim()).await?;
        match found.as_slice() {
            [] => Err(refused("No device has that name.")),
            [device] => Ok(device.id),
            [_, _, ..] => {
                Err(refused("Several devices have that name. Choose yours in the list of devices."))
            }
        }
    }

    /// Takes a device out of a group.
    pub async fn leave_device_group(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceGroupId,
        device: DeviceId,
    ) -> Result<(), Refusal> {
        let group = self.load_device_group(id).await?;
        let device = self.load_device(device).await?.device;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(device_group::leave(draft.organization.id, id, device.id));
        joined(&mut draft, "device.leave", &Target::from(&device), &group);
        Ok(draft.settle().await?)
    }

    /// Binds a group of users to a group of devices, or changes what they may do as root.
    pub async fn bind_group(
        &self,
        granted: &Granted<ManageUsers>,
        (devices, users): (DeviceGroupId, GroupId),
        sudo: Sudo,
    ) -> Result<(), Refusal> {
        let group = self.load_device_group(devices).await?;
        let users = self.load_group(users).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        draft.write(device_group::exists(organization, devices));
        draft.write(device_group::bind(organization, (devices, users.id), sudo, draft.now));
        let details = json!({ "group": users.id, "name": users.name.as_str(), "sudo": sudo });
        draft.log("device_group.bind", &Target::from(&group), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Unbinds a group of users.
    pub async fn unbind_group(
        &self,
        granted: &Granted<ManageUsers>,
        (devices, users): (DeviceGroupId, GroupId),
    ) -> Result<(), Refusal> {
        let group = self.load_device_group(devices).await?;
        let users = self.load_group(users).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(device_group::unbind(draft.organization.id, devices, users.id));
        draft.write(remembered_login::forget_group(draft.organization.id, devices));
        let details = json!({ "group": users.id, "name": users.name.as_str() });
        draft.log("device_group.unbind", &Target::from(&group), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::state("not_bound", "The group is not bound to these devices.")),
        }
    }
}

/// A device joined a group, or left it.
pub(super) fn joined(draft: &mut Draft<'_>, action: &str, device: &Target, group: &DeviceGroup) {
    let details = json!({ "device_group": group.id, "name": group.name.as_str() });
    draft.log(action, device, "success", details);
}

fn taken() -> Refusal {
    FieldError::new("name", "Another group of devices has this name.").into()
}
