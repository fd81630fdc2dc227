//! Connect keys, which agents are installed with (S8.1).

use super::{
    body::{Body, Query},
    condition::{On, Revised, Tagged},
    key::May,
    listing::{cursor, page_size},
    path::OneConnectKey,
    problem::{Absent, ApiError, BadBody, BadQuery, Conflicting, Refused},
    repeat::ShownOnce,
    schema::Id,
};
use axum::{
    Extension, Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{device_admin::NewConnectKey, words};
use claviger_domain::{
    connect_key::{ConnectKey, Form},
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectKeyView {
    /// UUID.
    id: String,
    /// Counts what administrators change.
    revision: i64,
    /// What it is called.
    name: String,
    /// `works`, `expired`, `used_up` or `revoked`.
    state: &'static str,
    /// RFC 3339, UTC; null if it doesn't run out.
    expires_at: Option<String>,
    /// How many devices it may still enroll; null for any number.
    uses_left: Option<i64>,
    /// How many it has enrolled.
    uses: i64,
    /// UUID of the group that new devices join; null for none.
    device_group: Option<String>,
    /// RFC 3339, UTC.
    created_at: String,
}

impl ConnectKeyView {
    fn of(key: &ConnectKey, now: Timestamp) -> Self {
        Self {
            id: key.id.to_string(),
            revision: key.revision,
            name: key.name.clone(),
            state: key.standing(now).key(),
            expires_at: key.expires_at.map(words::iso),
            uses_left: key.uses_left,
            uses: key.uses,
            device_group: key.device_group.map(|id| id.to_string()),
            created_at: words::iso(key.created_at),
        }
    }
}

impl Revised for ConnectKeyView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A key that was just made or rotated.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewConnectKeyView {
    /// What agents are installed with. It is in this answer and nowhere else.
    secret: String,
    /// The key.
    key: ConnectKeyView,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectKeyPage {
    /// The keys, the newest first.
    items: Vec<ConnectKeyView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which keys to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectKeyListing {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// A key that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectKeyBody {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// A number of days from 1 to 3650; null or left out: it doesn't run out.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<i64>,
    /// 1 to 100,000 devices; null or left out: any number.
    #[schema(minimum = 1, maximum = 100000)]
    uses: Option<i64>,
    /// UUID of a group that new devices join.
    #[schema(value_type = Option<Id>)]
    device_group: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/connect-keys", tag = "connect-keys", operation_id = "listConnectKeys",
    extensions(("x-permission" = json!("ViewUsers"))), params(ConnectKeyListing),
    responses((status = 200, body = ConnectKeyPage), Refused, BadQuery))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
    Query(listing): Query<ConnectKeyListing>,
) -> Result<Json<ConnectKeyPage>, ApiError> {
    let limit = page_size(listing.limit)?;
    let before = cursor(listing.cursor.as_deref(), |text| text.parse().ok())?;
    let found = web.app().connect_keys(&granted, before, limit).await?;
    let now = web.app().now();
    let last = found.keys.last().filter(|_| found.has_older);
    Ok(Json(ConnectKeyPage {
        next_cursor: last.map(|key| key.id.to_string()),
        items: found.keys.iter().map(|key| ConnectKeyView::of(key, now)).collect(),
    }))
}

#[utoipa::path(post, path = "/api/v1/connect-keys", tag = "connect-keys", operation_id = "createConnectKey",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = ConnectKeyBody,
    responses((status = 201, body = NewConnectKeyView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<ConnectKeyBody>,
) -> Result<Response, ApiError> {
    let form = Form {
        name: new.name,
        expires: new.expires_in_days.map_or("never".into(), |days| days.to_string()),
        uses: new.uses.map(|uses| uses.to_string()).unwrap_or_default(),
        device_group: new.device_group.unwrap_or_default(),
    };
    let made = web.app().create_connect_key(&granted, &form).await;
    let made = made.map_err(|refusal| ApiError::from(refusal).renamed("expires", "expires_in_days"))?;
    let location = format!("/api/v1/connect-keys/{}", made.key.id);
    let view = new_key(&made, web.app().now());
    let answer = (StatusCode::CREATED, Extension(ShownOnce), [(header::LOCATION, location)], Json(view));
    Ok(answer.into_response())
}

fn new_key(made: &NewConnectKey, now: Timestamp) -> NewConnectKeyView {
    NewConnectKeyView { secret: made.text.expose().clone(), key: ConnectKeyView::of(&made.key, now) }
}

#[utoipa::path(get, path = "/api/v1/connect-keys/{id}", tag = "connect-keys", operation_id = "getConnectKey",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = ConnectKeyView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneConnectKey(id): OneConnectKey,
) -> Result<Tagged<ConnectKeyView>, ApiError> {
    let key = web.app().connect_key(&granted, id).await?;
    Ok(Tagged(ConnectKeyView::of(&key, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/connect-keys/{id}/rotate", tag = "connect-keys", operation_id = "rotateConnectKey",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = NewConnectKeyView), Refused, Absent, Conflicting))]
pub(crate) async fn rotate(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneConnectKey(id): OneConnectKey,
) -> Result<Response, ApiError> {
    let made = web.app().rotate_connect_key(&granted, id).await?;
    Ok((Extension(ShownOnce), Json(new_key(&made, web.app().now()))).into_response())
}

#[utoipa::path(post, path = "/api/v1/connect-keys/{id}/revoke", tag = "connect-keys", operation_id = "revokeConnectKey",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = ConnectKeyView), Refused, Absent, Conflicting))]
pub(crate) async fn revoke(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneConnectKey(id): OneConnectKey,
) -> Result<Tagged<ConnectKeyView>, ApiError> {
    let key = web.app().revoke_connect_key(&granted, id).await?;
    Ok(Tagged(ConnectKeyView::of(&key, web.app().now())))
}
