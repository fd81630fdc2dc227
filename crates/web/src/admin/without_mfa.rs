//! The list behind Home's widget **Admins Without MFA Required**, and *Actions › Require MFA* (S6.7).

use super::administrators::{enrollment_words, role_words};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::Posted,
    view::{When, filters, page, render, state_words},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{
    account::Account,
    id::AccountId,
    mfa::Enrollment,
    permission::{ActOnAdminsWithoutMfa, ManageAdministrators, SeeAdminsWithoutMfa},
    time::Timestamp,
};

const LIST: &str = "/admin/administrators/without-mfa";

#[derive(Template)]
#[template(path = "admin/without_mfa.html")]
struct WithoutMfa {
    chrome: AdminChrome,
    may_act: bool,
    manages: bool,
    problem: Option<&'static str>,
    rows: Vec<WithoutMfaRow>,
}

struct WithoutMfaRow {
    id: String,
    name: String,
    email: String,
    role: &'static str,
    state: &'static str,
    state_words: String,
    enrolled: bool,
    enrollment: &'static str,
    last_sign_in: Option<When>,
}

impl WithoutMfaRow {
    fn of(account: &Account, now: Timestamp, zone: &str) -> Self {
        Self {
            id: account.id.to_string(),
            name: account.name.shown(account.email.as_str()),
            email: account.email.to_string(),
            role: role_words(account),
            state: account.state.key(),
            state_words: state_words(account),
            enrolled: account.mfa.enrollment != Enrollment::NotEnrolled,
            enrollment: enrollment_words(account),
            last_sign_in: account.last_sign_in_at.map(|at| When::new(at, now, zone)),
        }
    }
}

async fn listed(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    problem: Option<&'static str>,
) -> Result<WithoutMfa, PageError> {
    let granted = me.actor.granted::<SeeAdminsWithoutMfa>()?;
    let found = web.app().administrators_without_mfa(&granted).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    Ok(WithoutMfa {
        chrome: AdminChrome::new(web, me, frame, "home").await?,
        may_act: me.actor.granted::<ActOnAdminsWithoutMfa>().is_ok(),
        manages: me.actor.granted::<ManageAdministrators>().is_ok(),
        problem,
        rows: found.iter().map(|account| WithoutMfaRow::of(account, now, zone)).collect(),
    })
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    Ok(page(&listed(&web, &me, frame, None).await?))
}

/// Those that are ticked.
fn chosen(form: &Posted) -> Vec<AccountId> {
    form.names().filter_map(|name| name.strip_prefix("id.")?.parse().ok()).collect()
}

#[derive(Template)]
#[template(path = "admin/without_mfa_ask.html")]
struct Asking {
    chrome: AdminChrome,
    heading: String,
    chosen: Vec<String>,
}

pub(super) async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    me.actor.granted::<ActOnAdminsWithoutMfa>()?;
    let ids = chosen(&form);
    if ids.is_empty() {
        let again = listed(&web, &me, frame, Some("Tick at least one administrator.")).await?;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &again));
    }
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    Ok(page(&Asking {
        chrome: AdminChrome::new(&web, &me, frame, "home").await?,
        heading: format!("Require MFA of {}", words::counted(count, "administrator")),
        chosen: ids.iter().map(|id| format!("id.{id}")).collect(),
    }))
}

pub(super) async fn act(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ActOnAdminsWithoutMfa>()?;
    let ids = chosen(&form);
    if ids.is_empty() {
        let again = listed(&web, &me, frame, Some("Tick at least one administrator.")).await?;
        return Ok(render(StatusCode::UNPROCESSABLE_ENTITY, &again));
    }
    web.app().require_mfa_of_administrators(&granted, &ids).await?;
    Ok(flash::redirect(LIST, "administrators_required"))
}
