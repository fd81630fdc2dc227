//! Home of the User Portal: what there is to reach, and the days that remain (S5.1).

use crate::{
    Web,
    chrome::PortalChrome,
    error::PageError,
    flash::Said,
    own::recovery_path,
    signin::Portal,
    theme::Theme,
    view::{filters, page},
    visit::User,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{recovery::is_few, sign_in::TotpSwitch, status::Status};

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home {
    chrome: PortalChrome,
    greeting: String,
    banner: Option<Banner>,
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
) -> Result<Response, PageError> {
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
    Ok(page(&Home { chrome, greeting: format!("Hello, {called}"), banner }))
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
