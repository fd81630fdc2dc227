//! What every call passes before its operation: whose key it is, how often it called, on what condition it changes
//! something, and whether it was carried out before (S13.1).

use super::{
    condition,
    key::{Caller, bearer, unauthorized},
    limit::Told,
    problem::ApiError,
    repeat,
};
use crate::{Web, origin};
use axum::{
    extract::{Request, State},
    http::{Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use claviger_domain::permission::Actor;

/// The gate of operations that count toward the limit of a key.
pub(super) async fn counted(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (told, key) = match admitted(&web, &mut parts).await {
        Ok(admitted) => admitted,
        Err(refused) => return refused.into_response(),
    };
    let asked: Vec<_> = parts.headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect();
    let method = parts.method.clone();
    let answered = match repeat::name(&parts) {
        Ok(Some(name)) => repeat::once(&web, (&key, &name), Request::from_parts(parts, body), next).await,
        Ok(None) => Ok(next.run(Request::from_parts(parts, body)).await),
        Err(refused) => Err(refused),
    };
    let mut response = match answered {
        Ok(response) if !asked.is_empty() && matches!(method, Method::GET | Method::HEAD) => {
            condition::unless_known(&asked, response)
        }
        Ok(response) => response,
        Err(refused) => refused.into_response(),
    };
    told.write(response.headers_mut());
    response
}

/// The gate of the check of codes: it has no limit, and no call of it is ever repeated.
pub(super) async fn uncounted(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let actor = match who(&web, &parts).await {
        Ok((actor, _)) => actor,
        Err(refused) => return refused.into_response(),
    };
    request = Request::from_parts(parts, body);
    request.extensions_mut().insert(Caller(actor));
    next.run(request).await
}

async fn admitted(web: &Web, parts: &mut Parts) -> Result<(Told, String), ApiError> {
    let (actor, key) = who(web, parts).await?;
    let key = key.to_owned();
    let told = web.limiter().call(&key, web.app().now())?;
    let conditioned = condition::conditioned(web, &parts.method, parts.uri.path(), &parts.headers);
    match conditioned {
        Ok(None) => {}
        Ok(Some(conditioned)) => drop(parts.extensions.insert(conditioned)),
        Err(mut refused) => {
            told.write(refused.headers());
            return Err(refused);
        }
    }
    parts.extensions.insert(Caller(actor));
    Ok((told, key))
}

/// The administrator behind the bearer key, and the key.
async fn who<'a>(web: &Web, parts: &'a Parts) -> Result<(Actor, &'a str), ApiError> {
    let key = bearer(&parts.headers).ok_or_else(unauthorized)?;
    let address = origin::of(parts, web).address;
    match web.app().api_actor(key, &address).await? {
        Some(actor) => Ok((actor, key)),
        None => {
            web.limiter().wrong_key(&address, web.app().now())?;
            Err(unauthorized())
        }
    }
}
