//! Bulk actions: a confirmation that foretells, then a job (S3.7, S4.4).

use super::{
    groups,
    selection::{Action, Groups, Selection, chosen},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Again, Field, Posted},
    step_up,
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{
    Refusal,
    bulk::{Forecast, Kind, Verb},
    session::SignedIn,
    words,
};
use claviger_domain::{
    account::State as AccountState,
    field::FieldError,
    id::AccountId,
    mfa::{EnrollmentDays, Period, RunningPeriod, reset_terms},
    permission::ViewUsers,
};

pub(super) const fn action(kind: Kind) -> Action {
    let (label, button) = match kind {
        Kind::RequireMfa => ("Require MFA on User Portal", "Require MFA of"),
        Kind::RemoveRequirement => ("Remove MFA requirement", "Remove the requirement for"),
        Kind::Extend => ("Extend the enrollment period", "Extend the period of"),
        Kind::ResetMfa => ("Reset MFA", "Reset MFA for"),
        Kind::Activate => ("Activate", "Activate"),
        Kind::Suspend => ("Suspend", "Suspend"),
        Kind::ResendActivation => ("Resend activation e-mail", "Resend the e-mail to"),
        Kind::AddToGroup => ("Add to group", "Add"),
        Kind::RemoveFromGroup => ("Remove from group", "Remove"),
        Kind::Delete => ("Delete", "Delete"),
    };
    Action { key: kind.key(), label, button }
}

/// What `me` may do to many users at once (S6.2).
pub(super) fn actions_of(me: &SignedIn) -> Vec<Action> {
    Kind::ALL.into_iter().filter(|kind| kind.check(&me.actor).is_ok()).map(action).collect()
}

#[derive(Template)]
#[template(path = "admin/bulk.html")]
struct Ask {
    chrome: AdminChrome,
    list: &'static str,
    heading: String,
    action: &'static str,
    chosen: Vec<(String, String)>,
    effects: Vec<String>,
    days: Option<Field>,
    restart: Option<bool>,
    reason: Option<Field>,
    groups: Option<Groups>,
    problem: Option<String>,
    danger: bool,
    button: String,
}

/// Who asks for what, for whom.
struct Request {
    kind: Kind,
    selection: Selection<AccountId>,
    forecast: Forecast,
}

impl Request {
    async fn read(web: &Web, me: &SignedIn, form: &Posted) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let kind = chosen(form, Kind::from_key)?;
        kind.check(&me.actor)?;
        let selection = Selection::<AccountId>::of(form);
        let forecast = web.app().forecast(&granted, &selection.filter()).await?;
        Ok(Self { kind, selection, forecast })
    }

    async fn ask(self, web: &Web, me: &SignedIn, frame: Frame) -> Result<Ask, PageError> {
        let Action { key, label, button } = action(self.kind);
        let total = self.forecast.total();
        let default = web.app().organization().await?.settings.enrollment_days.get().to_string();
        let groups = match key {
            "add_to_group" | "remove_from_group" => {
                Some(Groups { field: Field::default(), all: groups::choices(web, me).await? })
            }
            _ => None,
        };
        let users = words::counted(total, "user");
        Ok(Ask {
            chrome: AdminChrome::new(web, me, frame, "users").await?,
            list: "/admin/users",
            heading: format!("{label}: {users}"),
            action: key,
            chosen: self.selection.fields(),
            effects: effects(key, &self.forecast),
            days: ["require_mfa", "extend", "reset_mfa"].contains(&key).then(|| Field::of(default)),
            restart: (key == "require_mfa").then_some(false),
            reason: (key == "reset_mfa").then(Field::default),
            groups,
            problem: (total == 0).then(|| "Nobody is chosen. Go back and choose at least one user.".into()),
            danger: ["suspend", "reset_mfa", "delete"].contains(&key),
            button: format!("{button} {users}"),
        })
    }
}

/// What will happen to how many, a sentence each; those it happens to nobody of are left out.
fn effects(key: &str, forecast: &Forecast) -> Vec<String> {
    let (staged, activated, suspended) = (
        forecast.in_state(AccountState::Staged),
        forecast.in_state(AccountState::Activated),
        forecast.in_state(AccountState::Suspended),
    );
    let enrolled = forecast.with_status(&["active", "optional"]);
    let in_period = forecast.with_status(&["enrolling"]);
    let expired = forecast.with_status(&["expired"]);
    let not_required = forecast.with_status(&["none", "optional"]);
    let total = forecast.total();
    let told: Vec<(i64, &str)> = match key {
        "require_mfa" => vec![
            (forecast.with_status(&["none"]), "the period starts, told by e-mail."),
            (enrolled, "MFA is set up already and kept."),
            (in_period, "in a period already: the earlier deadline stands, unless you restart it."),
            (expired, "an earlier period has passed: a new one starts."),
            (
                forecast.with_status(&["required_without_period"]),
                "required at the next sign-in already: that stands, unless you restart it.",
            ),
            (staged, "staged: the period starts at activation."),
            (suspended, "suspended: the clock stands until activation."),
        ],
        "remove_requirement" => vec![
            (
                total - not_required,
                "MFA is no longer required; whoever has set it up goes on being asked for the code.",
            ),
            (not_required, "not required: skipped."),
        ],
        "extend" => vec![
            (in_period + expired, "a later deadline, told by e-mail."),
            (total - in_period - expired, "no period to extend: skipped."),
        ],
        "reset_mfa" => vec![
            (enrolled, "the present authenticator stops working, sessions end, told by e-mail."),
            (total - enrolled, "MFA is not set up: skipped."),
        ],
        "activate" => vec![
            (
                staged + suspended,
                "allowed in from now on; a link to choose a password goes out where there is none.",
            ),
            (activated, "activated already: skipped."),
        ],
        "suspend" => vec![
            (activated, "no sign-in any more, and sessions end now."),
            (staged + suspended, "not activated: skipped."),
        ],
        "resend_activation" => {
            vec![(total, "a new link for those who are activated and have no password; others are skipped.")]
        }
        "delete" => {
            vec![(total, "gone for good, with MFA and sessions. What the log says of them stays.")]
        }
        _ => vec![(total, "chosen.")],
    };
    let told = told.into_iter().filter(|(count, _)| *count > 0);
    told.map(|(count, words)| format!("{}: {words}", words::counted(count, "user"))).collect()
}

fn verb(form: &Posted) -> Result<Verb, Refusal> {
    let days = || EnrollmentDays::parse("enrollment_days", form.text("enrollment_days"));
    let group = || form.text("group").parse().map_err(|_| FieldError::new("group", "Choose a group."));
    Ok(match form.text("verb") {
        "activate" => Verb::Activate,
        "suspend" => Verb::Suspend,
        "resend_activation" => Verb::ResendActivation,
        "require_mfa" => Verb::RequireMfa {
            period: Period::Days(days()?),
            running: if form.has("restart") { RunningPeriod::Restart } else { RunningPeriod::Keep },
        },
        "remove_requirement" => Verb::RemoveRequirement,
        "extend" => Verb::Extend { days: days()? },
        "reset_mfa" => {
            let (days, reason) = reset_terms(days(), form.text("reason"))?;
            Verb::ResetMfa { days, reason }
        }
        "add_to_group" => Verb::AddToGroup(group()?),
        "remove_from_group" => Verb::RemoveFromGroup(group()?),
        "delete" => Verb::Delete,
        _ => return Err(Refusal::NotFound("action")),
    })
}

pub(super) async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let request = Request::read(&web, &me, &form).await?;
    let is_late = request.kind.changes_mfa() && web.app().require_fresh_code(&me.actor).is_err();
    let mut asked = request.ask(&web, &me, frame).await?;
    if is_late && asked.problem.is_none() {
        asked.problem = Some(step_up::FIRST.into());
    }
    Ok(page(&asked))
}

pub(super) async fn start(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let request = Request::read(&web, &me, &form).await?;
    let started = match verb(&form) {
        Ok(verb) => web.app().start_bulk(&me.actor, &verb, &request.selection.filter()).await,
        Err(refusal) => Err(refusal),
    };
    let Again { status, errors, problem } = match started {
        Ok(job) => return Ok(Redirect::to(&format!("/admin/jobs/{job}")).into_response()),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = request.ask(&web, &me, frame).await?;
    again.problem = problem;
    again.days = again.days.map(|_| form.field("enrollment_days", &errors));
    again.restart = again.restart.map(|_| form.has("restart"));
    again.reason = again.reason.map(|_| form.field("reason", &errors));
    again.groups = again.groups.map(|groups| Groups { field: form.field("group", &errors), ..groups });
    Ok(render(status, &again))
}
