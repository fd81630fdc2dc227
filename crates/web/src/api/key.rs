//! Who calls: the administrator behind the bearer key.

use super::problem::ApiError;
use crate::{Web, origin};
use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use claviger_domain::permission::Actor;

/// The caller, as the log and the permission check know them.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Web> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, ApiError> {
        let refused = || {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "Send a valid key: Authorization: Bearer KEY.",
            )
        };
        let value = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(refused)?;
        let (scheme, key) = value.split_once(' ').ok_or_else(refused)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(refused());
        }
        let address = origin::of(parts, web).address;
        web.app().api_actor(key.trim(), &address).await?.map(Self).ok_or_else(refused)
    }
}
