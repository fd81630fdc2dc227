//! Users (section 3).

use super::{
    body::{Body, Query},
    condition::{On, Revised, Tagged},
    key::May,
    listing::{Listing, encode},
    mfa::{MfaView, Period},
    path::OneUser,
    problem::{Absent, ApiError, BadBody, BadQuery, Conflicting, Refused},
    schema::{EmailText, UsernameText},
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    demand::Demand,
    stored::user_list::cursor,
    users::{Activation, Person, UserEdit},
    words,
};
use claviger_domain::{
    account::Account,
    permission::{AssistUsers, ManageUsers, ViewUsers},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// Login name.
    username: String,
    /// E-mail.
    email: String,
    /// Given name.
    first_name: String,
    /// Family name.
    last_name: String,
    /// What to call them.
    display_name: String,
    /// `staged`, `activated` or `suspended`.
    state: &'static str,
    /// `pending`, `active` or `expired`.
    password: &'static str,
    /// MFA.
    mfa: MfaView,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC; null if never.
    last_sign_in_at: Option<String>,
}

impl UserView {
    pub(crate) fn new(account: &Account, now: Timestamp) -> Self {
        Self {
            id: account.id.to_string(),
            revision: account.revision,
            username: account.username().map(ToString::to_string).unwrap_or_default(),
            email: account.email.to_string(),
            first_name: account.name.first.clone(),
            last_name: account.name.last.clone(),
            display_name: account.name.display.clone(),
            state: account.state.key(),
            password: account.password.key(),
            mfa: MfaView::of(account, now),
            created_at: words::iso(account.created_at),
            last_sign_in_at: account.last_sign_in_at.map(words::iso),
        }
    }
}

impl Revised for UserView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserPage {
    /// The users.
    items: Vec<UserView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// A new user.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// `[a-z_][a-z0-9_.-]{0,31}`, without regard to case.
    #[schema(value_type = UsernameText)]
    username: String,
    /// E-mail.
    #[schema(value_type = EmailText)]
    email: String,
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
    /// Whether to activate at once, with the registration mail.
    #[serde(default)]
    activate: bool,
    /// Requires MFA; null or left out: not required.
    mfa: Option<Period>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    #[schema(value_type = Option<UsernameText>)]
    username: Option<String>,
    #[schema(value_type = Option<EmailText>)]
    email: Option<String>,
    #[schema(max_length = 100)]
    first_name: Option<String>,
    #[schema(max_length = 100)]
    last_name: Option<String>,
    #[schema(max_length = 200)]
    display_name: Option<String>,
}

/// A password for a user who has none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstPassword {
    /// The user must change it at the first sign-in.
    #[schema(min_length = 8, max_length = 128)]
    password: String,
}

#[utoipa::path(get, path = "/api/v1/users", tag = "users", operation_id = "listUsers",
    extensions(("x-permission" = json!("ViewUsers"))), params(Listing),
    responses((status = 200, body = UserPage), Refused, BadQuery))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
    Query(listing): Query<Listing>,
) -> Result<Json<UserPage>, ApiError> {
    let listing = listing.parse()?;
    let found = web.app().users(&granted, &listing).await?;
    let now = web.app().now();
    let next_cursor =
        found.users.last().filter(|_| found.has_older).map(|last| encode(&cursor(last, listing.sort)));
    Ok(Json(UserPage {
        items: found.users.iter().map(|user| UserView::new(user, now)).collect(),
        next_cursor,
    }))
}

#[utoipa::path(post, path = "/api/v1/users", tag = "users", operation_id = "createUser",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = NewUser,
    responses((status = 201, body = UserView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<NewUser>,
) -> Result<Response, ApiError> {
    let demand = match &new.mfa {
        None => Demand::NotRequired,
        Some(period) => Demand::Required(period.parse()),
    };
    let activation = if new.activate { Activation::Now } else { Activation::Later };
    let person = Person {
        username: new.username,
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        display_name: new.display_name,
    };
    let created = web.app().create_user(&granted, &person, &demand, activation).await;
    let account = created.map_err(|refusal| ApiError::from(refusal).renamed("require_mfa", "mfa"))?;
    let location = format!("/api/v1/users/{}", account.id);
    let view = UserView::new(&account, web.app().now());
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Tagged(view)).into_response())
}

#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", operation_id = "getUser",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = UserView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneUser(id): OneUser,
) -> Result<Tagged<UserView>, ApiError> {
    let account = web.app().user(&granted, id).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", operation_id = "changeUser",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = UserChange,
    responses((status = 200, body = UserView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    May(viewing): May<ViewUsers>,
    OneUser(id): OneUser,
    Body(change): Body<UserChange>,
) -> Result<Tagged<UserView>, ApiError> {
    let before = web.app().user(&viewing, id).await?;
    let now = Person::from(&before);
    let person = Person {
        username: change.username.unwrap_or(now.username),
        email: change.email.unwrap_or(now.email),
        first_name: change.first_name.unwrap_or(now.first_name),
        last_name: change.last_name.unwrap_or(now.last_name),
        display_name: change.display_name.unwrap_or(now.display_name),
    };
    let edit = UserEdit { revision: Some(before.revision), person, demand: Demand::Keep };
    let account = web.app().edit_user(&granted, id, &edit).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", operation_id = "deleteUser",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
) -> Result<StatusCode, ApiError> {
    web.app().delete_user(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/v1/users/{id}/activate", tag = "users", operation_id = "activateUser",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = UserView), Refused, Absent, Conflicting))]
pub(crate) async fn activate(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
) -> Result<Tagged<UserView>, ApiError> {
    let account = web.app().activate_user(&granted, id).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/suspend", tag = "users", operation_id = "suspendUser",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = UserView), Refused, Absent, Conflicting))]
pub(crate) async fn suspend(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
) -> Result<Tagged<UserView>, ApiError> {
    let account = web.app().suspend_user(&granted, id).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/unlock", tag = "users", operation_id = "unlockUser",
    extensions(("x-permission" = json!("AssistUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn unlock(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneUser(id): OneUser,
) -> Result<StatusCode, ApiError> {
    web.app().unlock_user(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(put, path = "/api/v1/users/{id}/password", tag = "users", operation_id = "setFirstPassword",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = FirstPassword,
    responses((status = 200, body = UserView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn set_password(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
    Body(first): Body<FirstPassword>,
) -> Result<Tagged<UserView>, ApiError> {
    let account = web.app().set_first_password(&granted, id, &first.password).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/users/{id}/activation-email", tag = "users", operation_id = "resendActivationEmail",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 202, body = UserView), Refused, Absent, Conflicting))]
pub(crate) async fn resend(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
) -> Result<Response, ApiError> {
    let account = web.app().resend_activation(&granted, id).await?;
    Ok((StatusCode::ACCEPTED, Tagged(UserView::new(&account, web.app().now()))).into_response())
}
