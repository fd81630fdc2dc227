//! MFA of administrators (S6.3, S6.4, S6.6).

use super::{
    administrators::{AdministratorView, enrollment, requirement},
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    mfa_resets::ResetView,
    organization::OrganizationView,
    path::OneAdministrator,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::ReasonText,
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{reset_approval::AdministratorReset as Outcome, words};
use claviger_domain::{
    administrator::Demanded,
    lockout::Lock,
    permission::{ManageAdministrators, ManageOrganization},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An administrator's MFA with their factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdministratorMfa {
    /// Of the administrator.
    #[serde(skip)]
    revision: i64,
    /// `required` or `not_required`.
    requirement: &'static str,
    /// Whether it is required of every administrator, so that it can't be withdrawn from one.
    required_of_everyone: bool,
    /// `enrolled` or `not_enrolled`.
    enrollment: &'static str,
    /// RFC 3339, UTC; null without a factor.
    set_up_at: Option<String>,
    /// RFC 3339, UTC; null without a factor.
    last_used_at: Option<String>,
    /// `open`, `locked` or `closed`; null without a factor.
    lock: Option<&'static str>,
}

impl Revised for AdministratorMfa {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A reset of an administrator's MFA.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdministratorReset {
    /// Why; kept in the log.
    #[schema(value_type = ReasonText)]
    reason: String,
}

/// The Global MFA Requirement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdministratorsMfaChange {
    /// Whether MFA is required of every administrator, now and later. Off, everybody stays required.
    required: bool,
}

#[utoipa::path(get, path = "/api/v1/administrators/{id}/mfa", tag = "administrators", operation_id = "getAdministratorMfa",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorMfa), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Tagged<AdministratorMfa>, ApiError> {
    let holder = web.app().administrator(&granted, id).await?;
    let demanded = web.app().organization().await?.settings.admin_mfa;
    let now = web.app().now();
    let factor = holder.factor.as_ref().map(|sealed| &sealed.factor);
    Ok(Tagged(AdministratorMfa {
        revision: holder.account.revision,
        requirement: requirement(&holder.account),
        required_of_everyone: demanded == Demanded::OfEveryone,
        enrollment: enrollment(&holder.account),
        set_up_at: factor.map(|factor| words::iso(factor.confirmed_at)),
        last_used_at: factor.map(|factor| words::iso(factor.last_used_at)),
        lock: factor.map(|factor| match factor.failures.lock_at(now) {
            Lock::Open => "open",
            Lock::Until(_) => "locked",
            Lock::Closed => "closed",
        }),
    }))
}

#[utoipa::path(put, path = "/api/v1/administrators/{id}/mfa/requirement", tag = "administrators",
    operation_id = "requireAdministratorMfa",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn require(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let account = web.app().require_administrator_mfa(&granted, id).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(delete, path = "/api/v1/administrators/{id}/mfa/requirement", tag = "administrators",
    operation_id = "releaseAdministratorMfa",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn release(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let account = web.app().release_administrator_mfa(&granted, id).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(post, path = "/api/v1/administrators/{id}/mfa/reset", tag = "administrators", operation_id = "resetAdministratorMfa",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")), request_body = AdministratorReset,
    description = "At once, with 200; or 202 and a reset that waits, where the organization wants a second administrator's approval.",
    responses((status = 200, body = AdministratorView), (status = 202, body = ResetView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn reset(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
    Body(reset): Body<AdministratorReset>,
) -> Result<Response, ApiError> {
    match web.app().reset_or_ask(&granted, id, &reset.reason).await? {
        Outcome::Done(account) => Ok(Tagged(AdministratorView::from(&*account)).into_response()),
        Outcome::Asked(asked) => {
            let waiting = web.app().reset_that_waits(&granted, asked.id).await?;
            let location = format!("/api/v1/mfa-resets/{}", asked.id);
            let view = Json(ResetView::from(&waiting));
            Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], view).into_response())
        }
    }
}

#[utoipa::path(post, path = "/api/v1/administrators/{id}/unlock", tag = "administrators", operation_id = "unlockAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unlock(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<StatusCode, ApiError> {
    web.app().unlock_administrator(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(put, path = "/api/v1/organization/mfa/administrators", tag = "organization",
    operation_id = "requireMfaOfEveryAdministrator",
    extensions(("x-permission" = json!("ManageOrganization"))), request_body = AdministratorsMfaChange,
    responses((status = 200, body = OrganizationView), Refused, Conflicting, BadBody))]
pub(crate) async fn demand(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Body(change): Body<AdministratorsMfaChange>,
) -> Result<Tagged<OrganizationView>, ApiError> {
    let to = if change.required { Demanded::OfEveryone } else { Demanded::OfEach };
    let organization = web.app().demand_administrators_mfa(&granted, to).await?;
    Ok(Tagged(OrganizationView::from(&*organization)))
}
