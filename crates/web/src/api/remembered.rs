//! How often a group of devices asks for the code, and logins that are remembered (S8.13b).

use super::{
    body::Body,
    condition::{On, Tagged},
    device_groups::DeviceGroupView,
    key::May,
    path::{OneDeviceGroup, OneUser},
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
};
use axum::{Json, http::StatusCode};
use claviger_app::{device_admin::RememberedLogins, stored::RememberedLogin, words};
use claviger_domain::{
    device::ask_once::AskOnce,
    permission::{AssistUsers, ManageUsers, ViewUsers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How often a group of devices is to ask for the code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskOnceBody {
    /// 1 to 168; null or left out: at every login.
    #[schema(minimum = 1, maximum = 168)]
    hours: Option<i64>,
}

/// A login at SSH with a key and a code. Others like it are asked for no code.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RememberedView {
    /// UUID of the user.
    user: String,
    /// The user's e-mail.
    email: String,
    /// UUID of the group on whose devices it is good.
    device_group: String,
    /// What the group is called.
    device_group_name: String,
    /// What the device is called where the code was given.
    device_name: String,
    /// The key, as `ssh-keygen -l` shows it.
    key: String,
    /// The address.
    from: String,
    /// When the code was accepted; RFC 3339, UTC.
    since: String,
    /// RFC 3339, UTC.
    until: String,
}

impl From<&RememberedLogin> for RememberedView {
    fn from(login: &RememberedLogin) -> Self {
        Self {
            user: login.account.to_string(),
            email: login.email.clone(),
            device_group: login.remembered.group.to_string(),
            device_group_name: login.group_name.clone(),
            device_name: login.device_name.clone(),
            key: login.remembered.shown.key.fingerprint(),
            from: login.remembered.shown.from.to_string(),
            since: words::iso(login.remembered.since),
            until: words::iso(login.remembered.ends(login.asks)),
        }
    }
}

fn views(found: &RememberedLogins) -> Json<Vec<RememberedView>> {
    Json(found.logins.iter().map(RememberedView::from).collect())
}

#[utoipa::path(put, path = "/api/v1/device-groups/{id}/ask-once", tag = "device-groups", operation_id = "setAskOnce",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = AskOnceBody,
    responses((status = 200, body = DeviceGroupView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn ask_once(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
    Body(body): Body<AskOnceBody>,
) -> Result<Tagged<DeviceGroupView>, ApiError> {
    let hours = body.hours.map(|hours| hours.to_string()).unwrap_or_default();
    let group = web.app().set_ask_once(&granted, id, AskOnce::parse("hours", &hours)?).await?;
    Ok(Tagged(DeviceGroupView::from(&group)))
}

#[utoipa::path(get, path = "/api/v1/device-groups/{id}/remembered", tag = "device-groups",
    operation_id = "listRememberedInGroup", extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID")), description = "The newest 100.",
    responses((status = 200, body = Vec<RememberedView>), Refused, Absent))]
pub(crate) async fn in_group(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
) -> Result<Json<Vec<RememberedView>>, ApiError> {
    Ok(views(&web.app().remembered_in_group(&granted, id).await?))
}

#[utoipa::path(delete, path = "/api/v1/device-groups/{id}/remembered", tag = "device-groups",
    operation_id = "revokeRememberedInGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn revoke_in_group(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDeviceGroup(id): OneDeviceGroup,
) -> Result<StatusCode, ApiError> {
    web.app().revoke_remembered_in_group(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/users/{id}/remembered", tag = "users", operation_id = "listRememberedOfUser",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    description = "The newest 100.",
    responses((status = 200, body = Vec<RememberedView>), Refused, Absent))]
pub(crate) async fn of_user(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Json<Vec<RememberedView>>, ApiError> {
    Ok(views(&web.app().remembered_of_user(&granted, id).await?))
}

#[utoipa::path(delete, path = "/api/v1/users/{id}/remembered", tag = "users", operation_id = "revokeRememberedOfUser",
    extensions(("x-permission" = json!("AssistUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn revoke_of_user(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
) -> Result<StatusCode, ApiError> {
    web.app().revoke_remembered_of_user(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
