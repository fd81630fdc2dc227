//! Home of the User Portal: what there is to reach, and the days that remain (S5.1).

use crate::{
    Web,
    chrome::PortalChrome,
    error::PageError,
    flash::Said,
    theme::Theme,
    view::{filters, page},
    visit::User,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::words;
use claviger_domain::{sign_in::TotpSwitch, status::Status};

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    chrome: PortalChrome,
    greeting: String,
    banner: Option<Banner>,
}

struct Banner {
    title: String,
    text: String,
}

pub(super) async fn show(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    said: Said,
) -> Result<Response, PageError> {
    let organization = web.app().organization().await?;
    let first = &me.account.name.first;
    let called =
        if first.is_empty() { me.account.name.shown(me.account.email.as_str()) } else { first.clone() };
    let banner = match (me.account.mfa.status(web.app().now()), organization.totp) {
        (Status::Enrolling { left, until }, TotpSwitch::Enabled) => Some(Banner {
            title: format!("{} left to set up MFA", words::span(left)),
            text: match until {
                Some(until) => format!(
                    "Until {}. It takes about two minutes.",
                    words::date(until, &organization.settings.time_zone)
                ),
                None => "It takes about two minutes.".into(),
            },
        }),
        _ => None,
    };
    let chrome = PortalChrome::new(&web, &me, theme, said, "home").await?;
    Ok(page(&Home { chrome, greeting: format!("Hello, {called}"), banner }))
}
