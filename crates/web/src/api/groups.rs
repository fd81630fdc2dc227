//! Groups of users.

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    path::{OneGroup, OneMember},
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::{DayText, RuleWord},
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{groups::GroupForm, words};
use claviger_domain::{
    group::{Group, Rule, RuleForm, Wave},
    permission::{ManageUsers, ViewUsers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// 1 to 100 characters, one of a kind whatever its case.
    name: String,
    /// Up to 300 characters.
    description: String,
    /// Whether membership requires MFA.
    rule: RuleView,
    /// RFC 3339, UTC.
    created_at: String,
}

/// Whether membership requires MFA.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    /// `none`, `running` or `paused`.
    state: &'static str,
    /// Days each member has; null without a rule.
    enrollment_days: Option<i64>,
    /// RFC 3339, UTC: nobody is required before.
    starts_at: Option<String>,
    /// Members of a wave; null where everyone is required at once.
    wave_size: Option<i64>,
    /// Hours from wave to wave.
    wave_hours: Option<i64>,
    /// Percent of those required who let their period pass, above which the rule pauses.
    pause_at: Option<i64>,
}

/// A group's name and description.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 300)]
    description: String,
}

impl From<GroupBody> for GroupForm {
    fn from(body: GroupBody) -> Self {
        Self { name: body.name, description: body.description }
    }
}

/// The rule that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleBody {
    /// `none`, `everyone` or `waves`.
    #[schema(value_type = RuleWord)]
    kind: String,
    /// 1 to 365.
    #[schema(minimum = 1, maximum = 365)]
    enrollment_days: Option<i64>,
    /// A day such as `2026-12-01` in the organization's time zone; left out: at once.
    #[schema(value_type = Option<DayText>)]
    start: Option<String>,
    /// With `waves`: 1 to 100,000.
    #[schema(minimum = 1, maximum = 100000)]
    wave_size: Option<i64>,
    /// With `waves`: 1 to 720.
    #[schema(minimum = 1, maximum = 720)]
    wave_hours: Option<i64>,
    /// With `waves`: 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    pause_at: Option<i64>,
}

impl From<&Group> for GroupView {
    fn from(group: &Group) -> Self {
        let state = match group.rule {
            Rule::None => "none",
            Rule::Running(_) => "running",
            Rule::Paused(_) => "paused",
        };
        let terms = group.rule.terms();
        let wave = terms.and_then(|terms| match terms.wave {
            Wave::Everyone => None,
            Wave::Of { size, hours, pause_at } => Some((size, hours, pause_at)),
        });
        Self {
            id: group.id.to_string(),
            revision: group.revision,
            name: group.name.as_str().to_owned(),
            description: group.description.clone(),
            rule: RuleView {
                state,
                enrollment_days: terms.map(|terms| terms.days.get()),
                starts_at: terms.map(|terms| words::iso(terms.starts_at)),
                wave_size: wave.map(|(size, ..)| size),
                wave_hours: wave.map(|(_, hours, _)| hours),
                pause_at: wave.map(|(.., pause_at)| pause_at),
            },
            created_at: words::iso(group.created_at),
        }
    }
}

impl Revised for GroupView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

#[utoipa::path(get, path = "/api/v1/groups", tag = "groups", operation_id = "listGroups",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<GroupView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
) -> Result<Json<Vec<GroupView>>, ApiError> {
    let groups = web.app().groups(&granted).await?;
    Ok(Json(groups.iter().map(|counted| GroupView::from(&counted.group)).collect()))
}

#[utoipa::path(post, path = "/api/v1/groups", tag = "groups", operation_id = "createGroup",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = GroupBody,
    responses((status = 201, body = GroupView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<GroupBody>,
) -> Result<Response, ApiError> {
    let group = web.app().create_group(&granted, &GroupForm::from(new)).await?;
    let location = format!("/api/v1/groups/{}", group.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Tagged(GroupView::from(&group))).into_response())
}

#[utoipa::path(get, path = "/api/v1/groups/{id}", tag = "groups", operation_id = "getGroup",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = GroupView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneGroup(id): OneGroup,
) -> Result<Tagged<GroupView>, ApiError> {
    let group = web.app().group(&granted, id).await?;
    Ok(Tagged(GroupView::from(&group)))
}

#[utoipa::path(put, path = "/api/v1/groups/{id}", tag = "groups", operation_id = "changeGroup",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = GroupBody, responses((status = 200, body = GroupView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneGroup(id): OneGroup,
    Body(change): Body<GroupBody>,
) -> Result<Tagged<GroupView>, ApiError> {
    let group = web.app().edit_group(&granted, id, &GroupForm::from(change)).await?;
    Ok(Tagged(GroupView::from(&group)))
}

#[utoipa::path(delete, path = "/api/v1/groups/{id}", tag = "groups", operation_id = "deleteGroup",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneGroup(id): OneGroup,
) -> Result<StatusCode, ApiError> {
    web.app().delete_group(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(put, path = "/api/v1/groups/{id}/rule", tag = "groups", operation_id = "setGroupRule",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = RuleBody, responses((status = 200, body = GroupView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn set_rule(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneGroup(id): OneGroup,
    Body(body): Body<RuleBody>,
) -> Result<Tagged<GroupView>, ApiError> {
    let text = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let (days, size) = (text(body.enrollment_days), text(body.wave_size));
    let (hours, pause_at) = (text(body.wave_hours), text(body.pause_at));
    let form = RuleForm { kind: &body.kind, days: &days, size: &size, hours: &hours, pause_at: &pause_at };
    let start = body.start.as_deref().unwrap_or_default();
    let set = web.app().set_rule(&granted, id, &form, start).await;
    let renamed = |refusal| {
        let error = ApiError::from(refusal).renamed("rule", "kind");
        error.renamed("size", "wave_size").renamed("hours", "wave_hours")
    };
    let group = set.map_err(renamed)?;
    Ok(Tagged(GroupView::from(&group)))
}

#[utoipa::path(put, path = "/api/v1/groups/{id}/users/{user}", tag = "groups", operation_id = "addMember",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("user" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn add_member(
    On(web): On,
    May(granted): May<ManageUsers>,
    May(viewing): May<ViewUsers>,
    OneGroup(id): OneGroup,
    OneMember(user): OneMember,
) -> Result<StatusCode, ApiError> {
    let account = web.app().user(&viewing, user).await?;
    web.app().add_member(&granted, id, account.email.as_str()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/groups/{id}/users/{user}", tag = "groups", operation_id = "removeMember",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("user" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn remove_member(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneGroup(id): OneGroup,
    OneMember(user): OneMember,
) -> Result<StatusCode, ApiError> {
    web.app().remove_member(&granted, id, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
