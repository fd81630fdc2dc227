//! A device that wants to be known (S8.1). It has no identity yet: what lets it in is in the connect key.

use super::gate::{answer, set_up};
use crate::{
    Web,
    api::{ApiError, Body},
    origin::From,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use claviger_app::{
    devices::{EnrollOutcome, NotEnrolled},
    session::Origin,
};
use claviger_domain::{connect_key::Standing, field::FieldError};
use claviger_wire::{
    server::{Enroll, Enrolled},
    signed as wire,
};

pub(super) async fn enroll(
    State(web): State<Web>,
    From(origin): From,
    Body(asked): Body<Enroll>,
) -> Result<Response, ApiError> {
    if !wire::is_nonce(&asked.nonce) {
        return Err(FieldError::new("nonce", "Send 16 random bytes in Base64URL.").into());
    }
    let response = match enrolled(&web, &asked, &origin).await {
        Ok(enrolled) => (StatusCode::CREATED, Json(enrolled)).into_response(),
        Err(refused) => refused.into_response(),
    };
    Ok(answer(&web, &asked.nonce, response).await)
}

async fn enrolled(web: &Web, asked: &Enroll, origin: &Origin) -> Result<Enrolled, ApiError> {
    set_up(web).await?;
    let why = match web.app().enroll_device(asked, origin).await? {
        EnrollOutcome::Enrolled(enrolled) => return Ok(enrolled),
        EnrollOutcome::Refused(why) => why,
    };
    if matches!(why, NotEnrolled::Unknown | NotEnrolled::OtherServer) {
        web.limiter().wrong_connect_key(&origin.address, web.app().now())?;
    }
    Err(refused(why))
}

fn refused(why: NotEnrolled) -> ApiError {
    let (status, code, detail) = match why {
        NotEnrolled::Unknown => (
            StatusCode::UNAUTHORIZED,
            "connect_key_unknown",
            "This connect key is not known here. Copy the whole key from the Devices page.",
        ),
        NotEnrolled::OtherServer => (
            StatusCode::UNAUTHORIZED,
            "connect_key_other_server",
            "This connect key was made at another server.",
        ),
        NotEnrolled::Dead(Standing::Expired) => {
            (StatusCode::FORBIDDEN, "connect_key_expired", "This connect key has run out. Make a new one.")
        }
        NotEnrolled::Dead(Standing::UsedUp) => (
            StatusCode::FORBIDDEN,
            "connect_key_used_up",
            "This connect key has enrolled as many devices as it may. Make a new one.",
        ),
        NotEnrolled::Dead(Standing::Revoked | Standing::Works) => {
            (StatusCode::FORBIDDEN, "connect_key_revoked", "This connect key was revoked. Make a new one.")
        }
    };
    ApiError::new(status, code, detail)
}
