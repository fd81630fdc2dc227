//! Requests to sign somebody in, tiles, and the way to the application.

use super::doors::{self, wrong_page};
use crate::{
    Web,
    error::PageError,
    form::Posted,
    origin::{self, From as FromOrigin},
    theme::Theme,
    visit,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::saml::{Posted as Brought, Received};
use claviger_domain::{account::Realm, application::door::Door, id::ApplicationId};

/// The application in an address.
pub(super) fn named(id: &str) -> Result<ApplicationId, PageError> {
    id.parse().map_err(|_| PageError::NotFound("application"))
}

/// What a form says of a message.
pub(super) fn in_form(form: &Posted) -> Brought<'_> {
    let field = |name: &str| form.has(name).then(|| form.text(name));
    Brought::Form {
        request: field("SAMLRequest"),
        response: field("SAMLResponse"),
        relay_state: field("RelayState"),
    }
}

/// What an application is told of us.
pub(super) async fn metadata(State(web): State<Web>, Path(id): Path<String>) -> Result<Response, PageError> {
    let xml = web.app().saml_metadata(named(&id)?).await?.ok_or(PageError::NotFound("application"))?;
    let head = [
        (header::CONTENT_TYPE, "application/samlmetadata+xml"),
        (header::CONTENT_DISPOSITION, "inline; filename=\"claviger-metadata.xml\""),
    ];
    Ok((head, xml).into_response())
}

/// A request in the query of the address.
pub(super) async fn by_query(
    State(web): State<Web>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
) -> Result<Response, PageError> {
    let id = named(&id)?;
    let message = Brought::Query(query.as_deref().unwrap_or_default());
    let received = web.app().receive_sign_on(id, message, &origin).await?;
    led_on(&web, theme, id, received).await
}

/// A request in a form that another site posts: without our cookie, so that it waits for the next address.
pub(super) async fn by_form(
    State(web): State<Web>,
    Path(id): Path<String>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    let id = named(&id)?;
    let received = web.app().receive_sign_on(id, in_form(&form), &origin).await?;
    led_on(&web, theme, id, received).await
}

/// A tile, or a link to one.
pub(super) async fn begin(
    State(web): State<Web>,
    Path(id): Path<String>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
) -> Result<Response, PageError> {
    let id = named(&id)?;
    if let Some(start) = web.app().oidc_start(id).await? {
        return Ok(Redirect::to(&start).into_response());
    }
    let received = web.app().begin_here(id, &origin).await?;
    led_on(&web, theme, id, received).await
}

async fn led_on(
    web: &Web,
    theme: Theme,
    id: ApplicationId,
    received: Received,
) -> Result<Response, PageError> {
    match received {
        Received::Pending(kept) => Ok(Redirect::to(&Door::Saml(id).address(&kept)).into_response()),
        Received::Wrong(wrong) => wrong_page(web, theme, &wrong).await,
        Received::Unknown => Err(PageError::NotFound("application")),
    }
}

/// Decides at the door of the application.
pub(super) async fn go_on(
    State(web): State<Web>,
    Path(id): Path<String>,
    theme: Theme,
    request: Request,
) -> Result<Response, PageError> {
    let id = named(&id)?;
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let kept = query.strip_prefix("request=").unwrap_or_default();
    let origin = origin::of(&parts, &web);
    let visit = visit::visit(&web, Realm::User, &parts).await?;
    let entrance = web.app().enter_application((id, kept), &visit, &origin).await?;
    doors::answered(&web, theme, (Door::Saml(id), kept), entrance).await
}
