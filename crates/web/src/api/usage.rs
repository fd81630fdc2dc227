//! How much Claviger is used (section 7).

use super::{
    key::May,
    problem::{ApiError, Refused},
};
use crate::Web;
use axum::{Json, extract::State};
use claviger_domain::permission::SeeUsage;
use serde::Serialize;
use utoipa::ToSchema;

/// The last thirteen months.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// The oldest first; the last is the present one, so far.
    months: Vec<MonthView>,
}

/// A month.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MonthView {
    /// Such as `2026-11`, in the organization's time zone.
    month: String,
    /// Users who signed in completely, or of whom a code was accepted; each counts once.
    active_users: i64,
    /// Devices that called; each counts once.
    devices: i64,
}

#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", operation_id = "getUsage",
    extensions(("x-permission" = json!("SeeUsage"))),
    description = "Permission: see usage.",
    responses((status = 200, body = UsageView), Refused))]
pub(crate) async fn show(
    State(web): State<Web>,
    May(granted): May<SeeUsage>,
) -> Result<Json<UsageView>, ApiError> {
    let months = web.app().usage(&granted).await?;
    let view = |usage: claviger_domain::usage::Usage| MonthView {
        month: usage.month.to_string(),
        active_users: usage.users,
        devices: usage.devices,
    };
    Ok(Json(UsageView { months: months.into_iter().map(view).collect() }))
}
