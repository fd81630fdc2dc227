//! Settings › Security › Resets of administrators' MFA: by themselves, and by two (S6.8).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Errors, Field, Posted},
    routing::{Routes, get},
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{Router, extract::State, response::Response};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{
    mfa_reset::SelfReset,
    organization::{Organization, Settings},
    permission::{ManageOrganization, ViewUsers},
};

const PAGE: &str = "/admin/settings/security/resets";
const SECURITY: &str = "/admin/settings/security";
const DEFAULT_HOURS: &str = "24";

pub(super) fn routes() -> Router<Web> {
    Router::new().at(PAGE, get(show).post(save))
}

/// The section of the page Security; the template is `admin/security_reset.html`, with this as `resets`.
pub(super) struct ResetSection {
    pub(super) may_edit: bool,
    pub(super) revision: String,
    pub(super) problem: Option<String>,
    pub(super) self_reset: Field,
    pub(super) hours: Field,
    pub(super) reset_approval: Field,
}

impl ResetSection {
    pub(super) fn of(organization: &Organization, me: &SignedIn) -> Self {
        let settings = &organization.settings;
        let (mode, hours) = match settings.self_reset {
            SelfReset::On => ("on", DEFAULT_HOURS.into()),
            SelfReset::Off => ("off", DEFAULT_HOURS.into()),
            SelfReset::After(_) => ("delay", settings.self_reset.text()),
        };
        Self {
            may_edit: me.actor.granted::<ManageOrganization>().is_ok(),
            revision: organization.revision.to_string(),
            problem: None,
            self_reset: Field::of(mode),
            hours: Field::of(hours),
            reset_approval: Field::of(settings.reset_approval.key()),
        }
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        let delayed = form.text("self_reset") == "delay";
        self.revision = form.owned("revision");
        self.self_reset = Field::of(form.text("self_reset"));
        self.hours = Field::of(form.text("self_reset_hours"));
        let field = if delayed { &mut self.hours } else { &mut self.self_reset };
        field.error = errors.of("self_reset");
        self.reset_approval = form.field("reset_approval", errors);
        self
    }
}

#[derive(Template)]
#[template(path = "admin/settings_resets.html")]
struct ResetSettings {
    chrome: AdminChrome,
    resets: ResetSection,
}

async fn settings_page(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    resets: ResetSection,
) -> Result<ResetSettings, PageError> {
    Ok(ResetSettings { chrome: AdminChrome::new(web, me, frame, "security").await?, resets })
}

async fn show(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
    let resets = ResetSection::of(&*web.app().organization().await?, &me);
    if resets.may_edit {
        web.app().require_fresh_code(&me.actor)?;
    }
    Ok(page(&settings_page(&web, &me, frame, resets).await?))
}

/// The settings with what the form says of resets; the delay is a text of its own in the form only.
fn changed(settings: &Settings, form: &Posted) -> Result<Settings, Refusal> {
    let self_reset = match form.text("self_reset") {
        "delay" => form.text("self_reset_hours"),
        // A delay is not hidden in the choice.
        "on" | "off" => form.text("self_reset"),
        _ => "",
    };
    let text = |name: &'static str| match name {
        "self_reset" => Some(self_reset),
        "reset_approval" => Some(form.text(name)),
        _ => None,
    };
    Ok(settings.changed(text, |_| true)?)
}

async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let current = web.app().load_organization().await?;
    let revision = form.text("revision").parse().ok();
    let saved = match changed(&current.settings, &form) {
        Ok(settings) => web.app().save_settings(&granted, settings, revision).await,
        Err(refusal) => Err(refusal),
    };
    let Again { status, errors, problem } = match saved {
        Ok(_) => return Ok(flash::redirect(SECURITY, "saved")),
        Err(refusal) => Again::after(refusal)?,
    };
    let resets = ResetSection { problem, ..ResetSection::of(&current, &me).typed(&form, &errors) };
    Ok(render(status, &settings_page(&web, &me, frame, resets).await?))
}
