//! `Idempotency-Key`: a call that is sent again gives the same answer and is carried out once (S13.1).

use super::problem::ApiError;
use crate::Web;
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use claviger_app::{
    idempotency::{Answer, Begun, Call},
    token_file::FILE_LIMIT,
};
use claviger_domain::{idempotency::CallKey, secret::Secret};

pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The largest answer to a change.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// Marks an answer with what is shown only once: it is not kept for a repeated call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShownOnce;

/// The name of the call, if it has one.
pub(super) fn name(parts: &Parts) -> Result<Option<CallKey>, ApiError> {
    let mut sent = parts.headers.get_all(KEY).iter();
    let Some(first) = sent.next().filter(|_| parts.method == Method::POST) else { return Ok(None) };
    let refused = |detail: String| ApiError::new(StatusCode::BAD_REQUEST, "malformed", detail);
    if sent.next().is_some() {
        return Err(refused("Send one Idempotency-Key.".into()));
    }
    match CallKey::parse(first.as_bytes()) {
        Ok(key) => Ok(Some(key)),
        Err(error) => Err(refused(format!("{}: {}", error.field, error.message))),
    }
}

/// Carries the call out, unless it was before.
pub(super) async fn once(
    web: &Web,
    (api_key, name): (&str, &CallKey),
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, FILE_LIMIT).await.map_err(|_| {
        let detail = "The body is too large, or did not arrive whole.";
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    })?;
    let call = call_of(&parts, api_key, name, &body);
    match web.app().begin_call(&call).await? {
        Begun::First => {}
        Begun::Again(answer) => return Ok(again(answer)),
        Begun::NotKept => {
            return Err(conflict("already_done", "This call was carried out. Its answer is not kept."));
        }
        Begun::Running => {
            let mut refused = conflict("in_progress", "This call is under way. Send it again in a moment.");
            refused.headers().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            return Err(refused);
        }
        Begun::Lost => {
            let detail =
                "This call began and was cut off. Look whether it was carried out, and use another key.";
            return Err(conflict("outcome_unknown", detail));
        }
        Begun::Another => {
            let detail = "Another call was sent under this Idempotency-Key.";
            return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail));
        }
    }
    // On its own, so that a caller who hangs up doesn't leave it half told.
    let (web, request) = (web.clone(), Request::from_parts(parts, Body::from(body)));
    let carried = tokio::spawn(async move { carry_out(&web, &call, request, next).await });
    carried.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a call of the API was not carried out to its end");
        Err(ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong. It was logged.",
        ))
    })
}

fn call_of(parts: &Parts, api_key: &str, name: &CallKey, body: &[u8]) -> Call {
    let line = format!("{} {}", parts.method, parts.uri.path());
    let header = |name: &str| parts.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes);
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let rest = [query, header("content-type"), header("if-match"), header("x-token-key"), body];
    Call::new(api_key, name, &line, &rest)
}

fn conflict(code: &str, detail: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, detail)
}

/// A call that was refused did nothing: its key is free again.
async fn carry_out(web: &Web, call: &Call, request: Request, next: Next) -> Result<Response, ApiError> {
    let (parts, body) = next.run(request).await.into_parts();
    if !parts.status.is_success() {
        // What the server could not tell the end of is not carried out again.
        if !parts.status.is_server_error() || parts.status == StatusCode::SERVICE_UNAVAILABLE {
            web.app().release_call(call).await?;
        }
        return Ok(Response::from_parts(parts, body));
    }
    let too_large =
        |_| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The answer was cut off.");
    let body: Bytes = to_bytes(body, LARGEST_ANSWER).await.map_err(too_large)?;
    let text = |name: HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let is_kept = parts.extensions.get::<ShownOnce>().is_none();
    let answer = Answer {
        status: parts.status.as_u16(),
        content_type: text(header::CONTENT_TYPE),
        location: text(header::LOCATION),
        etag: text(header::ETAG),
        body: is_kept.then(|| Secret::new(body.to_vec())),
    };
    web.app().end_call(call, answer).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn again(answer: Answer) -> Response {
    let Answer { status, content_type, location, etag, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = body.map(|body| body.expose().clone()).unwrap_or_default();
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    for (name, text) in
        [(header::CONTENT_TYPE, content_type), (header::LOCATION, location), (header::ETAG, etag)]
    {
        if let (false, Ok(value)) = (text.is_empty(), HeaderValue::try_from(text)) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
