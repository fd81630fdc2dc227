//! Hardware tokens (S4.6).

use super::{
    body::{Body, Query},
    condition::{On, Revised, Tagged},
    key::May,
    listing::{chosen, encode, page_after, page_size},
    path::{OneToken, OneUser},
    problem::{Absent, ApiError, BadBody, BadFile, BadQuery, Conflicting, Refused},
    schema::{BadRowsWord, CodeText, HeldWord, SerialText},
    users::UserView,
};
use axum::{
    Json,
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, StatusCode, header},
};
use claviger_app::{
    stored::{Held, ListedToken, TokenFilter, token_cursor, user_list::Page},
    token_file::{BadRows, ImportReport, RowError, Upload},
    tokens::FirstCode,
    words,
};
use claviger_domain::{
    field::{FieldError, Fields},
    permission::{ManageUsers, ViewUsers},
    secret::Secret,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What an encrypted PSKC file is opened with.
const KEY: &str = "x-token-key";
const MEDIA_TYPES: [&str; 4] = ["text/csv", "application/pskc+xml", "application/xml", "text/xml"];

/// A hardware token. Its secret is never told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// The number that stands on it.
    serial: String,
    /// Maker and model, as far as the file said.
    model: String,
    /// `stock`, `waiting` for the first code of its user, or `in_use`.
    state: &'static str,
    /// UUID of its user; null in stock.
    user_id: Option<String>,
    /// E-mail of its user; null in stock.
    user_email: Option<String>,
    /// RFC 3339, UTC; null in stock.
    assigned_at: Option<String>,
    /// RFC 3339, UTC.
    imported_at: String,
}

impl From<&ListedToken> for TokenView {
    fn from(listed: &ListedToken) -> Self {
        let ListedToken { token, email, .. } = listed;
        let holder = token.whereabouts.holder();
        Self {
            id: token.id.to_string(),
            revision: listed.revision,
            serial: token.serial.as_str().to_owned(),
            model: token.model.clone(),
            state: token.whereabouts.key(),
            user_id: holder.map(|(account, _)| account.to_string()),
            user_email: email.clone(),
            assigned_at: holder.map(|(_, since)| words::iso(since)),
            imported_at: words::iso(token.imported_at),
        }
    }
}

impl Revised for TokenView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A page of tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenPage {
    /// The tokens, by serial number.
    items: Vec<TokenView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which tokens to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TokenListing {
    /// A part of a serial number, a model, or a user's e-mail.
    search: Option<String>,
    /// `stock`, or `assigned` for those of users, confirmed or not.
    #[param(value_type = Option<HeldWord>, inline)]
    held: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl TokenListing {
    fn parse(&self) -> Result<(TokenFilter, Page, i64), Vec<FieldError>> {
        let mut fields = Fields::new();
        let halves = [("stock", Held::InStock), ("assigned", Held::Assigned)];
        let held = fields.take(chosen("held", self.held.as_deref(), &halves));
        let limit = fields.take(page_size(self.limit));
        let page = fields.take(page_after(self.cursor.as_deref()));
        let search = self.search.clone().unwrap_or_default();
        let parsed = held.zip(page).zip(limit);
        fields.finish(parsed.map(|((held, page), limit)| (TokenFilter { search, held }, page, limit)))
    }
}

#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", operation_id = "listTokens",
    extensions(("x-permission" = json!("ViewUsers"))), params(TokenListing),
    responses((status = 200, body = TokenPage), Refused, BadQuery))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
    Query(listing): Query<TokenListing>,
) -> Result<Json<TokenPage>, ApiError> {
    let (filter, page, limit) = listing.parse()?;
    let found = web.app().tokens(&granted, &filter, &page, limit).await?;
    let last = found.tokens.last().filter(|_| found.has_older);
    Ok(Json(TokenPage {
        items: found.tokens.iter().map(TokenView::from).collect(),
        next_cursor: last.map(|last| encode(&token_cursor(&last.token))),
    }))
}

#[utoipa::path(get, path = "/api/v1/tokens/{id}", tag = "tokens", operation_id = "getToken",
    extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = TokenView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneToken(id): OneToken,
) -> Result<Tagged<TokenView>, ApiError> {
    let listed = web.app().listed_token(&granted, id).await?;
    Ok(Tagged(TokenView::from(&listed)))
}

/// What bad rows mean for the good ones.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Importing {
    /// `refuse` (default): a file with a bad row imports nothing. `skip`: the good rows are imported.
    #[param(value_type = Option<BadRowsWord>, inline)]
    bad_rows: Option<String>,
}

/// What came of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Imported {
    /// Tokens that were imported.
    imported: usize,
    /// How many of them wait for the first code of the users that the file names.
    assigned: usize,
    /// Rows that were left out.
    errors: Vec<RowView>,
    /// Rows that name a user and are in stock all the same.
    remarks: Vec<RowView>,
}

/// Something about one row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowView {
    /// The line of a CSV file, or which key of a PSKC file, from 1.
    row: usize,
    /// For people.
    message: String,
}

impl From<RowError> for RowView {
    fn from(error: RowError) -> Self {
        Self { row: error.row, message: error.message }
    }
}

impl From<ImportReport> for Imported {
    fn from(report: ImportReport) -> Self {
        Self {
            imported: report.imported,
            assigned: report.assigned,
            errors: report.errors.into_iter().map(RowView::from).collect(),
            remarks: report.remarks.into_iter().map(RowView::from).collect(),
        }
    }
}

fn file_of(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Upload, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !MEDIA_TYPES.contains(&kind.as_str()) {
        let detail = "Send the file as text/csv or application/pskc+xml.";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", detail));
    }
    let file = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The file can have at most 5 MiB.")
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", "The body did not arrive whole."),
    })?;
    let key = headers.get(KEY).map(|value| String::from_utf8(value.as_bytes().to_vec()));
    let key = key.transpose().map_err(|_| FieldError::new("key", "X-Token-Key must be UTF-8."))?;
    Ok(Upload { file: Secret::new(file.to_vec()), key: key.map(Secret::new) })
}

#[utoipa::path(post, path = "/api/v1/tokens/import", tag = "tokens", operation_id = "importTokens",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(Importing, ("X-Token-Key" = Option<String>, Header,
        description = "The pre-shared key or passphrase of an encrypted PSKC file; it is not kept")),
    request_body(description = "A CSV or PSKC file of at most 5 MiB and 10,000 tokens",
        content((String = "text/csv"), (String = "application/pskc+xml"))),
    responses((status = 200, body = Imported), Refused, BadFile))]
pub(crate) async fn import(
    On(web): On,
    May(granted): May<ManageUsers>,
    Query(importing): Query<Importing>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Imported>, ApiError> {
    let words = [("refuse", BadRows::RefuseFile), ("skip", BadRows::LeaveOut)];
    let bad = chosen("bad_rows", importing.bad_rows.as_deref(), &words)?.unwrap_or(BadRows::RefuseFile);
    let upload = file_of(&headers, body)?;
    let report = web.app().import_tokens(&granted, upload, bad).await?;
    if report.imported == 0 {
        let rows = report.errors.into_iter().map(|error| (format!("row {}", error.row), error.message));
        return Err(ApiError::rows("Nothing was imported: rows are bad.", rows));
    }
    Ok(Json(report.into()))
}

/// A token for a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenForUser {
    /// The number that stands on it.
    #[schema(value_type = SerialText)]
    serial: String,
    /// The code that it shows now; null: the user enters one when they set MFA up.
    #[serde(deserialize_with = "present")]
    #[schema(required, value_type = Option<CodeText>)]
    code: Option<String>,
}

/// Null is a value, but leaving the field out is an error.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

#[utoipa::path(put, path = "/api/v1/users/{id}/mfa/token", tag = "tokens", operation_id = "assignToken",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = TokenForUser,
    responses((status = 200, body = UserView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn assign(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
    Body(token): Body<TokenForUser>,
) -> Result<Tagged<UserView>, ApiError> {
    let code = token.code.as_deref().map_or(FirstCode::Later, FirstCode::Now);
    let account = web.app().assign_token(&granted, id, &token.serial, code).await?;
    Ok(Tagged(UserView::new(&account, web.app().now())))
}

#[utoipa::path(delete, path = "/api/v1/users/{id}/mfa/token", tag = "tokens", operation_id = "takeTokenBack",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn take_back(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneUser(id): OneUser,
) -> Result<StatusCode, ApiError> {
    web.app().take_token_back_from(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", operation_id = "deleteToken",
    extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneToken(id): OneToken,
) -> Result<StatusCode, ApiError> {
    web.app().delete_token(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
