//! Resets of administrators' MFA that wait: for their time, for the person, or for a second administrator (S6.8).

use super::{
    administrators::AdministratorView,
    condition::{On, Tagged},
    key::May,
    path::OneReset,
    problem::{Absent, ApiError, Conflicting, Refused},
};
use axum::{Json, http::StatusCode};
use claviger_app::{reset_approval::WaitingReset, words};
use claviger_domain::{
    mfa_reset::{Asker, Standing},
    permission::ManageAdministrators,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A reset that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResetView {
    /// UUID.
    id: String,
    /// UUID of the administrator whose MFA it is about.
    administrator_id: String,
    /// Their e-mail.
    administrator_email: String,
    /// `themselves`, over a mailed link and their password, or `another` administrator, for whom a second one must approve it.
    asked_by: &'static str,
    /// UUID of the administrator who asked for it; null if they asked themselves.
    requester_id: Option<String>,
    /// Their e-mail; null if they asked themselves, or if the requester is gone.
    requester_email: Option<String>,
    /// Why; null if they asked themselves.
    reason: Option<String>,
    /// `delayed` (until `ready_at`), `ready` (they can carry it out) or `needs_approval`.
    state: &'static str,
    /// RFC 3339, UTC.
    created_at: String,
    /// From when they can carry it out; RFC 3339, UTC; null if it needs approval.
    ready_at: Option<String>,
    /// Nobody can carry it out or approve it from then on; RFC 3339, UTC.
    expires_at: String,
    /// `allowed` if the calling key's administrator can approve it, or the code of why not: `own_request`, `own_account` or `beyond_reach`; null if it needs no approval.
    approval: Option<&'static str>,
}

impl From<&WaitingReset> for ResetView {
    fn from(waiting: &WaitingReset) -> Self {
        let WaitingReset { reset, account, requester, standing, approval } = waiting;
        let (asked_by, requester_id, reason, ready_at) = match &reset.asker {
            Asker::Themselves { ready_at } => ("themselves", None, None, Some(*ready_at)),
            Asker::Other { id, reason } => ("another", Some(id.to_string()), Some(reason.clone()), None),
        };
        let state = match (&reset.asker, standing) {
            (Asker::Other { .. }, _) => "needs_approval",
            (Asker::Themselves { .. }, Standing::Waits { .. }) => "delayed",
            (Asker::Themselves { .. }, _) => "ready",
        };
        Self {
            id: reset.id.to_string(),
            administrator_id: account.id.to_string(),
            administrator_email: account.email.to_string(),
            asked_by,
            requester_id,
            requester_email: requester.as_ref().map(|requester| requester.email.to_string()),
            reason,
            state,
            created_at: words::iso(reset.created_at),
            ready_at: ready_at.map(words::iso),
            expires_at: words::iso(reset.expires_at),
            approval: match (&reset.asker, approval) {
                (Asker::Themselves { .. }, _) => None,
                (Asker::Other { .. }, Ok(())) => Some("allowed"),
                (Asker::Other { .. }, Err(refused)) => Some(refused.code()),
            },
        }
    }
}

#[utoipa::path(get, path = "/api/v1/mfa-resets", tag = "administrators", operation_id = "listMfaResets",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    description = "Those that are neither done, canceled nor over, the oldest first; at most 200.",
    responses((status = 200, body = Vec<ResetView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ManageAdministrators>,
) -> Result<Json<Vec<ResetView>>, ApiError> {
    let waiting = web.app().waiting_resets(&granted).await?;
    Ok(Json(waiting.iter().map(ResetView::from).collect()))
}

#[utoipa::path(get, path = "/api/v1/mfa-resets/{id}", tag = "administrators", operation_id = "getMfaReset",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = ResetView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneReset(id): OneReset,
) -> Result<Json<ResetView>, ApiError> {
    let waiting = web.app().reset_that_waits(&granted, id).await?;
    Ok(Json(ResetView::from(&waiting)))
}

#[utoipa::path(post, path = "/api/v1/mfa-resets/{id}/approve", tag = "administrators", operation_id = "approveMfaReset",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    description = "The calling key's administrator is the second who says yes: the reset is carried out. They are neither who asked for it nor the one it is about.",
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn approve(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneReset(id): OneReset,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let account = web.app().approve_reset(&granted, id).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(post, path = "/api/v1/mfa-resets/{id}/cancel", tag = "administrators", operation_id = "cancelMfaReset",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    description = "Stops one that is delayed or ready, and refuses one that needs approval.",
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn cancel(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneReset(id): OneReset,
) -> Result<StatusCode, ApiError> {
    web.app().cancel_reset(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
