//! Password & Security: the state of MFA, own sessions, own sign-ins (S4.8, S5.2).

use crate::{
    Web,
    chrome::PortalChrome,
    error::PageError,
    flash::Said,
    own::Own,
    signin::Portal,
    theme::Theme,
    view::{filters, page},
    visit::User,
};
use askama::Template;
use axum::{extract::State, response::Response};

#[derive(Template)]
#[template(path = "portal/security.html")]
struct Security {
    chrome: PortalChrome,
    own: Own,
}

pub(super) async fn show(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    said: Said,
) -> Result<Response, PageError> {
    Ok(page(&Security {
        chrome: PortalChrome::new(&web, &me, theme, said, "security").await?,
        own: Own::of(&web, Portal::USER, &me).await?,
    }))
}
