//! One user: details, the form, and what happened (S4.1, S4.2).

use super::{
    change::{Change, named},
    facts,
    user_new::{demand, person},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    view::{Fact, Padlock, filters, page, render, state_words},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::stored::Holder;
use claviger_app::{demand::days_to_show, session::SignedIn, users::UserEdit, words};
use claviger_domain::{
    account::{Password, State as AccountState},
    id::AccountId,
    mfa::{Enrollment, Requirement},
    permission::{AssistUsers, ManageUsers, ViewUsers},
    sign_in::TotpSwitch,
    time::Timestamp,
    token::Whereabouts,
    totp::Drift,
};

pub(super) struct UserHeader {
    pub(super) base: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) email: String,
    pub(super) username: String,
    pub(super) state: &'static str,
    pub(super) state_words: String,
    pub(super) padlock: Padlock,
    pub(super) tab: &'static str,
    pub(super) can_require: bool,
    pub(super) can_extend: bool,
    pub(super) can_assign: bool,
    pub(super) can_reset: bool,
    pub(super) can_remove: bool,
    pub(super) can_unlock: bool,
    pub(super) can_forget_drift: bool,
    pub(super) can_activate: bool,
    pub(super) can_suspend: bool,
    pub(super) can_resend: bool,
    pub(super) can_set_password: bool,
    pub(super) can_reset_password: bool,
    pub(super) can_delete: bool,
}

pub(super) fn header(
    holder: &Holder,
    me: &SignedIn,
    totp: TotpSwitch,
    (now, zone): (Timestamp, &str),
    tab: &'static str,
) -> UserHeader {
    let account = &holder.account;
    let manage = me.actor.granted::<ManageUsers>().is_ok();
    let assist = me.actor.granted::<AssistUsers>().is_ok();
    let enrolled = account.mfa.enrollment != Enrollment::NotEnrolled;
    let required = account.mfa.requirement != Requirement::NotRequired;
    let has_period = matches!(account.mfa.requirement, Requirement::By(_) | Requirement::Paused(_));
    let activated = account.state == AccountState::Activated;
    let pending = account.password == Password::Pending;
    let name = account.name.shown(account.username().map_or("", |name| name.as_str()));
    UserHeader {
        base: format!("/admin/users/{}", account.id),
        initials: words::initials(&name),
        name,
        email: account.email.to_string(),
        username: account.username().map(ToString::to_string).unwrap_or_default(),
        state: account.state.key(),
        state_words: state_words(account),
        padlock: Padlock::of(account, now, zone),
        tab,
        can_require: manage && totp == TotpSwitch::Enabled && (!required || !enrolled),
        can_extend: assist && has_period && !enrolled,
        can_assign: manage && totp == TotpSwitch::Enabled && !enrolled,
        can_reset: assist && enrolled,
        can_remove: manage && required,
        can_unlock: assist && holder.factor.as_ref().is_some_and(|sealed| sealed.factor.failures.in_row > 0),
        can_forget_drift: assist
            && holder.factor.as_ref().is_some_and(|sealed| sealed.factor.drift != Drift::default()),
        can_activate: manage && !activated,
        can_suspend: manage && activated,
        can_resend: manage && activated && pending,
        can_set_password: manage && pending,
        can_reset_password: assist && activated && !pending,
        can_delete: manage,
    }
}

#[derive(Template)]
#[template(path = "admin/user.html")]
struct UserPage {
    chrome: AdminChrome,
    header: UserHeader,
    may_edit: bool,
    problem: Option<String>,
    revision: String,
    first_name: Field,
    last_name: Field,
    email: Field,
    username: Field,
    display_name: Field,
    require_mfa: Check,
    enrollment_days: Option<Field>,
    shown_days: String,
    facts: Vec<Fact>,
}

impl UserPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, holder: &Holder) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let account = &holder.account;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let days = days_to_show(account, organization.settings.enrollment_days, now);
        let bounced_at = web.app().mail_bounced_at(&me.actor.granted::<ViewUsers>()?, account.id).await?;
        let facts = bounce(bounced_at, now, zone).into_iter().chain(facts_of(holder, now, zone)).collect();
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "users").await?,
            header: header(holder, me, organization.totp, (now, zone), "details"),
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            problem: None,
            revision: account.revision.to_string(),
            first_name: Field::of(&account.name.first),
            last_name: Field::of(&account.name.last),
            email: Field::of(account.email.as_str()),
            username: Field::of(account.username().map(ToString::to_string).unwrap_or_default()),
            display_name: Field::of(&account.name.display),
            require_mfa: Check { on: account.mfa.requirement != Requirement::NotRequired, error: None },
            enrollment_days: days.map(|days| Field::of(days.to_string())),
            shown_days: days.map(|days| days.to_string()).unwrap_or_default(),
            facts: with_token(web, me, holder, facts).await?,
        })
    }

    /// The page with what was typed, so that nothing is lost on an error.
    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
        self.shown_days = form.owned("shown_days");
        self.first_name = form.field("first_name", errors);
        self.last_name = form.field("last_name", errors);
        self.email = form.field("email", errors);
        self.username = form.field("username", errors);
        self.display_name = form.field("display_name", errors);
        self.require_mfa = form.check("require_mfa", errors);
        let typed = form.has("enrollment_days").then(|| form.field("enrollment_days", errors));
        self.enrollment_days = typed.or(self.enrollment_days);
        self
    }
}

/// Adds the hardware token that the user was given, if any.
async fn with_token(
    web: &Web,
    me: &SignedIn,
    holder: &Holder,
    mut facts: Vec<Fact>,
) -> Result<Vec<Fact>, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    if let Some(token) = web.app().token_of(&granted, holder.account.id).await? {
        let serial = token.serial.as_str();
        facts.push(match token.whereabouts {
            Whereabouts::Waiting { .. } => {
                Fact::new("Hardware token", format!("{serial}, waits for its first code"))
            }
            Whereabouts::Stock | Whereabouts::InUse { .. } => Fact::new("Hardware token", serial),
        });
    }
    Ok(facts)
}

/// S4.10: what to know before one more mail goes to the address.
fn bounce(bounced_at: Option<Timestamp>, now: Timestamp, zone: &str) -> Option<Fact> {
    bounced_at.map(|at| Fact {
        value: format!("Mail to this address was refused on {}", words::short_date(at, zone)),
        ..Fact::at("E-mail", at, now, zone)
    })
}

fn facts_of(holder: &Holder, now: Timestamp, zone: &str) -> Vec<Fact> {
    let account = &holder.account;
    let mut facts = Vec::from(facts::of_account(account, now, zone));
    match (account.mfa.enrollment, account.mfa.requirement) {
        (Enrollment::NotEnrolled, Requirement::By(until)) if until > now => {
            facts.push(Fact {
                value: words::span(until.since(now)),
                ..Fact::at("Time left to set up MFA", until, now, zone)
            });
        }
        (Enrollment::NotEnrolled, Requirement::By(since)) => {
            facts.push(Fact::at("Enrollment period ended", since, now, zone))
        }
        (Enrollment::NotEnrolled, Requirement::Paused(left)) => {
            facts.push(Fact::new(
                "Time left to set up MFA",
                format!("{}, from activation", words::span(left)),
            ));
        }
        _ => {}
    }
    if let Some(sealed) = &holder.factor {
        facts.extend(facts::of_factor(&sealed.factor, now, zone, "Locked until you unlock them"));
    }
    facts
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let holder = web.app().user_with_factor(&granted, named(&id)?).await?;
    Ok(page(&UserPage::new(&web, &me, frame, &holder).await?))
}

pub(super) async fn save(change: Change<AccountId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, form } = change;
    let holder = web.app().user_with_factor(&me.actor.granted::<ViewUsers>()?, id).await?;
    let edit = UserEdit {
        revision: form.text("revision").parse().ok(),
        person: person(&form),
        demand: demand(&form),
    };
    let Again { status, errors, problem } = match web.app().edit_user(&granted, id, &edit).await {
        Ok(_) => return Ok(flash::redirect(&format!("/admin/users/{id}"), "saved")),
        Err(refusal) => Again::after(refusal)?,
    };
    let again = UserPage::new(&web, &me, frame, &holder).await?.typed(&form, &errors);
    Ok(render(status, &UserPage { problem, ..again }))
}
