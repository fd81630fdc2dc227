//! Groups of devices, and the groups of users that are bound to them (S8.2).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    devices::BindBody,
    groups::GroupBody,
    key::May,
    path::{OneBoundGroup, OneDeviceGroup, OneDeviceMember},
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{groups::GroupForm, stored::DeviceGroup, words};
use claviger_domain::permission::{ManageUsers, ViewUsers};
use serde::Serialize;
use utoipa::ToSchema;

/// A group of devices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceGroupView {
    /// UUID.
    id: String,
    /// Counts every change of name and description.
    revision: i64,
    /// 1 to 100 characters, one of a kind whatever its case.
    name: String,
    /// Up to 300 characters.
    description: String,
    /// For how many hours a code is good on all of its devices, at SSH, for the same user, key and address; null: a code is
    /// asked for at every login.
    ask_once_hours: Option<i64>,
    /// RFC 3339, UTC.
    created_at: String,
}

impl From<&DeviceGroup> for DeviceGroupView {
    fn from(group: &DeviceGroup) -> Self {
        Self {
            id: group.id.to_string(),
            revision: group.revision,
            name: group.name.as_str().to_owned(),
            description: group.description.clone(),
            ask_once_hours: group.ask_once.hours(),
            created_at: words::iso(group.created_at),
        }
    }
}

impl Revised for DeviceGroupView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A group of users that is bound to a group of devices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupBindingView {
    /// UUID of the group of users.
    id: String,
    /// What it is called.
    name: String,
    /// How many are in it.
    members: i64,
    /// `none`, `with_password` or `without_password`.
    sudo: &'static str,
    /// RFC 3339, UTC.
    bound_at: String,
}

#[utoipa::path(get, path = "/api/v1/device-groups", tag = "device-groups", operation_id = "listDeviceGroups",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<DeviceGroupView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
) -> Result<Json<Vec<DeviceGroupView>>, ApiError> {
    let groups = web.app().device_groups(&granted).await?;
    Ok(Json(groups.iter().map(|counted| DeviceGroupView::from(&counted.group)).collect()))
}

#[utoipa::path(post, path = "/api/v1/device-groups", tag = "device-groups", operation_id = "createDeviceGroup",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = GroupBody,
    responses((status = 201, body = DeviceGroupView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<GroupBody>,
) -> Result<Response, ApiError> {
    let group = web.app().create_device_group(&granted, &GroupForm::from(new)).await?;
    let location = format!("/api/v1/device-groups/{}", group.id);
    let view = Tagged(DeviceGroupView::from(&group));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

#[utoipa::path(get, path = "/api/v1/device-groups/{id}", tag = "device-groups", operation_id = "getDeviceGroup",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = DeviceGroupView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
) -> Result<Tagged<DeviceGroupView>, ApiError> {
    let group = web.app().device_group(&granted, id).await?;
    Ok(Tagged(DeviceGroupView::from(&group)))
}

#[utoipa::path(put, path = "/api/v1/device-groups/{id}", tag = "device-groups", operation_id = "changeDeviceGroup",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = GroupBody,
    responses((status = 200, body = DeviceGroupView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
    Body(change): Body<GroupBody>,
) -> Result<Tagged<DeviceGroupView>, ApiError> {
    let group = web.app().edit_device_group(&granted, id, &GroupForm::from(change)).await?;
    Ok(Tagged(DeviceGroupView::from(&group)))
}

#[utoipa::path(delete, path = "/api/v1/device-groups/{id}", tag = "device-groups", operation_id = "deleteDeviceGroup",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
) -> Result<StatusCode, ApiError> {
    web.app().delete_device_group(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(put, path = "/api/v1/device-groups/{id}/devices/{device}", tag = "device-groups",
    operation_id = "addDeviceToGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn add_device(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<StatusCode, ApiError> {
    web.app().join_device_group(&granted, id, device).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/device-groups/{id}/devices/{device}", tag = "device-groups",
    operation_id = "removeDeviceFromGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn remove_device(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<StatusCode, ApiError> {
    web.app().leave_device_group(&granted, id, device).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/device-groups/{id}/groups", tag = "device-groups",
    operation_id = "listGroupBindings", extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<GroupBindingView>), Refused, Absent))]
pub(crate) async fn bindings(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
) -> Result<Json<Vec<GroupBindingView>>, ApiError> {
    let group = web.app().device_group(&granted, id).await?;
    let bindings = web.app().group_bindings(&granted, group.id).await?;
    let view = bindings.into_iter().map(|binding| GroupBindingView {
        id: binding.user_group.to_string(),
        name: binding.name,
        members: binding.members,
        sudo: binding.sudo.key(),
        bound_at: words::iso(binding.bound_at),
    });
    Ok(Json(view.collect()))
}

#[utoipa::path(put, path = "/api/v1/device-groups/{id}/groups/{group}", tag = "device-groups",
    operation_id = "bindGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID of a group of users")),
    request_body = BindBody, responses((status = 204), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn bind(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
    OneBoundGroup(group): OneBoundGroup,
    Body(body): Body<BindBody>,
) -> Result<StatusCode, ApiError> {
    let sudo = body.sudo()?;
    web.app().bind_group(&granted, (id, group), sudo).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/device-groups/{id}/groups/{group}", tag = "device-groups",
    operation_id = "unbindGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID of a group of users")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unbind(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
    OneBoundGroup(group): OneBoundGroup,
) -> Result<StatusCode, ApiError> {
    web.app().unbind_group(&granted, (id, group)).await?;
    Ok(StatusCode::NO_CONTENT)
}
