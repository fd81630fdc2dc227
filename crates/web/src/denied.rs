//! Whoever asks for what their role does not allow stands in the log (S6.2).

use crate::{
    Web, api,
    error::PageError,
    origin::{self, Peer},
    visit,
};
use axum::{
    extract::{MatchedPath, Request},
    http::{Extensions, HeaderName, HeaderValue, Method, header, request::Parts},
};
use claviger_app::session::Visit;
use claviger_domain::{
    account::Realm,
    permission::{Actor, Denied, Permission},
};

/// What an answer carries that was refused for want of a permission.
pub(crate) fn mark(lacked: Option<Permission>) -> Extensions {
    let mut extensions = Extensions::new();
    if let Some(permission) = lacked {
        extensions.insert(Denied(permission));
    }
    extensions
}

/// What is kept of a request until it is answered: all are shared, so that keeping them costs next to nothing.
pub(crate) struct Kept {
    headers: Vec<(HeaderName, HeaderValue)>,
    peer: Option<Peer>,
    route: Option<MatchedPath>,
    method: Method,
}

impl Kept {
    pub(crate) fn of(request: &Request) -> Self {
        let mut headers = Vec::new();
        for name in [header::AUTHORIZATION, header::COOKIE, HeaderName::from_static("x-forwarded-for")] {
            let values = request.headers().get_all(&name);
            headers.extend(values.iter().map(|value| (name.clone(), value.clone())));
        }
        Self {
            headers,
            peer: request.extensions().get::<Peer>().copied(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            method: request.method().clone(),
        }
    }

    fn parts(&self) -> Parts {
        let (mut parts, ()) = axum::http::Request::new(()).into_parts();
        for (name, value) in &self.headers {
            parts.headers.append(name, value.clone());
        }
        if let Some(peer) = self.peer {
            parts.extensions.insert(peer);
        }
        parts
    }

    /// Logs a refusal once the handler has made it.
    pub(crate) async fn log(&self, web: &Web, Denied(permission): Denied) {
        if let Err(error) = note(web, self, permission).await {
            tracing::error!(?error, "a refusal could not be logged");
        }
    }
}

async fn note(web: &Web, kept: &Kept, permission: Permission) -> Result<(), PageError> {
    let parts = kept.parts();
    let route = format!("{} {}", kept.method, kept.route.as_ref().map_or("", MatchedPath::as_str));
    if let Some(actor) = actor(web, &parts).await? {
        web.app().log_denied(&actor, permission, &route).await?;
    }
    Ok(())
}

async fn actor(web: &Web, parts: &Parts) -> Result<Option<Actor>, PageError> {
    if let Some(token) = api::bearer(&parts.headers) {
        let address = origin::of(parts, web).address;
        return Ok(web.app().api_actor(token, &address).await?);
    }
    Ok(match visit::visit(web, Realm::Administrator, parts).await? {
        Visit::Full(me) => Some(me.actor),
        Visit::Stranger | Visit::Half(_) => None,
    })
}
