//! S8.8: a one-time code for a person who is stuck at one device: made, and shown once.

use super::device_users::{About, At};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Again, Field, Posted},
    routing::{Routes, get},
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{break_glass::DEFAULT_HOURS, permission::AssistUsers};

pub(super) fn routes() -> Router<Web> {
    Router::new().at("/admin/devices/{id}/users/{user}/break-glass", get(ask_code).post(make_code))
}

#[derive(Template)]
#[template(path = "admin/break_glass.html")]
struct CodePage {
    chrome: AdminChrome,
    trail: Vec<Link>,
    user: String,
    device: String,
    action: String,
    cancel: String,
    problem: Option<String>,
    hours: Field,
    reason: Field,
}

async fn code_page(web: &Web, me: &SignedIn, frame: Frame, about: About) -> Result<CodePage, PageError> {
    Ok(CodePage {
        chrome: AdminChrome::new(web, me, frame, "devices").await?,
        trail: about.trail(),
        action: format!("{}/{}/break-glass", about.base, about.user),
        user: about.user_name,
        device: about.device_name,
        cancel: about.base,
        problem: None,
        hours: Field::of(DEFAULT_HOURS.to_string()),
        reason: Field::default(),
    })
}

async fn ask_code(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(at): At,
) -> Result<Response, PageError> {
    me.actor.granted::<AssistUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let about = About::new(&web, &me, &at).await?;
    Ok(page(&code_page(&web, &me, frame, about).await?))
}

#[derive(Template)]
#[template(path = "admin/break_glass_shown.html")]
struct ShownCode {
    chrome: AdminChrome,
    trail: Vec<Link>,
    user: String,
    device: String,
    code: String,
    until: String,
    back: String,
}

async fn make_code(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(at): At,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<AssistUsers>()?;
    let about = About::new(&web, &me, &at).await?;
    let asked = (form.text("hours"), form.text("reason"));
    let Again { status, errors, problem } =
        match web.app().make_break_glass(&granted, (about.device, about.user), asked).await {
            // Nothing that can be kept may hold the code: it is in this page, and in no address or cookie.
            Ok(made) => {
                let organization = web.app().organization().await?;
                return Ok(page(&ShownCode {
                    chrome: AdminChrome::new(&web, &me, frame, "devices").await?,
                    trail: about.trail(),
                    user: about.user_name,
                    device: about.device_name,
                    code: made.code.expose().clone(),
                    until: words::date(made.expires_at, &organization.settings.time_zone),
                    back: about.base,
                }));
            }
            Err(refusal) => Again::after(refusal)?,
        };
    let mut again = code_page(&web, &me, frame, about).await?;
    (again.hours, again.reason) = (form.field("hours", &errors), form.field("reason", &errors));
    again.problem = problem;
    Ok(render(status, &again))
}
