//! Where applications and browsers bring SAML messages, and where people are sent on to applications (S10).
//!
//! Applications send people here from their own sites, so that these routes take what the portals' forms don't. A
//! session's cookie doesn't come along with a form of another site: a message is checked without one, and the browser
//! is led on to an address of ours, where it does.

mod confirm;
pub(crate) mod doors;
mod forward;
mod log_out;
mod next;
mod sign_on;

pub(crate) use doors::wrong_page;
pub(crate) use next::Next;

use crate::{
    Web, guard,
    routing::{Routes, get},
};
use axum::{Router, extract::DefaultBodyLimit, middleware};

/// The largest message that a form may bring, in bytes: 256 KiB, each sign in Base64 that needs it written as three.
const LIMIT: usize = 400 * 1024;

/// What applications' sites may send people to.
pub(crate) fn routes(web: &Web) -> Router<Web> {
    Router::new()
        .at("/saml/{application}/metadata", get(sign_on::metadata))
        .at("/saml/{application}/sso", get(sign_on::by_query).post(sign_on::by_form))
        .at("/saml/{application}/continue", get(sign_on::go_on))
        .at("/saml/{application}/slo", get(log_out::by_query).post(log_out::by_form))
        .layer(middleware::from_fn_with_state(web.clone(), guard::set_up_first))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// What only pages of ours lead to.
pub(crate) fn pages() -> Router<Web> {
    Router::new()
        .at("/applications/{id}", get(sign_on::begin))
        .at("/confirm", get(confirm::show).post(confirm::submit))
        .at("/sign-out/applications/{token}", get(log_out::go_on))
}
