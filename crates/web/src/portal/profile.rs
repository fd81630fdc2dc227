//! Profile: the person's own name and password (S5.1).

use crate::{
    Web,
    chrome::PortalChrome,
    error::PageError,
    flash::{self, Said},
    form::{Errors, Field, Posted},
    signin::min_length,
    theme::Theme,
    view::{filters, page, unprocessable},
    visit::User,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::secret::Secret;

#[derive(Template)]
#[template(path = "portal/profile.html")]
struct Profile {
    chrome: PortalChrome,
    email: String,
    username: String,
    first_name: Field,
    last_name: Field,
    display_name: Field,
    current_password: Field,
    password: Field,
    min_length: i64,
}

impl Profile {
    async fn new(
        web: &Web,
        me: &SignedIn,
        theme: Theme,
        said: Said,
        errors: &Errors,
    ) -> Result<Self, PageError> {
        Ok(Self {
            chrome: PortalChrome::new(web, me, theme, said, "profile").await?,
            email: me.account.email.to_string(),
            username: me.account.username().map(ToString::to_string).unwrap_or_default(),
            first_name: Field::of(&me.account.name.first),
            last_name: Field::of(&me.account.name.last),
            display_name: Field::of(&me.account.name.display),
            current_password: Field::secret("current_password", errors),
            password: Field::secret("password", errors),
            min_length: min_length(web).await?,
        })
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    said: Said,
) -> Result<Response, PageError> {
    Ok(page(&Profile::new(&web, &me, theme, said, &Errors::default()).await?))
}

pub(super) async fn save(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    form: Posted,
) -> Result<Response, PageError> {
    let (first, last, display) = (form.text("first_name"), form.text("last_name"), form.text("display_name"));
    match web.app().rename_self(&me, first, last, display).await {
        Ok(()) => Ok(flash::redirect("/profile", "saved")),
        Err(Refusal::Fields(errors)) => {
            let errors = Errors::from(errors);
            let mut again = Profile::new(&web, &me, theme, Said(None), &errors).await?;
            again.first_name = form.field("first_name", &errors);
            again.last_name = form.field("last_name", &errors);
            again.display_name = form.field("display_name", &errors);
            Ok(unprocessable(&again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

pub(super) async fn change_password(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    form: Posted,
) -> Result<Response, PageError> {
    let current = Secret::from(form.text("current_password"));
    match web.app().change_own_password(&me, &current, form.text("password")).await {
        Ok(()) => Ok(flash::redirect("/profile", "password_changed")),
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&Profile::new(&web, &me, theme, Said(None), &errors.into()).await?))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
