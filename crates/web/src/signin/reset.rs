//! *Reset or enroll*: an administrator without their authenticator comes back over a mailed link (S6.8).

use super::{Message, Portal, support};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Field, Posted},
    origin::From as FromOrigin,
    routing::{Routes, get, post},
    theme::Theme,
    view::{Link, filters, page, render, unprocessable},
    visit::{self, Half},
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::{Refusal, mfa_reset::ResetOutcome, words};
use claviger_domain::{account::Realm, mfa_reset::SelfReset, secret::Secret, time::Timestamp};

const ASK: &str = "/sign-in/reset";

pub(super) fn routes(portal: Portal) -> Router<Web> {
    match portal.realm {
        Realm::User => Router::new(),
        Realm::Administrator => Router::new()
            .at(&portal.path(ASK), post(ask))
            .at(&portal.path("/reset-mfa/{token}"), get(show).post(open)),
    }
}

/// Where the code page's link leads; nothing where the organization has switched it off.
pub(super) async fn offered(web: &Web, portal: Portal) -> Result<Option<String>, PageError> {
    let setting = web.app().organization().await?.settings.self_reset;
    let is_offered = portal.realm == Realm::Administrator && setting != SelfReset::Off;
    Ok(is_offered.then(|| portal.path(ASK)))
}

async fn message(
    web: &Web,
    theme: Theme,
    status: StatusCode,
    (kind, heading, text): (&'static str, &str, String),
) -> Result<Response, PageError> {
    let page = Message {
        chrome: Chrome::new(web, theme).await?,
        kind,
        heading: heading.into(),
        text,
        action: Some(Link { href: Portal::ADMIN.path("/sign-in"), label: "Back to sign-in".into() }),
    };
    Ok(render(status, &page))
}

async fn off(web: &Web, theme: Theme) -> Result<Response, PageError> {
    let contact = match support(web).await? {
        Some(contact) => format!("another administrator, or {contact},"),
        None => "another administrator".into(),
    };
    let text = format!(
        "Your organization doesn't let administrators reset their own MFA. Ask {contact} to reset it."
    );
    message(web, theme, StatusCode::CONFLICT, ("warning", "Ask another administrator", text)).await
}

async fn ask(State(web): State<Web>, theme: Theme, Half(half): Half) -> Result<Response, PageError> {
    match web.app().ask_for_reset(&half).await {
        Ok(()) => {
            let text =
                "A link to reset or enroll MFA is on its way to you. It works once and for 30 minutes.";
            message(&web, theme, StatusCode::OK, ("mail", "Check your mail", text.into())).await
        }
        Err(Refusal::State { code: "self_reset_off", .. }) => off(&web, theme).await,
        Err(refusal) => Err(refusal.into()),
    }
}

#[derive(Template)]
#[template(path = "signin/reset_mfa.html")]
struct ResetPage {
    chrome: Chrome,
    action: String,
    identifier: Field,
    password: Field,
    problem: Option<String>,
}

async fn reset_page(web: &Web, theme: Theme, token: &str) -> Result<ResetPage, PageError> {
    Ok(ResetPage {
        chrome: Chrome::new(web, theme).await?,
        action: Portal::ADMIN.path(&format!("/reset-mfa/{token}")),
        identifier: Field::default(),
        password: Field::default(),
        problem: None,
    })
}

async fn dead(web: &Web, theme: Theme) -> Result<Response, PageError> {
    let text = "It was used, replaced by a newer one, canceled by an administrator, or is older than 30 minutes. Sign in \
                with your password to ask for a new one.";
    message(web, theme, StatusCode::NOT_FOUND, ("warning", "This link is dead", text.into())).await
}

/// Changes nothing: mail scanners follow links.
async fn show(
    State(web): State<Web>,
    theme: Theme,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    match web.app().reset_link(&token).await {
        Ok(_) => Ok(page(&reset_page(&web, theme, &token).await?)),
        Err(Refusal::NotFound(_)) => dead(&web, theme).await,
        Err(refusal) => Err(refusal.into()),
    }
}

async fn open(
    State(web): State<Web>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    Path(token): Path<String>,
    form: Posted,
) -> Result<Response, PageError> {
    let mut again = reset_page(&web, theme, &token).await?;
    again.identifier = Field::of(form.text("identifier"));
    if form.text("identifier").trim().is_empty() {
        again.identifier.error = Some("Enter your e-mail.".into());
    }
    if form.text("password").is_empty() {
        again.password.error = Some("Enter your password.".into());
    }
    if again.identifier.error.is_some() || again.password.error.is_some() {
        return Ok(unprocessable(&again));
    }
    let password = Secret::from(form.text("password"));
    let outcome = match web.app().open_reset(&token, form.text("identifier"), &password, &origin).await {
        Ok(outcome) => outcome,
        Err(Refusal::NotFound(_)) => return dead(&web, theme).await,
        Err(Refusal::State { code: "self_reset_off", .. }) => return off(&web, theme).await,
        Err(refusal) => return Err(refusal.into()),
    };
    let (status, problem) = match outcome {
        ResetOutcome::Wizard(session) => return Ok(visit::enter(&web, &session)),
        ResetOutcome::Asked { ready_at } => {
            return waits(&web, theme, ready_at, "Your reset is asked for").await;
        }
        ResetOutcome::Waits { until } => return waits(&web, theme, until, "Your reset still waits").await,
        ResetOutcome::Refused => {
            (StatusCode::UNPROCESSABLE_ENTITY, "That e-mail and password don't match this link.".to_owned())
        }
        ResetOutcome::Wait(wait) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many tries. Wait {} and try again.", words::span(wait)),
        ),
    };
    again.problem = Some(problem);
    Ok(render(status, &again))
}

async fn waits(
    web: &Web,
    theme: Theme,
    until: Timestamp,
    heading: &'static str,
) -> Result<Response, PageError> {
    let zone = web.app().organization().await?.settings.time_zone.clone();
    let text = format!(
        "You can set MFA up again from {} on, for 24 hours: sign in with your password then, and choose “Reset or \
         enroll” again. Until then administrators can cancel it; they were told by e-mail.",
        words::date(until, &zone)
    );
    message(web, theme, StatusCode::OK, ("", heading, text)).await
}
