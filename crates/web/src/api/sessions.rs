//! Where users and administrators are signed in (S4.8, S6.3).

use super::{
    condition::On,
    key::May,
    path::{OneAdministrator, OneSession, OneUser},
    problem::{Absent, ApiError, Refused},
};
use axum::{Json, http::StatusCode};
use claviger_app::{sessions::Ended, stored::Session, words};
use claviger_domain::permission::{AssistUsers, ManageAdministrators, ViewUsers};
use serde::Serialize;
use utoipa::ToSchema;

/// A browser that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// UUID.
    id: String,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC, to the minute.
    last_seen_at: String,
    /// When it ends at the latest; RFC 3339, UTC.
    expires_at: String,
    /// Where the sign-in came from.
    address: String,
    /// The browser's name for itself.
    user_agent: String,
}

impl From<&Session> for SessionView {
    fn from(session: &Session) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: words::iso(session.created_at),
            last_seen_at: words::iso(session.last_seen_at),
            expires_at: words::iso(session.expires_at),
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/users/{id}/sessions", tag = "sessions", operation_id = "listUserSessions",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    description = "Permission: view users.",
    responses((status = 200, body = Vec<SessionView>), Refused, Absent))]
pub(crate) async fn of_user(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Json<Vec<SessionView>>, ApiError> {
    let sessions = web.app().user_sessions(&granted, id).await?;
    Ok(Json(sessions.open.iter().map(SessionView::from).collect()))
}

#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions", tag = "sessions", operation_id = "endUserSessions",
    extensions(("x-permission" = json!("AssistUsers"))), params(("id" = String, Path, description = "UUID")),
    description = "Permission: assist users.",
    responses((status = 204), Refused, Absent))]
pub(crate) async fn end_all_of_user(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
) -> Result<StatusCode, ApiError> {
    web.app().end_user_sessions(&granted, id, Ended::All).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/users/{id}/sessions/{session}", tag = "sessions", operation_id = "endUserSession",
    extensions(("x-permission" = json!("AssistUsers"))),
    params(("id" = String, Path, description = "UUID"), ("session" = String, Path, description = "UUID")),
    description = "Permission: assist users.",
    responses((status = 204), Refused, Absent))]
pub(crate) async fn end_of_user(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
    OneSession(session): OneSession,
) -> Result<StatusCode, ApiError> {
    web.app().end_user_sessions(&granted, id, Ended::One(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(get, path = "/api/v1/administrators/{id}/sessions", tag = "sessions", operation_id = "listAdministratorSessions",
    extensions(("x-permission" = json!("ManageAdministrators"))), params(("id" = String, Path, description = "UUID")),
    description = "Permission: manage administrators.",
    responses((status = 200, body = Vec<SessionView>), Refused, Absent))]
pub(crate) async fn of_administrator(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Json<Vec<SessionView>>, ApiError> {
    let sessions = web.app().administrator_sessions(&granted, id).await?;
    Ok(Json(sessions.open.iter().map(SessionView::from).collect()))
}

#[utoipa::path(delete, path = "/api/v1/administrators/{id}/sessions", tag = "sessions", operation_id = "endAdministratorSessions",
    extensions(("x-permission" = json!("ManageAdministrators"))), params(("id" = String, Path, description = "UUID")),
    description = "Permission: manage administrators.",
    responses((status = 204), Refused, Absent))]
pub(crate) async fn end_all_of_administrator(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<StatusCode, ApiError> {
    web.app().end_administrator_sessions(&granted, id, Ended::All).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/administrators/{id}/sessions/{session}", tag = "sessions", operation_id = "endAdministratorSession",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID"), ("session" = String, Path, description = "UUID")),
    description = "Permission: manage administrators.",
    responses((status = 204), Refused, Absent))]
pub(crate) async fn end_of_administrator(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
    OneSession(session): OneSession,
) -> Result<StatusCode, ApiError> {
    web.app().end_administrator_sessions(&granted, id, Ended::One(session)).await?;
    Ok(StatusCode::NO_CONTENT)
}
