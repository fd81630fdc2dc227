//! A run of a command, and what it printed on a device (S9.2).

use super::{change::named, commands::PATH as COMMANDS, confirm::Confirm};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::Again,
    routing::{Routes, get, post},
    view::{Fact, Link, When, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{
    Refusal,
    commands::RunResults,
    session::SignedIn,
    stored::{CommandResult, CommandRun, CountedRun},
    words,
};
use claviger_domain::{
    command::{Progress, State as RunState},
    id::{DeviceId, RunId},
    permission::RunCommands,
    time::Timestamp,
};

const PATH: &str = "/admin/command-runs";

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/command-runs/{id}", get(show))
        .at("/admin/command-runs/{id}/cancel", post(cancel))
        .at("/admin/command-runs/{id}/again", get(ask_again).post(again))
        .at("/admin/command-runs/{id}/devices/{device}", get(output))
}

/// A line of a list of runs.
pub(super) struct RunRow {
    pub(super) href: String,
    pub(super) at: When,
    pub(super) by: String,
    pub(super) outcome: String,
    pub(super) devices: String,
}

impl RunRow {
    pub(super) fn of(counted: &CountedRun, (now, zone): (Timestamp, &str)) -> Self {
        Self {
            href: format!("{PATH}/{}", counted.run.id),
            at: When::new(counted.run.asked_at, now, zone),
            by: counted.run.asked_by.clone(),
            outcome: outcome(counted, now),
            devices: words::counted(counted.devices, "device"),
        }
    }
}

/// "2 of 3 succeeded, 1 open".
fn outcome(counted: &CountedRun, now: Timestamp) -> String {
    let done = format!("{} of {} succeeded", counted.succeeded, counted.devices);
    match counted.open {
        0 => done,
        open if counted.run.expires_at <= now => format!("{done}, {open} without an answer"),
        open => format!("{done}, {open} open"),
    }
}

/// How a run stands on a device, as a badge.
pub(super) struct StateView {
    pub(super) kind: &'static str,
    pub(super) words: &'static str,
}

impl StateView {
    pub(super) fn of(run: &CommandRun, (state, exit_code): (RunState, Option<i64>), now: Timestamp) -> Self {
        let (kind, words) = match Progress::of(state, (run.expires_at, run.canceled_at), now) {
            Progress::Waiting | Progress::Said(RunState::Waiting) => ("plain", "Waiting for the device"),
            Progress::Expired => ("warning", "Not taken up in time"),
            Progress::Stopping => ("warning", "Canceled, not confirmed yet"),
            Progress::Said(RunState::Running) => ("plain", "Running"),
            Progress::Said(RunState::Exited) if exit_code == Some(0) => ("success", "Succeeded"),
            Progress::Said(RunState::Exited) => ("danger", "Ended with an error"),
            Progress::Said(RunState::TimedOut) => ("danger", "Took too long"),
            Progress::Said(RunState::Stopped) => ("warning", "Canceled while it ran"),
            Progress::Said(RunState::NotStarted) => ("warning", "Never began"),
            Progress::Said(RunState::Interrupted) => ("danger", "Interrupted"),
            Progress::Said(RunState::Failed) => ("danger", "Could not be started"),
        };
        Self { kind, words }
    }
}

#[derive(Template)]
#[template(path = "admin/command_run.html")]
struct RunPage {
    chrome: AdminChrome,
    base: String,
    command: String,
    title: String,
    outcome: String,
    problem: Option<String>,
    can_cancel: bool,
    rows: Vec<ResultRow>,
    facts: Vec<Fact>,
    script: String,
}

struct ResultRow {
    href: String,
    name: String,
    state: StateView,
    detail: String,
    exit_code: String,
    took: String,
}

pub(super) fn exit_code(code: Option<i64>) -> String {
    match code {
        Some(code @ ..0) => format!("signal {}", -code),
        Some(code) => code.to_string(),
        None => "–".into(),
    }
}

fn took(result: &CommandResult) -> String {
    match (result.started_at, result.ended_at) {
        (Some(began), Some(ended)) => words::span(ended.since(began)),
        _ => "–".into(),
    }
}

fn device_name(result: &CommandResult) -> String {
    result.device_name.clone().unwrap_or_else(|| "A device that was deleted".into())
}

impl RunPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: RunId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<RunCommands>()?;
        let RunResults { counted, results } = web.app().command_run(&granted, id).await?;
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let run = &counted.run;
        let row = |result: &CommandResult| ResultRow {
            href: format!("{PATH}/{id}/devices/{}", result.device),
            name: device_name(result),
            state: StateView::of(run, (result.state, result.exit_code), now),
            detail: result.detail.clone(),
            exit_code: exit_code(result.exit_code),
            took: took(result),
        };
        let mut facts = vec![
            Fact::at("Asked for", run.asked_at, now, zone),
            Fact::new("By", run.asked_by.clone()),
            Fact::new("Runs in", run.shell.words()),
            Fact::new("Ended after", words::counted(run.timeout_seconds, "second")),
            Fact::at("To begin until", run.expires_at, now, zone),
        ];
        facts.extend(run.canceled_at.map(|at| Fact::at("Canceled", at, now, zone)));
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "commands").await?,
            base: format!("{PATH}/{id}"),
            command: format!("{COMMANDS}/{}", run.command),
            title: run.name.clone(),
            outcome: outcome(&counted, now),
            problem: None,
            can_cancel: counted.open > 0 && run.canceled_at.is_none(),
            rows: results.iter().map(row).collect(),
            facts,
            script: run.script.clone(),
        })
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    me.actor.granted::<RunCommands>()?;
    Ok(page(&RunPage::new(&web, &me, frame, named(&id)?).await?))
}

/// What came of a form of a run's page.
async fn answer(
    (web, me, frame): (&Web, &SignedIn, Frame),
    id: RunId,
    done: Result<(RunId, &'static str), Refusal>,
) -> Result<Response, PageError> {
    let Again { status, problem, .. } = match done {
        Ok((id, word)) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
        Err(refusal) => Again::after(refusal)?,
    };
    Ok(render(status, &RunPage { problem, ..RunPage::new(web, me, frame, id).await? }))
}

async fn cancel(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<RunCommands>()?;
    let id = named(&id)?;
    let done = web.app().cancel_run(&granted, id).await.map(|run| (run.run.id, "command_canceled"));
    answer((&web, &me, frame), id, done).await
}

async fn ask_again(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<RunCommands>()?;
    web.app().require_fresh_code(&me.actor)?;
    let id: RunId = named(&id)?;
    let RunResults { counted, .. } = web.app().command_run(&granted, id).await?;
    let (name, base) = (counted.run.name, format!("{PATH}/{id}"));
    let trail = vec![
        Link { href: COMMANDS.into(), label: "Commands".into() },
        Link { href: format!("{COMMANDS}/{}", counted.run.command), label: name.clone() },
        Link { href: base.clone(), label: "Run".into() },
    ];
    let chrome = AdminChrome::new(&web, &me, frame, "commands").await?;
    let blank = Confirm::new(chrome, trail, format!("{base}/again"), base);
    Ok(page(&Confirm {
        heading: format!("Run {name} again?"),
        text: format!(
            "On {} of this run, as far as they still have it.",
            words::counted(counted.devices, "device")
        ),
        effects: vec!["It runs as it is written now.".into()],
        verb: "Run again".into(),
        ..blank
    }))
}

async fn again(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<RunCommands>()?;
    let id = named(&id)?;
    let done = web.app().run_again(&granted, id).await.map(|run| (run.run.id, "command_run"));
    answer((&web, &me, frame), id, done).await
}

#[derive(Template)]
#[template(path = "admin/command_output.html")]
struct OutputPage {
    chrome: AdminChrome,
    command: String,
    run: String,
    title: String,
    device: String,
    state: StateView,
    detail: String,
    output: String,
    facts: Vec<Fact>,
}

async fn output(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, device)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<RunCommands>()?;
    let (id, device): (RunId, DeviceId) = (named(&id)?, named(&device)?);
    let (run, result) = web.app().command_result(&granted, (id, device)).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let at = |term: &str, time: Option<Timestamp>| match time {
        Some(time) => Fact::at(term, time, now, zone),
        None => Fact::new(term, "–"),
    };
    Ok(page(&OutputPage {
        chrome: AdminChrome::new(&web, &me, frame, "commands").await?,
        command: format!("{COMMANDS}/{}", run.command),
        run: format!("{PATH}/{id}"),
        device: device_name(&result),
        state: StateView::of(&run, (result.state, result.exit_code), now),
        facts: vec![
            Fact::new("Exit code", exit_code(result.exit_code)),
            at("Began", result.started_at),
            at("Ended", result.ended_at),
            Fact::new("Took", took(&result)),
        ],
        detail: result.detail,
        output: result.output,
        title: run.name,
    }))
}
