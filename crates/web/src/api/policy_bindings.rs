//! What policies are bound to, and how they stand on devices (S9.1).

use super::{
    condition::On,
    key::May,
    path::{OneBoundDevices, OneDevice, OneDeviceMember, OnePolicy},
    problem::{Absent, ApiError, Conflicting, Refused},
};
use axum::{Json, http::StatusCode};
use claviger_app::{
    policies::BindTo,
    stored::{DeviceGroup, DevicePolicy, PolicyDevice},
    words,
};
use claviger_domain::{
    device::Platform,
    permission::{ManageUsers, ViewUsers},
    policy::{Reported, Standing, Systems},
};
use serde::Serialize;
use utoipa::ToSchema;

/// How a policy stands on a device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StandingView {
    /// `pending`, `applied`, `corrected`, `failed`, or `other_system` where the device runs another system.
    status: &'static str,
    /// Why it failed, or what to know of it; may be empty.
    detail: String,
    /// How often the device found something else since this revision was applied, and put it right.
    corrected: i64,
    /// RFC 3339, UTC: when it did so last.
    corrected_at: Option<String>,
    /// RFC 3339, UTC: when the device last said something of it.
    reported_at: Option<String>,
}

impl StandingView {
    fn of(platforms: (Systems, Platform), revision: i64, reported: Option<&Reported>) -> Self {
        let standing = Standing::of(platforms, revision, reported);
        let counted = reported.filter(|reported| reported.revision == revision);
        Self {
            status: standing.key(),
            detail: counted.map(|reported| reported.detail.clone()).unwrap_or_default(),
            corrected: counted.map_or(0, |reported| reported.corrected.count),
            corrected_at: counted.and_then(|reported| reported.corrected.at).map(words::iso),
            reported_at: reported.map(|reported| words::iso(reported.at)),
        }
    }
}

/// A device that has a policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyDeviceView {
    /// UUID of the device.
    id: String,
    /// What it is called.
    name: String,
    /// Whether it is bound itself, and not only through a group.
    direct: bool,
    /// How the policy stands there.
    #[serde(flatten)]
    standing: StandingView,
}

/// A policy of a device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicePolicyView {
    /// UUID of the policy.
    id: String,
    /// What it is called.
    name: String,
    /// What kind it is.
    template: &'static str,
    /// Whether it is bound to the device itself, and not only to a group of it.
    direct: bool,
    /// How it stands there.
    #[serde(flatten)]
    standing: StandingView,
}

/// A group of devices that something is bound to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoundGroupView {
    /// UUID.
    id: String,
    /// What it is called.
    name: String,
}

impl From<&DeviceGroup> for BoundGroupView {
    fn from(group: &DeviceGroup) -> Self {
        Self { id: group.id.to_string(), name: group.name.as_str().to_owned() }
    }
}

#[utoipa::path(get, path = "/api/v1/policies/{id}/devices", tag = "policies", operation_id = "listPolicyDevices",
    description = "The devices that have the policy, directly or through a group: the first thousand by name.",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<PolicyDeviceView>), Refused, Absent))]
pub(crate) async fn devices(
    On(web): On,
    May(granted): May<ViewUsers>,
    OnePolicy(id): OnePolicy,
) -> Result<Json<Vec<PolicyDeviceView>>, ApiError> {
    let policy = web.app().policy(&granted, id).await?;
    let devices = web.app().policy_devices(&granted, id).await?;
    let view = |device: PolicyDevice| PolicyDeviceView {
        id: device.id.to_string(),
        direct: device.directly,
        standing: StandingView::of(
            (policy.template.systems(), device.platform),
            policy.revision,
            device.reported.as_ref(),
        ),
        name: device.name,
    };
    Ok(Json(devices.into_iter().map(view).collect()))
}

#[utoipa::path(put, path = "/api/v1/policies/{id}/devices/{device}", tag = "policies", operation_id = "bindPolicyToDevice",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn bind_device(
    On(web): On,
    May(granted): May<ManageUsers>,
    OnePolicy(id): OnePolicy,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<StatusCode, ApiError> {
    web.app().bind_policy(&granted, id, BindTo::Device(device)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/policies/{id}/devices/{device}", tag = "policies",
    operation_id = "unbindPolicyFromDevice", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unbind_device(
    On(web): On,
    May(granted): May<ManageUsers>,
    OnePolicy(id): OnePolicy,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<StatusCode, ApiError> {
    web.app().unbind_policy(&granted, id, BindTo::Device(device)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/policies/{id}/device-groups", tag = "policies", operation_id = "listPolicyGroups",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<BoundGroupView>), Refused, Absent))]
pub(crate) async fn groups(
    On(web): On,
    May(granted): May<ViewUsers>,
    OnePolicy(id): OnePolicy,
) -> Result<Json<Vec<BoundGroupView>>, ApiError> {
    let policy = web.app().policy(&granted, id).await?;
    let groups = web.app().policy_groups(&granted, policy.id).await?;
    Ok(Json(groups.iter().map(BoundGroupView::from).collect()))
}

#[utoipa::path(put, path = "/api/v1/policies/{id}/device-groups/{group}", tag = "policies",
    operation_id = "bindPolicyToGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID of a group of devices")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn bind_group(
    On(web): On,
    May(granted): May<ManageUsers>,
    OnePolicy(id): OnePolicy,
    OneBoundDevices(group): OneBoundDevices,
) -> Result<StatusCode, ApiError> {
    web.app().bind_policy(&granted, id, BindTo::Group(group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/policies/{id}/device-groups/{group}", tag = "policies",
    operation_id = "unbindPolicyFromGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID of a group of devices")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unbind_group(
    On(web): On,
    May(granted): May<ManageUsers>,
    OnePolicy(id): OnePolicy,
    OneBoundDevices(group): OneBoundDevices,
) -> Result<StatusCode, ApiError> {
    web.app().unbind_policy(&granted, id, BindTo::Group(group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/policies", tag = "policies", operation_id = "listDevicePolicies",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<DevicePolicyView>), Refused, Absent))]
pub(crate) async fn of_device(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneDevice(id): OneDevice,
) -> Result<Json<Vec<DevicePolicyView>>, ApiError> {
    let device = web.app().device(&granted, id).await?.known.device;
    let bound = web.app().device_policies(&granted, id).await?;
    let view = |one: DevicePolicy| DevicePolicyView {
        id: one.policy.id.to_string(),
        template: one.policy.template.key(),
        direct: one.directly,
        standing: StandingView::of(
            (one.policy.template.systems(), device.platform),
            one.policy.revision,
            one.reported.as_ref(),
        ),
        name: one.policy.name.as_str().to_owned(),
    };
    Ok(Json(bound.into_iter().map(view).collect()))
}
