//! One administrator: details, security, facts (S6.1, S6.3, S6.6).

use super::{
    administrator_actions::AdministratorMenu,
    administrators::{
        Choice, LIST, administrator_id, enrollment_words, requirement_words, roles, ticked, typed,
    },
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Check, Errors, Field, Posted},
    view::{Fact, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::{
    Refusal,
    administrators::AdministratorForm,
    demand::Ticked,
    session::SignedIn,
    stored::{Delivery, Holder},
    words,
};
use claviger_domain::{
    account::{Account, Password, State as AccountState},
    administrator::{Change, Demanded, Refused},
    lockout::Lock,
    mfa::{Enrollment, Requirement},
    permission::{ManageAdministrators, Role},
    time::Timestamp,
};

#[derive(Template)]
#[template(path = "admin/administrator.html")]
struct AdministratorPage {
    chrome: AdminChrome,
    menu: AdministratorMenu,
    notes: Vec<String>,
    problem: Option<String>,
    revision: String,
    first_name: Field,
    last_name: Field,
    email: Field,
    display_name: Field,
    role: Field,
    roles: Vec<Choice>,
    may_edit: bool,
    require_mfa: Check,
    fixed: bool,
    enrolled: bool,
    facts: Vec<Fact>,
}

impl AdministratorPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, holder: &Holder) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let account = &holder.account;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let form = AdministratorForm::from(account);
        let menu = AdministratorMenu::of(web, me, account).await?;
        let present = Role::from_key(&form.role);
        let fixed = organization.settings.admin_mfa == Demanded::OfEveryone;
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "administrators").await?,
            notes: notes(web, me, account).await?,
            may_edit: menu.can_edit,
            menu,
            problem: None,
            revision: account.revision.to_string(),
            first_name: Field::of(&form.first_name),
            last_name: Field::of(&form.last_name),
            email: Field::of(&form.email),
            display_name: Field::of(&form.display_name),
            role: Field::of(&form.role),
            roles: roles(me, present),
            require_mfa: Check { on: account.mfa.requirement != Requirement::NotRequired, error: None },
            fixed,
            enrolled: account.mfa.enrollment != Enrollment::NotEnrolled,
            facts: facts(holder, now, zone),
        })
    }

    /// The page with what was typed, so that nothing is lost on an error.
    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
        self.first_name = form.field("first_name", errors);
        self.last_name = form.field("last_name", errors);
        self.email = form.field("email", errors);
        self.display_name = form.field("display_name", errors);
        self.role = form.field("role", errors);
        self
    }
}

/// What is to be known before anything is tried.
async fn notes(web: &Web, me: &SignedIn, account: &Account) -> Result<Vec<String>, PageError> {
    let mut notes = Vec::new();
    if let Err(refused @ (Refused::BeyondReach | Refused::LastWithBilling)) =
        web.app().may_change_administrator(&me.actor, account, Change::Delete).await?
    {
        notes.push(refused.to_string());
    }
    let waits = account.password == Password::Pending && account.state == AccountState::Activated;
    if waits && web.app().delivery().await? == Delivery::Off {
        notes.push("E-mail is not set up, so the link to choose a password waits in the queue.".into());
    }
    Ok(notes)
}

fn facts(holder: &Holder, now: Timestamp, zone: &str) -> Vec<Fact> {
    let account = &holder.account;
    let mut facts = vec![
        Fact::new("MFA: Requirement", requirement_words(account)),
        Fact::new("MFA: Enrollment", enrollment_words(account)),
        Fact::at("Created", account.created_at, now, zone),
    ];
    facts.push(match account.last_sign_in_at {
        Some(at) => Fact::at("Last sign-in", at, now, zone),
        None => Fact::new("Last sign-in", "Never"),
    });
    if let Some(sealed) = &holder.factor {
        let factor = &sealed.factor;
        facts.push(Fact::at("MFA set up", factor.confirmed_at, now, zone));
        facts.push(Fact::at("Code last used", factor.last_used_at, now, zone));
        facts.push(Fact::new("Clock", words::clock(factor.drift)));
        match factor.failures.lock_at(now) {
            Lock::Open => {}
            Lock::Until(until) => {
                facts.push(Fact { value: "Locked".into(), ..Fact::at("Codes", until, now, zone) });
            }
            Lock::Closed => facts.push(Fact::new("Codes", "Locked until unlocked on the server")),
        }
    }
    facts
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageAdministrators>()?;
    let holder = web.app().administrator(&granted, administrator_id(&id)?).await?;
    Ok(page(&AdministratorPage::new(&web, &me, frame, &holder).await?))
}

pub(super) async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageAdministrators>()?;
    let id = administrator_id(&id)?;
    let revision = form.text("revision").parse().ok();
    let saved = web.app().edit_administrator(&granted, id, &typed(&form), revision).await;
    let (status, errors, problem) = match saved {
        Ok(_) => return Ok(flash::redirect(&format!("{LIST}/{id}"), "saved")),
        Err(Refusal::Fields(errors)) => (StatusCode::UNPROCESSABLE_ENTITY, Errors::from(errors), None),
        Err(Refusal::State { message, .. }) => (StatusCode::CONFLICT, Errors::default(), Some(message)),
        Err(Refusal::Changed) => {
            let message =
                "Somebody else changed this administrator meanwhile. Reload the page to see their change.";
            (StatusCode::CONFLICT, Errors::default(), Some(message.to_owned()))
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let holder = web.app().administrator(&granted, id).await?;
    let mut again = AdministratorPage::new(&web, &me, frame, &holder).await?.typed(&form, &errors);
    again.problem = problem;
    Ok(render(status, &again))
}

/// S6.6: the switch *Multi-Factor Authentication Required*.
pub(super) async fn save_security(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageAdministrators>()?;
    let id = administrator_id(&id)?;
    let saved = match ticked(&form) {
        Ticked::Yes => web.app().require_administrator_mfa(&granted, id).await,
        Ticked::No => web.app().release_administrator_mfa(&granted, id).await,
    };
    match saved {
        Ok(_) => Ok(flash::redirect(&format!("{LIST}/{id}#security"), "saved")),
        Err(Refusal::State { message, .. }) => {
            let holder = web.app().administrator(&granted, id).await?;
            let mut again = AdministratorPage::new(&web, &me, frame, &holder).await?;
            again.require_mfa = Check { error: Some(message), ..again.require_mfa };
            Ok(render(StatusCode::CONFLICT, &again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
