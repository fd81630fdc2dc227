//! Bulk actions: a confirmation that foretells, then a job (S3.7, S4.4).

use super::selection::Selection;
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Errors, Field, Posted},
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{
    Refusal,
    bulk::{Forecast, Verb},
    session::SignedIn,
    words,
};
use claviger_domain::{
    account::State as AccountState,
    field::{FieldError, Fields},
    mfa::{EnrollmentDays, Period, RunningPeriod},
    permission::ViewUsers,
};

/// A verb of the menu "more actions".
pub(super) struct Action {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    button: &'static str,
}

pub(super) const ACTIONS: &[Action] = &[
    Action { key: "require_mfa", label: "Require MFA on User Portal", button: "Require" },
    Action {
        key: "remove_requirement",
        label: "Remove MFA requirement",
        button: "Remove the requirement for",
    },
    Action { key: "extend", label: "Extend the enrollment period", button: "Extend the period of" },
    Action { key: "reset_mfa", label: "Reset MFA", button: "Reset MFA for" },
    Action { key: "activate", label: "Activate", button: "Activate" },
    Action { key: "suspend", label: "Suspend", button: "Suspend" },
    Action { key: "resend_activation", label: "Resend activation e-mail", button: "Resend the e-mail to" },
    Action { key: "add_to_group", label: "Add to group", button: "Add" },
    Action { key: "remove_from_group", label: "Remove from group", button: "Remove" },
    Action { key: "delete", label: "Delete", button: "Delete" },
];

#[derive(Template)]
#[template(path = "admin/bulk.html")]
struct Ask {
    chrome: AdminChrome,
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

struct Groups {
    field: Field,
    all: Vec<Choice>,
}

struct Choice {
    value: String,
    label: String,
}

/// Who asks for what, for whom.
struct Request {
    action: &'static Action,
    selection: Selection,
    forecast: Forecast,
}

impl Request {
    async fn read(web: &Web, me: &SignedIn, form: &Posted) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let action = ACTIONS.iter().find(|action| action.key == form.text("verb"));
        let action = action.ok_or(PageError::Malformed("Choose an action. Go back and choose one."))?;
        let selection = Selection::of(form);
        let forecast = web.app().forecast(&granted, &selection.filter()).await?;
        Ok(Self { action, selection, forecast })
    }

    async fn ask(self, web: &Web, me: &SignedIn, frame: Frame) -> Result<Ask, PageError> {
        let (key, total) = (self.action.key, self.forecast.total());
        let default = web.app().organization().await?.settings.enrollment_days.get().to_string();
        let groups = match key {
            "add_to_group" | "remove_from_group" => {
                let groups = web.app().groups(&me.actor.granted::<ViewUsers>()?).await?;
                let all = groups.into_iter().map(|counted| Choice {
                    value: counted.group.id.to_string(),
                    label: counted.group.name.as_str().to_owned(),
                });
                Some(Groups { field: Field::default(), all: all.collect() })
            }
            _ => None,
        };
        let users = words::counted(total, "user");
        Ok(Ask {
            chrome: AdminChrome::new(web, me, frame, "users").await?,
            heading: format!("{}: {users}", self.action.label),
            action: key,
            chosen: self.selection.fields(),
            effects: effects(key, &self.forecast),
            days: ["require_mfa", "extend", "reset_mfa"].contains(&key).then(|| Field::of(default)),
            restart: (key == "require_mfa").then_some(false),
            reason: (key == "reset_mfa").then(Field::default),
            groups,
            problem: (total == 0).then(|| "Nobody is chosen. Go back and choose at least one user.".into()),
            danger: ["suspend", "reset_mfa", "delete"].contains(&key),
            button: format!("{} {users}", self.action.button),
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
            (forecast.with_status(&["none"]), "get the period and are told by e-mail."),
            (enrolled, "set MFA up already and keep it."),
            (in_period, "are in a period already and keep the earlier deadline, unless you restart it."),
            (expired, "let an earlier period pass and get a new one."),
            (staged, "staged: the period starts when they are activated."),
            (suspended, "suspended: the clock stands until they are activated."),
        ],
        "remove_requirement" => vec![
            (total - not_required, "need not set MFA up any more; who has keeps being asked for the code."),
            (not_required, "are not required and are skipped."),
        ],
        "extend" => vec![
            (in_period + expired, "get a later deadline and are told by e-mail."),
            (total - in_period - expired, "have no period and are skipped."),
        ],
        "reset_mfa" => vec![
            (enrolled, "lose their present authenticator; their sessions end, and they are told by e-mail."),
            (total - enrolled, "have not set MFA up and are skipped."),
        ],
        "activate" => vec![
            (staged + suspended, "can sign in from now on; who has no password gets a link by e-mail."),
            (activated, "are activated already and are skipped."),
        ],
        "suspend" => vec![
            (activated, "can't sign in any more, and their sessions end now."),
            (staged + suspended, "are not activated and are skipped."),
        ],
        "resend_activation" => {
            vec![(total, "get a new link if they are activated and have no password; others are skipped.")]
        }
        "delete" => {
            vec![(total, "are gone for good, with their MFA and sessions. What the log says of them stays.")]
        }
        _ => vec![(total, "are meant.")],
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
            let mut fields = Fields::new();
            let days = fields.take(days());
            let reason = fields.take(claviger_domain::field::line(
                "reason",
                "Reason",
                form.text("reason"),
                500,
                claviger_domain::field::Presence::Required,
            ));
            let (days, reason) = fields.finish(days.zip(reason))?;
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
    Ok(page(&Request::read(&web, &me, &form).await?.ask(&web, &me, frame).await?))
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
    let (status, errors, problem) = match started {
        Ok(job) => return Ok(Redirect::to(&format!("/admin/jobs/{job}")).into_response()),
        Err(Refusal::Fields(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, Errors::from(errors), None),
        Err(Refusal::State { message, .. }) => (StatusCode::CONFLICT, Errors::default(), Some(message)),
        Err(refusal) => return Err(refusal.into()),
    };
    let mut again = request.ask(&web, &me, frame).await?;
    again.problem = problem;
    again.days = again.days.map(|_| form.field("enrollment_days", &errors));
    again.restart = again.restart.map(|_| form.has("restart"));
    again.reason = again.reason.map(|_| form.field("reason", &errors));
    again.groups = again.groups.map(|groups| Groups { field: form.field("group", &errors), ..groups });
    Ok(render(status, &again))
}
