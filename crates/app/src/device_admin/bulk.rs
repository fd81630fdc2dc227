//! What is done to many devices at once, as a job with a report (S8.2, S8.7).

use super::{
    change::{MfaOn, deleted, mfa_off, mfa_on, write},
    groups::joined,
};
use crate::{
    App, Problem, Refusal,
    bulk::to_json,
    draft::{Draft, Target},
};
use claviger_domain::{
    device::{Device, Revert, Switch},
    id::{DeviceGroupId, JobId},
    permission::{Actor, Denied, Granted, ManageUsers},
};
use claviger_store::table::{
    self,
    device_group::{self, DeviceGroup},
    device_list::{self, Filter},
    job::{self, Item, Line},
};
use serde::{Deserialize, Serialize};

/// Devices of one job.
const MOST: i64 = 20_000;

/// What is to be done to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Switch MFA on; devices that S8.9 asks about are reported, not changed.
    EnableMfa(Revert),
    /// Switch MFA off.
    DisableMfa,
    /// Put them into a group.
    AddToGroup(DeviceGroupId),
    /// Take them out of a group.
    RemoveFromGroup(DeviceGroupId),
    /// Forget them.
    Delete,
}

/// Which of the verbs, whatever it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Verb::EnableMfa`]
    EnableMfa,
    /// [`Verb::DisableMfa`]
    DisableMfa,
    /// [`Verb::AddToGroup`]
    AddToGroup,
    /// [`Verb::RemoveFromGroup`]
    RemoveFromGroup,
    /// [`Verb::Delete`]
    Delete,
}

/// A verb whose conditions were checked, as a job keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Checked {
    EnableMfa(Revert),
    DisableMfa,
    AddToGroup(DeviceGroupId),
    RemoveFromGroup(DeviceGroupId),
    Delete,
}

/// What the kinds of such jobs begin with.
const PREFIX: &str = "device_";

impl Kind {
    /// All of them, in the order of menus.
    pub const ALL: [Kind; 5] =
        [Self::EnableMfa, Self::DisableMfa, Self::AddToGroup, Self::RemoveFromGroup, Self::Delete];

    /// The word in the API.
    pub fn key(self) -> &'static str {
        let job = self.job();
        job.strip_prefix(PREFIX).unwrap_or(job)
    }

    /// The kind of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The kind of its jobs.
    pub const fn job(self) -> &'static str {
        match self {
            Self::EnableMfa => "device_enable_mfa",
            Self::DisableMfa => "device_disable_mfa",
            Self::AddToGroup => "device_add_to_group",
            Self::RemoveFromGroup => "device_remove_from_group",
            Self::Delete => "device_delete",
        }
    }

    /// What a job of that kind does, if it is about devices.
    pub fn of_job(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.job() == kind)
    }

    /// S6.2: whether `actor` may do it.
    pub fn check(self, actor: &Actor) -> Result<(), Denied> {
        actor.granted::<ManageUsers>().map(drop)
    }
}

impl Verb {
    /// Which it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::EnableMfa(_) => Kind::EnableMfa,
            Self::DisableMfa => Kind::DisableMfa,
            Self::AddToGroup(_) => Kind::AddToGroup,
            Self::RemoveFromGroup(_) => Kind::RemoveFromGroup,
            Self::Delete => Kind::Delete,
        }
    }
}

/// What a job needs to know of the items that it works on.
pub(crate) struct Prepared {
    devices: Vec<Device>,
    group: Option<DeviceGroup>,
}

impl App {
    /// S8.2: starts a job that does `verb` to every device that matches now.
    pub async fn start_device_bulk(
        &self,
        granted: &Granted<ManageUsers>,
        verb: &Verb,
        filter: &Filter,
    ) -> Result<JobId, Refusal> {
        let checked = self.checked_for_devices(granted.actor(), verb).await?;
        let draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        let present = self.present().await?;
        let found = device_list::names(&self.0.store, organization, filter, present, MOST + 1).await?;
        let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
        match count {
            0 => return Err(Refusal::state("nobody", "No device is chosen. Choose at least one.")),
            count if count > MOST => {
                let message = format!("At most {MOST} devices at once. Choose by a filter.");
                return Err(Refusal::state("too_many_devices", message));
            }
            _ => {}
        }
        let parameters = to_json(&checked)?;
        self.queue_job(draft, verb.kind().job(), parameters, |organization, id, _| {
            let item = |(named, position): (&device_list::Named, i64)| {
                let line = Line { position, label: named.name.clone(), reason: String::new() };
                job::item(organization, id, &line, &named.id.to_string())
            };
            found.iter().zip(1..).map(item).chain([job::total(organization, id, count)]).collect()
        })
        .await
    }

    async fn checked_for_devices(&self, actor: &Actor, verb: &Verb) -> Result<Checked, Refusal> {
        Ok(match *verb {
            Verb::EnableMfa(revert) => {
                self.needs_totp().await?;
                Checked::EnableMfa(revert)
            }
            Verb::DisableMfa => {
                self.require_fresh_code(actor)?;
                Checked::DisableMfa
            }
            Verb::AddToGroup(group) => Checked::AddToGroup(self.load_device_group(group).await?.id),
            Verb::RemoveFromGroup(group) => Checked::RemoveFromGroup(self.load_device_group(group).await?.id),
            Verb::Delete => {
                self.require_fresh_code(actor)?;
                Checked::Delete
            }
        })
    }

    /// Loads what these items are about.
    pub(crate) async fn prepare_devices(&self, verb: &Checked, items: &[Item]) -> Result<Prepared, Problem> {
        let organization = self.organization().await?.id;
        let ids: Vec<_> = items.iter().filter_map(|item| item.payload.parse().ok()).collect();
        let devices = device_list::of_ids(&self.0.store, organization, &ids).await?;
        let group = match verb {
            Checked::AddToGroup(group) | Checked::RemoveFromGroup(group) => {
                device_group::load(&self.0.store, organization, *group).await?
            }
            Checked::EnableMfa(_) | Checked::DisableMfa | Checked::Delete => None,
        };
        Ok(Prepared { devices, group })
    }

    /// Does it to one device, or says why not.
    pub(crate) fn apply_to_device(
        &self,
        draft: &mut Draft<'_>,
        verb: &Checked,
        item: &Item,
        prepared: &Prepared,
    ) -> Result<(), Refusal> {
        let organization = draft.organization.id;
        let id = item.payload.parse().ok();
        let found = prepared.devices.iter().find(|device| Some(device.id) == id);
        let gone = || Refusal::state("deleted", "The device was deleted meanwhile.");
        let device = found.ok_or_else(gone)?;
        let group_gone = || Refusal::state("deleted", "The group was deleted meanwhile.");
        match verb {
            Checked::EnableMfa(revert) => {
                let after = mfa_on(device, &MfaOn { first_factor: None, revert: *revert })?;
                if after == *device {
                    return Err(Refusal::state("already_on", "MFA is on already."));
                }
                write(draft, device, &after)
            }
            Checked::DisableMfa if device.rules.mfa == Switch::Off => {
                Err(Refusal::state("already_off", "MFA is off already."))
            }
            Checked::DisableMfa => write(draft, device, &mfa_off(device)),
            Checked::AddToGroup(id) => {
                let group = prepared.group.as_ref().ok_or_else(group_gone)?;
                draft.write(table::device::unchanged(organization, device));
                draft.write(table::device::join(organization, *id, device.id, draft.now));
                joined(draft, "device.join", &Target::from(device), group);
                Ok(())
            }
            Checked::RemoveFromGroup(id) => {
                let group = prepared.group.as_ref().ok_or_else(group_gone)?;
                draft.write_all(device_group::leave(organization, *id, device.id));
                joined(draft, "device.leave", &Target::from(device), group);
                Ok(())
            }
            Checked::Delete => {
                deleted(draft, device);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_about_devices_are_told_from_those_about_users() {
        for kind in Kind::ALL {
            assert_eq!((Kind::from_key(kind.key()), Kind::of_job(kind.job())), (Some(kind), Some(kind)));
            assert!(crate::bulk::Kind::from_key(kind.job()).is_none());
        }
        assert_eq!(Kind::of_job("delete"), None);
    }
}
