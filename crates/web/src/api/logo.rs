//! The organization's logo (S2.5).

use super::{
    condition::{On, tag},
    key::May,
    problem::{Absent, ApiError, BadPicture, Refused},
};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::Refusal;
use claviger_domain::{
    logo::{Format, LOGO_MAX},
    permission::{ManageOrganization, ViewUsers},
};

pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LOGO_MAX)
}

#[utoipa::path(get, path = "/api/v1/organization/logo", tag = "organization", operation_id = "getLogo",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp")),
        description = "The picture"), Refused, Absent))]
pub(crate) async fn show(On(web): On, _: May<ViewUsers>) -> Result<Response, ApiError> {
    let changed_at = web.app().organization().await?.logo;
    let (Some(changed_at), Some(logo)) = (changed_at, web.app().logo().await?) else {
        return Err(Refusal::NotFound("logo").into());
    };
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static(logo.format.media_type()));
    let tag = (header::ETAG, tag(changed_at.0, &logo.image));
    Ok(([kind, tag], logo.image.clone()).into_response())
}

#[utoipa::path(put, path = "/api/v1/organization/logo", tag = "organization", operation_id = "changeLogo",
    extensions(("x-permission" = json!("ManageOrganization"))),
    request_body(description = "A PNG, JPEG or WebP picture of at most 256 KiB and 2,000 pixels a side",
        content((Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/webp"))),
    responses((status = 204), Refused, BadPicture))]
pub(crate) async fn put(
    On(web): On,
    May(granted): May<ManageOrganization>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if Format::from_media_type(&kind.trim().to_ascii_lowercase()).is_none() {
        let detail = "Send the picture as image/png, image/jpeg or image/webp.";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", detail));
    }
    let image = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The logo can have at most 256 KiB.")
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", "The body did not arrive whole."),
    })?;
    web.app().save_logo(&granted, image.to_vec()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/organization/logo", tag = "organization", operation_id = "removeLogo",
    extensions(("x-permission" = json!("ManageOrganization"))),
    responses((status = 204), Refused))]
pub(crate) async fn remove(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<StatusCode, ApiError> {
    web.app().remove_logo(&granted).await?;
    Ok(StatusCode::NO_CONTENT)
}
