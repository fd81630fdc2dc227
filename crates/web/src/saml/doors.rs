//! The doors of applications, whatever they speak: how the way goes on, and what people are told who don't get in.

use super::{confirm, forward, forward::Told, next::sign_in_first};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    ops::AtDoor,
    signin::{Message, contact},
    theme::Theme,
    view::{Link, render},
};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::saml::{Entrance, Refused, Wrong, WrongMessage};
use claviger_domain::application::{
    door::Door,
    release::{Asked, Reason},
};

/// Where people begin again.
fn begin(door: Door) -> Link {
    match door {
        Door::Saml(id) => Link { href: format!("/applications/{id}"), label: "Open the application".into() },
        Door::Oidc(_) => home(),
    }
}

/// What came of a request at a door.
pub(crate) async fn answered(
    web: &Web,
    theme: Theme,
    (door, kept): (Door, &str),
    entrance: Entrance,
) -> Result<Response, PageError> {
    web.metrics().at_door(&AtDoor::of(&entrance));
    match entrance {
        Entrance::Post(form) => forward::post(web, theme, Told::signing_in(), form).await,
        Entrance::Go(address) => Ok(Redirect::to(&address).into_response()),
        Entrance::SignIn => Ok(sign_in_first(web, &door.address(kept))),
        Entrance::Show { .. } => Ok(confirm::lead(&door.address(kept))),
        Entrance::Refused { application, why } => refused_page(web, theme, &application, why).await,
        Entrance::Stale => {
            again_page(web, theme, door, "This took too long", "Start again at the application.").await
        }
        Entrance::Repeated => {
            let text = "This sign-in was used already. Open the application again.";
            again_page(web, theme, door, "You were on your way already", text).await
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
    door: Door,
    heading: &str,
    text: &str,
) -> Result<Response, PageError> {
    let how = (StatusCode::CONFLICT, "warning");
    message(web, theme, how, (heading.into(), text.into()), begin(door)).await
}

/// A message that is not taken: little for the person, everything for the log.
pub(crate) async fn wrong_page(web: &Web, theme: Theme, wrong: &Wrong) -> Result<Response, PageError> {
    web.metrics().at_door(&AtDoor::WRONG);
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
