//! OpenID Connect: where people are sent from applications, and where applications call by themselves (S10).
//!
//! What applications call takes no cookie, so that a page of any origin may call it and gets what it shows a token or a
//! secret for, and nothing else.

mod authorize;
mod client;
mod log_out;
mod parameters;
mod token;

pub use client::{Unshown, shown_credentials};
pub use parameters::read_parameters;

use crate::{
    Web, guard,
    routing::{Routes, get, post},
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};

/// The largest body, in bytes.
const LIMIT: usize = 16 * 1024;

/// What applications and their sites may send people to, or call.
pub(crate) fn routes(web: &Web) -> Router<Web> {
    let called = Router::new()
        .at("/.well-known/openid-configuration", get(token::discovery))
        .at("/oidc/keys", get(token::keys))
        .at("/oidc/token", post(token::token))
        .at("/oidc/userinfo", get(token::userinfo).post(token::userinfo))
        .layer(middleware::from_fn(any_origin));
    Router::new()
        .at("/oidc/authorize", get(authorize::by_query).post(authorize::by_form))
        .at("/oidc/{application}/continue", get(authorize::go_on))
        .at("/oidc/log-out", get(log_out::by_query).post(log_out::by_form))
        .merge(called)
        .layer(middleware::from_fn_with_state(web.clone(), guard::set_up_first))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// Lets pages of applications that run in a browser read the answer. No cookie counts here, and none is let along.
async fn any_origin(request: Request, next: Next) -> Response {
    let is_preflight = *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if is_preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if is_preflight {
        let allowed = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "3600"),
        ];
        headers.extend(allowed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    }
    response
}
