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
    organization::{Form, Organization, window_key},
    permission::{ManageOrganization, ViewUsers},
    time::Span,
};

#[derive(Template)]
#[template(path = "admin/settings_organization.html")]
struct OrganizationSettings {
    chrome: AdminChrome,
    may_edit: bool,
    problem: Option<String>,
    revision: String,
    name: Field,
    support_contact: Field,
    time_zone: Field,
    enrollment_days: Field,
    issuer: Field,
    window: Field,
    codes_at_setup: Field,
    password_min_length: Field,
    admin_idle_minutes: Field,
    user_idle_minutes: Field,
    session_hours: Field,
    time_zones: Vec<Choice>,
}

struct Choice {
    value: String,
    label: String,
}

fn in_minutes(span: Span) -> String {
    (span.micros() / Span::minutes(1).micros()).to_string()
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
            name: Field::of(&settings.name),
            support_contact: Field::of(&settings.support_contact),
            time_zone: Field::of(&settings.time_zone),
            enrollment_days: Field::of(settings.enrollment_days.get().to_string()),
            issuer: Field::of(&settings.issuer),
            window: Field::of(window_key(settings.window)),
            codes_at_setup: Field::of(settings.codes_at_setup.count().to_string()),
            password_min_length: Field::of(settings.password_min_length.to_string()),
            admin_idle_minutes: Field::of(in_minutes(settings.administrator_idle)),
            user_idle_minutes: Field::of(in_minutes(settings.user_idle)),
            session_hours: Field::of(
                (settings.session_overall.micros() / Span::hours(1).micros()).to_string(),
            ),
            time_zones: words::zones()
                .into_iter()
                .map(|zone| Choice { label: zone.replace('_', " "), value: zone })
                .collect(),
        })
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
        self.name = form.field("name", errors);
        self.support_contact = form.field("support_contact", errors);
        self.time_zone = form.field("time_zone", errors);
        self.enrollment_days = form.field("enrollment_days", errors);
        self.issuer = form.field("issuer", errors);
        self.window = form.field("window", errors);
        self.codes_at_setup = form.field("codes_at_setup", errors);
        self.password_min_length = form.field("password_min_length", errors);
        self.admin_idle_minutes = form.field("admin_idle_minutes", errors);
        self.user_idle_minutes = form.field("user_idle_minutes", errors);
        self.session_hours = form.field("session_hours", errors);
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
    let typed = Form {
        name: form.text("name"),
        issuer: form.text("issuer"),
        support_contact: form.text("support_contact"),
        time_zone: form.text("time_zone"),
        enrollment_days: form.text("enrollment_days"),
        window: form.text("window"),
        codes_at_setup: form.text("codes_at_setup"),
        password_min_length: form.text("password_min_length"),
        admin_idle_minutes: form.text("admin_idle_minutes"),
        user_idle_minutes: form.text("user_idle_minutes"),
        session_hours: form.text("session_hours"),
    };
    let saved = match typed.parse(words::zone_exists) {
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
