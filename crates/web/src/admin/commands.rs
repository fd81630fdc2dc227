//! The list of commands, and a new one (S9.2).

use super::change::Change;
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Errors, Field, Posted},
    routing::{Routes, get},
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Query, State},
    response::Response,
};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{
    command::{CommandForm, READY, Ready, Shell},
    device::Switch,
    permission::{ManageUsers, RunCommands},
};
use std::collections::BTreeMap;

pub(super) const PATH: &str = "/admin/commands";
/// 64 KiB of script, however it is escaped.
pub(super) const LIMIT: usize = 512 * 1024;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/commands", get(list))
        .at("/admin/commands/new", get(ask_new).post(create))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// The fields of a command.
pub(super) struct CommandFields {
    pub(super) name: Field,
    pub(super) description: Field,
    pub(super) shell: Field,
    pub(super) shells: Vec<Choice>,
    pub(super) script: Field,
    pub(super) schedule: Field,
    pub(super) timeout_seconds: Field,
    pub(super) wait_hours: Field,
}

impl CommandFields {
    pub(super) fn of(form: &CommandForm, errors: &Errors) -> Self {
        let field = |name: &str, text: &str| Field { value: text.to_owned(), error: errors.of(name) };
        Self {
            name: field("name", &form.name),
            description: field("description", &form.description),
            shell: field("shell", &form.shell),
            shells: Shell::ALL.iter().map(|shell| Choice::new(shell.key(), shell.words())).collect(),
            script: field("script", &form.script),
            schedule: field("schedule", &form.schedule),
            timeout_seconds: field("timeout_seconds", &form.timeout_seconds),
            wait_hours: field("wait_hours", &form.wait_hours),
        }
    }
}

/// What was typed.
pub(super) fn typed(form: &Posted) -> CommandForm {
    CommandForm {
        name: form.owned("name"),
        description: form.owned("description"),
        shell: form.owned("shell"),
        script: form.owned("script"),
        timeout_seconds: form.owned("timeout_seconds"),
        wait_hours: form.owned("wait_hours"),
        schedule: form.owned("schedule"),
    }
}

#[derive(Template)]
#[template(path = "admin/commands.html")]
struct Commands {
    chrome: AdminChrome,
    may_edit: bool,
    is_on: bool,
    rows: Vec<CommandRow>,
    ready: &'static [Ready],
}

struct CommandRow {
    href: String,
    name: String,
    description: String,
    shell: &'static str,
    schedule: String,
    devices: String,
    groups: String,
    last_run: String,
}

async fn list(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    let commands = web.app().commands(&me.actor.granted::<RunCommands>()?).await?;
    let now = web.app().now();
    let rows = commands.into_iter().map(|counted| CommandRow {
        href: format!("{PATH}/{}", counted.command.id),
        name: counted.command.name.as_str().to_owned(),
        shell: counted.command.shell.words(),
        schedule: counted.command.schedule.words(),
        description: counted.command.description,
        devices: words::number(counted.devices),
        groups: words::number(counted.groups),
        last_run: counted.last_run_at.map_or_else(|| "Never".into(), |at| words::relative(at, now)),
    });
    Ok(page(&Commands {
        chrome: AdminChrome::new(&web, &me, frame, "commands").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        is_on: web.app().commands_switch().await? == Switch::On,
        rows: rows.collect(),
        ready: &READY,
    }))
}

#[derive(Template)]
#[template(path = "admin/command_new.html")]
struct NewCommand {
    chrome: AdminChrome,
    problem: Option<String>,
    fields: CommandFields,
}

async fn blank(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    fields: CommandFields,
) -> Result<NewCommand, PageError> {
    let chrome = AdminChrome::new(web, me, frame, "commands").await?;
    Ok(NewCommand { chrome, problem: None, fields })
}

async fn ask_new(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let usual = CommandForm {
        shell: Shell::Shell.key().into(),
        timeout_seconds: "300".into(),
        wait_hours: "24".into(),
        schedule: "never".into(),
        ..CommandForm::default()
    };
    let ready = query.get("template").and_then(|key| Ready::from_key(key));
    let form = match ready {
        Some(ready) => CommandForm {
            name: ready.name.into(),
            description: ready.description.into(),
            shell: ready.shell.key().into(),
            script: ready.script.into(),
            ..usual
        },
        None => usual,
    };
    Ok(page(&blank(&web, &me, frame, CommandFields::of(&form, &Errors::default())).await?))
}

async fn create(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let typed = typed(&form);
    let Again { status, errors, problem } = match web.app().create_command(&granted, &typed).await {
        Ok(command) => return Ok(flash::redirect(&format!("{PATH}/{}", command.id), "command_created")),
        Err(refusal) => Again::after(refusal)?,
    };
    let again = blank(&web, &me, frame, CommandFields::of(&typed, &errors)).await?;
    Ok(render(status, &NewCommand { problem, ..again }))
}
