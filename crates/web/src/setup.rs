//! The first-run wizard (S2.1).

use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Errors, Field, Posted},
    origin::From as FromOrigin,
    routing::{Routes, get},
    signin::Message,
    theme::Theme,
    view::{Link, filters, page, render, unprocessable},
    visit,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::{Refusal, set_up::SetUpForm};

const MIN_LENGTH: i64 = 12;

pub(crate) fn routes() -> Router<Web> {
    Router::new().at("/setup/{token}", get(show).post(submit))
}

#[derive(Template)]
#[template(path = "signin/setup.html")]
struct Setup {
    chrome: Chrome,
    action: String,
    organization: Field,
    first_name: Field,
    last_name: Field,
    email: Field,
    password: Field,
    min_length: i64,
}

fn wizard(theme: Theme, token: &str, form: &Posted, errors: &Errors) -> Setup {
    let path = format!("/setup/{token}");
    Setup {
        chrome: Chrome { organization: String::new(), theme: theme.key(), logo: None },
        action: path,
        organization: form.field("organization", errors),
        first_name: form.field("first_name", errors),
        last_name: form.field("last_name", errors),
        email: form.field("email", errors),
        password: Field::secret("password", errors),
        min_length: MIN_LENGTH,
    }
}

fn dead(theme: Theme) -> Response {
    let page = Message {
        chrome: Chrome { organization: String::new(), theme: theme.key(), logo: None },
        kind: "warning",
        heading: "This setup link is dead".into(),
        text: "It was used, replaced, or is older than 24 hours. If Claviger is not set up yet, run `claviger admin \
               setup-link` on the server to get a new one."
            .into(),
        action: Some(Link { href: "/admin".into(), label: "Go to the Admin Portal".into() }),
    };
    render(StatusCode::NOT_FOUND, &page)
}

async fn show(
    State(web): State<Web>,
    theme: Theme,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    match web.app().check_setup_link(&token).await {
        Ok(()) => Ok(page(&wizard(theme, &token, &Posted::default(), &Errors::default()))),
        Err(Refusal::NotFound(_)) => Ok(dead(theme)),
        Err(refusal) => Err(refusal.into()),
    }
}

async fn submit(
    State(web): State<Web>,
    theme: Theme,
    Path(token): Path<String>,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    let typed = SetUpForm {
        organization: form.owned("organization"),
        first_name: form.owned("first_name"),
        last_name: form.owned("last_name"),
        email: form.owned("email"),
        password: form.owned("password"),
    };
    match web.app().set_up(&token, &typed, &origin).await {
        Ok(session) => Ok(visit::enter(&web, &session)),
        Err(Refusal::Fields(errors)) => Ok(unprocessable(&wizard(theme, &token, &form, &errors.into()))),
        Err(Refusal::NotFound(_)) => Ok(dead(theme)),
        Err(refusal) => Err(refusal.into()),
    }
}
