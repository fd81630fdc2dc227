//! MFA Configurations: TOTP on or off for the organization (S2.2–S2.4).

use super::confirm::{Confirm, Typed};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field, Posted},
    view::{Fact, Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{
    permission::{ManageOrganization, ViewUsers},
    sign_in::TotpSwitch,
    totp::Window,
};

#[derive(Template)]
#[template(path = "admin/mfa.html")]
struct MfaConfigurations {
    chrome: AdminChrome,
    may_edit: bool,
    enabled: bool,
    facts: Vec<Fact>,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
    let organization = web.app().organization().await?;
    let settings = &organization.settings;
    let window = match settings.window {
        Window::Tolerant => "Tolerant: the step before, this one, the one after",
        Window::Strict => "Strict: this step and the one before",
    };
    let facts = vec![
        Fact::new("Codes", "Time-based, 6 digits, 30 seconds, SHA-1"),
        Fact::new("Accepted window", window),
        Fact::new("Shown in apps as", settings.issuer()),
        Fact::new("Default enrollment period", words::days(settings.enrollment_days.get())),
        Fact::new("Users with MFA set up", words::number(web.app().protected_users().await?)),
    ];
    Ok(page(&MfaConfigurations {
        chrome: AdminChrome::new(&web, &me, frame, "mfa").await?,
        may_edit: me.actor.granted::<ManageOrganization>().is_ok(),
        enabled: organization.totp == TotpSwitch::Enabled,
        facts,
    }))
}

pub(super) async fn enable(State(web): State<Web>, Admin(me): Admin) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    web.app().switch_totp(&granted, TotpSwitch::Enabled).await?;
    Ok(flash::redirect("/admin/mfa", "totp_enabled"))
}

async fn disabling(web: &Web, me: &SignedIn, frame: Frame, field: Field) -> Result<Confirm, PageError> {
    let organization = web.app().organization().await?;
    let name = &organization.settings.name;
    let users = web.app().protected_users().await?;
    let chrome = AdminChrome::new(web, me, frame, "mfa").await?;
    let trail = vec![Link { href: "/admin/mfa".into(), label: "MFA Configurations".into() }];
    Ok(Confirm {
        heading: format!("Disable TOTP for {name}"),
        effects: vec![
            format!("{} will no longer be asked for a code.", words::counted(users, "user")),
            "Nobody can set MFA up, and no user can be required to.".into(),
            "Factors, requirements and deadlines are kept, and come into force again when you enable TOTP."
                .into(),
            "Administrators' MFA stays in force. All administrators are told by e-mail.".into(),
        ],
        typed_name: Some(Typed {
            name: "organization",
            label: "Organization's name".into(),
            hint: format!("Type {name} to confirm."),
            field,
        }),
        danger: true,
        verb: "Disable TOTP".into(),
        ..Confirm::new(chrome, trail, "/admin/mfa/totp/disable".into(), "/admin/mfa".into())
    })
}

pub(super) async fn ask_disable(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageOrganization>()?;
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&disabling(&web, &me, frame, Field::default()).await?))
}

pub(super) async fn disable(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let disabled = web.app().disable_totp(&granted, form.text("organization")).await;
    let Again { status, errors, problem } = match disabled {
        Ok(()) => return Ok(flash::redirect("/admin/mfa", "totp_disabled")),
        Err(refusal) => Again::after(refusal)?,
    };
    let again = disabling(&web, &me, frame, form.field("organization", &errors)).await?;
    Ok(render(status, &Confirm { problem, ..again }))
}
