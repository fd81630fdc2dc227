//! Policies as administrators lay them down and bind them (S9.1).

pub use crate::bindings::BindTo;

use crate::{
    App, Problem, Refusal,
    bindings::Bound,
    draft::{Draft, Target, nothing},
};
use claviger_domain::{
    field::FieldError,
    id::{DeviceId, PolicyId},
    permission::{Granted, ManageUsers, ViewUsers},
    policy::{Policy, PolicyForm, PolicyName},
};
use claviger_store::{
    Commit,
    table::{
        self,
        device_group::DeviceGroup,
        policy::Counted,
        policy_bound::{BoundDevice, OnDevice},
    },
};
use serde_json::{Value, json};

/// Devices on the page of a policy.
const SHOWN: i64 = 1_000;

impl From<&Policy> for Target {
    fn from(policy: &Policy) -> Self {
        Self { id: policy.id.to_string(), name: policy.name.as_str().to_owned() }
    }
}

fn taken() -> Refusal {
    FieldError::new("name", "Another policy has this name.").into()
}

impl App {
    async fn load_policy(&self, id: PolicyId) -> Result<Policy, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::policy::load(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("policy"))
    }

    /// Every policy with what it is bound to.
    pub async fn policies(&self, _: &Granted<ViewUsers>) -> Result<Vec<Counted>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::policy::list(&self.0.store, organization).await?)
    }

    /// One policy.
    pub async fn policy(&self, _: &Granted<ViewUsers>, id: PolicyId) -> Result<Policy, Refusal> {
        self.load_policy(id).await
    }

    /// The devices that have a policy, directly or through a group, and what they said of it; the first thousand by name.
    pub async fn policy_devices(
        &self,
        _: &Granted<ViewUsers>,
        id: PolicyId,
    ) -> Result<Vec<BoundDevice>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::policy_bound::devices(&self.0.store, organization, id, SHOWN).await?)
    }

    /// The groups of devices that have a policy.
    pub async fn policy_groups(
        &self,
        _: &Granted<ViewUsers>,
        id: PolicyId,
    ) -> Result<Vec<DeviceGroup>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::policy_bound::groups(&self.0.store, organization, id).await?)
    }

    /// The policies of a device, and what it said of each.
    pub async fn device_policies(
        &self,
        _: &Granted<ViewUsers>,
        id: DeviceId,
    ) -> Result<Vec<OnDevice>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::policy_bound::of_device(&self.0.store, organization, id).await?)
    }

    /// A new policy, bound to nothing.
    pub async fn create_policy(
        &self,
        granted: &Granted<ManageUsers>,
        form: &PolicyForm,
    ) -> Result<Policy, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let (name, description, template) = form.parse()?;
        self.refuse_taken_policy(&name, None).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let policy = Policy {
            id: PolicyId::new(draft.now, self.random()),
            revision: 1,
            name,
            description,
            template,
            created_at: draft.now,
        };
        draft.write(table::policy::insert(draft.organization.id, &policy)?);
        draft.log("policy.create", &Target::from(&policy), "success", details(&policy));
        match draft.commit().await? {
            Commit::Committed => Ok(policy),
            Commit::Conflict => Err(taken()),
        }
    }

    async fn refuse_taken_policy(&self, name: &PolicyName, own: Option<PolicyId>) -> Result<(), Refusal> {
        let organization = self.organization().await?.id;
        match table::policy::by_name(&self.0.store, organization, name).await? {
            Some(policy) if Some(policy.id) != own => Err(taken()),
            _ => Ok(()),
        }
    }

    /// Changes a policy; the devices that have it follow at once. `revision` is that of the page that the form was
    /// filled from, if it was. What kind of policy it is stays.
    pub async fn change_policy(
        &self,
        granted: &Granted<ManageUsers>,
        id: PolicyId,
        form: &PolicyForm,
        revision: Option<i64>,
    ) -> Result<Policy, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let before = self.load_policy(id).await?;
        if revision.is_some_and(|revision| revision != before.revision) {
            return Err(Refusal::Changed);
        }
        if form.template != before.template.key() {
            let message = format!("A policy keeps its template: {}.", before.template.key());
            return Err(FieldError::new("template", message).into());
        }
        let (name, description, template) = form.parse()?;
        self.refuse_taken_policy(&name, Some(id)).await?;
        let policy = Policy { name, description, template, ..before.clone() };
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::policy::save(draft.organization.id, &policy)?);
        let facts = json!({ "before": details(&before), "after": details(&policy) });
        draft.log("policy.edit", &Target::from(&policy), "success", facts);
        match draft.commit().await? {
            Commit::Committed => Ok(Policy { revision: policy.revision + 1, ..policy }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Deletes a policy; the devices that have it put back what was there before.
    pub async fn delete_policy(&self, granted: &Granted<ManageUsers>, id: PolicyId) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let policy = self.load_policy(id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(table::policy::delete(draft.organization.id, &policy));
        draft.log("policy.delete", &Target::from(&policy), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Binds a policy; the devices apply it at once. Nothing happens if it is bound.
    pub async fn bind_policy(
        &self,
        granted: &Granted<ManageUsers>,
        id: PolicyId,
        to: BindTo,
    ) -> Result<(), Refusal> {
        let bind = |organization| match to {
            BindTo::Device(device) => table::policy::bind_device(organization, id, device),
            BindTo::Group(group) => table::policy::bind_group(organization, id, group),
        };
        let policy = self.bound_policy(granted, id).await?;
        self.tie_bound(granted, (policy, to), "policy.bind", bind).await
    }

    /// Unbinds a policy; devices that have it through nothing else put back what was there before.
    pub async fn unbind_policy(
        &self,
        granted: &Granted<ManageUsers>,
        id: PolicyId,
        from: BindTo,
    ) -> Result<(), Refusal> {
        let unbind = |organization| match from {
            BindTo::Device(device) => table::policy::unbind_device(organization, id, device),
            BindTo::Group(group) => table::policy::unbind_group(organization, id, group),
        };
        let policy = self.bound_policy(granted, id).await?;
        self.tie_bound(granted, (policy, from), "policy.unbind", unbind).await
    }

    async fn bound_policy(&self, granted: &Granted<ManageUsers>, id: PolicyId) -> Result<Bound, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let policy = self.load_policy(id).await?;
        let organization = self.organization().await?.id;
        Ok(Bound { target: Target::from(&policy), exists: table::policy::exists(organization, id) })
    }
}

/// What the log tells of a policy: where it lays something down on any of its systems, and never what a file holds.
fn details(policy: &Policy) -> Value {
    let places: Vec<String> = policy.template.places().into_iter().map(|(place, _)| place).take(20).collect();
    json!({ "template": policy.template.key(), "places": places })
}
