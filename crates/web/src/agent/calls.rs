//! The calls of a device that is known.

use super::gate::{Device, unknown};
use crate::{
    Web,
    api::{ApiError, Body, Query},
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use claviger_app::devices::News;
use claviger_domain::{
    id::{AccountId, FactorId},
    secret::Secret,
    totp::Step,
};
use claviger_wire::server::{
    CodeAttempt, CodeVerdict, PasswordAttempt, PasswordVerdict, RecallAttempt, Recalled, Report, Taken,
    Verifiers,
};
use serde::Deserialize;

/// What the device has.
#[derive(Debug, Deserialize)]
pub(super) struct Since {
    /// The revision of its state; 0 before the first.
    since: i64,
}

/// What the device lacks.
#[derive(Debug, Deserialize)]
pub(super) struct Lacking {
    user: AccountId,
    factor: FactorId,
    /// The first step.
    from: i64,
}

pub(super) async fn state(
    State(web): State<Web>,
    Device(calling): Device,
    Query(Since { since }): Query<Since>,
) -> Result<Response, ApiError> {
    match web.app().await_state(&calling, since).await? {
        News::State(state) => Ok(Json(*state).into_response()),
        News::Same => Ok(StatusCode::NO_CONTENT.into_response()),
        News::Gone => Err(unknown()),
    }
}

pub(super) async fn verifiers(
    State(web): State<Web>,
    Device(calling): Device,
    Query(Lacking { user, factor, from }): Query<Lacking>,
) -> Result<Json<Verifiers>, ApiError> {
    Ok(Json(web.app().device_verifiers(&calling, (user, factor), Step(from)).await?))
}

pub(super) async fn password(
    State(web): State<Web>,
    Device(calling): Device,
    Body(mut attempt): Body<PasswordAttempt>,
) -> Result<Json<PasswordVerdict>, ApiError> {
    let password = Secret::new(std::mem::take(&mut attempt.password));
    Ok(Json(web.app().device_password(&calling, &attempt, &password).await?))
}

pub(super) async fn code(
    State(web): State<Web>,
    Device(calling): Device,
    Body(attempt): Body<CodeAttempt>,
) -> Result<Json<CodeVerdict>, ApiError> {
    Ok(Json(web.app().device_code(&calling, &attempt).await?))
}

pub(super) async fn remembered(
    State(web): State<Web>,
    Device(calling): Device,
    Body(attempt): Body<RecallAttempt>,
) -> Result<Json<Recalled>, ApiError> {
    Ok(Json(web.app().device_recall(&calling, &attempt).await?))
}

pub(super) async fn report(
    State(web): State<Web>,
    Device(calling): Device,
    Body(report): Body<Report>,
) -> Result<Json<Taken>, ApiError> {
    web.app().device_report(&calling, &report).await?.map(Json).ok_or_else(unknown)
}

pub(super) async fn uninstall(
    State(web): State<Web>,
    Device(calling): Device,
) -> Result<StatusCode, ApiError> {
    web.app().uninstall_device(&calling).await?;
    Ok(StatusCode::NO_CONTENT)
}
