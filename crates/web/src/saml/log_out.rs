//! Single Logout, from application to application by way of the browser.

use super::{
    doors::wrong_page,
    forward,
    forward::Told,
    sign_on::{in_form, named},
};
use crate::{Web, error::PageError, flash, form::Posted, origin::From as FromOrigin, theme::Theme};
use axum::{
    extract::{Path, RawQuery, State},
    response::Response,
};
use claviger_app::saml::{LogOutStep, Posted as Brought, ReceivedLogOut};

/// A message in the query of the address.
pub(super) async fn by_query(
    State(web): State<Web>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
) -> Result<Response, PageError> {
    let message = Brought::Query(query.as_deref().unwrap_or_default());
    let received = web.app().receive_log_out(named(&id)?, message, &origin).await?;
    answered(&web, theme, received).await
}

/// A message in a form that another site posts. Whose session it is about stands in the message.
pub(super) async fn by_form(
    State(web): State<Web>,
    Path(id): Path<String>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    form: Posted,
) -> Result<Response, PageError> {
    let received = web.app().receive_log_out(named(&id)?, in_form(&form), &origin).await?;
    answered(&web, theme, received).await
}

/// The way on after somebody signed out here; whoever comes again leaves an application behind that doesn't answer.
pub(super) async fn go_on(
    State(web): State<Web>,
    Path(token): Path<String>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
) -> Result<Response, PageError> {
    let step = web.app().continue_log_out(&token, &origin).await?;
    stepped(&web, theme, step).await
}

async fn answered(web: &Web, theme: Theme, received: ReceivedLogOut) -> Result<Response, PageError> {
    match received {
        ReceivedLogOut::Step(step) => stepped(web, theme, step).await,
        ReceivedLogOut::Wrong(wrong) => wrong_page(web, theme, &wrong).await,
        ReceivedLogOut::Unknown => Err(PageError::NotFound("application")),
    }
}

async fn stepped(web: &Web, theme: Theme, step: LogOutStep) -> Result<Response, PageError> {
    match step {
        LogOutStep::Post { application, form } => {
            forward::post(web, theme, Told::signing_out(&application), form).await
        }
        LogOutStep::Go { application, address } => {
            forward::go(web, theme, Told::signing_out(&application), address).await
        }
        LogOutStep::Done { missing: 0 } => Ok(flash::redirect("/sign-in", "signed_out")),
        LogOutStep::Done { .. } => Ok(flash::redirect("/sign-in", "signed_out_partly")),
    }
}
