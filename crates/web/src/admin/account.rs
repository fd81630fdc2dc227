//! The administrator's own account: MFA, password, sessions and sign-ins.

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Errors, Field, Posted},
    own::Own,
    signin::{Portal, min_length},
    view::{Fact, filters, page, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{account::Kind, permission::Role, secret::Secret};

#[derive(Template)]
#[template(path = "admin/account.html")]
struct AccountPage {
    chrome: AdminChrome,
    facts: Vec<Fact>,
    current_password: Field,
    password: Field,
    min_length: i64,
    own: Own,
}

impl AccountPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, errors: &Errors) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let role = match me.account.kind {
            Kind::Administrator { role } => role,
            Kind::User { .. } => Role::ReadOnly,
        };
        let mut facts = vec![Fact::new("Role", role.words())];
        if let Some(at) = me.account.last_sign_in_at {
            facts.push(Fact::at("Last sign-in", at, now, zone));
        }
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "").await?,
            facts,
            current_password: Field::secret("current_password", errors),
            password: Field::secret("password", errors),
            min_length: min_length(web).await?,
            own: Own::of(web, Portal::ADMIN, me).await?,
        })
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    Ok(page(&AccountPage::new(&web, &me, frame, &Errors::default()).await?))
}

pub(super) async fn change_password(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let current = Secret::from(form.text("current_password"));
    match web.app().change_own_password(&me, &current, form.text("password")).await {
        Ok(()) => Ok(flash::redirect("/admin/account", "password_changed")),
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&AccountPage::new(&web, &me, frame, &errors.into()).await?))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
