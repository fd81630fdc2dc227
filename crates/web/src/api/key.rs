//! Who calls: the administrator behind the bearer key, as the gate found them.

use super::problem::ApiError;
use crate::Web;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use claviger_domain::permission::{Actor, Granted, Needs};

/// The caller, as the log and the permission check know them.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Web> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unauthorized)
    }
}

/// The caller's role has the permission that the operation needs.
pub(crate) struct May<P>(pub(crate) Granted<P>);

impl<P: Needs> FromRequestParts<Web> for May<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, ApiError> {
        let Caller(actor) = Caller::from_request_parts(parts, web).await?;
        Ok(Self(actor.granted()?))
    }
}

/// The key that a call brings.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// No key, or one that doesn't work.
pub(super) fn unauthorized() -> ApiError {
    let detail = "Send a valid key: Authorization: Bearer KEY.";
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}
