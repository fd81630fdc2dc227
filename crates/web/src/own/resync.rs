//! "My codes are refused": two consecutive codes put an app or token back in step (S4.18).

use super::RESYNC;
use crate::{
    Web,
    error::PageError,
    flash,
    form::{Errors, Posted},
    signin::{Portal, ResyncPage, in_words},
    theme::Theme,
    view::{Link, page, unprocessable},
    visit::Me,
};
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::verify::Told;
use claviger_domain::{mfa::Enrollment, resync::Pair};

async fn resync_page(
    web: &Web,
    portal: Portal,
    theme: Theme,
    errors: &Errors,
) -> Result<ResyncPage, PageError> {
    let back = Link { href: portal.own(""), label: "Cancel".into() };
    ResyncPage::new(web, theme, portal.own(RESYNC), back, errors).await
}

pub(super) async fn show(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
) -> Result<Response, PageError> {
    match me.account.mfa.enrollment {
        Enrollment::NotEnrolled => Ok(Redirect::to(&portal.own("")).into_response()),
        Enrollment::Enrolled(_) => Ok(page(&resync_page(&web, portal, theme, &Errors::default()).await?)),
    }
}

pub(super) async fn submit(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
    form: Posted,
) -> Result<Response, PageError> {
    let errors = match Pair::parse(form.text("code"), form.text("code_2")) {
        Err(errors) => errors.into(),
        Ok(pair) => match web.app().resync_own(&me, &pair).await? {
            Told::Accepted => return Ok(flash::redirect(&portal.own(""), "resynced")),
            told => in_words(told, web.app().now()),
        },
    };
    Ok(unprocessable(&resync_page(&web, portal, theme, &errors).await?))
}
