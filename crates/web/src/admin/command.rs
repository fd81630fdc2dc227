//! One command: its script, which devices have it, and its runs (S9.2).

use super::{
    bound::{Binder, GroupRow, to_bind, to_unbind},
    change::{Change, named},
    command_runs::RunRow,
    commands::{CommandFields, LIMIT, PATH, typed},
    confirm::{Asks, Confirm},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Errors},
    routing::{Routes, get, post},
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    response::Response,
};
use claviger_app::{Refusal, session::SignedIn, words};
use claviger_domain::{
    command::CommandForm,
    device::Switch,
    id::CommandId,
    permission::{ManageUsers, RunCommands},
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/commands/{id}", get(show).post(save))
        .at("/admin/commands/{id}/bind", post(bind))
        .at("/admin/commands/{id}/unbind", post(unbind))
        .at("/admin/commands/{id}/run", get(ask_run).post(run))
        .at("/admin/commands/{id}/delete", get(ask_delete).post(delete))
        .layer(DefaultBodyLimit::max(LIMIT))
}

#[derive(Template)]
#[template(path = "admin/command.html")]
struct CommandPage {
    chrome: AdminChrome,
    may_edit: bool,
    is_on: bool,
    base: String,
    title: String,
    schedule: String,
    next_run: Option<String>,
    problem: Option<String>,
    revision: String,
    fields: CommandFields,
    runs: Vec<RunRow>,
    groups: Vec<GroupRow>,
    devices: Vec<DeviceRow>,
    binder: Option<Binder>,
}

struct DeviceRow {
    id: String,
    name: String,
    system: &'static str,
    runs: bool,
    directly: bool,
}

impl CommandPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: CommandId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<RunCommands>()?;
        let command = web.app().command(&granted, id).await?;
        let runs = web.app().command_runs(&granted, id).await?;
        let devices = web.app().command_devices(&granted, id).await?;
        let groups: Vec<GroupRow> =
            web.app().command_groups(&granted, id).await?.iter().map(GroupRow::from).collect();
        let organization = web.app().organization().await?;
        let when = (web.app().now(), organization.settings.time_zone.as_str());
        let binder = match me.actor.granted::<ManageUsers>() {
            Ok(granted) => Some(Binder::new(web, &granted, &groups).await?),
            Err(_) => None,
        };
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "commands").await?,
            may_edit: binder.is_some(),
            is_on: web.app().commands_switch().await? == Switch::On,
            base: format!("{PATH}/{id}"),
            title: command.name.as_str().to_owned(),
            schedule: command.schedule.words(),
            next_run: command.next_run_at.map(|at| words::date(at, when.1)),
            problem: None,
            revision: command.revision.to_string(),
            fields: CommandFields::of(&CommandForm::of(&command), &Errors::default()),
            runs: runs.iter().map(|run| RunRow::of(run, when)).collect(),
            devices: devices
                .into_iter()
                .map(|holder| DeviceRow {
                    id: holder.id.to_string(),
                    name: holder.name,
                    system: holder.platform.words(),
                    runs: command.shell.runs_on(holder.platform),
                    directly: holder.directly,
                })
                .collect(),
            groups,
            binder,
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
    Ok(page(&CommandPage::new(&web, &me, frame, named(&id)?).await?))
}

async fn save(change: Change<CommandId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, form } = change;
    let typed = typed(&form);
    let revision = form.text("revision").parse().ok();
    let Again { status, errors, problem } =
        match web.app().change_command(&granted, id, &typed, revision).await {
            Ok(_) => return Ok(flash::redirect(&format!("{PATH}/{id}"), "saved")),
            Err(refusal) => Again::after(refusal)?,
        };
    let mut again = CommandPage::new(&web, &me, frame, id).await?;
    again.fields = CommandFields::of(&typed, &errors);
    (again.revision, again.problem) = (form.owned("revision"), problem);
    Ok(render(status, &again))
}

impl Change<CommandId> {
    /// What a form about bindings came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = CommandPage::new(&web, &me, frame, id).await?;
        again.problem = problem;
        if let Some(binder) = &mut again.binder {
            form.put_back(&errors, [("device", &mut binder.device), ("group", &mut binder.group)]);
        }
        Ok(render(status, &again))
    }
}

async fn bind(change: Change<CommandId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = match to_bind(web, granted, form).await {
        Ok(to) => web.app().bind_command(granted, *id, to).await,
        Err(refusal) => Err(refusal),
    };
    change.answer(done.map(|()| "command_bound")).await
}

async fn unbind(change: Change<CommandId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().unbind_command(granted, *id, to_unbind(form)?).await;
    change.answer(done.map(|()| "command_unbound")).await
}

/// A page that asks before something is done with a command.
async fn confirmation(
    (web, me, frame): (&Web, &SignedIn, Frame),
    id: &str,
    asks: impl FnOnce(Confirm, &str) -> Confirm,
    path: &str,
) -> Result<Response, PageError> {
    web.app().require_fresh_code(&me.actor)?;
    let command = web.app().command(&me.actor.granted::<RunCommands>()?, named(id)?).await?;
    let (name, base) = (command.name.as_str(), format!("{PATH}/{}", command.id));
    let chrome = AdminChrome::new(web, me, frame, "commands").await?;
    let trail = vec![
        Link { href: PATH.into(), label: "Commands".into() },
        Link { href: base.clone(), label: name.to_owned() },
    ];
    let blank = Confirm::new(chrome, trail, format!("{base}/{path}"), base);
    Ok(page(&asks(blank, name)))
}

async fn ask_run(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<RunCommands>()?;
    let command = web.app().command(&granted, named(&id)?).await?;
    let devices = web.app().command_devices(&granted, command.id).await?;
    let count = devices.iter().filter(|holder| command.shell.runs_on(holder.platform)).count();
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let asks = |blank: Confirm, name: &str| Confirm {
        heading: format!("Run {name}?"),
        text: format!("It runs as root or SYSTEM on {}.", words::counted(count, "device")),
        effects: vec![
            "Devices that are online begin within seconds; others when they are back, if they are in time."
                .into(),
            "Each device begins it once, whatever happens.".into(),
        ],
        verb: "Run command".into(),
        ..blank
    };
    confirmation((&web, &me, frame), &id, asks, "run").await
}

async fn run(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<RunCommands>()?;
    let id: CommandId = named(&id)?;
    let Again { status, problem, .. } = match web.app().run_command(&granted, id, None).await {
        Ok(run) => return Ok(flash::redirect(&format!("/admin/command-runs/{}", run.run.id), "command_run")),
        Err(refusal) => Again::after(refusal)?,
    };
    let again = CommandPage { problem, ..CommandPage::new(&web, &me, frame, id).await? };
    Ok(render(status, &again))
}

const DELETE: Asks = Asks {
    path: "delete",
    heading: "Delete",
    verb: "Delete command",
    effects: &["It runs nowhere any more. Runs that were asked for go on.", "What came of its runs stays."],
};

async fn ask_delete(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    let asks = |blank: Confirm, name: &str| blank.asking(&DELETE, name);
    confirmation((&web, &me, frame), &id, asks, DELETE.path).await
}

async fn delete(Change { web, granted, id, .. }: Change<CommandId>) -> Result<Response, PageError> {
    web.app().delete_command(&granted, id).await?;
    Ok(flash::redirect(PATH, "command_deleted"))
}
