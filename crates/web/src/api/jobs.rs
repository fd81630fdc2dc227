//! What is done to many users at once (S3.7), and how far it is.

use super::{
    body::Body,
    condition::On,
    key::{Caller, May},
    listing::Wanted,
    path::OneJob,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::{BulkWord, Id, ReasonText, RequirementWord, StateWord, StatusWord},
};
use crate::Web;
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    bulk::Verb,
    stored::{Part, Which, user_list::Filter},
    words,
};
use claviger_domain::{
    field::{FieldError, Fields},
    id::{GroupId, JobId},
    mfa::{EnrollmentDays, Period, RunningPeriod, reset_terms},
    permission::{AssistUsers, Granted, ViewUsers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Lines of a report in an answer.
const REPORTED: i64 = 1_000;
/// Ids of a request.
const MOST_IDS: usize = 1_000;

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobView {
    /// UUID.
    id: String,
    /// What is done: the action of the bulk request, with `device_` before it where it is about devices, or `import`.
    action: String,
    /// `preview`, `waiting`, `running`, `done` or `canceled`.
    state: &'static str,
    /// Items in all.
    total: i64,
    /// Items that were done.
    done: i64,
    /// Items that were skipped.
    skipped: i64,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC; null while it goes on.
    finished_at: Option<String>,
    /// The first thousand that were skipped, and why.
    report: Vec<ReportLine>,
}

/// An item that was skipped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportLine {
    /// Its number, from 1.
    number: i64,
    /// E-mail of the user, name of the device, or what the row said.
    user: String,
    /// Why.
    reason: String,
}

/// Whom a bulk request is for: exactly one of `ids` and `filter`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkRequest {
    /// `require_mfa`, `remove_requirement`, `extend`, `reset_mfa`, `activate`, `suspend`, `resend_activation`, `add_to_group`, `remove_from_group` or `delete`.
    #[schema(value_type = BulkWord)]
    action: String,
    /// Up to 1,000 ids of users.
    #[schema(value_type = Option<Vec<Id>>, max_items = 1000)]
    ids: Option<Vec<String>>,
    /// Everyone who matches now.
    filter: Option<BulkFilter>,
    /// For `require_mfa`, `extend` and `reset_mfa`: 1 to 365; null with `require_mfa`: no period.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 365)]
    enrollment_days: Option<Option<i64>>,
    /// For `require_mfa`: whether running periods start anew.
    #[serde(default)]
    restart: bool,
    /// For `reset_mfa`: kept in the log.
    #[schema(value_type = Option<ReasonText>)]
    reason: Option<String>,
    /// For `add_to_group` and `remove_from_group`.
    #[schema(value_type = Option<Id>)]
    group: Option<String>,
}

/// A null that was sent is told from what was left out.
fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<i64>>, D::Error> {
    Option::<i64>::deserialize(from).map(Some)
}

/// As for the list of users.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkFilter {
    search: Option<String>,
    #[schema(value_type = Option<StateWord>)]
    state: Option<String>,
    #[schema(value_type = Option<RequirementWord>)]
    mfa_requirement: Option<String>,
    #[schema(value_type = Option<StatusWord>)]
    mfa_status: Option<String>,
    #[schema(value_type = Option<Id>)]
    group: Option<String>,
}

impl BulkRequest {
    fn filter(&self, fields: &mut Fields) -> Option<Filter> {
        match (&self.ids, &self.filter) {
            (Some(ids), None) if ids.len() <= MOST_IDS => {
                let ids = ids.iter().map(|id| id.parse().ok()).collect::<Option<Vec<_>>>();
                let ids = ids.ok_or_else(|| FieldError::new("ids", "Each must be the id of a user."));
                fields.take(ids).map(|ids| Filter { ids: Some(ids), ..Filter::default() })
            }
            (Some(_), None) => {
                fields.take(Err(FieldError::new("ids", "At most 1,000. Use a filter for more.")))
            }
            (None, Some(filter)) => Wanted {
                search: filter.search.as_deref(),
                state: filter.state.as_deref(),
                mfa_requirement: filter.mfa_requirement.as_deref(),
                mfa_status: filter.mfa_status.as_deref(),
                group: filter.group.as_deref(),
            }
            .filter(fields),
            (None, None) | (Some(_), Some(_)) => {
                fields.take(Err(FieldError::new("ids", "Pass either ids or a filter.")))
            }
        }
    }

    fn days(&self) -> Result<EnrollmentDays, FieldError> {
        EnrollmentDays::new("enrollment_days", self.enrollment_days.flatten().unwrap_or_default())
    }

    fn group(&self) -> Result<GroupId, FieldError> {
        let id = self.group.as_deref().and_then(|id| id.parse().ok());
        id.ok_or_else(|| FieldError::new("group", "Pass the id of a group."))
    }

    fn verb(&self) -> Result<Verb, Vec<FieldError>> {
        let verb = match self.action.as_str() {
            "activate" => Ok(Verb::Activate),
            "suspend" => Ok(Verb::Suspend),
            "resend_activation" => Ok(Verb::ResendActivation),
            "require_mfa" => {
                let period = match self.enrollment_days {
                    Some(None) => Ok(Period::None),
                    _ => self.days().map(Period::Days),
                };
                let running = if self.restart { RunningPeriod::Restart } else { RunningPeriod::Keep };
                period.map(|period| Verb::RequireMfa { period, running })
            }
            "remove_requirement" => Ok(Verb::RemoveRequirement),
            "extend" => self.days().map(|days| Verb::Extend { days }),
            "reset_mfa" => {
                let terms = reset_terms(self.days(), self.reason.as_deref().unwrap_or_default())?;
                return Ok(Verb::ResetMfa { days: terms.0, reason: terms.1 });
            }
            "add_to_group" => self.group().map(Verb::AddToGroup),
            "remove_from_group" => self.group().map(Verb::RemoveFromGroup),
            "delete" => Ok(Verb::Delete),
            _ => Err(FieldError::new("action", "There is no such action.")),
        };
        verb.map_err(|error| vec![error])
    }
}

pub(super) async fn view(web: &Web, granted: &Granted<ViewUsers>, id: JobId) -> Result<JobView, ApiError> {
    let job = web.app().job(granted, id).await?;
    let part = Part { of: Which::Skipped, after: 0, limit: REPORTED };
    let report = web.app().job_report(granted, id, part).await?;
    Ok(JobView {
        id: job.id.to_string(),
        action: job.kind,
        state: job.state.key(),
        total: job.total,
        done: job.position - job.skipped,
        skipped: job.skipped,
        created_at: words::iso(job.created_at),
        finished_at: job.finished_at.map(words::iso),
        report: report
            .into_iter()
            .map(|line| ReportLine { number: line.position, user: line.label, reason: line.reason })
            .collect(),
    })
}

#[utoipa::path(post, path = "/api/v1/users/bulk", tag = "users", operation_id = "startBulk",
    extensions(("x-permission" = json!("AssistUsers"))), request_body = BulkRequest,
    responses((status = 202, body = JobView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn start(
    On(web): On,
    Caller(caller): Caller,
    Body(request): Body<BulkRequest>,
) -> Result<Response, ApiError> {
    let mut fields = Fields::new();
    let filter = request.filter(&mut fields);
    let verb = match request.verb() {
        Ok(verb) => Some(verb),
        Err(errors) => {
            errors.into_iter().for_each(|error| fields.refuse(error));
            None
        }
    };
    let (filter, verb) = fields.finish(filter.zip(verb))?;
    let id = web.app().start_bulk(&caller, &verb, &filter).await?;
    let location = format!("/api/v1/jobs/{id}");
    let view = view(&web, &caller.granted()?, id).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response())
}

#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs", operation_id = "getJob",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = JobView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneJob(id): OneJob,
) -> Result<Json<JobView>, ApiError> {
    Ok(Json(view(&web, &granted, id).await?))
}

#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", tag = "jobs", operation_id = "cancelJob",
    extensions(("x-permission" = json!("AssistUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = JobView), Refused, Absent, Conflicting))]
pub(crate) async fn cancel(
    On(web): On,
    May(granted): May<AssistUsers>,
    May(viewing): May<ViewUsers>,
    OneJob(id): OneJob,
) -> Result<Json<JobView>, ApiError> {
    web.app().cancel_job(&granted, id).await?;
    Ok(Json(view(&web, &viewing, id).await?))
}
