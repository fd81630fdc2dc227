//! Settings › Security › Admin Accounts: the Global MFA Requirement (S6.4).

use super::{confirm::Confirm, security_reset::ResetSection};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use claviger_app::{Refusal, session::SignedIn, words};
use claviger_domain::{
    administrator::Demanded,
    permission::{ManageOrganization, ViewUsers},
};

const PAGE: &str = "/admin/settings/security";

#[derive(Template)]
#[template(path = "admin/settings_security.html")]
struct Security {
    chrome: AdminChrome,
    may_edit: bool,
    required: bool,
    resets: ResetSection,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
    let organization = web.app().organization().await?;
    Ok(page(&Security {
        chrome: AdminChrome::new(&web, &me, frame, "security").await?,
        may_edit: me.actor.granted::<ManageOrganization>().is_ok(),
        required: organization.settings.admin_mfa == Demanded::OfEveryone,
        resets: ResetSection::of(&organization, &me),
    }))
}

/// `require` or `release`, the last part of the address.
fn wanted(path: &str) -> Result<Demanded, PageError> {
    match path {
        "require" => Ok(Demanded::OfEveryone),
        "release" => Ok(Demanded::OfEach),
        _ => Err(PageError::NotFound("page")),
    }
}

async fn confirmation(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    (path, to): (&str, Demanded),
) -> Result<Confirm, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let (heading, effects, verb) = match to {
        Demanded::OfEveryone => {
            let count = web.app().administrators_to_be_required(&granted).await?;
            let newly = match count {
                0 => "MFA is required of every administrator already; it will be of each new one.".into(),
                _ => format!(
                    "MFA will be required of {} more, now and of each new one.",
                    words::counted(count, "administrator")
                ),
            };
            let mailed = "Those who have no authenticator yet are mailed how to set one up, and see nothing else until then.";
            let fixed = "The switch on each administrator's page is fixed on.";
            ("Require MFA of every administrator", vec![newly, mailed.into(), fixed.into()], "Require MFA")
        }
        Demanded::OfEach => {
            let stay = "MFA stays required of every administrator of whom it is required now.";
            let edit = "The switch on each administrator's page can be changed again.";
            ("Turn the Global MFA Requirement off", vec![stay.into(), edit.into()], "Turn off")
        }
    };
    let chrome = AdminChrome::new(web, me, frame, "security").await?;
    let trail = vec![Link { href: PAGE.into(), label: "Security".into() }];
    Ok(Confirm {
        heading: heading.into(),
        effects,
        danger: to == Demanded::OfEach,
        verb: verb.into(),
        ..Confirm::new(chrome, trail, format!("{PAGE}/administrators/{path}"), PAGE.into())
    })
}

pub(super) async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(path): Path<String>,
) -> Result<Response, PageError> {
    let to = wanted(&path)?;
    me.actor.granted::<ManageOrganization>()?;
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&confirmation(&web, &me, frame, (&path, to)).await?))
}

pub(super) async fn act(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(path): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let to = wanted(&path)?;
    match web.app().demand_administrators_mfa(&granted, to).await {
        Ok(_) => Ok(flash::redirect(
            PAGE,
            match to {
                Demanded::OfEveryone => "administrators_all_required",
                Demanded::OfEach => "administrators_each",
            },
        )),
        Err(Refusal::State { message, .. }) => {
            let mut again = confirmation(&web, &me, frame, (&path, to)).await?;
            again.problem = Some(message);
            Ok(render(StatusCode::CONFLICT, &again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
