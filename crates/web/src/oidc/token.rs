//! What applications call by themselves: tokens, who somebody is, and what we say of ourselves.

use super::{
    client::{Unshown, shown_credentials},
    parameters::{InForm, Unreadable},
};
use crate::{Web, api, error::PageError, origin::From as FromOrigin};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    Problem,
    oidc::{NotClient, TokenError, Tokens, Userinfo},
    session::Origin,
};
use claviger_domain::secret::Secret;
use serde_json::{Map, Value, json};

/// How long others may keep what changes seldom, in seconds: well below the time that a key is published before it
/// signs.
const KEPT: &str = "public, max-age=3600";

pub(super) async fn discovery(State(web): State<Web>) -> Response {
    ([(header::CACHE_CONTROL, KEPT)], Json(web.app().oidc_discovery())).into_response()
}

pub(super) async fn keys(State(web): State<Web>) -> Result<Response, PageError> {
    let set = web.app().oidc_key_set().await?;
    Ok(([(header::CACHE_CONTROL, KEPT)], Json(set)).into_response())
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

fn bad(error: &str, description: &str) -> Response {
    refused(StatusCode::BAD_REQUEST, error, description)
}

fn unanswered(problem: &Problem) -> Response {
    if matches!(problem, Problem::Busy) {
        return refused(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "The server is busy.");
    }
    tracing::error!(error = %problem, "a call for tokens failed");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "It was logged. Try again in a moment.")
}

/// Tokens for a code or for a refresh token.
pub(super) async fn token(
    State(web): State<Web>,
    FromOrigin(origin): FromOrigin,
    headers: HeaderMap,
    form: Result<InForm, Unreadable>,
) -> Response {
    let InForm(parameters) = match form {
        Ok(form) => form,
        Err(Unreadable::TooLarge) => {
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "The form is too large.");
        }
        Err(Unreadable::NoForm) => {
            return bad("invalid_request", "Send a form: application/x-www-form-urlencoded.");
        }
    };
    let answered = async {
        let client = match shown_credentials(&headers, &parameters) {
            Ok(shown) => web.app().oidc_client(&shown).await?,
            Err(Unshown::TwoWays) => {
                return Ok(bad("invalid_request", "The application shows itself in two ways, or twice."));
            }
            Err(Unshown::Unreadable | Unshown::Nobody) => return Ok(not_client()),
        };
        match client {
            Err(not) => wrong_client(&web, &not, &origin).await,
            Ok(client) => {
                let answer = web.app().oidc_tokens(&client, &parameters, &origin).await?;
                Ok(answer.map_or_else(
                    |TokenError { error, description }| bad(error, description),
                    |tokens| given(&tokens),
                ))
            }
        }
    };
    answered.await.unwrap_or_else(|problem: Problem| unanswered(&problem))
}

fn given(tokens: &Tokens) -> Response {
    let mut body = Map::new();
    body.insert("access_token".into(), json!(tokens.access.expose()));
    body.insert("token_type".into(), json!("Bearer"));
    body.insert("expires_in".into(), json!(tokens.expires_in));
    body.insert("id_token".into(), json!(tokens.id_token));
    body.insert("scope".into(), json!(tokens.scope));
    if let Some(refresh) = &tokens.refresh {
        body.insert("refresh_token".into(), json!(refresh.expose()));
    }
    ([(header::PRAGMA, "no-cache")], Json(Value::Object(body))).into_response()
}

/// RFC 6749 §5.2: with the way in which it should show itself.
fn not_client() -> Response {
    let mut response = refused(
        StatusCode::UNAUTHORIZED,
        "invalid_client",
        "The application is unknown, or its secret is wrong.",
    );
    let way = HeaderValue::from_static("Basic realm=\"Claviger\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, way);
    response
}

/// A right secret is never held up by wrong ones from the same address; wrong ones are logged as often as they are
/// looked at.
async fn wrong_client(web: &Web, not: &NotClient, origin: &Origin) -> Result<Response, Problem> {
    if let Some(wait) = web.limiter().wrong_client(&origin.address, web.app().now()) {
        let text = "Too many secrets that don't work came from this address.";
        let mut response = refused(StatusCode::TOO_MANY_REQUESTS, "invalid_client", text);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds_rounded_up()));
        return Ok(response);
    }
    web.app().log_not_client(not, origin).await?;
    Ok(not_client())
}

/// Who somebody is. The access token stands in the header alone (RFC 6750 §2.1).
pub(super) async fn userinfo(State(web): State<Web>, headers: HeaderMap) -> Response {
    let Some(token) = api::bearer(&headers) else {
        return challenged(StatusCode::UNAUTHORIZED, "Bearer realm=\"Claviger\"");
    };
    match web.app().oidc_userinfo(&Secret::from(token)).await {
        Ok(Userinfo::Claims(claims)) => Json(claims).into_response(),
        Ok(Userinfo::InvalidToken) => {
            challenged(StatusCode::UNAUTHORIZED, "Bearer realm=\"Claviger\", error=\"invalid_token\"")
        }
        Err(problem) => unanswered(&problem),
    }
}

fn challenged(status: StatusCode, challenge: &'static str) -> Response {
    let mut response = refused(status, "invalid_token", "The access token is missing, unknown or too old.");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}
