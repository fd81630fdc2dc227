//! Settings › Administrators: the list, and a new one (S6.1, S6.5).

use super::{
    address::Address, administrator, administrator_actions, roles as matrix, security, widgets, without_mfa,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    routing::{Routes, get, post},
    view::{Pager, When, filters, page, render, state_words},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
};
use claviger_app::{
    administrators::AdministratorForm,
    demand::Ticked,
    session::SignedIn,
    stored::{AdministratorListing, administrator_cursor},
};
use claviger_domain::{
    account::{Account, Kind},
    administrator::{Demanded, Hand},
    id::AccountId,
    mfa::{Enrollment, Requirement},
    permission::{ManageAdministrators, Role},
    time::Timestamp,
};
use std::collections::BTreeMap;

const PAGE: i64 = 50;
pub(super) const LIST: &str = "/admin/administrators";

/// Everything about administrators: their list and pages, their roles, their security, their Home.
pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/administrators", get(list))
        .at("/admin/administrators/new", get(show_new).post(create))
        .at("/admin/administrators/without-mfa", get(without_mfa::show).post(without_mfa::act))
        .at("/admin/administrators/without-mfa/ask", post(without_mfa::ask))
        .at("/admin/administrators/{id}", get(administrator::show).post(administrator::save))
        .at("/admin/administrators/{id}/security", post(administrator::save_security))
        .at(
            "/admin/administrators/{id}/{action}",
            get(administrator_actions::ask).post(administrator_actions::act),
        )
        .at("/admin/roles", get(matrix::show))
        .at("/admin/settings/security", get(security::show))
        .at("/admin/settings/security/administrators/{action}", get(security::ask).post(security::act))
        .at("/admin/home/widgets", get(widgets::show).post(widgets::save))
}

/// The id in an address; anything else is no such administrator.
pub(super) fn administrator_id(text: &str) -> Result<AccountId, PageError> {
    text.parse().map_err(|_| PageError::NotFound("administrator"))
}

pub(super) const fn role_words(account: &Account) -> &'static str {
    match account.kind {
        Kind::Administrator { role } => role.words(),
        Kind::User { .. } => "",
    }
}

/// S6.1: the column **MFA: Requirement**.
pub(super) fn requirement_words(account: &Account) -> &'static str {
    if account.mfa.requirement == Requirement::NotRequired { "Not Required" } else { "Required" }
}

/// S6.1: the column **MFA: Enrollment**.
pub(super) fn enrollment_words(account: &Account) -> &'static str {
    if account.mfa.enrollment == Enrollment::NotEnrolled { "Not Enrolled" } else { "Enrolled" }
}

#[derive(Template)]
#[template(path = "admin/administrators.html")]
struct Administrators {
    chrome: AdminChrome,
    rows: Vec<AdministratorRow>,
    pager: Pager,
}

struct AdministratorRow {
    href: String,
    name: String,
    email: String,
    role: &'static str,
    state: &'static str,
    state_words: String,
    required: bool,
    requirement: &'static str,
    enrolled: bool,
    enrollment: &'static str,
    last_sign_in: Option<When>,
}

impl AdministratorRow {
    fn of(account: &Account, now: Timestamp, zone: &str) -> Self {
        Self {
            href: format!("{LIST}/{}", account.id),
            name: account.name.shown(account.email.as_str()),
            email: account.email.to_string(),
            role: role_words(account),
            state: account.state.key(),
            state_words: state_words(account),
            required: account.mfa.requirement != Requirement::NotRequired,
            requirement: requirement_words(account),
            enrolled: account.mfa.enrollment != Enrollment::NotEnrolled,
            enrollment: enrollment_words(account),
            last_sign_in: account.last_sign_in_at.map(|at| When::new(at, now, zone)),
        }
    }
}

pub(super) async fn list(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageAdministrators>()?;
    let address = Address::new(LIST, &[], query);
    let listing = AdministratorListing { requirement: None, page: address.page(), limit: PAGE };
    let found = web.app().administrators(&granted, &listing).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let newer = found.administrators.first().filter(|_| found.has_newer).map(administrator_cursor);
    let older = found.administrators.last().filter(|_| found.has_older).map(administrator_cursor);
    Ok(page(&Administrators {
        chrome: AdminChrome::new(&web, &me, frame, "administrators").await?,
        rows: found.administrators.iter().map(|account| AdministratorRow::of(account, now, zone)).collect(),
        pager: address.pager(newer, older, String::new()),
    }))
}

/// A role to choose.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) label: &'static str,
}

/// The roles that somebody can give, and the present one.
pub(super) fn roles(me: &SignedIn, present: Option<Role>) -> Vec<Choice> {
    let hand = Hand::of(me.actor.who);
    let offered = Role::ALL.into_iter().filter(|role| hand.may_make(*role).is_ok() || present == Some(*role));
    offered.map(|role| Choice { value: role.key(), label: role.words() }).collect()
}

pub(super) fn typed(form: &Posted) -> AdministratorForm {
    AdministratorForm {
        email: form.owned("email"),
        first_name: form.owned("first_name"),
        last_name: form.owned("last_name"),
        display_name: form.owned("display_name"),
        role: form.owned("role"),
    }
}

pub(super) fn ticked(form: &Posted) -> Ticked {
    if form.has("require_mfa") { Ticked::Yes } else { Ticked::No }
}

#[derive(Template)]
#[template(path = "admin/administrator_new.html")]
struct NewAdministrator {
    chrome: AdminChrome,
    problem: Option<String>,
    first_name: Field,
    last_name: Field,
    email: Field,
    display_name: Field,
    role: Field,
    roles: Vec<Choice>,
    require_mfa: Check,
    fixed: bool,
}

impl NewAdministrator {
    async fn new(
        web: &Web,
        me: &SignedIn,
        frame: Frame,
        form: &Posted,
        errors: &Errors,
    ) -> Result<Self, PageError> {
        let demanded = web.app().organization().await?.settings.admin_mfa;
        let fixed = demanded == Demanded::OfEveryone;
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "administrators").await?,
            problem: None,
            first_name: form.field("first_name", errors),
            last_name: form.field("last_name", errors),
            email: form.field("email", errors),
            display_name: form.field("display_name", errors),
            role: form.field("role", errors),
            roles: roles(me, None),
            require_mfa: Check { on: fixed || form.has("require_mfa"), error: None },
            fixed,
        })
    }
}

pub(super) async fn show_new(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageAdministrators>()?;
    web.app().require_fresh_code(&me.actor)?;
    let (blank, errors) = (Posted::default(), Errors::default());
    let mut form = NewAdministrator::new(&web, &me, frame, &blank, &errors).await?;
    form.require_mfa.on = true;
    Ok(page(&form))
}

pub(super) async fn create(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageAdministrators>()?;
    let made = web.app().create_administrator(&granted, &typed(&form), ticked(&form)).await;
    let Again { status, errors, problem } = match made {
        Ok(made) => {
            return Ok(flash::redirect(&format!("{LIST}/{}", made.account.id), "administrator_created"));
        }
        Err(refusal) => Again::after(refusal)?,
    };
    let again = NewAdministrator::new(&web, &me, frame, &form, &errors).await?;
    Ok(render(status, &NewAdministrator { problem, ..again }))
}
