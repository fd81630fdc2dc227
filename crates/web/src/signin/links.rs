//! Mailed links that set a password: registration, and a forgotten one (S3.3, S3.5).

use super::{Message, PasswordPage, Portal, min_length};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::{Errors, Field, Posted},
    origin::From as FromOrigin,
    routing::{Routes, get},
    theme::Theme,
    view::{Link, filters, page, render, unprocessable},
    visit,
};
use askama::Template;
use axum::{
    Extension, Router,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, request::Parts},
    response::Response,
};
use claviger_app::stored::Purpose;
use claviger_app::{Refusal, password::PasswordLink};

pub(super) fn routes(portal: Portal) -> Router<Web> {
    Router::new()
        .at(&portal.path("/forgot-password"), get(show_forgot).post(forgot))
        .at(&portal.path("/reset-password/{token}"), get(show_reset).post(reset))
        .at(&portal.path("/register/{token}"), get(show_register).post(register))
}

#[derive(Template)]
#[template(path = "signin/forgot.html")]
struct Forgot {
    chrome: Chrome,
    admin: bool,
    action: String,
    identifier: Field,
    back: String,
}

async fn forgot_page(
    web: &Web,
    portal: Portal,
    theme: Theme,
    identifier: Field,
) -> Result<Forgot, PageError> {
    let action = portal.path("/forgot-password");
    let chrome = Chrome::new(web, theme).await?;
    Ok(Forgot { chrome, admin: portal.is_admin(), action, identifier, back: portal.path("/sign-in") })
}

async fn show_forgot(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
) -> Result<Response, PageError> {
    Ok(page(&forgot_page(&web, portal, theme, Field::default()).await?))
}

async fn forgot(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    let identifier = form.text("identifier");
    if identifier.trim().is_empty() {
        let field = Field { value: String::new(), error: Some("Enter your e-mail.".into()) };
        return Ok(unprocessable(&forgot_page(&web, portal, theme, field).await?));
    }
    web.app().forgot_password(portal.realm, identifier, &origin).await?;
    Ok(page(&Message {
        chrome: Chrome::new(&web, theme).await?,
        kind: "mail",
        heading: "Check your mail".into(),
        text: "If there is such an account, a link to choose a new password is on its way. It works once and for one hour.".into(),
        action: Some(Link { href: portal.path("/sign-in"), label: "Back to sign-in".into() }),
    }))
}

struct Wording {
    purpose: Purpose,
    path: &'static str,
    heading: &'static str,
    text: &'static str,
    verb: &'static str,
}

const REGISTER: Wording = Wording {
    purpose: Purpose::Registration,
    path: "/register",
    heading: "Choose a password",
    text: "Welcome. With a password of your own your account is ready.",
    verb: "Set password",
};
const RESET: Wording = Wording {
    purpose: Purpose::PasswordReset,
    path: "/reset-password",
    heading: "Choose a new password",
    text: "Your other sessions will be signed out.",
    verb: "Set password",
};

/// Someone with a link.
struct Visitor {
    web: Web,
    portal: Portal,
    theme: Theme,
    token: String,
}

impl FromRequestParts<Web> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let portal = Portal::from_request_parts(parts, web).await?;
        let Ok(theme) = Theme::from_request_parts(parts, web).await;
        let token = Path::<String>::from_request_parts(parts, web).await;
        let Path(token) = token.map_err(|_| PageError::NotFound("link"))?;
        Ok(Self { web: web.clone(), portal, theme, token })
    }
}

impl Visitor {
    async fn form(
        &self,
        words: &Wording,
        link: &PasswordLink,
        errors: &Errors,
    ) -> Result<PasswordPage, PageError> {
        Ok(PasswordPage {
            chrome: Chrome::new(&self.web, self.theme).await?,
            heading: words.heading.into(),
            text: words.text.into(),
            action: format!("{}/{}", self.portal.path(words.path), self.token),
            account: Some(link.account.email.to_string()),
            password: Field::secret("password", errors),
            min_length: min_length(&self.web).await?,
            verb: words.verb.into(),
            problem: None,
        })
    }

    async fn dead(&self) -> Result<Response, PageError> {
        let page = Message {
            chrome: Chrome::new(&self.web, self.theme).await?,
            kind: "warning",
            heading: "This link is dead".into(),
            text: "It was used, replaced by a newer one, or is too old. Ask for a new one, or contact your administrator.".into(),
            action: Some(Link { href: self.portal.path("/forgot-password"), label: "Ask for a new link".into() }),
        };
        Ok(render(StatusCode::NOT_FOUND, &page))
    }

    async fn show(&self, words: &Wording) -> Result<Response, PageError> {
        match self.web.app().password_link(self.portal.realm, words.purpose, &self.token).await {
            Ok(link) => Ok(page(&self.form(words, &link, &Errors::default()).await?)),
            Err(Refusal::NotFound(_)) => self.dead().await,
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn set(
        &self,
        words: &Wording,
        form: &Posted,
        origin: &claviger_app::session::Origin,
    ) -> Result<Response, PageError> {
        let link = match self.web.app().password_link(self.portal.realm, words.purpose, &self.token).await {
            Ok(link) => link,
            Err(Refusal::NotFound(_)) => return self.dead().await,
            Err(refusal) => return Err(refusal.into()),
        };
        match self.web.app().set_password(&link, form.text("password"), origin).await {
            Ok(session) => Ok(visit::enter(&self.web, &session)),
            Err(Refusal::Fields(errors)) => {
                Ok(unprocessable(&self.form(words, &link, &errors.into()).await?))
            }
            Err(Refusal::NotFound(_)) => self.dead().await,
            Err(refusal) => Err(refusal.into()),
        }
    }
}

async fn show_register(visitor: Visitor) -> Result<Response, PageError> {
    visitor.show(&REGISTER).await
}

async fn register(
    visitor: Visitor,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    visitor.set(&REGISTER, &form, &origin).await
}

async fn show_reset(visitor: Visitor) -> Result<Response, PageError> {
    visitor.show(&RESET).await
}

async fn reset(
    visitor: Visitor,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    visitor.set(&RESET, &form, &origin).await
}
