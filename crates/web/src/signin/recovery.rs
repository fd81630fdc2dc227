//! A recovery code in the place of the authenticator's (S4.9).

use super::{Portal, after_code, other_step, support};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Field, Posted},
    theme::Theme,
    view::{filters, page, unprocessable},
    visit::Half,
};
use askama::Template;
use axum::{Extension, Router, extract::State, response::Response, routing::get};
use claviger_app::recovery::words;
use claviger_domain::{organization::RecoveryCodes, recovery::RecoveryCode, sign_in::Next};

pub(super) const PATH: &str = "/sign-in/recovery-code";

pub(super) fn routes(portal: Portal) -> Router<Web> {
    Router::new().route(&portal.path(PATH), get(show).post(submit))
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

async fn recovery_page(
    web: &Web,
    portal: Portal,
    theme: Theme,
    problem: Option<String>,
) -> Result<RecoveryPage, PageError> {
    let (action, back) = (portal.path(PATH), portal.path("/sign-in/code"));
    Ok(RecoveryPage {
        chrome: Chrome::new(web, theme).await?,
        action,
        recovery_code: Field { value: String::new(), error: problem },
        back,
        help: support(web).await?,
    })
}

async fn show(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Half(half): Half,
) -> Result<Response, PageError> {
    match half.next {
        Next::Code(_) if offered(&web).await? => Ok(page(&recovery_page(&web, portal, theme, None).await?)),
        next => Ok(other_step(portal, next)),
    }
}

async fn submit(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Half(half): Half,
    form: Posted,
) -> Result<Response, PageError> {
    let Next::Code(factor) = half.next else { return Ok(other_step(portal, half.next)) };
    let problem = match RecoveryCode::parse("recovery_code", form.text("recovery_code")) {
        Err(error) => error.message,
        Ok(code) => {
            let outcome = web.app().submit_recovery_code(&half, factor, &code).await?;
            match after_code(&web, portal, outcome) {
                Ok(response) => return Ok(response),
                Err(told) => words(told, web.app().now()),
            }
        }
    };
    Ok(unprocessable(&recovery_page(&web, portal, theme, Some(problem)).await?))
}
