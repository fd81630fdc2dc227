//! A recovery code in the place of the authenticator's (S4.9).

use super::{Portal, at_code::AtCode, other_step, support};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Field, Posted},
    routing::{Routes, get},
    view::{filters, page, unprocessable},
};
use askama::Template;
use axum::{Router, response::Response};
use claviger_app::recovery::words;
use claviger_domain::{organization::RecoveryCodes, recovery::RecoveryCode};

pub(super) const PATH: &str = "/sign-in/recovery-code";

pub(super) fn routes(portal: Portal) -> Router<Web> {
    Router::new().at(&portal.path(PATH), get(show).post(submit))
}

#[derive(Template)]
#[template(path = "signin/recovery_code.html")]
struct RecoveryPage {
    chrome: Chrome,
    action: String,
    recovery_code: Field,
    back: String,
    help: Option<String>,
}

/// Whether the organization takes recovery codes.
pub(super) async fn offered(web: &Web) -> Result<bool, PageError> {
    Ok(web.app().organization().await?.settings.recovery_codes == RecoveryCodes::On)
}

async fn recovery_page(at: &AtCode, problem: Option<String>) -> Result<RecoveryPage, PageError> {
    Ok(RecoveryPage {
        chrome: Chrome::new(&at.web, at.theme).await?,
        action: at.portal.path(PATH),
        recovery_code: Field { value: String::new(), error: problem },
        back: at.portal.path("/sign-in/code"),
        help: support(&at.web).await?,
    })
}

async fn show(at: AtCode) -> Result<Response, PageError> {
    match offered(&at.web).await? {
        true => Ok(page(&recovery_page(&at, None).await?)),
        false => Ok(other_step(at.portal, at.half.next)),
    }
}

async fn submit(at: AtCode, form: Posted) -> Result<Response, PageError> {
    let problem = match RecoveryCode::parse("recovery_code", form.text("recovery_code")) {
        Err(error) => error.message,
        Ok(code) => match at.after(at.web.app().submit_recovery_code(&at.half, at.factor, &code).await?) {
            Ok(response) => return Ok(response),
            Err(told) => words(told, at.web.app().now()),
        },
    };
    Ok(unprocessable(&recovery_page(&at, Some(problem)).await?))
}
