//! What policies and commands are bound to: devices, and groups of them (S9).

use crate::{
    App, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    id::{DeviceGroupId, DeviceId, OrganizationId},
    permission::{Granted, ManageUsers},
};
use claviger_store::{Commit, Statement, table};
use serde_json::{Value, json};

/// What something is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindTo {
    /// A device.
    Device(DeviceId),
    /// Every device of a group, now and later.
    Group(DeviceGroupId),
}

/// What is bound, or no more.
pub(crate) struct Bound {
    pub(crate) target: Target,
    /// A conflict if it was deleted meanwhile.
    pub(crate) exists: Statement,
}

/// What it is bound to: that it is there, and how the log tells it.
struct NamedTarget {
    exists: Statement,
    details: Value,
}

impl App {
    /// Writes a binding, or takes one away, while both its ends are there.
    pub(crate) async fn tie_bound(
        &self,
        granted: &Granted<ManageUsers>,
        (bound, to): (Bound, BindTo),
        action: &str,
        statement: impl Fn(OrganizationId) -> Statement,
    ) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        let named = self.named_target(organization, to).await?;
        draft.write(bound.exists);
        draft.write(named.exists);
        draft.write(statement(organization));
        draft.log(action, &bound.target, "success", named.details);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    async fn named_target(&self, organization: OrganizationId, to: BindTo) -> Result<NamedTarget, Refusal> {
        Ok(match to {
            BindTo::Device(id) => {
                let device = self.load_device(id).await?.device;
                NamedTarget {
                    exists: table::device::unchanged(organization, &device),
                    details: json!({ "device": id.to_string(), "name": device.name }),
                }
            }
            BindTo::Group(id) => {
                let group = self.load_device_group(id).await?;
                NamedTarget {
                    exists: table::device_group::exists(organization, id),
                    details: json!({ "device_group": id.to_string(), "name": group.name.as_str() }),
                }
            }
        })
    }
}
