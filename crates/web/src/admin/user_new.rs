//! A new user (S3.1, S3.2, S4.1).

use super::change::Change;
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{
    demand::{self, Demand, Ticked},
    users::{Activation, Person},
};
use claviger_domain::permission::ManageUsers;

#[derive(Template)]
#[template(path = "admin/user_new.html")]
struct UserNew {
    chrome: AdminChrome,
    problem: Option<String>,
    first_name: Field,
    last_name: Field,
    email: Field,
    username: Field,
    display_name: Field,
    require_mfa: Check,
    enrollment_days: Option<Field>,
    activate: Check,
}

pub(super) fn person(form: &Posted) -> Person {
    Person {
        username: form.owned("username"),
        email: form.owned("email"),
        first_name: form.owned("first_name"),
        last_name: form.owned("last_name"),
        display_name: form.owned("display_name"),
    }
}

pub(super) fn demand(form: &Posted) -> Demand {
    Demand::Form(demand::Form {
        requirement: if form.has("require_mfa") { Ticked::Yes } else { Ticked::No },
        days: form.has("enrollment_days").then(|| form.owned("enrollment_days")),
        days_shown: form.owned("shown_days"),
    })
}

fn blank(chrome: AdminChrome, form: &Posted, errors: &Errors) -> UserNew {
    UserNew {
        chrome,
        problem: None,
        first_name: form.field("first_name", errors),
        last_name: form.field("last_name", errors),
        email: form.field("email", errors),
        username: form.field("username", errors),
        display_name: form.field("display_name", errors),
        require_mfa: form.check("require_mfa", errors),
        enrollment_days: Some(form.field("enrollment_days", errors)),
        activate: form.check("activate", errors),
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    let organization = web.app().organization().await?;
    let chrome = AdminChrome::new(&web, &me, frame, "users").await?;
    let totp_enabled = chrome.totp_enabled;
    let mut form = blank(chrome, &Posted::default(), &Errors::default());
    form.enrollment_days = Some(Field::of(organization.settings.enrollment_days.get().to_string()));
    form.require_mfa.on = totp_enabled;
    form.activate.on = true;
    if form.require_mfa.on {
        web.app().require_fresh_code(&me.actor)?;
    }
    Ok(page(&form))
}

pub(super) async fn create(
    Change { web, me, frame, granted, form, .. }: Change<()>,
) -> Result<Response, PageError> {
    let activation = if form.has("activate") { Activation::Now } else { Activation::Later };
    let made = web.app().create_user(&granted, &person(&form), &demand(&form), activation).await;
    let Again { status, errors, problem } = match made {
        Ok(account) => return Ok(flash::redirect(&format!("/admin/users/{}", account.id), "user_created")),
        Err(refusal) => Again::after(refusal)?,
    };
    let chrome = AdminChrome::new(&web, &me, frame, "users").await?;
    let mut again = UserNew { problem, ..blank(chrome, &form, &errors) };
    if let Some(days) =
        again.enrollment_days.as_mut().filter(|days| days.value.is_empty() && days.error.is_none())
    {
        days.value = web.app().organization().await?.settings.enrollment_days.get().to_string();
    }
    Ok(render(status, &again))
}
