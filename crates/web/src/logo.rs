//! The organization's logo, for everybody who comes to the sign-in page (S2.5).

use crate::{
    Web,
    error::PageError,
    routing::{Routes, get},
};
use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_domain::organization::Organization;

/// Where the logo is; another address after each change, so that a change shows at once.
pub(crate) fn address(organization: &Organization) -> Option<String> {
    organization.logo.map(|changed_at| format!("/logo?v={}", changed_at.0))
}

pub(crate) fn routes() -> Router<Web> {
    Router::new().at("/logo", get(serve))
}

async fn serve(State(web): State<Web>, headers: HeaderMap) -> Result<Response, PageError> {
    let Some(logo) = web.app().logo().await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let etag = format!("\"{}\"", logo.etag);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let head = [
        (header::CONTENT_TYPE, logo.format.media_type().to_owned()),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::ETAG, etag),
    ];
    if known {
        Ok((StatusCode::NOT_MODIFIED, head).into_response())
    } else {
        Ok((head, logo.image.clone()).into_response())
    }
}
