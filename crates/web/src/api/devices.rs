//! Devices (section 8): listed, changed, deleted, and who is bound to them.

use super::{
    body::{Body, Query},
    condition::{On, Revised, Tagged},
    device_listing::{DeviceListing, encode_place, place},
    device_mfa::{DeviceMfaView, first_factor},
    key::May,
    listing::{chosen, encode, page_size},
    path::{OneDevice, OneMember},
    problem::{Absent, ApiError, BadBody, BadQuery, Conflicting, Refused},
    schema::{FirstFactorWord, NotEnrolledWord, SudoWord, WhenDownWord},
};
use axum::{Json, http::StatusCode};
use claviger_app::{
    device_admin::{DeviceChange, ListedDevice},
    stored::{BoundUser, device_binding::Way, device_list::cursor},
    words,
};
use claviger_domain::{
    device::{NotEnrolled, SshChange, Sudo, Switch, WhenDown, forecast::Reach},
    field::{FieldError, Fields},
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceView {
    /// UUID.
    id: String,
    /// Counts what administrators change.
    revision: i64,
    /// What it is called.
    name: String,
    /// Its name on the network.
    hostname: String,
    /// `linux`, `windows` or `macos`.
    platform: &'static str,
    /// Name and version of its system.
    system: String,
    /// The version of its agent.
    agent_version: String,
    /// Whether it was heard of within the last six minutes.
    online: bool,
    /// RFC 3339, UTC.
    last_contact_at: String,
    /// The address that it called from then.
    last_address: String,
    /// RFC 3339, UTC.
    enrolled_at: String,
    /// `present` or `missing`: openssh-server.
    ssh_server: &'static str,
    /// MFA.
    mfa: DeviceMfaView,
    /// Allow SSH Password Login.
    ssh_password_login: bool,
    /// Enable Public Key Authentication.
    ssh_public_keys: bool,
    /// Allow root login.
    ssh_root_login: bool,
    /// What goes before the code at SSH: `password`, `public_key` or `both`; null if SSH lets nobody in.
    ssh_first_factors: Option<&'static str>,
    /// Whether sudo and su ask for the code, too.
    sudo_asks: bool,
    /// `closed` or `open`: whether enrolled users are refused while the agent can't be asked.
    when_down: &'static str,
    /// `first_factor_alone` or `refused`: what happens to users who are not enrolled.
    not_enrolled: &'static str,
    /// Whether a login at SSH shows how to set MFA up, to users who have to by a date.
    invites: bool,
    /// How many users are bound to it.
    users: i64,
}

pub(super) const fn is_on(switch: Switch) -> bool {
    matches!(switch, Switch::On)
}

pub(super) const fn switch(on: bool) -> Switch {
    if on { Switch::On } else { Switch::Off }
}

impl DeviceView {
    pub(super) fn of(listed: &ListedDevice, now: Timestamp) -> Self {
        let (device, contact) = (&listed.known.device, &listed.known.contact);
        let rules = &device.rules;
        Self {
            id: device.id.to_string(),
            revision: device.revision,
            name: device.name.clone(),
            hostname: contact.told.hostname.clone(),
            platform: device.platform.key(),
            system: contact.told.system.clone(),
            agent_version: contact.told.agent_version.clone(),
            online: Reach::of(contact.last_contact_at, now) == Reach::Online,
            last_contact_at: words::iso(contact.last_contact_at),
            last_address: contact.last_address.clone(),
            enrolled_at: words::iso(device.enrolled_at),
            ssh_server: contact.told.ssh_server.key(),
            mfa: DeviceMfaView::of(listed),
            ssh_password_login: is_on(rules.ssh.password_login),
            ssh_public_keys: is_on(rules.ssh.public_keys),
            ssh_root_login: is_on(rules.ssh.root_login),
            ssh_first_factors: rules.ssh.first_factor().map(|first| first.key()),
            sudo_asks: is_on(rules.sudo_asks),
            when_down: rules.when_down.key(),
            not_enrolled: rules.not_enrolled.key(),
            invites: is_on(rules.invites),
            users: listed.users,
        }
    }
}

impl Revised for DeviceView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A page of devices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicePage {
    /// The devices, by name.
    items: Vec<DeviceView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceBody {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Allow SSH Password Login.
    ssh_password_login: Option<bool>,
    /// Enable Public Key Authentication.
    ssh_public_keys: Option<bool>,
    /// Allow root login.
    ssh_root_login: Option<bool>,
    /// `password`, `public_key` or `both`: needed while MFA is on and both of the first two are.
    #[schema(value_type = Option<FirstFactorWord>)]
    ssh_first_factors: Option<String>,
    /// Whether sudo and su ask for the code, too.
    sudo_asks: Option<bool>,
    /// `closed` or `open`.
    #[schema(value_type = Option<WhenDownWord>)]
    when_down: Option<String>,
    /// `first_factor_alone` or `refused`.
    #[schema(value_type = Option<NotEnrolledWord>)]
    not_enrolled: Option<String>,
    /// Whether a login at SSH shows how to set MFA up, to users who have to by a date.
    invites: Option<bool>,
}

impl DeviceBody {
    fn parse(self) -> Result<DeviceChange, Vec<FieldError>> {
        let mut fields = Fields::new();
        let first = fields.take(first_factor(self.ssh_first_factors.as_deref()));
        let downs: Vec<_> = WhenDown::ALL.iter().map(|when| (when.key(), *when)).collect();
        let when_down = fields.take(chosen("when_down", self.when_down.as_deref(), &downs));
        let ways: Vec<_> = NotEnrolled::ALL.iter().map(|way| (way.key(), *way)).collect();
        let not_enrolled = fields.take(chosen("not_enrolled", self.not_enrolled.as_deref(), &ways));
        let change = (|| {
            Some(DeviceChange {
                name: self.name,
                ssh: SshChange {
                    password_login: self.ssh_password_login.map(switch),
                    public_keys: self.ssh_public_keys.map(switch),
                    root_login: self.ssh_root_login.map(switch),
                    first_factor: first?,
                },
                sudo_asks: self.sudo_asks.map(switch),
                when_down: when_down?,
                not_enrolled: not_enrolled?,
                invites: self.invites.map(switch),
            })
        })();
        fields.finish(change)
    }
}

#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", operation_id = "listDevices",
    extensions(("x-permission" = json!("ViewUsers"))), params(DeviceListing),
    responses((status = 200, body = DevicePage), Refused, BadQuery))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
    Query(listing): Query<DeviceListing>,
) -> Result<Json<DevicePage>, ApiError> {
    let (filter, page, limit) = listing.parse()?;
    let found = web.app().devices(&granted, &filter, (&page, limit)).await?;
    let now = web.app().now();
    let last = found.devices.last().filter(|_| found.has_older);
    Ok(Json(DevicePage {
        next_cursor: last.map(|last| encode(&cursor(&last.known.device))),
        items: found.devices.iter().map(|listed| DeviceView::of(listed, now)).collect(),
    }))
}

#[utoipa::path(get, path = "/api/v1/devices/{id}", tag = "devices", operation_id = "getDevice",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = DeviceView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneDevice(id): OneDevice,
) -> Result<Tagged<DeviceView>, ApiError> {
    let listed = web.app().device(&granted, id).await?;
    Ok(Tagged(DeviceView::of(&listed, web.app().now())))
}

#[utoipa::path(patch, path = "/api/v1/devices/{id}", tag = "devices", operation_id = "changeDevice",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = DeviceBody,
    responses((status = 200, body = DeviceView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
    Body(body): Body<DeviceBody>,
) -> Result<Tagged<DeviceView>, ApiError> {
    let change = body.parse()?;
    let listed = web.app().change_device(&granted, id, &change, None).await?;
    Ok(Tagged(DeviceView::of(&listed, web.app().now())))
}

#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "devices", operation_id = "deleteDevice",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
) -> Result<StatusCode, ApiError> {
    web.app().delete_device(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A user who is bound to a device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoundUserView {
    /// UUID.
    id: String,
    /// E-mail.
    email: String,
    /// Login name, and the name of the account there.
    username: String,
    /// Whether they have a factor.
    enrolled: bool,
    /// `none`, `with_password` or `without_password`: the strongest of what their bindings give.
    sudo: &'static str,
    /// Whether they are bound directly, and not only through groups.
    direct: bool,
    /// What the device made of the account: `unknown`, `ready`, `locked`, `needs_take_over`, `name_refused` or `failed`.
    account: &'static str,
    /// RFC 3339, UTC: until when the device checks codes without the server; null if it can't.
    offline_until: Option<String>,
}

impl From<&BoundUser> for BoundUserView {
    fn from(bound: &BoundUser) -> Self {
        let account = &bound.account;
        Self {
            id: account.id.to_string(),
            email: account.email.to_string(),
            username: account.username().map(ToString::to_string).unwrap_or_default(),
            enrolled: account.mfa.enrollment != claviger_domain::mfa::Enrollment::NotEnrolled,
            sudo: bound.binding.sudo.key(),
            direct: bound.binding.way == Way::Direct,
            account: bound.binding.state.key(),
            offline_until: bound.binding.offline_until.map(words::iso),
        }
    }
}

/// A page of a device's users.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BoundUserPage {
    /// The users, by name.
    items: Vec<BoundUserView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which page to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BoundListing {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/users", tag = "devices", operation_id = "listDeviceUsers",
    extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID"), BoundListing),
    responses((status = 200, body = BoundUserPage), Refused, Absent, BadQuery))]
pub(crate) async fn users(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneDevice(id): OneDevice,
    Query(listing): Query<BoundListing>,
) -> Result<Json<BoundUserPage>, ApiError> {
    let limit = page_size(listing.limit)?;
    let after = place(listing.cursor.as_deref())?;
    let found = web.app().device_users(&granted, id, (after.as_ref(), limit)).await?;
    Ok(Json(BoundUserPage {
        items: found.users.iter().map(BoundUserView::from).collect(),
        next_cursor: found.next.as_ref().map(encode_place),
    }))
}

/// How a user is bound.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BindBody {
    /// `none` (default), `with_password` or `without_password`.
    #[schema(value_type = Option<SudoWord>)]
    sudo: Option<String>,
}

impl BindBody {
    pub(super) fn sudo(&self) -> Result<Sudo, FieldError> {
        let words: Vec<_> = Sudo::ALL.iter().map(|sudo| (sudo.key(), *sudo)).collect();
        Ok(chosen("sudo", self.sudo.as_deref(), &words)?.unwrap_or_default())
    }
}

#[utoipa::path(put, path = "/api/v1/devices/{id}/users/{user}", tag = "devices", operation_id = "bindUser",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("user" = String, Path, description = "UUID")),
    request_body = BindBody, responses((status = 204), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn bind(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
    OneMember(user): OneMember,
    Body(body): Body<BindBody>,
) -> Result<StatusCode, ApiError> {
    let sudo = body.sudo()?;
    web.app().bind_user(&granted, (id, user), sudo).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/devices/{id}/users/{user}", tag = "devices", operation_id = "unbindUser",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("user" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unbind(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
    OneMember(user): OneMember,
) -> Result<StatusCode, ApiError> {
    web.app().unbind_user(&granted, (id, user)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/users/{user}/take-over", tag = "devices",
    operation_id = "confirmTakeOver", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("user" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn take_over(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
    OneMember(user): OneMember,
) -> Result<StatusCode, ApiError> {
    web.app().confirm_take_over(&granted, (id, user)).await?;
    Ok(StatusCode::NO_CONTENT)
}
