//! Resets of administrators' MFA that wait: to be approved or canceled (S6.8).

use super::{confirm::Confirm, notices::Notice};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    routing::{Routes, get},
    view::{Link, When, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::{Refusal, reset_approval::WaitingReset, session::SignedIn, words};
use claviger_domain::{
    account::Account,
    id::ResetId,
    mfa_reset::{Asker, Standing},
    permission::{Granted, ManageAdministrators},
    time::Timestamp,
};

const PAGE: &str = "/admin/resets";

pub(super) fn routes() -> Router<Web> {
    Router::new().at(PAGE, get(show)).at("/admin/resets/{id}/{action}", get(ask).post(act))
}

#[derive(Template)]
#[template(path = "admin/resets.html")]
struct Resets {
    chrome: AdminChrome,
    rows: Vec<ResetRow>,
}

struct ResetRow {
    name: String,
    email: String,
    asked_by: String,
    reason: String,
    asked_at: When,
    state: String,
    until: When,
    approve: Option<String>,
    why_not: String,
    cancel: String,
}

fn shown(account: &Account) -> String {
    account.name.shown(account.email.as_str())
}

impl ResetRow {
    fn of(waiting: &WaitingReset, now: Timestamp, zone: &str) -> Self {
        let WaitingReset { reset, account, requester, standing, approval } = waiting;
        let path = |action: &str| format!("{PAGE}/{}/{action}", reset.id);
        let (asked_by, reason) = match &reset.asker {
            Asker::Themselves { .. } => ("Themselves, by mail".into(), String::new()),
            Asker::Other { reason, .. } => {
                (requester.as_ref().map_or_else(|| "Somebody who is gone".into(), shown), reason.clone())
            }
        };
        let (state, until) = match (&reset.asker, standing) {
            (_, Standing::Waits { until }) => ("They can carry it out from".to_owned(), *until),
            (Asker::Themselves { .. }, _) => ("They can carry it out until".to_owned(), reset.expires_at),
            (Asker::Other { .. }, _) => ("Waits for approval until".to_owned(), reset.expires_at),
        };
        Self {
            name: shown(account),
            email: account.email.to_string(),
            asked_by,
            reason,
            asked_at: When::new(reset.created_at, now, zone),
            state,
            until: When::new(until, now, zone),
            approve: approval.is_ok().then(|| path("approve")),
            why_not: match (&reset.asker, approval) {
                (Asker::Other { .. }, Err(refused)) => refused.to_string(),
                _ => String::new(),
            },
            cancel: path("cancel"),
        }
    }
}

async fn show(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageAdministrators>()?;
    let zone = web.app().organization().await?.settings.time_zone.clone();
    let now = web.app().now();
    let waiting = web.app().waiting_resets(&granted).await?;
    Ok(page(&Resets {
        chrome: AdminChrome::new(&web, &me, frame, "administrators").await?,
        rows: waiting.iter().map(|waiting| ResetRow::of(waiting, now, &zone)).collect(),
    }))
}

/// For Home: how many wait, in words; nothing if none does.
pub(super) async fn notice(web: &Web, me: &SignedIn) -> Result<Option<Notice>, PageError> {
    let Ok(granted) = me.actor.granted::<ManageAdministrators>() else { return Ok(None) };
    let count = i64::try_from(web.app().waiting_resets(&granted).await?.len()).unwrap_or(i64::MAX);
    let label = format!("{} of an administrator's MFA waiting", words::counted(count, "reset"));
    Ok((count > 0).then(|| Notice { href: PAGE.into(), label, verb: "Show" }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Approve,
    Cancel,
}

/// Someone at the page of an action.
struct Asked {
    web: Web,
    me: SignedIn,
    frame: Frame,
    granted: Granted<ManageAdministrators>,
    verb: Verb,
    id: ResetId,
}

impl Asked {
    fn new(web: Web, me: SignedIn, frame: Frame, (id, action): (&str, &str)) -> Result<Self, PageError> {
        let granted = me.actor.granted()?;
        let verb = match action {
            "approve" => Verb::Approve,
            "cancel" => Verb::Cancel,
            _ => return Err(PageError::NotFound("page")),
        };
        let id = id.parse().map_err(|_| PageError::NotFound("reset"))?;
        Ok(Self { web, me, frame, granted, verb, id })
    }

    async fn confirmation(self, problem: Option<String>) -> Result<Confirm, PageError> {
        let waiting = self.web.app().waiting_resets(&self.granted).await?;
        let found = waiting.iter().find(|waiting| waiting.reset.id == self.id);
        let name = found.map(|found| shown(&found.account)).ok_or(PageError::NotFound("reset"))?;
        let reason = found.map(|found| match &found.reset.asker {
            Asker::Other { reason, .. } => format!("Reason given: {reason}"),
            Asker::Themselves { .. } => String::new(),
        });
        let (heading, path, verb, effects) = match self.verb {
            Verb::Approve => (
                format!("Approve the reset of the MFA of {name}"),
                "approve",
                "Approve and reset",
                vec![
                    "Their present authenticator and recovery codes stop working, and their sessions end now.",
                    "They sign in with their password. If MFA is required of them, they set it up again there.",
                    "They and the Administrators with Billing are told by e-mail.",
                ],
            ),
            Verb::Cancel => (
                format!("Cancel the reset of the MFA of {name}"),
                "cancel",
                "Cancel the reset",
                vec![
                    "Their present authenticator goes on working. Links that were mailed for the reset are dead.",
                    "They are told by e-mail. If it wasn't them who asked, make them choose a new password.",
                ],
            ),
        };
        let chrome = AdminChrome::new(&self.web, &self.me, self.frame, "administrators").await?;
        let trail = vec![Link { href: PAGE.into(), label: "Resets that wait".into() }];
        Ok(Confirm {
            heading,
            text: reason.unwrap_or_default(),
            effects: effects.into_iter().map(str::to_owned).collect(),
            problem,
            danger: self.verb == Verb::Approve,
            verb: verb.into(),
            ..Confirm::new(chrome, trail, format!("{PAGE}/{}/{path}", self.id), PAGE.into())
        })
    }

    async fn act(self) -> Result<Response, PageError> {
        let app = self.web.app();
        let done = match self.verb {
            Verb::Approve => app.approve_reset(&self.granted, self.id).await.map(|_| "reset_approved"),
            Verb::Cancel => app.cancel_reset(&self.granted, self.id).await.map(|()| "reset_canceled"),
        };
        match done {
            Ok(word) => Ok(flash::redirect(PAGE, word)),
            Err(Refusal::State { code, message }) if code != "reset_over" => {
                Ok(render(StatusCode::CONFLICT, &self.confirmation(Some(message)).await?))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }
}

type At = Path<(String, String)>;

async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
) -> Result<Response, PageError> {
    let asked = Asked::new(web, me, frame, (&id, &action))?;
    if asked.verb == Verb::Approve {
        asked.web.app().require_fresh_code(&asked.me.actor)?;
    }
    Ok(page(&asked.confirmation(None).await?))
}

async fn act(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
) -> Result<Response, PageError> {
    Asked::new(web, me, frame, (&id, &action))?.act().await
}
