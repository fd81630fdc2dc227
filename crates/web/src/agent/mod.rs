//! What agents on devices call, under `/agent/v1` (S8; docs/devices-protocol.md). No cookie and no key lets anybody in
//! here: every request is signed by a device, but the one that makes it known.

mod calls;
mod enroll;
mod gate;

use crate::{
    Web,
    routing::{Methods, Routes, delete, get, post},
};
use axum::{Router, extract::DefaultBodyLimit, middleware};

/// The call that is held until something changes.
pub(crate) const STATE: &str = "/agent/v1/state";
/// The largest body: a report of some thousand accounts.
pub(crate) const LIMIT: usize = 1024 * 1024;

pub(crate) fn routes(web: &Web) -> Router<Web> {
    let gate = middleware::from_fn_with_state(web.clone(), gate::signed);
    let signed = |methods: Methods| methods.behind(|methods| methods.route_layer(gate.clone()));
    Router::new()
        .at("/agent/v1/enroll", post(enroll::enroll))
        .at(STATE, signed(get(calls::state)))
        .at("/agent/v1/verifiers", signed(get(calls::verifiers)))
        .at("/agent/v1/password", signed(post(calls::password)))
        .at("/agent/v1/code", signed(post(calls::code)))
        .at("/agent/v1/remembered", signed(post(calls::remembered)))
        .at("/agent/v1/report", signed(post(calls::report)))
        .at("/agent/v1/device", signed(delete(calls::uninstall)))
        .layer(DefaultBodyLimit::max(LIMIT))
}
