//! What a person is on the way to while they sign in: an address of ours in a cookie, which Home follows once.

use super::forward;
use crate::{Web, cookies, error::PageError, theme::Theme};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use claviger_domain::application::door::Door;
use std::convert::Infallible;

/// As long as a set-up on the way in may take.
const AGE: u32 = 30 * 60;

fn name(web: &Web) -> &'static str {
    if web.is_https() { "__Host-claviger_next" } else { "claviger_next" }
}

fn cookie(web: &Web, value: &str, age: u32) -> Option<HeaderValue> {
    let secure = if web.is_https() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", name(web));
    HeaderValue::from_str(&text).ok()
}

/// Leads to the sign-in, and from there on to `path`.
pub(super) fn sign_in_first(web: &Web, path: &str) -> Response {
    let mut response = Redirect::to("/").into_response();
    if let Some(cookie) = cookie(web, path, AGE) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What the person was on the way to, if they were.
pub(crate) struct Next(Option<String>);

impl FromRequestParts<Web> for Next {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let kept = cookies::cookie(&parts.headers, name(web));
        Ok(Self(kept.filter(|path| Door::of(path).is_some())))
    }
}

impl Next {
    /// The way on, which is gone once.
    pub(crate) async fn followed(self, web: &Web, theme: Theme) -> Result<Option<Response>, PageError> {
        let Some(path) = self.0 else { return Ok(None) };
        let mut response = forward::on(web, theme, &path).await?;
        if let Some(cookie) = cookie(web, "", 0) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(Some(response))
    }
}
