//! Runs of commands, and what came of them (S9.2).

use super::{
    body::Body,
    condition::On,
    key::May,
    path::{OneCommand, OneDevice, OneDeviceMember, OneRun},
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::Id,
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    commands::RunResults,
    stored::{CommandResult, CommandRun, CountedRun, RunOnDevice},
    words,
};
use claviger_domain::{
    command::{Progress, State},
    field::FieldError,
    id::DeviceId,
    permission::RunCommands,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A run of a command.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    /// UUID.
    id: String,
    /// UUID of the command; it may be gone.
    command: String,
    /// What that was called.
    name: String,
    /// Who asked for it.
    asked_by: String,
    /// RFC 3339, UTC.
    asked_at: String,
    /// RFC 3339, UTC: a device that has not begun by then doesn't begin any more.
    expires_at: String,
    /// RFC 3339, UTC: when it was canceled.
    canceled_at: Option<String>,
    /// On how many devices.
    devices: i64,
    /// On how many of them it is not over.
    open: i64,
    /// On how many of them it ended with exit code 0.
    succeeded: i64,
}

impl From<&CountedRun> for RunView {
    fn from(counted: &CountedRun) -> Self {
        let run = &counted.run;
        Self {
            id: run.id.to_string(),
            command: run.command.to_string(),
            name: run.name.clone(),
            asked_by: run.asked_by.clone(),
            asked_at: words::iso(run.asked_at),
            expires_at: words::iso(run.expires_at),
            canceled_at: run.canceled_at.map(words::iso),
            devices: counted.devices,
            open: counted.open,
            succeeded: counted.succeeded,
        }
    }
}

/// A run with what came of it on each device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunResultsView {
    /// The run.
    #[serde(flatten)]
    run: RunView,
    /// The script as it was.
    script: String,
    /// By device; each one's output is an operation of its own.
    results: Vec<ResultView>,
}

/// What came of a run on one device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResultView {
    /// UUID.
    device: String,
    /// What the device is called; nothing if it is gone.
    device_name: Option<String>,
    /// `waiting`, `running`, `stopping` (canceled, and not known to have stopped), `expired` (not taken up in time), or
    /// how it ended: `exited`, `timed_out`, `stopped`, `not_started`, `interrupted`, `failed`.
    state: &'static str,
    /// If it ended by itself; negative for the signal that ended it.
    exit_code: Option<i64>,
    /// Why it ended so; may be empty.
    detail: String,
    /// RFC 3339, UTC, by the device's clock.
    started_at: Option<String>,
    /// RFC 3339, UTC, by the device's clock.
    ended_at: Option<String>,
}

/// What came of a run on one device, and what it printed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutputView {
    /// What came of it.
    #[serde(flatten)]
    result: ResultView,
    /// The first and the last 32 KiB of what it printed on standard output and standard error.
    output: String,
}

fn state_of(run: &CommandRun, state: State, now: Timestamp) -> &'static str {
    Progress::of(state, (run.expires_at, run.canceled_at), now).key()
}

impl ResultView {
    fn of(run: &CommandRun, result: &CommandResult, now: Timestamp) -> Self {
        Self {
            device: result.device.to_string(),
            device_name: result.device_name.clone(),
            state: state_of(run, result.state, now),
            exit_code: result.exit_code,
            detail: result.detail.clone(),
            started_at: result.started_at.map(words::iso),
            ended_at: result.ended_at.map(words::iso),
        }
    }
}

/// A run on a device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceRunView {
    /// UUID of the run.
    run: String,
    /// UUID of the command; it may be gone.
    command: String,
    /// What that was called.
    name: String,
    /// Who asked for it.
    asked_by: String,
    /// RFC 3339, UTC.
    asked_at: String,
    /// As in the results of a run.
    state: &'static str,
    /// If it ended by itself.
    exit_code: Option<i64>,
}

/// On which devices to run.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunBody {
    /// UUIDs of devices that have the command; null or left out: all of them.
    #[schema(value_type = Option<Vec<Id>>, min_items = 1, max_items = 5000)]
    devices: Option<Vec<String>>,
}

impl RunBody {
    fn devices(&self) -> Result<Option<Vec<DeviceId>>, ApiError> {
        let wrong = || FieldError::new("devices", "Name 1 to 5000 devices by their UUIDs.");
        let Some(texts) = &self.devices else { return Ok(None) };
        if texts.is_empty() || texts.len() > 5_000 {
            return Err(wrong().into());
        }
        let parsed: Result<Vec<_>, _> = texts.iter().map(|text| text.parse()).collect();
        parsed.map(Some).map_err(|_| wrong().into())
    }
}

fn asked(run: &CountedRun) -> Response {
    let location = format!("/api/v1/command-runs/{}", run.run.id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(RunView::from(run))).into_response()
}

#[utoipa::path(post, path = "/api/v1/commands/{id}/run", tag = "commands", operation_id = "runCommand",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    request_body = RunBody,
    responses((status = 201, body = RunView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn run(
    On(web): On,
    May(granted): May<RunCommands>,
    OneCommand(id): OneCommand,
    Body(body): Body<RunBody>,
) -> Result<Response, ApiError> {
    let only = body.devices()?;
    Ok(asked(&web.app().run_command(&granted, id, only.as_deref()).await?))
}

#[utoipa::path(get, path = "/api/v1/commands/{id}/runs", tag = "commands", operation_id = "listCommandRuns",
    description = "The newest 50 runs.", extensions(("x-permission" = json!("RunCommands"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<RunView>), Refused, Absent))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<RunCommands>,
    OneCommand(id): OneCommand,
) -> Result<Json<Vec<RunView>>, ApiError> {
    let command = web.app().command(&granted, id).await?;
    let runs = web.app().command_runs(&granted, command.id).await?;
    Ok(Json(runs.iter().map(RunView::from).collect()))
}

#[utoipa::path(get, path = "/api/v1/command-runs/{id}", tag = "commands", operation_id = "getCommandRun",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = RunResultsView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<RunCommands>,
    OneRun(id): OneRun,
) -> Result<Json<RunResultsView>, ApiError> {
    let RunResults { counted, results } = web.app().command_run(&granted, id).await?;
    let now = web.app().now();
    Ok(Json(RunResultsView {
        run: RunView::from(&counted),
        results: results.iter().map(|result| ResultView::of(&counted.run, result, now)).collect(),
        script: counted.run.script,
    }))
}

#[utoipa::path(get, path = "/api/v1/command-runs/{id}/devices/{device}", tag = "commands",
    operation_id = "getCommandOutput", extensions(("x-permission" = json!("RunCommands"))),
    params(("id" = String, Path, description = "UUID"), ("device" = String, Path, description = "UUID")),
    responses((status = 200, body = OutputView), Refused, Absent))]
pub(crate) async fn output(
    On(web): On,
    May(granted): May<RunCommands>,
    OneRun(id): OneRun,
    OneDeviceMember(device): OneDeviceMember,
) -> Result<Json<OutputView>, ApiError> {
    let (run, result) = web.app().command_result(&granted, (id, device)).await?;
    let view = ResultView::of(&run, &result, web.app().now());
    Ok(Json(OutputView { result: view, output: result.output }))
}

#[utoipa::path(post, path = "/api/v1/command-runs/{id}/cancel", tag = "commands", operation_id = "cancelCommandRun",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = RunView), Refused, Absent, Conflicting))]
pub(crate) async fn cancel(
    On(web): On,
    May(granted): May<RunCommands>,
    OneRun(id): OneRun,
) -> Result<Json<RunView>, ApiError> {
    Ok(Json(RunView::from(&web.app().cancel_run(&granted, id).await?)))
}

#[utoipa::path(post, path = "/api/v1/command-runs/{id}/again", tag = "commands", operation_id = "runCommandAgain",
    description = "Runs the command as it is now on the devices of that run that still have it.",
    extensions(("x-permission" = json!("RunCommands"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 201, body = RunView), Refused, Absent, Conflicting))]
pub(crate) async fn again(
    On(web): On,
    May(granted): May<RunCommands>,
    OneRun(id): OneRun,
) -> Result<Response, ApiError> {
    Ok(asked(&web.app().run_again(&granted, id).await?))
}

#[utoipa::path(get, path = "/api/v1/devices/{id}/commands", tag = "commands", operation_id = "listDeviceRuns",
    description = "The newest 50 runs on the device.", extensions(("x-permission" = json!("RunCommands"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<DeviceRunView>), Refused, Absent))]
pub(crate) async fn of_device(
    On(web): On,
    May(granted): May<RunCommands>,
    OneDevice(id): OneDevice,
) -> Result<Json<Vec<DeviceRunView>>, ApiError> {
    let (_, runs) = web.app().device_commands(&granted, id).await?;
    let now = web.app().now();
    let view = |RunOnDevice { run, state, exit_code }: &RunOnDevice| DeviceRunView {
        run: run.id.to_string(),
        command: run.command.to_string(),
        name: run.name.clone(),
        asked_by: run.asked_by.clone(),
        asked_at: words::iso(run.asked_at),
        state: state_of(run, *state, now),
        exit_code: *exit_code,
    };
    Ok(Json(runs.iter().map(view).collect()))
}
