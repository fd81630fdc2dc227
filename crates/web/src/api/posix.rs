//! What a user is on devices: number, group, shell, SSH keys (S3.1), and which devices they are.

use super::{
    body::Body,
    condition::On,
    devices::DeviceView,
    key::May,
    path::{OneSshKey, OneUser},
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::ShellText,
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use claviger_app::{
    device_admin::ListedDevice,
    stored::{OwnedSshKey, device_binding::Way},
    words,
};
use claviger_domain::{
    permission::{ManageUsers, ViewUsers},
    posix::{DEFAULT_SHELL, Posix, PosixForm, SshKey},
};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user is on Unix systems.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PosixView {
    /// 1000 or more; null: each device chooses one.
    uid: Option<u32>,
    /// 1000 or more; null: a group of their own.
    gid: Option<u32>,
    /// What is started at login.
    shell: String,
}

impl From<&Posix> for PosixView {
    fn from(posix: &Posix) -> Self {
        Self { uid: posix.uid, gid: posix.gid, shell: posix.shell().to_owned() }
    }
}

/// What a user is to be on Unix systems.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PosixBody {
    /// 1000 or more; null or left out: each device chooses one.
    #[schema(minimum = 1000, maximum = 2147483647)]
    uid: Option<i64>,
    /// 1000 or more; null or left out: a group of their own.
    #[schema(minimum = 1000, maximum = 2147483647)]
    gid: Option<i64>,
    /// The full path of a shell; null or left out: `/bin/bash`.
    #[schema(value_type = Option<ShellText>)]
    shell: Option<String>,
}

/// An SSH key of a user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SshKeyView {
    /// SHA-256 of the key in hexadecimal: its name in paths.
    id: String,
    /// Such as `ssh-ed25519`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// As `ssh-keygen -l` shows it.
    fingerprint: String,
    /// What stands behind the key.
    comment: String,
    /// The line for `authorized_keys`.
    line: String,
    /// RFC 3339, UTC; null for one that was added just now.
    added_at: Option<String>,
}

impl SshKeyView {
    fn new(key: &SshKey, added_at: Option<String>) -> Self {
        Self {
            id: HEXLOWER.encode(&key.digest()),
            kind: key.kind(),
            fingerprint: key.fingerprint(),
            comment: key.comment().to_owned(),
            line: key.line(),
            added_at,
        }
    }
}

impl From<&OwnedSshKey> for SshKeyView {
    fn from(owned: &OwnedSshKey) -> Self {
        Self::new(&owned.key, Some(words::iso(owned.added_at)))
    }
}

/// An SSH key to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SshKeyBody {
    /// The line of a `.pub` file: type, key, comment; no options.
    key: String,
}

#[utoipa::path(get, path = "/api/v1/users/{id}/posix", tag = "users", operation_id = "getPosix",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = PosixView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Json<PosixView>, ApiError> {
    let posix = web.app().posix(&granted, id).await?;
    Ok(Json(PosixView::from(&posix)))
}

#[utoipa::path(put, path = "/api/v1/users/{id}/posix", tag = "users", operation_id = "setPosix",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = PosixBody,
    responses((status = 200, body = PosixView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn set(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
    Body(body): Body<PosixBody>,
) -> Result<Json<PosixView>, ApiError> {
    let text = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let shell = body.shell.filter(|shell| shell != DEFAULT_SHELL).unwrap_or_default();
    let form = PosixForm { uid: text(body.uid), gid: text(body.gid), shell };
    let posix = web.app().set_posix(&granted, id, &form).await?;
    Ok(Json(PosixView::from(&posix)))
}

#[utoipa::path(get, path = "/api/v1/users/{id}/ssh-keys", tag = "users", operation_id = "listSshKeys",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<SshKeyView>), Refused, Absent))]
pub(crate) async fn keys(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Json<Vec<SshKeyView>>, ApiError> {
    let keys = web.app().ssh_keys(&granted, id).await?;
    Ok(Json(keys.iter().map(SshKeyView::from).collect()))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/ssh-keys", tag = "users", operation_id = "addSshKey",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = SshKeyBody,
    responses((status = 201, body = SshKeyView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn add_key(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
    Body(body): Body<SshKeyBody>,
) -> Result<Response, ApiError> {
    let key = web.app().add_ssh_key(&granted, id, &body.key).await?;
    Ok((StatusCode::CREATED, Json(SshKeyView::new(&key, None))).into_response())
}

#[utoipa::path(delete, path = "/api/v1/users/{id}/ssh-keys/{key}", tag = "users", operation_id = "removeSshKey",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("key" = String, Path, description = "SHA-256 in hexadecimal")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn remove_key(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
    OneSshKey(key): OneSshKey,
) -> Result<StatusCode, ApiError> {
    web.app().remove_ssh_key(&granted, id, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A device that a user is bound to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoundDeviceView {
    /// The device.
    device: DeviceView,
    /// `none`, `with_password` or `without_password`.
    sudo: &'static str,
    /// Whether they are bound directly, and not only through groups.
    direct: bool,
    /// What the device made of the account: `unknown`, `ready`, `locked`, `needs_take_over`, `name_refused` or `failed`.
    account: &'static str,
}

#[utoipa::path(get, path = "/api/v1/users/{id}/devices", tag = "users", operation_id = "listUserDevices",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<BoundDeviceView>), Refused, Absent))]
pub(crate) async fn devices(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Json<Vec<BoundDeviceView>>, ApiError> {
    let user = web.app().user(&granted, id).await?;
    let (bound, now) = (web.app().devices_of(&granted, user.id).await?, web.app().now());
    let view = bound.into_iter().map(|(binding, listed): (_, ListedDevice)| BoundDeviceView {
        device: DeviceView::of(&listed, now),
        sudo: binding.sudo.key(),
        direct: binding.way == Way::Direct,
        account: binding.state.key(),
    });
    Ok(Json(view.collect()))
}
