//! What is done to many devices at once: told first, then done as a job (S8.2, S8.7).

use super::{
    change::Change,
    device_groups,
    device_mfa::{DeviceTold, left_out, revert},
    selection::{Action, Groups, Selection, chosen},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Again, Check, Field, Posted},
    routing::{Routes, post},
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{
    Refusal,
    device_admin::{Kind, Preview, Verb},
    session::SignedIn,
    words,
};
use claviger_domain::{
    device::{
        Revert,
        forecast::{Note, Outcome},
    },
    field::FieldError,
    id::DeviceId,
    permission::ViewUsers,
};

pub(super) fn routes() -> Router<Web> {
    Router::new().at("/admin/devices/bulk/ask", post(ask)).at("/admin/devices/bulk", post(start))
}

fn action(kind: Kind) -> Action {
    let (label, button) = match kind {
        Kind::EnableMfa => ("Enable MFA", "Enable MFA on"),
        Kind::DisableMfa => ("Disable MFA", "Disable MFA on"),
        Kind::AddToGroup => ("Add to group", "Add"),
        Kind::RemoveFromGroup => ("Remove from group", "Remove"),
        Kind::Delete => ("Delete", "Delete"),
    };
    Action { key: kind.key(), label, button }
}

/// What `me` may do to many devices at once (S6.2).
pub(super) fn actions_of(me: &SignedIn) -> Vec<Action> {
    Kind::ALL.into_iter().filter(|kind| kind.check(&me.actor).is_ok()).map(action).collect()
}

#[derive(Template)]
#[template(path = "admin/device_bulk.html")]
struct Ask {
    chrome: AdminChrome,
    list: &'static str,
    heading: String,
    action: &'static str,
    chosen: Vec<(String, String)>,
    effects: Vec<String>,
    revert: Option<Check>,
    minutes: Field,
    groups: Option<Groups>,
    told: Vec<DeviceTold>,
    left_out: Option<String>,
    problem: Option<String>,
    danger: bool,
    button: String,
}

/// Who asks for what, for which devices.
struct Request {
    kind: Kind,
    selection: Selection<DeviceId>,
    total: i64,
}

impl Request {
    async fn read(web: &Web, me: &SignedIn, form: &Posted) -> Result<Self, PageError> {
        let kind = chosen(form, Kind::from_key)?;
        kind.check(&me.actor)?;
        let selection = Selection::<DeviceId>::of(form);
        let granted = me.actor.granted::<ViewUsers>()?;
        let counts = web.app().devices_by_status(&granted, &selection.filter()).await?;
        Ok(Self { kind, selection, total: counts.iter().map(|(_, count)| count).sum() })
    }

    async fn ask(self, web: &Web, me: &SignedIn, frame: Frame) -> Result<Ask, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let kind = self.kind;
        let Action { key, label, button } = action(kind);
        let preview = match kind {
            Kind::EnableMfa => {
                Some(web.app().preview_device_mfa(&granted, &self.selection.filter(), None).await?)
            }
            Kind::DisableMfa | Kind::AddToGroup | Kind::RemoveFromGroup | Kind::Delete => None,
        };
        let groups = match kind {
            Kind::AddToGroup | Kind::RemoveFromGroup => {
                Some(Groups { field: Field::default(), all: device_groups::choices(web, me).await? })
            }
            Kind::EnableMfa | Kind::DisableMfa | Kind::Delete => None,
        };
        let organization = web.app().organization().await?;
        let when = (web.app().now(), organization.settings.time_zone.as_str());
        let told = preview.iter().flat_map(|preview| &preview.devices);
        let devices = words::counted(self.total, "device");
        let nothing = "No device is chosen. Go back and choose at least one.";
        Ok(Ask {
            chrome: AdminChrome::new(web, me, frame, "devices").await?,
            list: "/admin/devices",
            heading: format!("{label}: {devices}"),
            action: key,
            chosen: self.selection.fields(),
            effects: effects(kind, self.total, preview.as_ref()),
            revert: (kind == Kind::EnableMfa).then(Check::default),
            minutes: Field::of(Revert::MINUTES.to_string()),
            groups,
            told: told.map(|told| DeviceTold::of(told, when)).collect(),
            left_out: preview.as_ref().and_then(left_out),
            problem: (self.total == 0).then(|| nothing.into()),
            danger: matches!(kind, Kind::DisableMfa | Kind::Delete),
            button: format!("{button} {devices}"),
        })
    }
}

/// What will happen to how many, a sentence each; what happens to nobody is left out.
fn effects(kind: Kind, total: i64, preview: Option<&Preview>) -> Vec<String> {
    let devices = words::counted(total, "device");
    let one = |text: &str| vec![format!("{devices}: {text}")];
    match kind {
        Kind::DisableMfa => one("nobody is asked for a code there any more."),
        Kind::Delete => {
            one("forgotten. Their agents go on asking until claviger-agent uninstall is run there.")
        }
        Kind::AddToGroup => one("in the group from now on, with everybody who is bound to it."),
        Kind::RemoveFromGroup => one("out of the group; who is bound through it alone is locked there."),
        Kind::EnableMfa => preview.map(told_of).unwrap_or_default(),
    }
}

fn told_of(preview: &Preview) -> Vec<String> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let devices = |is_meant: fn(&Note) -> bool| count(preview.count_devices(is_meant));
    let people = |is_meant: fn(&Outcome) -> bool| count(preview.count(is_meant));
    let told = [
        (people(|outcome| matches!(outcome, Outcome::Asked(_))), "login", "asked for the code."),
        (
            people(|outcome| matches!(outcome, Outcome::FirstFactorAlone(_))),
            "login",
            "not enrolled, so the first factor alone is enough.",
        ),
        (
            people(|outcome| matches!(outcome, Outcome::Refused(_))),
            "login",
            "not enrolled, and refused for it.",
        ),
        (
            people(|outcome| matches!(outcome, Outcome::LockedOut(_))),
            "login",
            "would be locked out: see below.",
        ),
        (
            devices(|note| matches!(note, Note::SshConflict)),
            "device",
            "skipped: password login and SSH keys are both on. Choose on the device's own page.",
        ),
        (devices(|note| matches!(note, Note::AlreadyOn)), "device", "MFA is on already."),
        (devices(|note| matches!(note, Note::Blocked(_))), "device", "could not put it in force last time."),
        (
            devices(|note| matches!(note, Note::OfflineSince(_))),
            "device",
            "offline: in force when it is back.",
        ),
        (
            devices(|note| matches!(note, Note::NoSshServer)),
            "device",
            "without an SSH server: console and greeter ask.",
        ),
    ];
    let told = told.into_iter().filter(|(count, ..)| *count > 0);
    told.map(|(count, noun, words)| format!("{}: {words}", words::counted(count, noun))).collect()
}

fn verb(form: &Posted) -> Result<Verb, Refusal> {
    let group = || form.text("group").parse().map_err(|_| FieldError::new("group", "Choose a group."));
    Ok(match Kind::from_key(form.text("verb")) {
        Some(Kind::EnableMfa) => Verb::EnableMfa(revert(form)?),
        Some(Kind::DisableMfa) => Verb::DisableMfa,
        Some(Kind::AddToGroup) => Verb::AddToGroup(group()?),
        Some(Kind::RemoveFromGroup) => Verb::RemoveFromGroup(group()?),
        Some(Kind::Delete) => Verb::Delete,
        None => return Err(Refusal::NotFound("action")),
    })
}

async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    Ok(page(&Request::read(&web, &me, &form).await?.ask(&web, &me, frame).await?))
}

async fn start(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let request = Request::read(&web, &me, &form).await?;
    let started = match verb(&form) {
        Ok(verb) => web.app().start_device_bulk(&granted, &verb, &request.selection.filter()).await,
        Err(refusal) => Err(refusal),
    };
    let Again { status, errors, problem } = match started {
        Ok(job) => return Ok(Redirect::to(&format!("/admin/jobs/{job}")).into_response()),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = request.ask(&web, &me, frame).await?;
    again.problem = problem;
    again.revert = again.revert.map(|_| form.check("revert", &errors));
    again.minutes = form.field("minutes", &errors);
    again.groups = again.groups.map(|groups| Groups { field: form.field("group", &errors), ..groups });
    Ok(render(status, &again))
}
