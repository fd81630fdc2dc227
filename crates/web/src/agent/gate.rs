//! What every call passes: the signature of the device on the request, and ours on the answer.

use super::LIMIT;
use crate::{Web, api::ApiError, origin};
use axum::{
    body::{Body, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use claviger_app::{devices::Calling, set_up::Installation};
use claviger_domain::id::DeviceId;
use claviger_wire::signed::{self as wire, DEVICE, NONCE, SIGNATURE};
use sha2::{Digest, Sha256};

/// The device that calls, as the gate found it.
#[derive(Clone)]
pub(super) struct Device(pub(super) Calling);

impl FromRequestParts<Web> for Device {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(unsigned)
    }
}

/// Lets devices in by their signature, and signs what they are answered.
pub(super) async fn signed(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let nonce = text(&parts.headers, NONCE).filter(|nonce| wire::is_nonce(nonce)).map(str::to_owned);
    let response = match &nonce {
        None => unsigned().into_response(),
        Some(nonce) => match admitted(&web, parts, body, nonce).await {
            Ok(request) => next.run(request).await,
            Err(refused) => refused.into_response(),
        },
    };
    match nonce {
        Some(nonce) => answer(&web, &nonce, response).await,
        None => response,
    }
}

async fn admitted(web: &Web, mut parts: Parts, body: Body, nonce: &str) -> Result<Request, ApiError> {
    set_up(web).await?;
    let id: DeviceId = text(&parts.headers, DEVICE).and_then(|id| id.parse().ok()).ok_or_else(unsigned)?;
    let signature = text(&parts.headers, SIGNATURE).ok_or_else(unsigned)?.to_owned();
    let address = origin::of(&parts, web).address;
    let calling = web.app().calling(id, &address).await?.ok_or_else(unknown)?;
    let body = to_bytes(body, LIMIT).await.map_err(|_| too_large())?;
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let hash = Sha256::digest(&body).into();
    let message = wire::request(id, nonce, parts.method.as_str(), target, &hash);
    if !calling.signed(&message, &signature) {
        let detail = "The request is not signed by the key that the device enrolled with.";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong_signature", detail));
    }
    parts.extensions.insert(Device(calling));
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The answer with our signature, bound to the request's nonce. What can't be signed is not sent.
pub(super) async fn answer(web: &Web, nonce: &str, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let signature = web.app().sign_reply(nonce, parts.status.as_u16(), &body).await;
    let signature = signature.map_err(ApiError::from).map(HeaderValue::try_from);
    match signature {
        Ok(Ok(signature)) => {
            if parts.status == StatusCode::UNAUTHORIZED {
                parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Claviger-Device"));
            }
            parts.headers.insert(SIGNATURE, signature);
            Response::from_parts(parts, Body::from(body))
        }
        Ok(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// S2.1: before the wizard has been through there is nobody to belong to.
pub(super) async fn set_up(web: &Web) -> Result<(), ApiError> {
    match web.installation().await? {
        Installation::SetUp => Ok(()),
        Installation::Fresh => Err(ApiError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_set_up",
            "The server is not set up yet. Open its setup link first.",
        )),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn unsigned() -> ApiError {
    let detail = format!("Sign the request: {DEVICE}, {NONCE} and {SIGNATURE}.");
    ApiError::new(StatusCode::UNAUTHORIZED, "unsigned", detail)
}

/// The device was deleted, or never was.
pub(super) fn unknown() -> ApiError {
    let detail = "This device is not known here. Enroll it again with a connect key.";
    ApiError::new(StatusCode::UNAUTHORIZED, "unknown_device", detail)
}

fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The body is larger than 1 MiB, or did not arrive whole.",
    )
}
