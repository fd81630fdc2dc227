//! Home of the User Portal: what there is to reach, and the days that remain (S5.1).

use crate::{
    Web,
    chrome::PortalChrome,
    error::PageError,
    flash::Said,
    own::recovery_path,
    saml::Next,
    signin::Portal,
    theme::Theme,
    view::{filters, page},
    visit::User,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{application::Application, recovery::is_few, sign_in::TotpSwitch, status::Status};

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    chrome: PortalChrome,
    greeting: String,
    banner: Option<Banner>,
    tiles: Vec<Tile>,
}

struct Tile {
    href: String,
    name: String,
    description: String,
    initial: String,
}

struct Banner {
    enrolling: bool,
    title: String,
    text: String,
    href: String,
    verb: &'static str,
}

pub(super) async fn show(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    said: Said,
    on_the_way: Next,
) -> Result<Response, PageError> {
    if let Some(response) = on_the_way.followed(&web, theme).await? {
        return Ok(response);
    }
    let organization = web.app().organization().await?;
    let first = &me.account.name.first;
    let called =
        if first.is_empty() { me.account.name.shown(me.account.email.as_str()) } else { first.clone() };
    let banner = match (me.account.mfa.status(web.app().now()), organization.totp) {
        (Status::Active | Status::Optional, TotpSwitch::Enabled) => few_codes(&web, &me).await?,
        (Status::Enrolling { left, until }, TotpSwitch::Enabled) => Some(Banner {
            enrolling: true,
            title: format!("{} left to set up MFA", words::span(left)),
            text: match until {
                Some(until) => format!(
                    "Until {}. It takes about two minutes.",
                    words::date(until, &organization.settings.time_zone)
                ),
                None => "It takes about two minutes.".into(),
            },
            href: Portal::USER.path("/enroll"),
            verb: "Set up MFA",
        }),
        _ => None,
    };
    let chrome = PortalChrome::new(&web, &me, theme, said, "home").await?;
    let tile = |application: Application| Tile {
        href: format!("/applications/{}", application.id),
        name: application.name.as_str().to_owned(),
        initial: application.name.as_str().chars().take(1).flat_map(char::to_uppercase).collect(),
        description: application.description,
    };
    let tiles = web.app().own_applications(&me).await?.into_iter().map(tile).collect();
    Ok(page(&Home { chrome, greeting: format!("Hello, {called}"), banner, tiles }))
}

/// S4.9: a warning while few recovery codes are left.
async fn few_codes(web: &Web, me: &SignedIn) -> Result<Option<Banner>, PageError> {
    let left = web.app().recovery_codes_left(me).await?.filter(|left| is_few(*left));
    Ok(left.map(|left| Banner {
        enrolling: false,
        title: match left {
            0 => "You have no recovery codes".into(),
            left => format!("Only {} left", words::counted(left, "recovery code")),
        },
        text: "Without one, only an administrator can help when your phone is gone.".into(),
        href: recovery_path(Portal::USER),
        verb: "Make new codes",
    }))
}
