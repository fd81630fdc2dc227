//! Keys for this API (S6.10).

use super::{
    body::{Body, Query},
    key::{Caller, bearer, unauthorized},
    listing::{cursor, page_size},
    path::OneKey,
    problem::{Absent, ApiError, BadBody, BadQuery, Conflicting, Refused},
    repeat::ShownOnce,
    schema::{ExpiryText, RoleWord},
};
use crate::{Web, origin};
use axum::{
    Extension, Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use claviger_app::{
    api_key::Caller as Program,
    api_keys::{KeyForm, Standing},
    stored::OwnedKey,
    words,
};
use claviger_domain::{
    field::{FieldError, Fields},
    id::ApiKeyId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The caller with what its key can lend to another.
pub(crate) struct Lender(Program);

impl FromRequestParts<Web> for Lender {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, ApiError> {
        let address = origin::of(parts, web).address;
        let key = bearer(&parts.headers).ok_or_else(unauthorized)?;
        web.app().api_caller(key, &address).await?.map(Self).ok_or_else(unauthorized)
    }
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    /// UUID.
    id: String,
    /// What it is called in the log.
    name: String,
    /// The administrator whose it is.
    owner_id: String,
    /// Their e-mail address.
    owner_email: String,
    /// The role that it was made with.
    role: &'static str,
    /// The role that it has by now: at most its administrator's; null if that leaves it nothing.
    effective_role: Option<&'static str>,
    /// `works`, `expired`, `owner_barred` (its administrator can't sign in) or `powerless`.
    state: &'static str,
    /// RFC 3339, UTC; null if it never expires.
    expires_at: Option<String>,
    /// Where it may be used from; empty for everywhere.
    addresses: Vec<String>,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC, to the minute; null if it was never used.
    last_used_at: Option<String>,
    /// The address that it was used from then.
    last_used_from: Option<String>,
}

/// A key that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKeyView {
    /// What `Authorization: Bearer` takes. It is in this answer and nowhere else.
    secret: String,
    /// The key.
    key: KeyView,
}

/// A page of keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyPage {
    /// The keys, the newest first.
    items: Vec<KeyView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which keys to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeyListing {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl KeyListing {
    fn parse(&self) -> Result<(Option<ApiKeyId>, i64), Vec<FieldError>> {
        let mut fields = Fields::new();
        let before = fields.take(cursor(self.cursor.as_deref(), |text| text.parse().ok()));
        let limit = fields.take(page_size(self.limit));
        fields.finish(before.zip(limit))
    }
}

/// A key that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// At most what the calling key may do; left out: just that.
    #[serde(default)]
    #[schema(value_type = RoleWord)]
    role: String,
    /// A number of days from 1 to 3650, a day such as `2027-01-31` in the organization's time zone, or `never`. At most as long as the calling key.
    #[schema(value_type = ExpiryText)]
    expires: String,
    /// Up to 20 addresses and networks such as `203.0.113.0/24`; empty for everywhere. Within those of the calling key.
    #[serde(default)]
    #[schema(max_items = 20)]
    addresses: Vec<String>,
}

const fn standing_key(standing: Standing) -> &'static str {
    match standing {
        Standing::Works => "works",
        Standing::Expired => "expired",
        Standing::OwnerBarred => "owner_barred",
        Standing::Powerless => "powerless",
    }
}

impl KeyView {
    fn of(owned: &OwnedKey, now: Timestamp) -> Self {
        let terms = &owned.key.terms;
        let used = owned.key.last_used.as_ref();
        Self {
            id: owned.key.id.to_string(),
            name: owned.key.name.clone(),
            owner_id: owned.key.owner.to_string(),
            owner_email: owned.email.clone(),
            role: terms.role.key(),
            effective_role: terms.role.within(owned.owner_role).map(|role| role.key()),
            state: standing_key(Standing::of(owned, now)),
            expires_at: terms.expires_at.map(words::iso),
            addresses: terms.addresses.networks().iter().map(ToString::to_string).collect(),
            created_at: words::iso(owned.key.created_at),
            last_used_at: used.map(|(at, _)| words::iso(*at)),
            last_used_from: used.map(|(_, address)| address.clone()),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "listApiKeys", params(KeyListing),
    description = "Permission: none. The keys of the calling key's administrator; everybody's for those who manage administrators.",
    responses((status = 200, body = KeyPage), Refused, BadQuery))]
pub(crate) async fn list(
    State(web): State<Web>,
    Caller(caller): Caller,
    Query(listing): Query<KeyListing>,
) -> Result<Json<KeyPage>, ApiError> {
    let (before, limit) = listing.parse()?;
    let found = web.app().api_keys(&caller, before, limit).await?;
    let last = found.keys.last().filter(|_| found.has_older);
    let now = web.app().now();
    Ok(Json(KeyPage {
        next_cursor: last.map(|owned| owned.key.id.to_string()),
        items: found.keys.iter().map(|owned| KeyView::of(owned, now)).collect(),
    }))
}

#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api-keys", operation_id = "createApiKey", request_body = KeyBody,
    description = "Permission: none. A key for the calling key's administrator, which can do no more than the calling key.",
    responses((status = 201, body = NewKeyView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    State(web): State<Web>,
    Lender(caller): Lender,
    Body(new): Body<KeyBody>,
) -> Result<Response, ApiError> {
    let form =
        KeyForm { name: new.name, role: new.role, expires: new.expires, addresses: new.addresses.join(" ") };
    let made = web.app().create_api_key_by_key(&caller, &form).await?;
    let secret = made.token.expose().to_owned();
    let view = NewKeyView { secret, key: KeyView::of(&made.key, web.app().now()) };
    Ok((StatusCode::CREATED, Extension(ShownOnce), Json(view)).into_response())
}

#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "api-keys", operation_id = "revokeApiKey", params(("id" = String, Path, description = "UUID")),
    description = "Permission: none for a key of one's own administrator; manage administrators for those of others.",
    responses((status = 204), Refused, Absent))]
pub(crate) async fn revoke(
    State(web): State<Web>,
    Caller(caller): Caller,
    OneKey(id): OneKey,
) -> Result<StatusCode, ApiError> {
    web.app().revoke_api_key(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
