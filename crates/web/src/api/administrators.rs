//! Administrators (section 6).

use super::{
    body::{Body, Query},
    condition::{On, Revised, Tagged},
    key::May,
    listing::{chosen, encode, page_after, page_size},
    path::OneAdministrator,
    problem::{Absent, ApiError, BadBody, BadQuery, Conflicting, Refused},
    schema::{EmailText, Id, RequirementWord, RoleWord},
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    administrators::AdministratorForm,
    demand::Ticked,
    stored::{AdministratorListing, administrator_cursor, user_list::RequirementFilter},
    words,
};
use claviger_domain::{
    account::{Account, Kind},
    field::{FieldError, Fields},
    id::AccountId,
    mfa::{Enrollment, Requirement},
    permission::{ActOnAdminsWithoutMfa, ManageAdministrators, SeeAdminsWithoutMfa},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An administrator.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdministratorView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// E-mail; they sign in with it.
    email: String,
    /// Given name.
    first_name: String,
    /// Family name.
    last_name: String,
    /// What to call them.
    display_name: String,
    /// `administrator_with_billing`, `administrator`, `manager`, `help_desk`, `read_only`, `billing_only`, `command_runner` or `command_runner_with_billing`.
    role: &'static str,
    /// `staged`, `activated` or `suspended`.
    state: &'static str,
    /// `pending`, `active` or `expired`.
    password: &'static str,
    /// `required` or `not_required`.
    mfa_requirement: &'static str,
    /// `enrolled` or `not_enrolled`.
    mfa_enrollment: &'static str,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC; null if never.
    last_sign_in_at: Option<String>,
}

impl Revised for AdministratorView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

pub(super) fn requirement(account: &Account) -> &'static str {
    if account.mfa.requirement == Requirement::NotRequired { "not_required" } else { "required" }
}

pub(super) fn enrollment(account: &Account) -> &'static str {
    if account.mfa.enrollment == Enrollment::NotEnrolled { "not_enrolled" } else { "enrolled" }
}

impl From<&Account> for AdministratorView {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            revision: account.revision,
            email: account.email.to_string(),
            first_name: account.name.first.clone(),
            last_name: account.name.last.clone(),
            display_name: account.name.display.clone(),
            role: match account.kind {
                Kind::Administrator { role } => role.key(),
                Kind::User { .. } => "",
            },
            state: account.state.key(),
            password: account.password.key(),
            mfa_requirement: requirement(account),
            mfa_enrollment: enrollment(account),
            created_at: words::iso(account.created_at),
            last_sign_in_at: account.last_sign_in_at.map(words::iso),
        }
    }
}

/// A page of administrators.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdministratorPage {
    /// The administrators, by name.
    items: Vec<AdministratorView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which administrators to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdministratorsAsked {
    /// `required` or `not_required`.
    #[param(value_type = Option<RequirementWord>, inline)]
    mfa_requirement: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl AdministratorsAsked {
    fn parse(&self) -> Result<AdministratorListing, Vec<FieldError>> {
        let mut fields = Fields::new();
        let words =
            [("required", RequirementFilter::Required), ("not_required", RequirementFilter::NotRequired)];
        let requirement = fields.take(chosen("mfa_requirement", self.mfa_requirement.as_deref(), &words));
        let limit = fields.take(page_size(self.limit));
        let page = fields.take(page_after(self.cursor.as_deref()));
        let parsed = requirement.zip(page).zip(limit);
        let listing =
            parsed.map(|((requirement, page), limit)| AdministratorListing { requirement, page, limit });
        fields.finish(listing)
    }
}

/// A new administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAdministrator {
    /// E-mail; the link to choose a password goes there.
    #[schema(value_type = EmailText)]
    email: String,
    /// The word of a role.
    #[schema(value_type = RoleWord)]
    role: String,
    /// Given name.
    #[serde(default)]
    #[schema(max_length = 100)]
    first_name: String,
    /// Family name.
    #[serde(default)]
    #[schema(max_length = 100)]
    last_name: String,
    /// What to call them.
    #[serde(default)]
    #[schema(max_length = 200)]
    display_name: String,
    /// Whether MFA is required of them; true if left out. It is in any case while it is required of every administrator.
    #[serde(default = "yes")]
    mfa_required: bool,
}

const fn yes() -> bool {
    true
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdministratorChange {
    #[schema(value_type = Option<EmailText>)]
    email: Option<String>,
    #[schema(value_type = Option<RoleWord>)]
    role: Option<String>,
    #[schema(max_length = 100)]
    first_name: Option<String>,
    #[schema(max_length = 100)]
    last_name: Option<String>,
    #[schema(max_length = 200)]
    display_name: Option<String>,
}

/// Those of whom MFA is to be required.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdministratorsChosen {
    /// UUIDs, 1 to 1,000; of whom it is required already is left as they are.
    #[schema(value_type = Vec<Id>, min_items = 1, max_items = 1000)]
    ids: Vec<String>,
}

/// How many were changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdministratorsRequired {
    /// Of how many administrators MFA is required now who were free of it before.
    required: usize,
}

#[utoipa::path(get, path = "/api/v1/administrators", tag = "administrators", operation_id = "listAdministrators",
    extensions(("x-permission" = json!("ManageAdministrators"))), params(AdministratorsAsked),
    responses((status = 200, body = AdministratorPage), Refused, BadQuery))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    Query(asked): Query<AdministratorsAsked>,
) -> Result<Json<AdministratorPage>, ApiError> {
    let found = web.app().administrators(&granted, &asked.parse()?).await?;
    let last = found.administrators.last().filter(|_| found.has_older);
    Ok(Json(AdministratorPage {
        items: found.administrators.iter().map(AdministratorView::from).collect(),
        next_cursor: last.map(|last| encode(&administrator_cursor(last))),
    }))
}

#[utoipa::path(post, path = "/api/v1/administrators", tag = "administrators", operation_id = "createAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))), request_body = NewAdministrator,
    responses((status = 201, body = AdministratorView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    Body(new): Body<NewAdministrator>,
) -> Result<Response, ApiError> {
    let form = AdministratorForm {
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        display_name: new.display_name,
        role: new.role,
    };
    let mfa = if new.mfa_required { Ticked::Yes } else { Ticked::No };
    let account = web.app().create_administrator(&granted, &form, mfa).await?.account;
    let location = format!("/api/v1/administrators/{}", account.id);
    let view = Tagged(AdministratorView::from(&account));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

#[utoipa::path(get, path = "/api/v1/administrators/{id}", tag = "administrators", operation_id = "getAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let holder = web.app().administrator(&granted, id).await?;
    Ok(Tagged(AdministratorView::from(&holder.account)))
}

#[utoipa::path(patch, path = "/api/v1/administrators/{id}", tag = "administrators", operation_id = "changeAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")), request_body = AdministratorChange,
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
    Body(change): Body<AdministratorChange>,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let before = web.app().administrator(&granted, id).await?.account;
    let now = AdministratorForm::from(&before);
    let form = AdministratorForm {
        email: change.email.unwrap_or(now.email),
        first_name: change.first_name.unwrap_or(now.first_name),
        last_name: change.last_name.unwrap_or(now.last_name),
        display_name: change.display_name.unwrap_or(now.display_name),
        role: change.role.unwrap_or(now.role),
    };
    let account = web.app().edit_administrator(&granted, id, &form, Some(before.revision)).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(delete, path = "/api/v1/administrators/{id}", tag = "administrators", operation_id = "deleteAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<StatusCode, ApiError> {
    web.app().delete_administrator(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/v1/administrators/{id}/activate", tag = "administrators", operation_id = "activateAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn activate(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let account = web.app().activate_administrator(&granted, id).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(post, path = "/api/v1/administrators/{id}/suspend", tag = "administrators", operation_id = "suspendAdministrator",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn suspend(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Tagged<AdministratorView>, ApiError> {
    let account = web.app().suspend_administrator(&granted, id).await?;
    Ok(Tagged(AdministratorView::from(&account)))
}

#[utoipa::path(post, path = "/api/v1/administrators/{id}/activation-email", tag = "administrators",
    operation_id = "resendAdministratorLink",
    extensions(("x-permission" = json!("ManageAdministrators"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 202, body = AdministratorView), Refused, Absent, Conflicting))]
pub(crate) async fn invite(
    On(web): On,
    May(granted): May<ManageAdministrators>,
    OneAdministrator(id): OneAdministrator,
) -> Result<Response, ApiError> {
    let account = web.app().invite_administrator_again(&granted, id).await?;
    Ok((StatusCode::ACCEPTED, Tagged(AdministratorView::from(&account))).into_response())
}

#[utoipa::path(get, path = "/api/v1/administrators/without-mfa", tag = "administrators", operation_id = "listAdministratorsWithoutMfa",
    extensions(("x-permission" = json!("SeeAdminsWithoutMfa"))),
    responses((status = 200, body = Vec<AdministratorView>), Refused))]
pub(crate) async fn without_mfa(
    On(web): On,
    May(granted): May<SeeAdminsWithoutMfa>,
) -> Result<Json<Vec<AdministratorView>>, ApiError> {
    let found = web.app().administrators_without_mfa(&granted).await?;
    Ok(Json(found.iter().map(AdministratorView::from).collect()))
}

#[utoipa::path(post, path = "/api/v1/administrators/without-mfa/require", tag = "administrators",
    operation_id = "requireMfaOfAdministrators",
    extensions(("x-permission" = json!("ActOnAdminsWithoutMfa"))), request_body = AdministratorsChosen,
    responses((status = 200, body = AdministratorsRequired), Refused, Conflicting, BadBody))]
pub(crate) async fn require_chosen(
    On(web): On,
    May(granted): May<ActOnAdminsWithoutMfa>,
    Body(body): Body<AdministratorsChosen>,
) -> Result<Json<AdministratorsRequired>, ApiError> {
    let ids: Option<Vec<AccountId>> = body.ids.iter().map(|id| id.parse().ok()).collect();
    let ids = ids.filter(|ids| (1..=1_000).contains(&ids.len()));
    let ids = ids.ok_or_else(|| FieldError::new("ids", "Pass 1 to 1,000 ids of administrators."))?;
    let required = web.app().require_mfa_of_administrators(&granted, &ids).await?;
    Ok(Json(AdministratorsRequired { required }))
}
