//! MFA of a user (section 4).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    path::OneUser,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::{CodeText, ReasonText},
    users::UserView,
};
use axum::{Json, http::StatusCode};
use claviger_app::{
    verify::{Told, Verified},
    words,
};
use claviger_domain::{
    account::Account,
    field::FieldError,
    lockout::Lock,
    mfa::{Enrollment, EnrollmentDays, Period as DomainPeriod, Requirement, RunningPeriod, reset_terms},
    permission::{AssistUsers, ManageUsers, ViewUsers},
    status::Status,
    time::Timestamp,
    totp::Code,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A user's MFA.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MfaView {
    /// `required` or `not_required`.
    requirement: &'static str,
    /// `active`, `enrolling`, `expired`, `optional`, `required_without_period` or `none`.
    status: &'static str,
    /// Whether there is a confirmed factor.
    enrolled: bool,
    /// RFC 3339, UTC: when the enrollment period ends or ended; null without one, or while it stands.
    deadline: Option<String>,
    /// Seconds left of the enrollment period; null without one.
    seconds_left: Option<i64>,
}

impl MfaView {
    pub(crate) fn of(account: &Account, now: Timestamp) -> Self {
        let status = account.mfa.status(now);
        let (deadline, left) = match status {
            Status::Enrolling { left, until } => (until, Some(left.seconds_rounded_up())),
            Status::Expired { since } => (Some(since), Some(0)),
            Status::Active | Status::Optional | Status::RequiredWithoutPeriod | Status::None => (None, None),
        };
        Self {
            requirement: if account.mfa.requirement == Requirement::NotRequired {
                "not_required"
            } else {
                "required"
            },
            status: status.key(),
            enrolled: account.mfa.enrollment != Enrollment::NotEnrolled,
            deadline: deadline.map(words::iso),
            seconds_left: left,
        }
    }
}

/// A user's MFA with their factor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MfaDetails {
    /// Of the user.
    #[serde(skip)]
    revision: i64,
    #[serde(flatten)]
    mfa: MfaView,
    /// RFC 3339, UTC; null without a factor.
    set_up_at: Option<String>,
    /// RFC 3339, UTC; null without a factor.
    last_used_at: Option<String>,
    /// `open`, `locked` or `closed`; null without a factor.
    lock: Option<&'static str>,
    /// RFC 3339, UTC; null unless locked for a time.
    locked_until: Option<String>,
    /// Wrong codes since the last right one; null without a factor.
    wrong_codes: Option<u32>,
    /// How far the factor's clock is off, in thousandths of a step of 30 seconds; negative: slow. Null without a factor.
    clock_drift: Option<i64>,
}

impl Revised for MfaDetails {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// An enrollment period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Period {
    /// 1 to 365; null: no period, at the next sign-in.
    #[serde(deserialize_with = "present")]
    #[schema(required, minimum = 1, maximum = 365)]
    enrollment_days: Option<i64>,
    /// Whether a running period starts anew; otherwise the earlier deadline stands.
    #[serde(default)]
    restart: bool,
}

/// Null is a value, but leaving the field out is an error.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Option::deserialize(deserializer)
}

impl Period {
    pub(crate) fn parse(&self) -> Result<DomainPeriod, FieldError> {
        match self.enrollment_days {
            None => Ok(DomainPeriod::None),
            Some(days) => EnrollmentDays::new("enrollment_days", days).map(DomainPeriod::Days),
        }
    }
}

/// How many days to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    /// 1 to 365.
    #[schema(minimum = 1, maximum = 365)]
    enrollment_days: i64,
}

/// A new start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    /// 1 to 365.
    #[schema(minimum = 1, maximum = 365)]
    enrollment_days: i64,
    /// Why; kept in the log.
    #[schema(value_type = ReasonText)]
    reason: String,
}

/// A code to check and use up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeToVerify {
    /// Six digits; spaces are dropped.
    #[schema(value_type = CodeText)]
    code: String,
}

/// What the code was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Verification {
    /// `accepted`, `already_used`, `wrong`, `locked` or `not_enrolled`.
    result: &'static str,
}

#[utoipa::path(get, path = "/api/v1/users/{id}/mfa", tag = "mfa", operation_id = "getUserMfa",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = MfaDetails), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Tagged<MfaDetails>, ApiError> {
    let holder = web.app().user_with_factor(&granted, id).await?;
    let now = web.app().now();
    let factor = holder.factor.as_ref().map(|sealed| &sealed.factor);
    let lock = factor.map(|factor| factor.failures.lock_at(now));
    Ok(Tagged(MfaDetails {
        revision: holder.account.revision,
        mfa: MfaView::of(&holder.account, now),
        set_up_at: factor.map(|factor| words::iso(factor.confirmed_at)),
        last_used_at: factor.map(|factor| words::iso(factor.last_used_at)),
        lock: lock.map(|lock| match lock {
            Lock::Open => "open",
            Lock::Until(_) => "locked",
            Lock::Closed => "closed",
        }),
        locked_until: lock.and_then(|lock| match lock {
            Lock::Until(until) => Some(words::iso(until)),
            Lock::Open | Lock::Closed => None,
        }),
        wrong_codes: factor.map(|factor| factor.failures.in_row),
        clock_drift: factor.map(|factor| factor.drift.thousandths()),
    }))
}

#[utoipa::path(put, path = "/api/v1/users/{id}/mfa/requirement", tag = "mfa", operation_id = "requireMfa",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = Period,
    responses((status = 200, body = UserView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn require(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
    Body(period): Body<Period>,
) -> Result<Tagged<UserView>, ApiError> {
    let running = if period.restart { RunningPeriod::Restart } else { RunningPeriod::Keep };
    let account = web.app().require_mfa(&granted, id, period.parse()?, running).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(delete, path = "/api/v1/users/{id}/mfa/requirement", tag = "mfa", operation_id = "removeMfaRequirement",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = UserView), Refused, Absent))]
pub(crate) async fn remove(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
) -> Result<Tagged<UserView>, ApiError> {
    let account = web.app().remove_requirement(&granted, id).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/mfa/extend", tag = "mfa", operation_id = "extendMfaPeriod",
    extensions(("x-permission" = json!("AssistUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = Extension,
    responses((status = 200, body = UserView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn extend(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
    Body(extension): Body<Extension>,
) -> Result<Tagged<UserView>, ApiError> {
    let days = EnrollmentDays::new("enrollment_days", extension.enrollment_days)?;
    let account = web.app().extend_period(&granted, id, days).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/mfa/reset", tag = "mfa", operation_id = "resetMfa",
    extensions(("x-permission" = json!("AssistUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = Reset,
    responses((status = 200, body = UserView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn reset(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
    Body(reset): Body<Reset>,
) -> Result<Tagged<UserView>, ApiError> {
    let days = EnrollmentDays::new("enrollment_days", reset.enrollment_days);
    let (days, reason) = reset_terms(days, &reset.reason)?;
    let account = web.app().reset_mfa(&granted, id, days, &reason).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/mfa/forget-drift", tag = "mfa", operation_id = "forgetClockDrift",
    extensions(("x-permission" = json!("AssistUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn forget_drift(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
) -> Result<StatusCode, ApiError> {
    web.app().forget_drift(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/v1/users/{id}/mfa/verify", tag = "mfa", operation_id = "verifyCode",
    extensions(("x-permission" = json!("AssistUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = CodeToVerify,
    responses((status = 200, body = Verification), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn verify(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
    Body(typed): Body<CodeToVerify>,
) -> Result<Json<Verification>, ApiError> {
    let code = Code::parse("code", &typed.code)?;
    let result = match web.app().verify(&granted, id, &code).await? {
        Verified::NotEnrolled => "not_enrolled",
        Verified::Told(Told::Accepted) => "accepted",
        Verified::Told(Told::AlreadyUsed) => "already_used",
        Verified::Told(Told::Wrong) => "wrong",
        Verified::Told(Told::Locked { .. }) => "locked",
    };
    Ok(Json(Verification { result }))
}
