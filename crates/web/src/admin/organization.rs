//! Settings › Organization (S2.5).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    logo,
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{
    organization::Organization,
    permission::{ManageOrganization, ViewUsers},
    reminder::Reminder,
};
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "admin/settings_organization.html")]
pub(super) struct OrganizationSettings {
    chrome: AdminChrome,
    may_edit: bool,
    problem: Option<String>,
    revision: String,
    fields: HashMap<&'static str, Field>,
    time_zones: Vec<Choice>,
    reminders: Vec<Tick>,
    logo: Option<String>,
    pub(super) logo_file: Field,
}

struct Choice {
    value: String,
    label: String,
}

struct Tick {
    name: String,
    label: &'static str,
    check: Check,
    fixed: bool,
}

impl Tick {
    fn of(reminder: Reminder, is_on: impl Fn(Reminder) -> bool) -> Self {
        let fixed = reminder == Reminder::Day;
        let check = Check { on: fixed || is_on(reminder), error: None };
        Self { name: tick_name(reminder), label: reminder.words(), check, fixed }
    }
}

fn tick_name(reminder: Reminder) -> String {
    format!("reminder_{}", reminder.hours())
}

/// The hours of the reminders that are ticked, as the setting's text.
fn ticked(form: &Posted) -> String {
    let ticked = Reminder::ALL.into_iter().filter(|reminder| form.has(&tick_name(*reminder)));
    ticked.map(|reminder| reminder.hours().to_string()).collect::<Vec<_>>().join(" ")
}

impl OrganizationSettings {
    pub(super) async fn new(
        web: &Web,
        me: &SignedIn,
        frame: Frame,
        organization: &Organization,
    ) -> Result<Self, PageError> {
        let settings = &organization.settings;
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "organization").await?,
            may_edit: me.actor.granted::<ManageOrganization>().is_ok(),
            problem: None,
            revision: organization.revision.to_string(),
            fields: settings
                .texts()
                .into_iter()
                .chain([("name", settings.name.clone())])
                .map(|(name, text)| (name, Field::of(text)))
                .collect(),
            time_zones: words::zones()
                .into_iter()
                .map(|zone| Choice { label: zone.replace('_', " "), value: zone })
                .collect(),
            reminders: Reminder::ALL
                .map(|reminder| Tick::of(reminder, |reminder| settings.reminders.has(reminder)))
                .into(),
            logo: logo::address(organization),
            logo_file: Field::default(),
        })
    }

    /// What the form shows in the field of that name.
    fn field(&self, name: &str) -> Field {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
        for (name, field) in &mut self.fields {
            *field = form.field(name, errors);
        }
        let is_ticked = |reminder| form.has(&tick_name(reminder));
        self.reminders = Reminder::ALL.map(|reminder| Tick::of(reminder, is_ticked)).into();
        self
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
    if me.actor.granted::<ManageOrganization>().is_ok() {
        web.app().require_fresh_code(&me.actor)?;
    }
    let organization = web.app().organization().await?;
    Ok(page(&OrganizationSettings::new(&web, &me, frame, &organization).await?))
}

pub(super) async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let current = web.app().organization().await?;
    let reminders = ticked(&form);
    // Settings that other pages change are not in this form.
    let text = |name: &'static str| match name {
        "reminders" => Some(reminders.as_str()),
        name => form.has(name).then(|| form.text(name)),
    };
    let saved = match current.settings.changed(text, words::zone_exists) {
        Ok(settings) => web.app().save_settings(&granted, settings, form.text("revision").parse().ok()).await,
        Err(errors) => Err(errors.into()),
    };
    let Again { status, errors, problem } = match saved {
        Ok(_) => return Ok(flash::redirect("/admin/settings/organization", "saved")),
        Err(refusal) => Again::after(refusal)?,
    };
    let organization = web.app().organization().await?;
    let again = OrganizationSettings::new(&web, &me, frame, &organization).await?.typed(&form, &errors);
    Ok(render(status, &OrganizationSettings { problem, ..again }))
}
