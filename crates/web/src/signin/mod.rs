//! Signing in to either portal: password, code, set-up, and the links that set a password.

mod at_code;
mod enroll;
mod enroll_token;
mod links;
mod not_me;
mod portal;
mod recovery;
mod reset;
mod resync;

pub(crate) use portal::Portal;
pub(crate) use resync::{ResyncPage, in_words};

use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    flash::{self, Said},
    form::{Errors, Field, Posted},
    origin::From as FromOrigin,
    routing::{Routes, get, post},
    theme::Theme,
    view::{Flash, Link, filters, page, render, unprocessable},
    visit::{self, Half},
};
use askama::Template;
use at_code::AtCode;
use axum::{
    Extension, Router,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{Refusal, sign_in::PasswordOutcome, words};
use claviger_domain::{secret::Secret, sign_in::Next, totp::Code};

pub(crate) fn routes(portal: Portal) -> Router<Web> {
    Router::new()
        .at(&portal.path("/sign-in"), get(show_sign_in).post(submit_password))
        .at(&portal.path("/sign-in/code"), get(show_code).post(submit_code))
        .at(&portal.path("/sign-in/password"), get(show_password).post(change_password))
        .at(&portal.path("/sign-out"), post(sign_out))
        .merge(enroll::routes(portal))
        .merge(links::routes(portal))
        .merge(not_me::routes(portal))
        .merge(recovery::routes(portal))
        .merge(reset::routes(portal))
        .merge(resync::routes(portal))
        .layer(Extension(portal))
}

/// A card with a message.
#[derive(Template)]
#[template(path = "signin/message.html")]
pub(crate) struct Message {
    pub(crate) chrome: Chrome,
    pub(crate) kind: &'static str,
    pub(crate) heading: String,
    pub(crate) text: String,
    pub(crate) action: Option<Link>,
}

#[derive(Template)]
#[template(path = "signin/sign_in.html")]
struct SignInPage {
    chrome: Chrome,
    admin: bool,
    action: String,
    forgot: String,
    identifier: Field,
    password: Field,
    problem: Option<String>,
    notice: Option<Flash>,
}

impl SignInPage {
    async fn new(web: &Web, portal: Portal, theme: Theme) -> Result<Self, PageError> {
        let action = portal.path("/sign-in");
        Ok(Self {
            chrome: Chrome::new(web, theme).await?,
            admin: portal.is_admin(),
            action,
            forgot: portal.path("/forgot-password"),
            identifier: Field::default(),
            password: Field::default(),
            problem: None,
            notice: None,
        })
    }
}

async fn show_sign_in(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Said(notice): Said,
    request: Request,
) -> Result<Response, PageError> {
    let (parts, _) = request.into_parts();
    if let claviger_app::session::Visit::Full(_) = visit::visit(&web, portal.realm, &parts).await? {
        return Ok(Redirect::to(&portal.path("")).into_response());
    }
    Ok(page(&SignInPage { notice, ..SignInPage::new(&web, portal, theme).await? }))
}

async fn submit_password(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    let identifier = form.text("identifier");
    let password = Secret::from(form.text("password"));
    if identifier.trim().is_empty() || password.expose().is_empty() {
        return half_filled(&web, portal, theme, identifier, &password).await;
    }
    let outcome = web.app().submit_password(portal.realm, identifier, &password, &origin).await?;
    let (status, problem) = match outcome {
        PasswordOutcome::Session(session) => return Ok(visit::enter(&web, &session)),
        PasswordOutcome::LockedOut { .. } => return locked_out_page(&web, portal, theme).await,
        PasswordOutcome::Barred => return barred_page(&web, portal, theme).await,
        PasswordOutcome::Refused if portal.is_admin() => {
            (StatusCode::UNPROCESSABLE_ENTITY, "That e-mail and password don't match.".to_owned())
        }
        PasswordOutcome::Refused => {
            (StatusCode::UNPROCESSABLE_ENTITY, "That e-mail or username and password don't match.".to_owned())
        }
        PasswordOutcome::Wait(wait) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many tries. Wait {} and try again.", words::span(wait)),
        ),
    };
    let identifier = Field::of(identifier);
    let problem = Some(problem);
    Ok(render(status, &SignInPage { identifier, problem, ..SignInPage::new(&web, portal, theme).await? }))
}

async fn half_filled(
    web: &Web,
    portal: Portal,
    theme: Theme,
    identifier: &str,
    password: &Secret<String>,
) -> Result<Response, PageError> {
    let mut again = SignInPage::new(web, portal, theme).await?;
    again.identifier = Field::of(identifier);
    if identifier.trim().is_empty() {
        again.identifier.error = Some(
            if portal.is_admin() { "Enter your e-mail." } else { "Enter your e-mail or username." }.into(),
        );
    }
    if password.expose().is_empty() {
        again.password.error = Some("Enter your password.".into());
    }
    Ok(unprocessable(&again))
}

/// S4.11: the time to set MFA up has ended.
async fn locked_out_page(web: &Web, portal: Portal, theme: Theme) -> Result<Response, PageError> {
    let contact = contact(web).await?;
    let page = Message {
        chrome: Chrome::new(web, theme).await?,
        kind: "danger",
        heading: "The time to set up MFA has ended".into(),
        text: format!(
            "You can't sign in until an administrator gives you more time. Contact {contact} to get access again."
        ),
        action: Some(Link { href: portal.path("/sign-in"), label: "Back to sign-in".into() }),
    };
    Ok(render(StatusCode::FORBIDDEN, &page))
}

pub(crate) async fn locked_out(
    web: &Web,
    portal: Portal,
    headers: &HeaderMap,
) -> Result<Response, PageError> {
    let (mut parts, ()) = axum::http::Request::new(()).into_parts();
    parts.headers = headers.clone();
    let Ok(theme) = Theme::from_request_parts(&mut parts, web).await;
    locked_out_page(web, portal, theme).await
}

async fn barred_page(web: &Web, portal: Portal, theme: Theme) -> Result<Response, PageError> {
    let contact = contact(web).await?;
    let page = Message {
        chrome: Chrome::new(web, theme).await?,
        kind: "warning",
        heading: "Your account is not active".into(),
        text: format!("You can't sign in with it at present. Contact {contact}."),
        action: Some(Link { href: portal.path("/sign-in"), label: "Back to sign-in".into() }),
    };
    Ok(render(StatusCode::FORBIDDEN, &page))
}

/// Whom to turn to, in words that follow "contact".
pub(crate) async fn contact(web: &Web) -> Result<String, PageError> {
    Ok(support(web).await?.unwrap_or_else(|| "your administrator".into()))
}

async fn support(web: &Web) -> Result<Option<String>, PageError> {
    let contact = web.app().organization().await?.settings.support_contact.clone();
    Ok((!contact.is_empty()).then_some(contact))
}

#[derive(Template)]
#[template(path = "signin/code.html")]
struct CodePage {
    chrome: Chrome,
    action: String,
    code: Field,
    back: String,
    recovery: Option<String>,
    resync: Option<String>,
    help: Option<String>,
    reset: Option<String>,
}

impl CodePage {
    async fn new(at: &AtCode, problem: Option<String>) -> Result<Self, PageError> {
        let (web, portal) = (&at.web, at.portal);
        let action = portal.path("/sign-in/code");
        Ok(Self {
            chrome: Chrome::new(web, at.theme).await?,
            action,
            resync: problem.is_some().then(|| portal.path(resync::PATH)),
            code: Field { value: String::new(), error: problem },
            back: portal.path("/sign-in"),
            recovery: recovery::offered(web).await?.then(|| portal.path(recovery::PATH)),
            help: support(web).await?,
            reset: reset::offered(web, portal).await?,
        })
    }
}

/// Where someone goes whose step is another than this page's.
fn other_step(portal: Portal, next: Next) -> Response {
    Redirect::to(&portal.next_page(next)).into_response()
}

async fn show_code(at: AtCode) -> Result<Response, PageError> {
    Ok(page(&CodePage::new(&at, None).await?))
}

async fn submit_code(at: AtCode, form: Posted) -> Result<Response, PageError> {
    let problem = match Code::parse("code", form.text("code")) {
        Err(error) => error.message,
        Ok(code) => match at.after(at.web.app().submit_code(&at.half, at.factor, &code).await?) {
            Ok(response) => return Ok(response),
            Err(told) => told.words(at.web.app().now()),
        },
    };
    Ok(unprocessable(&CodePage::new(&at, Some(problem)).await?))
}

#[derive(Template)]
#[template(path = "signin/password.html")]
struct PasswordPage {
    chrome: Chrome,
    heading: String,
    text: String,
    action: String,
    account: Option<String>,
    password: Field,
    min_length: i64,
    verb: String,
    problem: Option<String>,
}

impl PasswordPage {
    async fn expired(web: &Web, portal: Portal, theme: Theme, errors: &Errors) -> Result<Self, PageError> {
        let action = portal.path("/sign-in/password");
        Ok(Self {
            chrome: Chrome::new(web, theme).await?,
            heading: "Choose a new password".into(),
            text: "Your administrator asks you to change your password before you go on.".into(),
            action,
            account: None,
            password: Field::secret("password", errors),
            min_length: min_length(web).await?,
            verb: "Change password".into(),
            problem: None,
        })
    }
}

pub(crate) async fn min_length(web: &Web) -> Result<i64, PageError> {
    let length = web.app().organization().await?.settings.password_min_length;
    Ok(i64::try_from(length).unwrap_or(i64::MAX))
}

async fn show_password(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Half(half): Half,
) -> Result<Response, PageError> {
    match half.next {
        Next::ChangePassword => {
            Ok(page(&PasswordPage::expired(&web, portal, theme, &Errors::default()).await?))
        }
        next => Ok(other_step(portal, next)),
    }
}

async fn change_password(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Half(half): Half,
    form: Posted,
) -> Result<Response, PageError> {
    match web.app().change_expired_password(&half, form.text("password")).await {
        Ok(session) => Ok(visit::enter(&web, &session)),
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&PasswordPage::expired(&web, portal, theme, &errors.into()).await?))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn sign_out(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    request: Request,
) -> Result<Response, PageError> {
    let (parts, _) = request.into_parts();
    let visit = visit::visit(&web, portal.realm, &parts).await?;
    let response = match web.app().sign_out_everywhere(visit).await? {
        // Applications that were told of this session are told of its end.
        Some(token) => Redirect::to(&format!("/sign-out/applications/{}", token.expose())).into_response(),
        None => flash::redirect(&portal.path("/sign-in"), "signed_out"),
    };
    Ok(visit::forget(&web, portal.realm, response))
}
