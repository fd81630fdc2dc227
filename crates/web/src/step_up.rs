//! Step-up: a page that asks an administrator once more who they are, and the way there and back.

use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Errors, Field, Posted},
    routing::{Routes, get},
    theme::Theme,
    view::{filters, page, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Query, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{secret::Secret, step_up::Asked};
use serde::Deserialize;

const PATH: &str = "/admin/step-up";
const HOME: &str = "/admin";
const LONGEST: usize = 2_000;

/// What a form's page says while the code is too old: before anything is typed where the page can't lead there and
/// back, and afterwards, so that nothing typed is lost.
pub(crate) const FIRST: &str = "This asks for a fresh code first. Open “Confirm it's you” in the account menu in a new \
    tab, then send this form.";

pub(crate) fn routes() -> Router<Web> {
    Router::new().at(PATH, get(show).post(submit))
}

/// An answer that leads to the page; [`lead`] adds where to go on from there.
#[derive(Clone, Copy)]
struct Leads;

pub(crate) fn needed() -> PageError {
    let mut response = Redirect::to(PATH).into_response();
    response.extensions_mut().insert(Leads);
    PageError::Instead(Box::new(response))
}

/// Lets whoever is led to the page come back: to the page that was asked for, or to the one whose form was sent.
pub(crate) async fn lead(request: Request, next: Next) -> Response {
    let from = match *request.method() {
        Method::GET | Method::HEAD => request.uri().path_and_query().map(|path| path.as_str().to_owned()),
        _ => {
            request.headers().get(header::REFERER).and_then(|referer| referer.to_str().ok()).and_then(path_of)
        }
    };
    let mut response = next.run(request).await;
    if response.extensions().get::<Leads>().is_some() {
        let to = address(from.as_deref().unwrap_or(HOME));
        if let Ok(location) = HeaderValue::from_str(&to) {
            response.headers_mut().insert(header::LOCATION, location);
        }
    }
    response
}

fn address(back: &str) -> String {
    let query = serde_urlencoded::to_string([("return", back)]).unwrap_or_default();
    format!("{PATH}?{query}")
}

/// The path and query of an address, whatever its host: it is only ever followed on this one.
fn path_of(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    rest.find('/').and_then(|at| rest.get(at..)).map(str::to_owned)
}

/// Where to go on: a page of the Admin Portal of this very site, or its Home.
fn safe(back: &str) -> &str {
    let path = back.split(['?', '#']).next().unwrap_or_default();
    let is_ours = path == HOME || path.starts_with("/admin/");
    let is_plain = back.len() <= LONGEST
        && back.chars().all(|c| c.is_ascii_graphic() && c != '\\')
        && !path.contains("//")
        && !path.contains("..");
    if is_ours && is_plain && path != PATH { back } else { HOME }
}

#[derive(Deserialize)]
struct Back {
    #[serde(rename = "return", default)]
    path: String,
}

#[derive(Template)]
#[template(path = "signin/step_up.html")]
struct StepUp {
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
) -> Result<StepUp, PageError> {
    Ok(StepUp {
        chrome: Chrome::new(web, theme).await?,
        action: PATH,
        back: safe(back).to_owned(),
        account: me.account.email.to_string(),
        asks_code: web.app().step_up_asks(me) == Asked::Code,
        code: Field::secret("code", errors),
        current_password: Field::secret("current_password", errors),
    })
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    theme: Theme,
    Query(back): Query<Back>,
) -> Result<Response, PageError> {
    Ok(page(&form(&web, &me, theme, &back.path, &Errors::default()).await?))
}

async fn submit(
    State(web): State<Web>,
    Admin(me): Admin,
    theme: Theme,
    posted: Posted,
) -> Result<Response, PageError> {
    let back = posted.text("return");
    let done = match web.app().step_up_asks(&me) {
        Asked::Code => web.app().step_up(&me, posted.text("code")).await,
        Asked::Password => {
            let password = Secret::from(posted.text("current_password"));
            web.app().step_up_by_password(&me, &password).await
        }
    };
    match done {
        Ok(()) => Ok(Redirect::to(safe(back)).into_response()),
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&form(&web, &me, theme, back, &errors.into()).await?))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stays_in_the_admin_portal_of_this_site() {
        for ours in
            ["/admin", "/admin/users?search=a%2Fb&sort=name", "/admin?x=1", "/admin/settings/email#test"]
        {
            assert_eq!(safe(ours), ours);
        }
        for other in [
            "",
            "/",
            "/security",
            "/administrator",
            "//evil.test/admin",
            "https://evil.test/admin",
            "/admin//evil.test",
            "/admin/../logo",
            "/admin/\\evil.test",
            "/admin/\r\nSet-Cookie: a=b",
            "/admin/ä",
            "javascript:alert(1)",
            "admin/users",
            "/admin/step-up?return=/admin/step-up",
        ] {
            assert_eq!(safe(other), HOME, "{other:?}");
        }
        assert_eq!(safe(&format!("/admin/{}", "a".repeat(LONGEST))), HOME);
        let referer = path_of("https://sso.acme.test/admin/users/1?tab=mfa");
        assert_eq!(referer.as_deref(), Some("/admin/users/1?tab=mfa"));
        assert_eq!(address("/admin/users?a=b&c=d"), "/admin/step-up?return=%2Fadmin%2Fusers%3Fa%3Db%26c%3Dd");
    }
}
