//! MFA of administrators (S6.3, S6.4, S6.6).

use super::{
    administrators::{AdministratorView, administrator_id, enrollment, requirement},
    body::Body,
    condition::{On, Revised, Tagged},
    key::Caller,
    organization::OrganizationView,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
};
use axum::extract::Path;
use claviger_app::words;
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
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Tagged<AdministratorMfa>, ApiError> {
    let granted = caller.granted::<ManageAdministrators>()?;
    let holder = web.app().administrator(&granted, administrator_id(&id)?).await?;
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
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let granted = caller.granted::<ManageAdministrators>()?;
    let account = web.app().require_administrator_mfa(&granted, administrator_id(&id)?).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(delete, path = "/api/v1/administrators/{id}/mfa/requirement", tag = "administrators",
    operation_id = "releaseAdministratorMfa",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn release(
    On(web): On,
    Caller(caller): Caller,
    Path(id): Path<String>,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let granted = caller.granted::<ManageAdministrators>()?;
    let account = web.app().release_administrator_mfa(&granted, administrator_id(&id)?).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(post, path = "/api/v1/administrators/{id}/mfa/reset", tag = "administrators", operation_id = "resetAdministratorMfa",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")), request_body = AdministratorReset,
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn reset(
    On(web): On,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Body(reset): Body<AdministratorReset>,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let granted = caller.granted::<ManageAdministrators>()?;
    let id = administrator_id(&id)?;
    let account = web.app().reset_mfa_of_administrator(&granted, id, &reset.reason).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(put, path = "/api/v1/organization/mfa/administrators", tag = "organization",
    operation_id = "requireMfaOfEveryAdministrator",
    extensions(("x-permission" = json!("ManageOrganization"))), request_body = AdministratorsMfaChange,
    responses((status = 200, body = OrganizationView), Refused, Conflicting, BadBody))]
pub(crate) async fn demand(
    On(web): On,
    Caller(caller): Caller,
    Body(change): Body<AdministratorsMfaChange>,
) -> Result<Tagged<OrganizationView>, ApiError> {
    let granted = caller.granted::<ManageOrganization>()?;
    let to = if change.required { Demanded::OfEveryone } else { Demanded::OfEach };
    let organization = web.app().demand_administrators_mfa(&granted, to).await?;
    Ok(Tagged(OrganizationView::from(&*organization)))
}
