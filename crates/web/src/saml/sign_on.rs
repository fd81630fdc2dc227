//! Requests to sign somebody in, tiles, and the way to the application.

use super::{
    confirm, forward,
    forward::Told,
    next::{address, sign_in_first},
};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::Posted,
    ops::AtDoor,
    origin::{self, From as FromOrigin},
    signin::{Message, contact},
    theme::Theme,
    view::{Link, render},
    visit,
};
use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::saml::{Entrance, Posted as Brought, Received, Refused, Wrong, WrongMessage};
use claviger_domain::{
    account::Realm,
    application::release::{Asked, Reason},
    id::ApplicationId,
};

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
        Received::Pending(kept) => Ok(Redirect::to(&address(id, &kept)).into_response()),
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
    web.metrics().at_door(&AtDoor::of(&entrance));
    match entrance {
        Entrance::Post(form) => forward::post(&web, theme, Told::signing_in(), form).await,
        Entrance::SignIn => Ok(sign_in_first(&web, &address(id, kept))),
        Entrance::Show { .. } => Ok(confirm::lead(&address(id, kept))),
        Entrance::Refused { application, why } => refused_page(&web, theme, &application, why).await,
        Entrance::Stale => {
            again_page(&web, theme, id, "This took too long", "Start again at the application.").await
        }
        Entrance::Repeated => {
            let text = "This sign-in was used already. Open the application again.";
            again_page(&web, theme, id, "You were on your way already", text).await
        }
        Entrance::Unknown => Err(PageError::NotFound("application")),
    }
}

async fn message(
    web: &Web,
    theme: Theme,
    (status, kind): (StatusCode, &'static str),
    (heading, text): (String, String),
    action: Link,
) -> Result<Response, PageError> {
    let chrome = Chrome::new(web, theme).await?;
    Ok(render(status, &Message { chrome, kind, heading, text, action: Some(action) }))
}

fn home() -> Link {
    Link { href: "/".into(), label: "Go to Home".into() }
}

async fn again_page(
    web: &Web,
    theme: Theme,
    id: ApplicationId,
    heading: &str,
    text: &str,
) -> Result<Response, PageError> {
    let action = Link { href: format!("/applications/{id}"), label: "Open the application".into() };
    let how = (StatusCode::CONFLICT, "warning");
    message(web, theme, how, (heading.into(), text.into()), action).await
}

/// A message that is not taken: little for the person, everything for the log.
pub(super) async fn wrong_page(web: &Web, theme: Theme, wrong: &Wrong) -> Result<Response, PageError> {
    let text = match wrong.kind {
        WrongMessage::Damaged => "What it sent can't be read.",
        WrongMessage::NotTrusted => "It isn't certain that it comes from the application.",
        WrongMessage::Misaddressed => {
            "What it sent is meant for another place, or wants the answer at an unknown one."
        }
        WrongMessage::Outdated => {
            "What it sent is too old, or a clock is wrong. Start again at the application."
        }
        WrongMessage::Unsupported => "It asks for something that isn't offered here.",
        WrongMessage::Repeated => "What it sent was used before. Start again at the application.",
    };
    let contact = contact(web).await?;
    let words = (
        format!("{} sent a request that can't be accepted", wrong.application),
        format!("{text} If it happens again, contact {contact}; the activity log says more."),
    );
    message(web, theme, (StatusCode::BAD_REQUEST, "warning"), words, home()).await
}

/// S10.2: the person learns why, the application nothing.
async fn refused_page(
    web: &Web,
    theme: Theme,
    application: &str,
    why: Refused,
) -> Result<Response, PageError> {
    let contact = contact(web).await?;
    let set_up = Link { href: "/security".into(), label: "Set up MFA".into() };
    let (kind, heading, text, action) = match why {
        Refused::Reason(Reason::Disabled) => (
            "warning",
            format!("{application} is switched off"),
            format!("Nobody can open it from here at present. Contact {contact}."),
            home(),
        ),
        Refused::Reason(Reason::Barred) => (
            "warning",
            "Your account is not active".to_owned(),
            format!("You can't open {application} with it at present. Contact {contact}."),
            home(),
        ),
        Refused::Reason(Reason::LockedOut { .. }) => (
            "danger",
            "The time to set up MFA has ended".to_owned(),
            format!(
                "You can't open {application} until an administrator gives you more time. Contact {contact} to get access again."
            ),
            Link { href: "/sign-in".into(), label: "Back to sign-in".into() },
        ),
        Refused::Reason(Reason::NotAssigned) => (
            "warning",
            format!("You don't have {application}"),
            format!("Your account isn't in a group that has it. Contact {contact} if you need it."),
            home(),
        ),
        Refused::Reason(Reason::NoFactor) | Refused::Context => (
            "warning",
            format!("{application} asks for MFA"),
            "Set up an authenticator app first, then open the application again.".to_owned(),
            set_up,
        ),
        Refused::Reason(Reason::MayNotAsk(Asked::SignIn | Asked::Code | Asked::Password)) => (
            "warning",
            format!("{application} can't be opened silently"),
            "Open it from Home.".to_owned(),
            home(),
        ),
        Refused::OtherPerson => (
            "warning",
            format!("{application} asks for another account"),
            "Sign out here and sign in with the account that it asks for.".to_owned(),
            home(),
        ),
        Refused::NameKind => (
            "warning",
            format!("{application} asks for a name that it isn't given"),
            format!("Its settings here and there differ. Contact {contact}."),
            home(),
        ),
    };
    message(web, theme, (StatusCode::FORBIDDEN, kind), (heading, text), action).await
}
