//! What a browser sent along.

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::Cookie;

/// The value of a cookie; of one that came more than once, the last.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let named = sent.flat_map(Cookie::split_parse).flatten().filter(|cookie| cookie.name() == name);
    named.last().map(|cookie| cookie.value().to_owned())
}
