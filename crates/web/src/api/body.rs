//! What a call brings: a JSON body and a query, each refused with a problem document when it is not as described.

use super::problem::ApiError;
use crate::Web;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header, request::Parts},
};
use futures_util::FutureExt;
use serde::de::DeserializeOwned;

/// A JSON body of the type that is asked for.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Web> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, ApiError> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let is_json =
            kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
        let body = Bytes::from_request(request, web).boxed().await.map_err(|rejection| {
            match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "too_large",
                    "The body is larger than this operation takes.",
                ),
                _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", "The body did not arrive whole."),
            }
        })?;
        if !is_json {
            let detail = "Send the body as application/json.";
            return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", detail));
        }
        serde_json::from_slice(&body).map(Self).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "body",
                format!("The body is not as described: {error}."),
            ),
            _ => {
                ApiError::new(StatusCode::BAD_REQUEST, "malformed", format!("The body is not JSON: {error}."))
            }
        })
    }
}

/// The query of the type that is asked for.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Web> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).map(Self).map_err(|error| {
            ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "query",
                format!("The query is not as described: {error}."),
            )
        })
    }
}
