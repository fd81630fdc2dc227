//! Commands, and which devices have them (S9.2).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    path::{OneBoundDevices, OneCommand, OneDeviceMember},
    policy_bindings::BoundGroupView,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::ShellWord,
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{policies::BindTo, stored::CommandHolder, words};
use claviger_domain::{
    command::{Command, CommandForm, READY},
    permission::{ManageUsers, RunCommands},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A command.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// 1 to 100 characters, one of a kind whatever its case.
    name: String,
    /// Up to 300 characters.
    description: String,
    /// `shell` (Linux and macOS) or `powershell` (Windows).
    shell: &'static str,
    /// Up to 64 KiB.
    script: String,
    /// After how many seconds it is ended.
    timeout_seconds: i64,
    /// For how many hours a device that is away may take it up.
    wait_hours: i64,
    /// `never`, `once 2026-12-04 14:05`, `every 60` (minutes) or `daily 14:05`, in the organization's time zone.
    schedule: String,
    /// RFC 3339, UTC: when its schedule says so next.
    next_run_at: Option<String>,
    /// RFC 3339, UTC.
    created_at: String,
}

impl From<&Command> for CommandView {
    fn from(command: &Command) -> Self {
        Self {
            id: command.id.to_string(),
            revision: command.revision,
            name: command.name.as_str().to_owned(),
            description: command.description.clone(),
            shell: command.shell.key(),
            script: command.script.clone(),
            timeout_seconds: command.timeout_seconds,
            wait_hours: command.wait_hours,
            schedule: command.schedule.text(),
            next_run_at: command.next_run_at.map(words::iso),
            created_at: words::iso(command.created_at),
        }
    }
}

impl Revised for CommandView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A command that is to be made or changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandBody {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Up to 300 characters.
    #[serde(default)]
    #[schema(max_length = 300)]
    description: String,
    /// `shell` (Linux and macOS) or `powershell` (Windows).
    #[schema(value_type = ShellWord)]
    shell: String,
    /// Up to 64 KiB. A shell script whose first line begins with `#!` is run by what that names, others by `/bin/sh`.
    #[schema(min_length = 1, max_length = 65536)]
    script: String,
    /// After how many seconds it is ended; 300 by default.
    #[schema(minimum = 1, maximum = 86400)]
    timeout_seconds: Option<i64>,
    /// For how many hours a device that is away may take it up; 24 by default.
    #[schema(minimum = 1, maximum = 720)]
    wait_hours: Option<i64>,
    /// `never` (default), `once 2026-12-04 14:05`, `every 60` (minutes, 5 to 10080) or `daily 14:05`, in the
    /// organization's time zone.
    schedule: Option<String>,
}

impl From<CommandBody> for CommandForm {
    fn from(body: CommandBody) -> Self {
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        Self {
            name: body.name,
            description: body.description,
            shell: body.shell,
            script: body.script,
            timeout_seconds: number(body.timeout_seconds),
            wait_hours: number(body.wait_hours),
            schedule: body.schedule.unwrap_or_default(),
        }
    }
}

/// A command to begin with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReadyView {
    /// A word for it.
    key: &'static str,
    /// What it is called.
    name: &'static str,
    /// What it is for.
    description: &'static str,
    /// `shell` or `powershell`.
    shell: &'static str,
    /// The script.
    script: &'static str,
}

/// A device that has a command.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CommandDeviceView {
    /// UUID.
    id: String,
    /// What it is called.
    name: String,
    /// `linux`, `windows` or `macos`.
    platform: &'static str,
    /// Whether it has it itself, and not only through a group.
    direct: bool,
    /// Whether it has the command's shell; where it hasn't, runs leave it out.
    runs: bool,
}

#[utoipa::path(get, path = "/api/v1/command-templates", tag = "commands", operation_id = "listCommandTemplates",
    extensions(("x-permission" = json!("RunCommands"))),
    responses((status = 200, body = Vec<ReadyView>), Refused))]
pub(crate) async fn ready(May(_): May<RunCommands>) -> Result<Json<Vec<ReadyView>>, ApiError> {
    let ready = READY.iter().map(|ready| ReadyView {
        key: ready.key,
        name: ready.name,
        description: ready.description,
        shell: ready.shell.key(),
        script: ready.script,
    });
    Ok(Json(ready.collect()))
}

#[utoipa::path(get, path = "/api/v1/commands", tag = "commands", operation_id = "listCommands",
    extensions(("x-permission" = json!("RunCommands"))),
    responses((status = 200, body = Vec<CommandView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<RunCommands>,
) -> Result<Json<Vec<CommandView>>, ApiError> {
    let commands = web.app().commands(&granted).await?;
    Ok(Json(commands.iter().map(|counted| CommandView::from(&counted.command)).collect()))
}

#[utoipa::path(post, path = "/api/v1/commands", tag = "commands", operation_id = "createCommand",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = CommandBody,
    responses((status = 201, body = CommandView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<CommandBody>,
) -> Result<Response, ApiError> {
    let command = web.app().create_command(&granted, &CommandForm::from(new)).await?;
    let location = format!("/api/v1/commands/{}", command.id);
    let view = Tagged(CommandView::from(&command));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

#[utoipa::path(get, path = "/api/v1/commands/{id}", tag = "commands", operation_id = "getCommand",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = CommandView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<RunCommands>,
    OneCommand(id): OneCommand,
) -> Result<Tagged<CommandView>, ApiError> {
    let command = web.app().command(&granted, id).await?;
    Ok(Tagged(CommandView::from(&command)))
}

#[utoipa::path(put, path = "/api/v1/commands/{id}", tag = "commands", operation_id = "changeCommand",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = CommandBody,
    responses((status = 200, body = CommandView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneCommand(id): OneCommand,
    Body(change): Body<CommandBody>,
) -> Result<Tagged<CommandView>, ApiError> {
    let command = web.app().change_command(&granted, id, &CommandForm::from(change), None).await?;
    Ok(Tagged(CommandView::from(&command)))
}

#[utoipa::path(delete, path = "/api/v1/commands/{id}", tag = "commands", operation_id = "deleteCommand",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneCommand(id): OneCommand,
) -> Result<StatusCode, ApiError> {
    web.app().delete_command(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/commands/{id}/devices", tag = "commands", operation_id = "listCommandDevices",
    description = "The devices that have the command, directly or through a group.",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<CommandDeviceView>), Refused, Absent))]
pub(crate) async fn devices(
    On(web): On,
    May(granted): May<RunCommands>,
    OneCommand(id): OneCommand,
) -> Result<Json<Vec<CommandDeviceView>>, ApiError> {
    let command = web.app().command(&granted, id).await?;
    let devices = web.app().command_devices(&granted, id).await?;
    let view = |holder: CommandHolder| CommandDeviceView {
        id: holder.id.to_string(),
        name: holder.name,
        platform: holder.platform.key(),
        direct: holder.directly,
        runs: command.shell.runs_on(holder.platform),
    };
    Ok(Json(devices.into_iter().map(view).collect()))
}

#[utoipa::path(put, path = "/api/v1/commands/{id}/devices/{device}", tag = "commands", operation_id = "giveCommandToDevice",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn bind_device(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneCommand(id): OneCommand,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<StatusCode, ApiError> {
    web.app().bind_command(&granted, id, BindTo::Device(device)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/commands/{id}/devices/{device}", tag = "commands",
    operation_id = "takeCommandFromDevice", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unbind_device(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneCommand(id): OneCommand,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<StatusCode, ApiError> {
    web.app().unbind_command(&granted, id, BindTo::Device(device)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/commands/{id}/device-groups", tag = "commands", operation_id = "listCommandGroups",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<BoundGroupView>), Refused, Absent))]
pub(crate) async fn groups(
    On(web): On,
    May(granted): May<RunCommands>,
    OneCommand(id): OneCommand,
) -> Result<Json<Vec<BoundGroupView>>, ApiError> {
    let command = web.app().command(&granted, id).await?;
    let groups = web.app().command_groups(&granted, command.id).await?;
    Ok(Json(groups.iter().map(BoundGroupView::from).collect()))
}

#[utoipa::path(put, path = "/api/v1/commands/{id}/device-groups/{group}", tag = "commands",
    operation_id = "giveCommandToGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID of a group of devices")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn bind_group(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneCommand(id): OneCommand,
    OneBoundDevices(group): OneBoundDevices,
) -> Result<StatusCode, ApiError> {
    web.app().bind_command(&granted, id, BindTo::Group(group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/commands/{id}/device-groups/{group}", tag = "commands",
    operation_id = "takeCommandFromGroup", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID of a group of devices")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unbind_group(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneCommand(id): OneCommand,
    OneBoundDevices(group): OneBoundDevices,
) -> Result<StatusCode, ApiError> {
    web.app().unbind_command(&granted, id, BindTo::Group(group)).await?;
    Ok(StatusCode::NO_CONTENT)
}
