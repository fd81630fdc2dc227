//! What policies and commands are bound to: devices and groups of them.

use crate::{
    Web,
    error::PageError,
    form::{Choice, Field, Posted},
};
use claviger_app::{Refusal, policies::BindTo, stored::DeviceGroup};
use claviger_domain::{
    field::FieldError,
    permission::{Granted, ManageUsers},
};

/// A group that something is bound to.
pub(super) struct GroupRow {
    pub(super) id: String,
    pub(super) name: String,
}

impl From<&DeviceGroup> for GroupRow {
    fn from(group: &DeviceGroup) -> Self {
        Self { id: group.id.to_string(), name: group.name.as_str().to_owned() }
    }
}

/// The forms that bind to one more.
pub(super) struct Binder {
    pub(super) device: Field,
    pub(super) group: Field,
    pub(super) groups: Vec<Choice>,
}

impl Binder {
    /// Blank forms; `bound` are the groups that have it already.
    pub(super) async fn new(
        web: &Web,
        granted: &Granted<ManageUsers>,
        bound: &[GroupRow],
    ) -> Result<Self, PageError> {
        let all = web.app().device_groups(&granted.actor().granted()?).await?;
        let groups = all
            .iter()
            .map(|counted| Choice::new(counted.group.id, counted.group.name.as_str()))
            .filter(|choice| !bound.iter().any(|row| row.id == choice.value));
        Ok(Self { device: Field::default(), group: Field::default(), groups: groups.collect() })
    }
}

/// What a form asks to bind to: a device by its name, or a group by its id.
pub(super) async fn to_bind(
    web: &Web,
    granted: &Granted<ManageUsers>,
    form: &Posted,
) -> Result<BindTo, Refusal> {
    if form.has("group") {
        let group = form.text("group").parse();
        return group
            .map(BindTo::Group)
            .map_err(|_| FieldError::new("group", "Choose a group of devices.").into());
    }
    Ok(BindTo::Device(web.app().device_by_name(granted, form.text("device")).await?))
}

/// What a form asks to unbind from: a device or a group, by its id.
pub(super) fn to_unbind(form: &Posted) -> Result<BindTo, PageError> {
    let group = form.text("group").parse().map(BindTo::Group);
    let device = form.text("device").parse().map(BindTo::Device);
    group.or(device).map_err(|_| PageError::NotFound("device"))
}
