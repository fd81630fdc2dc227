//! Settings › Organization (S2.5).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Errors, Field, Posted},
    view::{filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use claviger_app::{Refusal, session::SignedIn, words};
use claviger_domain::{
    organization::Organization,
    permission::{ManageOrganization, ViewUsers},
};
use std::collections::HashMap;

#[derive(Template)]
#[template(path = "admin/settings_organization.html")]
struct OrganizationSettings {
    chrome: AdminChrome,
    may_edit: bool,
    problem: Option<String>,
    revision: String,
    fields: HashMap<&'static str, Field>,
    time_zones: Vec<Choice>,
}

struct Choice {
    value: String,
    label: String,
}

impl OrganizationSettings {
    async fn new(
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
        self
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
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
    let saved = match current.settings.changed(|name| Some(form.text(name)), words::zone_exists) {
        Ok(settings) => web.app().save_settings(&granted, settings, form.text("revision").parse().ok()).await,
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(_) => Ok(flash::redirect("/admin/settings/organization", "saved")),
        Err(Refusal::Fields(errors)) => {
            let organization = web.app().organization().await?;
            let again = OrganizationSettings::new(&web, &me, frame, &organization).await?;
            Ok(unprocessable(&again.typed(&form, &errors.into())))
        }
        Err(Refusal::Changed) => {
            let organization = web.app().organization().await?;
            let again = OrganizationSettings::new(&web, &me, frame, &organization).await?;
            let mut again = again.typed(&form, &Errors::default());
            again.problem = Some(
                "Somebody else changed the settings meanwhile. Reload the page to see their change.".into(),
            );
            Ok(render(StatusCode::CONFLICT, &again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
