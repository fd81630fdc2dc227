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
use claviger_domain::{secret::Secret, site, step_up::Asked};
use serde::Deserialize;

const PATH: &str = "/admin/step-up";
const HOME: &str = "/admin";

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
            let referer = request.headers().get(header::REFERER).and_then(|referer| referer.to_str().ok());
            referer.and_then(site::path_of).map(str::to_owned)
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

/// Where to go on: a page of the Admin Portal of this very site but this one, or its Home.
fn safe(back: &str) -> &str {
    let page = site::admin_page(back);
    page.filter(|page| page.split(['?', '#']).next() != Some(PATH)).unwrap_or(HOME)
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
