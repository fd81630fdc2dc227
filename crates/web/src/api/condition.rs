//! `ETag`, `If-Match` and `If-None-Match`: changes of what was seen only, and answers that the caller has already.

use super::problem::ApiError;
use crate::Web;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use claviger_domain::{
    mail::Kind,
    revision::{self, Resource, Seen},
    stream,
};
use data_encoding::HEXLOWER;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// The site, whose application changes nothing but what the call's `If-Match` says to have seen.
pub(crate) struct On(pub(crate) Web);

impl FromRequestParts<Web> for On {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Web>().unwrap_or(web).clone()))
    }
}

/// What a path under `/api/v1` is about, as far as it counts its changes.
fn resource(path: &str) -> Option<Resource> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next()?, parts.next()) {
        ("organization", Some("logo")) => Some(Resource::Logo),
        ("organization", Some("smtp")) => Some(Resource::Smtp),
        ("organization", _) => Some(Resource::Organization),
        ("users" | "administrators", Some(id)) => id.parse().ok().map(Resource::Account),
        ("groups", Some(id)) => id.parse().ok().map(Resource::Group),
        ("tokens", Some(id)) => id.parse().ok().map(Resource::Token),
        ("devices", Some(id)) => id.parse().ok().map(Resource::Device),
        ("device-groups", Some(id)) => id.parse().ok().map(Resource::DeviceGroup),
        ("policies", Some(id)) => id.parse().ok().map(Resource::Policy),
        ("commands", Some(id)) => id.parse().ok().map(Resource::Command),
        ("applications", Some(id)) => id.parse().ok().map(Resource::Application),
        ("connect-keys", Some(id)) => id.parse().ok().map(Resource::ConnectKey),
        ("log-streams", Some(stream)) => stream::Kind::from_key(stream).map(Resource::LogStream),
        ("mail-texts", Some(kind)) => Kind::from_key(kind).map(Resource::MailText),
        _ => None,
    }
}

/// Whether what a described path is about counts its changes.
pub(super) fn counts_changes(path: &str) -> bool {
    const ANY: &str = "0190a000-0000-7000-8000-000000000000";
    resource(&path.replace("{id}", ANY).replace("{kind}", Kind::Test.key())).is_some()
}

/// What there is one of counts its changes under these words.
const SINGLE: [&str; 5] = [
    "/organization",
    "/organization/logo",
    "/organization/smtp",
    "/log-streams/syslog",
    "/log-streams/webhook",
];

/// Whether reading it tells an `ETag`: the thing itself, or the MFA of a person.
pub(super) fn is_tagged(path: &str) -> bool {
    let path = path.strip_suffix("/mfa").unwrap_or(path);
    let is_thing = path.ends_with('}') || SINGLE.iter().any(|end| path.ends_with(end));
    is_thing && counts_changes(path)
}

/// The site on the condition that the call makes, if it makes one.
pub(super) fn conditioned(
    web: &Web,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Result<Option<Web>, ApiError> {
    let mut sent = headers.get_all(header::IF_MATCH).iter();
    let Some(tag) = sent.next().filter(|_| !method.is_safe()) else { return Ok(None) };
    let one_tag = || {
        let detail = "Send one ETag in If-Match, in quotes, or *.";
        ApiError::new(StatusCode::BAD_REQUEST, "malformed", detail)
    };
    let tag = tag.to_str().map(str::trim).map_err(|_| one_tag())?;
    if tag.is_empty() || tag.contains(',') || sent.next().is_some() {
        return Err(one_tag());
    }
    let Some(resource) = resource(path) else {
        return Err(ApiError::outdated("This has no ETag, so that If-Match can't hold.", None));
    };
    if tag == "*" {
        return Ok(None);
    }
    Ok(Some(web.if_unchanged(Seen { resource, revision: revision::of_tag(tag) })))
}

/// What counts its changes.
pub(crate) trait Revised {
    /// How often it was changed.
    fn revision(&self) -> i64;
}

/// A view with its `ETag`: its revision, and a digest of the answer, part of which can change by itself.
pub(crate) struct Tagged<T>(pub(crate) T);

impl<T: Revised + Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let Ok(body) = serde_json::to_vec(&self.0) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let tag = tag(self.0.revision(), &body);
        ([json, (header::ETAG, tag)], body).into_response()
    }
}

/// The tag of `body` at a revision.
pub(super) fn tag(revision: i64, body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let digest = HEXLOWER.encode(digest.first_chunk::<6>().map_or(&[], |some| some.as_slice()));
    HeaderValue::try_from(format!("\"{revision}-{digest}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The answer, or 304 where the caller has it already.
pub(super) fn unless_known(asked: &[HeaderValue], response: Response) -> Response {
    let is_known = |tag: &HeaderValue| {
        let tags = asked.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let known = tags.map(|known| known.trim().trim_start_matches("W/"));
        tag.to_str().is_ok_and(|tag| known.into_iter().any(|known| known == tag || known == "*"))
    };
    match response.headers().get(header::ETAG) {
        Some(tag) if response.status() == StatusCode::OK && is_known(tag) => {
            (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.clone())]).into_response()
        }
        _ => response,
    }
}
