//! One administrator: details, security, facts (S6.1, S6.3, S6.6).

use super::{
    administrator_actions::AdministratorMenu,
    administrators::{
        Choice, LIST, administrator_id, enrollment_words, requirement_words, roles, ticked, typed,
    },
    facts,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
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
};
use claviger_domain::{
    account::{Account, Password, State as AccountState},
    administrator::{Change, Demanded, Refused},
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
        let menu = AdministratorMenu::of(web, me, holder).await?;
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
            facts: facts_of(holder, now, zone),
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

fn facts_of(holder: &Holder, now: Timestamp, zone: &str) -> Vec<Fact> {
    let account = &holder.account;
    let mut facts = vec![
        Fact::new("MFA: Requirement", requirement_words(account)),
        Fact::new("MFA: Enrollment", enrollment_words(account)),
    ];
    facts.extend(facts::of_account(account, now, zone));
    if let Some(sealed) = &holder.factor {
        facts.extend(facts::of_factor(
            &sealed.factor,
            now,
            zone,
            "Locked until another administrator unlocks them",
        ));
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
    let Again { status, errors, problem } = match saved {
        Ok(_) => return Ok(flash::redirect(&format!("{LIST}/{id}"), "saved")),
        Err(refusal) => Again::after(refusal)?,
    };
    let holder = web.app().administrator(&granted, id).await?;
    let again = AdministratorPage::new(&web, &me, frame, &holder).await?.typed(&form, &errors);
    Ok(render(status, &AdministratorPage { problem, ..again }))
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
