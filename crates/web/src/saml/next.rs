//! What a person is on the way to while they sign in: an address of ours in a cookie, which Home follows once.

use super::{doors::Door, forward};
use crate::{Web, error::PageError, theme::Theme};
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use std::convert::Infallible;

/// As long as a set-up on the way in may take.
const AGE: u32 = 30 * 60;
const LONGEST: usize = 3_500;

fn name(web: &Web) -> &'static str {
    if web.is_https() { "__Host-claviger_next" } else { "claviger_next" }
}

fn cookie(web: &Web, value: &str, age: u32) -> Option<HeaderValue> {
    let secure = if web.is_https() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", name(web));
    HeaderValue::from_str(&text).ok()
}

/// The path, if it leads to a door.
pub(super) fn safe(path: &str) -> Option<&str> {
    (path.len() <= LONGEST && Door::of(path).is_some()).then_some(path)
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
        let jar = CookieJar::from_headers(&parts.headers);
        let kept = jar.get(name(web)).map(|cookie| cookie.value().to_owned());
        Ok(Self(kept.filter(|path| safe(path).is_some())))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_is_an_application_of_this_site() {
        let id = "0190a000-0000-7000-8000-000000000000";
        let good = format!("/saml/{id}/continue?request=aZ09-_");
        assert_eq!(safe(&good), Some(good.as_str()));
        let other = good.replace("saml", "oidc");
        assert_eq!(safe(&other), Some(other.as_str()));
        for bad in [
            "",
            "/",
            "/admin",
            "//evil.test/saml/x/continue?request=a",
            "https://evil.test/saml/0190a000-0000-7000-8000-000000000000/continue?request=a",
            "/saml/x/continue?request=a",
            "/ldap/0190a000-0000-7000-8000-000000000000/continue?request=a",
            "/saml/0190a000-0000-7000-8000-000000000000/continue?request=",
            "/saml/0190a000-0000-7000-8000-000000000000/continue?request=a&b=c",
            "/saml/0190a000-0000-7000-8000-000000000000/continue?request=a\r\nSet-Cookie: x",
            "/saml/0190a000-0000-7000-8000-000000000000/../continue?request=a",
            "/saml/0190A000-0000-7000-8000-000000000000/continue?request=a",
        ] {
            assert_eq!(safe(bad), None, "{bad:?}");
        }
        assert_eq!(safe(&format!("{good}{}", "a".repeat(LONGEST))), None);
    }
}
