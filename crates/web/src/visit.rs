//! Who is there: from the cookie to a signed-in person, or to the page that comes next.
//!
//! What nearly every handler waits for is boxed, here and where bodies are read: the compiler goes through its types once.

use crate::{
    Web,
    chrome::Frame,
    cookies,
    error::PageError,
    flash::{self, Said},
    origin,
    signin::{Portal, locked_out},
    theme::Theme,
};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::session::{HalfSignedIn, NewSession, SignedIn, Visit};
use claviger_domain::{account::Realm, sign_in::Next};
use futures_util::FutureExt;
use std::convert::Infallible;

/// The session cookie's name. Under https it can't be set by a neighbor or sent in the clear.
fn cookie_name(web: &Web, realm: Realm) -> String {
    let name = match realm {
        Realm::User => "claviger_user",
        Realm::Administrator => "claviger_admin",
    };
    if web.is_https() { format!("__Host-{name}") } else { name.into() }
}

fn cookie(web: &Web, realm: Realm, value: &str, age: &str) -> Option<HeaderValue> {
    let secure = if web.is_https() { "; Secure" } else { "" };
    let name = cookie_name(web, realm);
    HeaderValue::from_str(&format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}")).ok()
}

/// Gives the browser its new session and goes where that leads.
pub(crate) fn enter(web: &Web, session: &NewSession) -> Response {
    let portal = Portal::of(session.realm);
    enter_at(web, session, &portal.next_page(session.next))
}

/// Gives the browser its new session and goes to `path`.
pub(crate) fn enter_at(web: &Web, session: &NewSession, path: &str) -> Response {
    give(web, session, Redirect::to(path).into_response())
}

/// Gives the browser its new session with this answer.
pub(crate) fn give(web: &Web, session: &NewSession, mut response: Response) -> Response {
    if let Some(cookie) = cookie(web, session.realm, session.token.expose(), "") {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Takes the session cookie back.
pub(crate) fn forget(web: &Web, realm: Realm, mut response: Response) -> Response {
    if let Some(cookie) = cookie(web, realm, "", "; Max-Age=0") {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(crate) async fn visit(web: &Web, realm: Realm, parts: &Parts) -> Result<Visit, PageError> {
    match cookies::cookie(&parts.headers, &cookie_name(web, realm)) {
        Some(token) => Ok(web.app().visit(realm, &token, origin::of(parts, web)).boxed().await?),
        None => Ok(Visit::Stranger),
    }
}

/// The page for someone who is not in yet.
async fn elsewhere(web: &Web, portal: Portal, visit: Visit, headers: &HeaderMap) -> PageError {
    let response = match visit {
        Visit::Stranger | Visit::Full(_) => Redirect::to(&portal.path("/sign-in")).into_response(),
        Visit::Half(half) => match half.next {
            Next::Enter => match web.app().continue_sign_in(&half).await {
                Ok(session) => enter(web, &session),
                Err(refusal) => return refusal.into(),
            },
            Next::LockedOut { .. } => match locked_out(web, portal, headers).await {
                Ok(page) => forget(web, portal.realm, page),
                Err(error) => return error,
            },
            next => Redirect::to(&portal.next_page(next)).into_response(),
        },
    };
    PageError::Instead(Box::new(response))
}

async fn signed_in(web: &Web, portal: Portal, parts: &Parts) -> Result<SignedIn, PageError> {
    match visit(web, portal.realm, parts).await? {
        Visit::Full(me) => Ok(*me),
        other => Err(elsewhere(web, portal, other, &parts.headers).boxed().await),
    }
}

/// A user who is in.
pub(crate) struct User(pub(crate) SignedIn);

impl FromRequestParts<Web> for User {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        signed_in(web, Portal::USER, parts).await.map(Self)
    }
}

/// An administrator who is in.
pub(crate) struct Admin(pub(crate) SignedIn);

impl FromRequestParts<Web> for Admin {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        signed_in(web, Portal::ADMIN, parts).await.map(Self)
    }
}

/// Someone who is in, in the portal that the route belongs to.
pub(crate) struct Me(pub(crate) SignedIn);

impl FromRequestParts<Web> for Me {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let portal = Portal::from_request_parts(parts, web).await?;
        signed_in(web, portal, parts).await.map(Self)
    }
}

/// Someone on the way in, at whatever step.
pub(crate) struct Half(pub(crate) HalfSignedIn);

impl FromRequestParts<Web> for Half {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let portal = Portal::from_request_parts(parts, web).await?;
        match visit(web, portal.realm, parts).await? {
            Visit::Half(half) if !matches!(half.next, Next::Enter | Next::LockedOut { .. }) => {
                Ok(Self(*half))
            }
            Visit::Full(_) => {
                Err(PageError::Instead(Box::new(Redirect::to(&portal.path("")).into_response())))
            }
            Visit::Stranger if parts.method != axum::http::Method::GET => {
                Err(PageError::Instead(Box::new(flash::redirect(&portal.path("/sign-in"), "too_late"))))
            }
            other => Err(elsewhere(web, portal, other, &parts.headers).boxed().await),
        }
    }
}

impl FromRequestParts<Web> for Frame {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let theme = Theme::from_request_parts(parts, web).await?;
        let said = Said::from_request_parts(parts, web).await?;
        Ok(Self { theme, said, path })
    }
}
