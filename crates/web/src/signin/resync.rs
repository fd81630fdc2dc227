//! Two consecutive codes of a token that is out of step, in the place of one code (S4.18).

use super::{Portal, at_code::AtCode, support};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Errors, Field, Posted},
    routing::{Routes, get},
    theme::Theme,
    view::{Link, filters, page, unprocessable},
};
use askama::Template;
use axum::{Router, response::Response};
use claviger_app::verify::Told;
use claviger_domain::{field::FieldError, resync::Pair, time::Timestamp};

pub(super) const PATH: &str = "/sign-in/resync";

pub(super) fn routes(portal: Portal) -> Router<Web> {
    Router::new().at(&portal.path(PATH), get(show).post(submit))
}

/// Two code fields, on the way in and from within.
#[derive(Template)]
#[template(path = "signin/resync.html")]
pub(crate) struct ResyncPage {
    chrome: Chrome,
    action: String,
    code: Field,
    code_2: Field,
    back: Link,
    help: Option<String>,
}

impl ResyncPage {
    pub(crate) async fn new(
        web: &Web,
        theme: Theme,
        action: String,
        back: Link,
        errors: &Errors,
    ) -> Result<Self, PageError> {
        Ok(Self {
            chrome: Chrome::new(web, theme).await?,
            action,
            code: Field::secret("code", errors),
            code_2: Field::secret("code_2", errors),
            back,
            help: support(web).await?,
        })
    }
}

/// Why two codes were not taken.
pub(crate) fn in_words(told: Told, now: Timestamp) -> Errors {
    let message = match told {
        Told::Accepted | Told::Wrong => {
            "Those codes are not right. Enter one, wait for the next, and enter that.".into()
        }
        Told::AlreadyUsed => "These codes were already used. Wait for the next two.".into(),
        Told::Locked { .. } => told.words(now),
    };
    vec![FieldError::new("code", message)].into()
}

async fn resync_page(at: &AtCode, errors: &Errors) -> Result<ResyncPage, PageError> {
    let back = Link { href: at.portal.path("/sign-in/code"), label: "Use one code".into() };
    ResyncPage::new(&at.web, at.theme, at.portal.path(PATH), back, errors).await
}

async fn show(at: AtCode) -> Result<Response, PageError> {
    Ok(page(&resync_page(&at, &Errors::default()).await?))
}

async fn submit(at: AtCode, form: Posted) -> Result<Response, PageError> {
    let errors = match Pair::parse(form.text("code"), form.text("code_2")) {
        Err(errors) => errors.into(),
        Ok(pair) => match at.after(at.web.app().submit_pair(&at.half, at.factor, &pair).await?) {
            Ok(response) => return Ok(response),
            Err(told) => in_words(told, at.web.app().now()),
        },
    };
    Ok(unprocessable(&resync_page(&at, &errors).await?))
}
