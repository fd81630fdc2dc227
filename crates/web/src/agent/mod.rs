//! What agents on devices call, under `/agent/v1` (S8; docs/devices-protocol.md). No cookie and no key lets anybody in
//! here: every request is signed by a device, but the one that makes it known.

mod calls;
mod enroll;
mod gate;

use crate::Web;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post},
};

/// The call that is held until something changes.
pub(crate) const STATE: &str = "/agent/v1/state";
/// The largest body: a report of some thousand accounts.
pub(crate) const LIMIT: usize = 1024 * 1024;

pub(crate) fn routes(web: &Web) -> Router<Web> {
    let signed = || middleware::from_fn_with_state(web.clone(), gate::signed);
    Router::new()
        .route("/agent/v1/enroll", post(enroll::enroll))
        .route(STATE, get(calls::state).route_layer(signed()))
        .route("/agent/v1/verifiers", get(calls::verifiers).route_layer(signed()))
        .route("/agent/v1/password", post(calls::password).route_layer(signed()))
        .route("/agent/v1/code", post(calls::code).route_layer(signed()))
        .route("/agent/v1/remembered", post(calls::remembered).route_layer(signed()))
        .route("/agent/v1/report", post(calls::report).route_layer(signed()))
        .route("/agent/v1/device", delete(calls::uninstall).route_layer(signed()))
        .layer(DefaultBodyLimit::max(LIMIT))
}
