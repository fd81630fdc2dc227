//! One user: details, the form, and what happened (S4.1, S4.2).

use super::{
    user_id,
    user_new::{person, required},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Check, Errors, Field, Posted},
    view::{Fact, Padlock, Pager, When, filters, page, render, state_words, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::stored::Holder;
use claviger_app::{
    Refusal,
    session::SignedIn,
    users::{Demand, UserEdit},
    words,
};
use claviger_domain::{
    account::{Account, Password, State as AccountState},
    audit::Entry,
    lockout::Lock,
    mfa::{Enrollment, Requirement},
    permission::{AssistUsers, ManageUsers, ViewUsers},
    sign_in::TotpSwitch,
    status::Status,
    time::Timestamp,
};

pub(super) struct UserHeader {
    base: String,
    name: String,
    initials: String,
    email: String,
    username: String,
    state: &'static str,
    state_words: String,
    padlock: Padlock,
    tab: &'static str,
    can_require: bool,
    can_extend: bool,
    can_reset: bool,
    can_remove: bool,
    can_unlock: bool,
    can_activate: bool,
    can_suspend: bool,
    can_resend: bool,
    can_reset_password: bool,
    can_delete: bool,
}

fn header(
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
        initials: name
            .split_whitespace()
            .filter_map(|part| part.chars().next())
            .take(2)
            .collect::<String>()
            .to_uppercase(),
        name,
        email: account.email.to_string(),
        username: account.username().map(ToString::to_string).unwrap_or_default(),
        state: account.state.key(),
        state_words: state_words(account),
        padlock: Padlock::of(account, now, zone),
        tab,
        can_require: manage && totp == TotpSwitch::Enabled && (!required || !enrolled),
        can_extend: assist && has_period && !enrolled,
        can_reset: assist && enrolled,
        can_remove: manage && required,
        can_unlock: assist && holder.factor.as_ref().is_some_and(|sealed| sealed.factor.failures.in_row > 0),
        can_activate: manage && !activated,
        can_suspend: manage && activated,
        can_resend: manage && activated && pending,
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
    facts: Vec<Fact>,
}

impl UserPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, holder: &Holder) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let account = &holder.account;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let days = shown_days(account, organization.settings.enrollment_days.get(), now);
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
            facts: facts(holder, now, zone),
        })
    }

    /// The page with what was typed, so that nothing is lost on an error.
    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
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

fn facts(holder: &Holder, now: Timestamp, zone: &str) -> Vec<Fact> {
    let account = &holder.account;
    let mut facts = vec![Fact::at("Created", account.created_at, now, zone)];
    facts.push(match account.last_sign_in_at {
        Some(at) => Fact::at("Last sign-in", at, now, zone),
        None => Fact::new("Last sign-in", "Never"),
    });
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
        let factor = &sealed.factor;
        facts.push(Fact::at("MFA set up", factor.confirmed_at, now, zone));
        facts.push(Fact::at("Code last used", factor.last_used_at, now, zone));
        if factor.failures.in_row > 0 {
            facts.push(Fact::new("Wrong codes in a row", factor.failures.in_row.to_string()));
        }
        match factor.failures.lock_at(now) {
            Lock::Open => {}
            Lock::Until(until) => {
                facts.push(Fact { value: "Locked".into(), ..Fact::at("Codes", until, now, zone) })
            }
            Lock::Closed => facts.push(Fact::new("Codes", "Locked until you unlock them")),
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
    let granted = me.actor.granted::<ViewUsers>()?;
    let holder = web.app().user_with_factor(&granted, user_id(&id)?).await?;
    Ok(page(&UserPage::new(&web, &me, frame, &holder).await?))
}

/// The number that the form shows: what is left of a running period, or the default for a new one. Nothing
/// where there is no period to speak of: the menu of the padlock has the verbs for that.
fn shown_days(account: &Account, default: i64, now: Timestamp) -> Option<i64> {
    match account.mfa.status(now) {
        Status::Enrolling { left, .. } => Some(left.days_rounded_up()),
        Status::None => Some(default),
        Status::Active | Status::Optional | Status::Expired { .. } | Status::RequiredWithoutPeriod => None,
    }
}

/// What the form asks for, given what it was made from: a number that was left as it is changes nothing.
fn demand(form: &Posted, account: &Account, totp: TotpSwitch, shown: Option<i64>) -> Demand {
    let required = account.mfa.requirement != Requirement::NotRequired;
    let enrolled = account.mfa.enrollment != Enrollment::NotEnrolled;
    match (totp, form.has("require_mfa"), required) {
        (TotpSwitch::Disabled, _, _) | (_, false, false) => Demand::Keep,
        (_, false, true) => Demand::NotRequired,
        (_, true, true) if enrolled || !form.has("enrollment_days") => Demand::Keep,
        (_, true, true)
            if shown.is_some_and(|days| days.to_string() == form.text("enrollment_days").trim()) =>
        {
            Demand::Keep
        }
        (_, true, false) if enrolled => Demand::Required(Ok(claviger_domain::mfa::Period::None)),
        (_, true, _) => self::required(form),
    }
}

pub(super) async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let id = user_id(&id)?;
    let holder = web.app().user_with_factor(&me.actor.granted::<ViewUsers>()?, id).await?;
    let organization = web.app().organization().await?;
    let shown = shown_days(&holder.account, organization.settings.enrollment_days.get(), web.app().now());
    let demand = demand(&form, &holder.account, organization.totp, shown);
    let edit = UserEdit { revision: form.text("revision").parse().ok(), person: person(&form), demand };
    match web.app().edit_user(&granted, id, &edit).await {
        Ok(_) => Ok(flash::redirect(&format!("/admin/users/{id}"), "saved")),
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&UserPage::new(&web, &me, frame, &holder).await?.typed(&form, &errors.into())))
        }
        Err(Refusal::Changed) => {
            let mut again = UserPage::new(&web, &me, frame, &holder).await?.typed(&form, &Errors::default());
            again.problem = Some(
                "Somebody else changed this user meanwhile. Reload the page to see their change.".into(),
            );
            Ok(render(StatusCode::CONFLICT, &again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

#[derive(Template)]
#[template(path = "admin/user_activity.html")]
struct UserActivity {
    chrome: AdminChrome,
    header: UserHeader,
    entries: Vec<ActivityRow>,
    pager: Pager,
}

struct ActivityRow {
    kind: &'static str,
    text: String,
    at: When,
    origin: String,
}

const SHOWN: i64 = 100;

pub(super) async fn activity(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let holder = web.app().user_with_factor(&granted, user_id(&id)?).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let entries = web.app().activity(&granted, &id, SHOWN).await?;
    Ok(page(&UserActivity {
        chrome: AdminChrome::new(&web, &me, frame, "users").await?,
        header: header(&holder, &me, organization.totp, (now, zone), "activity"),
        entries: entries.iter().map(|entry| activity_row(entry, now, zone)).collect(),
        pager: Pager::NONE,
    }))
}

fn activity_row(entry: &Entry, now: Timestamp, zone: &str) -> ActivityRow {
    let action = match entry.action.as_str() {
        "user.create" => "User created",
        "user.edit" => "Details changed",
        "user.activate" => "Activated",
        "user.suspend" => "Suspended",
        "user.register" => "Password chosen by the activation link",
        "user.resend_activation" => "Activation e-mail sent again",
        "user.unlock" => "Unlocked",
        "user.password.expire" => "Made to choose a new password",
        "user.mfa.require" => "MFA required",
        "user.mfa.requirement.remove" => "MFA requirement removed",
        "user.mfa.extend" => "Enrollment period extended",
        "user.mfa.reset" => "MFA reset",
        "user.mfa.set_up" => "MFA set up",
        "mfa.set_up.start" => "MFA set-up started",
        "factor.lock" => "Locked after too many wrong codes",
        "sign_in" => "Signed in",
        "sign_in.password" => "Sign-in, password",
        "sign_in.code" => "Sign-in, code",
        "sign_out" => "Signed out",
        "verify" => "Code checked for another program",
        "password.change" => "Password changed",
        "password.reset" => "Password reset by mailed link",
        "password.forgot" => "New password asked for",
        "profile.change" => "Profile changed",
        other => other,
    };
    let (kind, result) = match entry.outcome.as_str() {
        "success" => ("success", ""),
        "refused" => ("danger", ": refused"),
        "wrong_code" => ("danger", ": wrong code"),
        "already_used" => ("warning", ": code already used"),
        "locked" | "closed" => ("danger", ": refused, too many wrong codes"),
        "locked_out" => ("warning", ": refused, the time to set up MFA has ended"),
        "barred" => ("warning", ": refused, not activated"),
        _ => ("", ""),
    };
    let by = if entry.actor_name.is_empty() { String::new() } else { format!("by {}", entry.actor_name) };
    let from = if entry.address.is_empty() { String::new() } else { format!("from {}", entry.address) };
    ActivityRow {
        kind,
        text: format!("{action}{result}"),
        at: When::new(entry.at, now, zone),
        origin: [by, from].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
    }
}
