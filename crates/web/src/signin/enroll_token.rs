//! The first code of a hardware token that an administrator gave to the person (S4.6).

use super::{
    Portal,
    enroll::{Enrolling, enrolled, start_over},
};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    flash::Said,
    form::{Errors, Field, Posted},
    theme::Theme,
    view::{filters, page, unprocessable},
};
use askama::Template;
use axum::{Extension, extract::State, response::Response};
use claviger_app::{Refusal, enrollment::Enroller, words};
use claviger_domain::token::Serial;

#[derive(Template)]
#[template(path = "signin/enroll_token.html")]
struct EnrollToken {
    chrome: Chrome,
    base: String,
    days_left: Option<String>,
    serial: String,
    dismissable: bool,
    problem: Option<String>,
    code: Field,
}

async fn token_page(
    web: &Web,
    (portal, theme): (Portal, Theme),
    who: &Enroller,
    serial: &Serial,
    errors: &Errors,
) -> Result<EnrollToken, PageError> {
    let left = who.dismissable_until.map(|until| until.since(web.app().now()));
    Ok(EnrollToken {
        chrome: Chrome::new(web, theme).await?,
        base: portal.path("/enroll"),
        days_left: left.map(|left| format!("You have {} left to set up MFA.", words::span(left))),
        serial: serial.as_str().to_owned(),
        dismissable: left.is_some(),
        problem: None,
        code: Field::secret("code", errors),
    })
}

/// Asks for the code of that token.
pub(super) async fn show(
    web: &Web,
    place: (Portal, Theme),
    said: Said,
    who: &Enroller,
    serial: &Serial,
) -> Result<Response, PageError> {
    let asked = token_page(web, place, who, serial, &Errors::default()).await?;
    Ok(page(&EnrollToken { problem: said.0.map(|said| said.text), ..asked }))
}

pub(super) async fn submit(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Enrolling(who): Enrolling,
    form: Posted,
) -> Result<Response, PageError> {
    match web.app().confirm_token(&who, form.text("code")).await {
        Ok(confirmed) => enrolled(&web, portal, theme, &who, confirmed).await,
        Err(Refusal::Fields(errors)) => match web.app().waiting_token(&who).await? {
            Some(serial) => {
                let again = token_page(&web, (portal, theme), &who, &serial, &errors.into()).await?;
                Ok(unprocessable(&again))
            }
            None => Ok(start_over(portal)),
        },
        Err(Refusal::NotFound(_) | Refusal::Changed) => Ok(start_over(portal)),
        Err(refusal) => Err(refusal.into()),
    }
}
