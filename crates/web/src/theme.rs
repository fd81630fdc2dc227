//! Light, dark, or as the system says: a cookie, set by a plain form.

use crate::{
    Web,
    cookies::cookie,
    form::Posted,
    routing::{Routes, post},
};
use axum::{
    Router,
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use claviger_domain::site;
use std::convert::Infallible;

const COOKIE: &str = "claviger_theme";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::System => "",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn from_key(key: &str) -> Self {
        match key {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        cookie(headers, COOKIE).map_or(Self::System, |key| Self::from_key(&key))
    }
}

impl FromRequestParts<Web> for Theme {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

pub(crate) fn routes() -> Router<Web> {
    Router::new().at("/theme", post(choose))
}

async fn choose(jar: CookieJar, form: Posted) -> Response {
    let theme = Theme::from_key(form.text("theme")).key();
    let cookie =
        Cookie::build((COOKIE, theme)).path("/").same_site(SameSite::Lax).http_only(true).permanent().build();
    let back = site::path(form.text("return")).unwrap_or("/");
    (jar.add(cookie), Redirect::to(back)).into_response()
}
