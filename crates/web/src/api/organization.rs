//! The organization (S2.2–S2.5).

use super::{
    body::Body,
    key::Caller,
    problem::{ApiError, BadBody, Conflicting, Refused},
};
use crate::Web;
use axum::{Json, extract::State};
use claviger_app::words;
use claviger_domain::{
    organization::{Form, Organization, window_key},
    permission::{ManageOrganization, ViewUsers},
    sign_in::TotpSwitch,
    time::Span,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The organization and its settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// Name.
    name: String,
    /// What authenticator apps show; the name if empty.
    issuer: String,
    /// Whom locked-out people are told to contact.
    support_contact: String,
    /// IANA name.
    time_zone: String,
    /// Whether TOTP is in force for users and devices.
    totp_enabled: bool,
    /// Days that forms propose, 1 to 365.
    enrollment_days: i64,
    /// `tolerant` or `strict`.
    window: &'static str,
    /// 1 or 2.
    codes_at_setup: i64,
    /// Characters, 8 to 64.
    password_min_length: i64,
    /// Minutes, 1 to 720.
    admin_idle_minutes: i64,
    /// Minutes, 1 to 720.
    user_idle_minutes: i64,
    /// Hours, 1 to 168.
    session_hours: i64,
}

fn minutes(span: Span) -> i64 {
    span.micros() / Span::minutes(1).micros()
}

impl From<&Organization> for OrganizationView {
    fn from(organization: &Organization) -> Self {
        let settings = &organization.settings;
        Self {
            id: organization.id.to_string(),
            revision: organization.revision,
            name: settings.name.clone(),
            issuer: settings.issuer.clone(),
            support_contact: settings.support_contact.clone(),
            time_zone: settings.time_zone.clone(),
            totp_enabled: organization.totp == TotpSwitch::Enabled,
            enrollment_days: settings.enrollment_days.get(),
            window: window_key(settings.window),
            codes_at_setup: settings.codes_at_setup.count(),
            password_min_length: i64::try_from(settings.password_min_length).unwrap_or(i64::MAX),
            admin_idle_minutes: minutes(settings.administrator_idle),
            user_idle_minutes: minutes(settings.user_idle),
            session_hours: minutes(settings.session_overall) / 60,
        }
    }
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationChange {
    name: Option<String>,
    issuer: Option<String>,
    support_contact: Option<String>,
    time_zone: Option<String>,
    enrollment_days: Option<i64>,
    window: Option<String>,
    codes_at_setup: Option<i64>,
    password_min_length: Option<i64>,
    admin_idle_minutes: Option<i64>,
    user_idle_minutes: Option<i64>,
    session_hours: Option<i64>,
}

/// The switch of S2.2.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpChange {
    /// Whether TOTP is to be in force.
    enabled: bool,
}

#[utoipa::path(get, path = "/api/v1/organization", tag = "organization", operation_id = "getOrganization",
    responses((status = 200, body = OrganizationView), Refused))]
pub(crate) async fn show(
    State(web): State<Web>,
    Caller(caller): Caller,
) -> Result<Json<OrganizationView>, ApiError> {
    caller.granted::<ViewUsers>()?;
    Ok(Json(OrganizationView::from(&*web.app().organization().await?)))
}

#[utoipa::path(patch, path = "/api/v1/organization", tag = "organization", operation_id = "changeOrganization",
    request_body = OrganizationChange,
    responses((status = 200, body = OrganizationView), Refused, Conflicting, BadBody))]
pub(crate) async fn change(
    State(web): State<Web>,
    Caller(caller): Caller,
    Body(change): Body<OrganizationChange>,
) -> Result<Json<OrganizationView>, ApiError> {
    let granted = caller.granted::<ManageOrganization>()?;
    let now = OrganizationView::from(&*web.app().organization().await?);
    let number = |change: Option<i64>, now: i64| change.unwrap_or(now).to_string();
    let (days, codes) = (
        number(change.enrollment_days, now.enrollment_days),
        number(change.codes_at_setup, now.codes_at_setup),
    );
    let length = number(change.password_min_length, now.password_min_length);
    let admin_idle = number(change.admin_idle_minutes, now.admin_idle_minutes);
    let user_idle = number(change.user_idle_minutes, now.user_idle_minutes);
    let hours = number(change.session_hours, now.session_hours);
    let settings = Form {
        name: change.name.as_deref().unwrap_or(&now.name),
        issuer: change.issuer.as_deref().unwrap_or(&now.issuer),
        support_contact: change.support_contact.as_deref().unwrap_or(&now.support_contact),
        time_zone: change.time_zone.as_deref().unwrap_or(&now.time_zone),
        enrollment_days: &days,
        window: change.window.as_deref().unwrap_or(now.window),
        codes_at_setup: &codes,
        password_min_length: &length,
        admin_idle_minutes: &admin_idle,
        user_idle_minutes: &user_idle,
        session_hours: &hours,
    }
    .parse(words::zone_exists)?;
    let saved = web.app().save_settings(&granted, settings, Some(now.revision)).await?;
    Ok(Json(OrganizationView::from(&*saved)))
}

#[utoipa::path(put, path = "/api/v1/organization/mfa/totp", tag = "organization", operation_id = "switchTotp",
    request_body = TotpChange,
    responses((status = 200, body = OrganizationView), Refused, BadBody))]
pub(crate) async fn switch_totp(
    State(web): State<Web>,
    Caller(caller): Caller,
    Body(change): Body<TotpChange>,
) -> Result<Json<OrganizationView>, ApiError> {
    let granted = caller.granted::<ManageOrganization>()?;
    let to = if change.enabled { TotpSwitch::Enabled } else { TotpSwitch::Disabled };
    Ok(Json(OrganizationView::from(&*web.app().switch_totp(&granted, to).await?)))
}
