//! What people see to themselves, the same in both portals: their MFA, recovery codes and sessions (S4.8, S5.2).

mod factor;
mod recovery;
mod resync;
mod sections;

pub(crate) use recovery::codes_page;
pub(crate) use sections::Own;

use crate::{
    Web,
    error::PageError,
    flash,
    routing::{Routes, get, post},
    signin::Portal,
    visit::Me,
};
use axum::{
    Extension, Router,
    extract::{Path, State},
    response::Response,
};
use claviger_domain::id::SessionId;

const REPLACE: &str = "/mfa/replace";
const REMOVE: &str = "/mfa/remove";
const RESYNC: &str = "/mfa/resync";
const RECOVERY_CODES: &str = "/recovery-codes";
const END_OTHERS: &str = "/sessions/end-others";

pub(crate) fn routes(portal: Portal) -> Router<Web> {
    Router::new()
        .at(&portal.own(REPLACE), get(factor::show_replace).post(factor::replace))
        .at(&portal.own(REMOVE), get(factor::show_remove).post(factor::remove))
        .at(&portal.own(RESYNC), get(resync::show).post(resync::submit))
        .at(&portal.own(RECOVERY_CODES), get(recovery::show).post(recovery::make))
        .at(&portal.own(END_OTHERS), post(end_others))
        .at(&portal.own("/sessions/{id}/end"), post(end_session))
        .layer(Extension(portal))
}

/// Where somebody begins to replace their authenticator.
pub(crate) fn replace_path(portal: Portal) -> String {
    portal.own(REPLACE)
}

/// Where somebody makes new recovery codes.
pub(crate) fn recovery_path(portal: Portal) -> String {
    portal.own(RECOVERY_CODES)
}

async fn end_session(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: SessionId = id.parse().map_err(|_| PageError::NotFound("session"))?;
    web.app().end_session(&me, id).await?;
    Ok(flash::redirect(&portal.own(""), "session_ended"))
}

async fn end_others(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
) -> Result<Response, PageError> {
    web.app().end_other_sessions(&me).await?;
    Ok(flash::redirect(&portal.own(""), "sessions_ended"))
}
