//! "It was not me": where a mail's link leads whose reader didn't make the change.

use super::{Message, Portal, support};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    origin::From as FromOrigin,
    routing::{Routes, get},
    theme::Theme,
    view::{filters, page, render},
};
use askama::Template;
use axum::{
    Extension, Router,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::Refusal;
use claviger_domain::account::Realm;

pub(super) fn routes(portal: Portal) -> Router<Web> {
    Router::new().at(&portal.path("/not-me/{token}"), get(ask).post(report))
}

#[derive(Template)]
#[template(path = "signin/not_me.html")]
struct NotMe {
    chrome: Chrome,
    action: String,
    account: String,
    after: String,
}

/// Whom to turn to.
async fn contact(web: &Web) -> Result<String, PageError> {
    Ok(support(web).await?.unwrap_or_else(|| "your administrator".into()))
}

/// How the account's owner gets in again.
async fn way_back(web: &Web, portal: Portal) -> Result<String, PageError> {
    Ok(match portal.realm {
        Realm::User => format!("To get in again, contact {}.", contact(web).await?),
        Realm::Administrator => {
            "A link to choose another password is mailed to you. It works for one hour.".into()
        }
    })
}

async fn dead(web: &Web, theme: Theme) -> Result<Response, PageError> {
    let contact = contact(web).await?;
    let page = Message {
        chrome: Chrome::new(web, theme).await?,
        kind: "warning",
        heading: "This link is dead".into(),
        text: format!(
            "It was used, or is older than 7 days. If somebody else has used your account, contact {contact} at once."
        ),
        action: None,
    };
    Ok(render(StatusCode::NOT_FOUND, &page))
}

/// Changes nothing: mail scanners follow links.
async fn ask(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    match web.app().not_me_link(portal.realm, &token).await {
        Ok(found) => Ok(page(&NotMe {
            chrome: Chrome::new(&web, theme).await?,
            action: portal.path(&format!("/not-me/{token}")),
            account: found.account.email.to_string(),
            after: way_back(&web, portal).await?,
        })),
        Err(Refusal::NotFound(_)) => dead(&web, theme).await,
        Err(refusal) => Err(refusal.into()),
    }
}

async fn report(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    FromOrigin(origin): FromOrigin,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    match web.app().report_misuse(portal.realm, &token, &origin).await {
        Ok(()) => Ok(page(&Message {
            chrome: Chrome::new(&web, theme).await?,
            kind: "success",
            heading: "Your account is locked".into(),
            text: format!(
                "Nobody can sign in with its password any more, and your administrators are told. {}",
                way_back(&web, portal).await?
            ),
            action: None,
        })),
        Err(Refusal::NotFound(_)) => dead(&web, theme).await,
        Err(refusal) => Err(refusal.into()),
    }
}
