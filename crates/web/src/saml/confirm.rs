//! A page that asks a user once more who they are, because an application does (S10.1).

use super::forward;
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Errors, Field, Posted},
    theme::Theme,
    view::{filters, page, unprocessable},
    visit::User,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{application::door::Door, secret::Secret, step_up::Asked};
use serde::Deserialize;

pub(super) const PATH: &str = "/confirm";

/// Leads to the page, and from there on to `path`.
pub(super) fn lead(path: &str) -> Response {
    let query = serde_urlencoded::to_string([("return", path)]).unwrap_or_default();
    Redirect::to(&format!("{PATH}?{query}")).into_response()
}

/// Where to go on: through a door, or at Home.
fn on(back: &str) -> &str {
    if Door::of(back).is_some() { back } else { "/" }
}

#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(rename = "return", default)]
    path: String,
}

#[derive(Template)]
#[template(path = "signin/confirm.html")]
struct Confirm {
    chrome: Chrome,
    action: &'static str,
    back: String,
    account: String,
    asks_code: bool,
    code: Field,
    current_password: Field,
}

async fn form(
    web: &Web,
    me: &SignedIn,
    theme: Theme,
    back: &str,
    errors: &Errors,
) -> Result<Confirm, PageError> {
    Ok(Confirm {
        chrome: Chrome::new(web, theme).await?,
        action: PATH,
        back: on(back).to_owned(),
        account: me.account.email.to_string(),
        asks_code: web.app().asked_at_applications(me).await? == Asked::Code,
        code: Field::secret("code", errors),
        current_password: Field::secret("current_password", errors),
    })
}

pub(super) async fn show(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    Query(back): Query<Back>,
) -> Result<Response, PageError> {
    Ok(page(&form(&web, &me, theme, &back.path, &Errors::default()).await?))
}

pub(super) async fn submit(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    posted: Posted,
) -> Result<Response, PageError> {
    let back = posted.text("return");
    let field = match web.app().asked_at_applications(&me).await? {
        Asked::Code => "code",
        Asked::Password => "current_password",
    };
    match web.app().show_again(&me, &Secret::from(posted.text(field))).await {
        Ok(()) => forward::on(&web, theme, on(back)).await,
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&form(&web, &me, theme, back, &errors.into()).await?))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
