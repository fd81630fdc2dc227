//! Requests for a code, and the way back to the application.

use super::parameters::{InForm, in_query};
use crate::{
    Web,
    error::PageError,
    origin::{self, From as FromOrigin},
    saml::{doors, wrong_page},
    theme::Theme,
    visit,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{oidc::Authorized, session::Origin};
use claviger_domain::{
    account::Realm,
    application::{door::Door, oidc::request::Parameters},
    id::ApplicationId,
};

/// A request in the query of the address.
pub(super) async fn by_query(
    State(web): State<Web>,
    RawQuery(query): RawQuery,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
) -> Result<Response, PageError> {
    received(&web, theme, &in_query(query.as_deref())?, &origin).await
}

/// A request in a form that another site posts: without our cookie, so that it waits for the next address.
pub(super) async fn by_form(
    State(web): State<Web>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    InForm(parameters): InForm,
) -> Result<Response, PageError> {
    received(&web, theme, &parameters, &origin).await
}

async fn received(
    web: &Web,
    theme: Theme,
    parameters: &Parameters,
    origin: &Origin,
) -> Result<Response, PageError> {
    match web.app().receive_authorization(parameters, origin).await? {
        Authorized::Pending(id, kept) => Ok(Redirect::to(&Door::Oidc(id).address(&kept)).into_response()),
        Authorized::Back(address) => Ok(Redirect::to(&address).into_response()),
        Authorized::Wrong(wrong) => wrong_page(web, theme, &wrong).await,
        Authorized::Unknown => Err(PageError::NotFound("application")),
    }
}

/// Decides at the door of the application.
pub(super) async fn go_on(
    State(web): State<Web>,
    Path(id): Path<String>,
    theme: Theme,
    request: Request,
) -> Result<Response, PageError> {
    let id: ApplicationId = id.parse().map_err(|_| PageError::NotFound("application"))?;
    let (parts, _) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let kept = query.strip_prefix("request=").unwrap_or_default();
    let origin = origin::of(&parts, &web);
    let visit = visit::visit(&web, Realm::User, &parts).await?;
    let entrance = web.app().enter_oidc_application((id, kept), &visit, &origin).await?;
    doors::answered(&web, theme, (Door::Oidc(id), kept), entrance).await
}
