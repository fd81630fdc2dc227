//! The tabs of a device with its policies and its commands (S8.2, S9).

use super::{
    change::{Change, named},
    command_runs::{StateView, exit_code},
    commands::PATH as COMMANDS,
    device_parts::DeviceHeader,
    policies::PATH as POLICIES,
    policy::StandingView,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Field},
    routing::{Routes, get},
    view::{Link, When, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{policies::BindTo, session::SignedIn};
use claviger_domain::{
    field::FieldError,
    id::DeviceId,
    permission::{RunCommands, ViewUsers},
    policy::Template as Kind,
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/devices/{id}/policies", get(policies).post(bind))
        .at("/admin/devices/{id}/commands", get(commands))
}

#[derive(Template)]
#[template(path = "admin/device_policies.html")]
struct DevicePolicies {
    chrome: AdminChrome,
    header: DeviceHeader,
    problem: Option<String>,
    rows: Vec<PolicyRow>,
    policy: Field,
    policies: Vec<Choice>,
}

struct PolicyRow {
    href: String,
    name: String,
    kind: &'static str,
    directly: bool,
    standing: StandingView,
}

impl DevicePolicies {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: DeviceId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let listed = web.app().device(&granted, id).await?;
        let bound = web.app().device_policies(&granted, id).await?;
        let all = web.app().policies(&granted).await?;
        let organization = web.app().organization().await?;
        let when = (web.app().now(), organization.settings.time_zone.as_str());
        let platform = listed.known.device.platform;
        let is_new = |policy: &claviger_domain::policy::Policy| {
            policy.template.systems().has(platform)
                && !bound.iter().any(|one| one.directly && one.policy.id == policy.id)
        };
        let choices = all.iter().filter(|counted| is_new(&counted.policy));
        let choices = choices.map(|counted| Choice::new(counted.policy.id, counted.policy.name.as_str()));
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "devices").await?,
            header: DeviceHeader::new(&listed, me, when, "policies"),
            problem: None,
            policies: choices.collect(),
            policy: Field::default(),
            rows: bound
                .iter()
                .map(|one| PolicyRow {
                    href: format!("{POLICIES}/{}", one.policy.id),
                    name: one.policy.name.as_str().to_owned(),
                    kind: Kind::words(one.policy.template.key()).unwrap_or_default(),
                    directly: one.directly,
                    standing: StandingView::of(
                        (one.policy.template.systems(), platform),
                        one.policy.revision,
                        one.reported.as_ref(),
                        when,
                    ),
                })
                .collect(),
        })
    }
}

async fn policies(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    Ok(page(&DevicePolicies::new(&web, &me, frame, named(&id)?).await?))
}

async fn bind(Change { web, me, frame, granted, id, form }: Change<DeviceId>) -> Result<Response, PageError> {
    let done = match form.text("policy").parse() {
        Ok(policy) => web.app().bind_policy(&granted, policy, BindTo::Device(id)).await,
        Err(_) => Err(FieldError::new("policy", "Choose a policy.").into()),
    };
    let Again { status, errors, problem } = match done {
        Ok(()) => return Ok(flash::redirect(&format!("/admin/devices/{id}/policies"), "policy_bound")),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = DevicePolicies::new(&web, &me, frame, id).await?;
    (again.policy, again.problem) = (form.field("policy", &errors), problem);
    Ok(render(status, &again))
}

#[derive(Template)]
#[template(path = "admin/device_commands.html")]
struct DeviceCommands {
    chrome: AdminChrome,
    header: DeviceHeader,
    runs: Vec<RunRow>,
    commands: Vec<Link>,
}

struct RunRow {
    href: String,
    name: String,
    state: StateView,
    exit_code: String,
    at: When,
}

async fn commands(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (view, granted) = (me.actor.granted::<ViewUsers>()?, me.actor.granted::<RunCommands>()?);
    let listed = web.app().device(&view, named(&id)?).await?;
    let id = listed.known.device.id;
    let (commands, runs) = web.app().device_commands(&granted, id).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let row = |on: &claviger_app::stored::RunOnDevice| RunRow {
        href: format!("/admin/command-runs/{}/devices/{id}", on.run.id),
        name: on.run.name.clone(),
        state: StateView::of(&on.run, (on.state, on.exit_code), now),
        exit_code: exit_code(on.exit_code),
        at: When::new(on.run.asked_at, now, zone),
    };
    Ok(page(&DeviceCommands {
        chrome: AdminChrome::new(&web, &me, frame, "devices").await?,
        header: DeviceHeader::new(&listed, &me, (now, zone), "commands"),
        runs: runs.iter().map(row).collect(),
        commands: commands
            .iter()
            .map(|command| Link {
                href: format!("{COMMANDS}/{}", command.id),
                label: command.name.as_str().to_owned(),
            })
            .collect(),
    }))
}
