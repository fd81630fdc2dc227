//! Switching a device's MFA: what it would do is told first (S8.3, S8.7, S8.7a, S8.9).

use super::{
    change::{Change, named},
    confirm::Asks,
    device::confirmation,
    device_parts::{note_words, outcome_words, trail},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    routing::{Routes, get},
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
};
use claviger_app::{
    Refusal,
    device_admin::{DevicePreview, MfaOn, PersonPreview, Preview},
    session::SignedIn,
    stored::device_list::Filter,
    words,
};
use claviger_domain::{
    device::{FirstFactor, Revert, Ssh, Switch},
    id::DeviceId,
    mfa::Enrollment,
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
};
use std::collections::BTreeMap;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/devices/{id}/mfa", get(ask).post(enable))
        .at("/admin/devices/{id}/mfa/off", get(ask_disable).post(disable))
}

/// What would happen to one device, in words.
pub(super) struct DeviceTold {
    pub(super) name: String,
    pub(super) href: String,
    pub(super) notes: Vec<String>,
    pub(super) people: Vec<PersonTold>,
}

/// What somebody would meet, in words.
pub(super) struct PersonTold {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) is_enrolled: bool,
    pub(super) kind: &'static str,
    pub(super) outcome: String,
}

impl PersonTold {
    fn of(person: &PersonPreview, when: (Timestamp, &str)) -> Self {
        let account = &person.account;
        let (kind, outcome) = outcome_words(person.outcome, when);
        Self {
            href: format!("/admin/users/{}", account.id),
            name: account.name.shown(account.username().map_or("", |name| name.as_str())),
            email: account.email.to_string(),
            is_enrolled: account.mfa.enrollment != Enrollment::NotEnrolled,
            kind,
            outcome,
        }
    }
}

impl DeviceTold {
    pub(super) fn of(told: &DevicePreview, when: (Timestamp, &str)) -> Self {
        let device = &told.listed.known.device;
        Self {
            name: device.name.clone(),
            href: format!("/admin/devices/{}", device.id),
            notes: told.notes.iter().map(|note| note_words(*note, when.0)).collect(),
            people: told.people.iter().map(|person| PersonTold::of(person, when)).collect(),
        }
    }
}

/// What is left out of a preview, in a sentence.
pub(super) fn left_out(preview: &Preview) -> Option<String> {
    match (preview.further_devices, preview.further_people) {
        (0, 0) => None,
        (0, people) => Some(format!("{} more are not shown.", words::counted(people, "user"))),
        (devices, _) => Some(format!("{} more are not shown.", words::counted(devices, "device"))),
    }
}

#[derive(Template)]
#[template(path = "admin/device_mfa.html")]
struct EnablePage {
    chrome: AdminChrome,
    trail: Vec<Link>,
    name: String,
    base: String,
    problem: Option<String>,
    /// S8.9: asked where both ways in are on.
    first_factor: Option<Field>,
    revert: Check,
    minutes: Field,
    told: DeviceTold,
    left_out: Option<String>,
}

/// What an administrator has chosen so far.
#[derive(Default)]
struct Chosen {
    first_factor: Option<FirstFactor>,
    revert: Check,
    minutes: Field,
}

impl Chosen {
    fn of(query: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| query.get(name).map_or("", String::as_str);
        let minutes = match text("minutes") {
            "" => Revert::MINUTES.to_string(),
            minutes => minutes.to_owned(),
        };
        Self {
            first_factor: FirstFactor::from_key(text("first_factor")),
            revert: Check { on: query.contains_key("revert"), error: None },
            minutes: Field::of(minutes),
        }
    }

    fn posted(form: &Posted, errors: &Errors) -> Self {
        Self {
            first_factor: FirstFactor::from_key(form.text("first_factor")),
            revert: form.check("revert", errors),
            minutes: form.field("minutes", errors),
        }
    }
}

/// Whether switching MFA on asks which way in to keep.
fn asks_first(ssh: Ssh) -> bool {
    matches!((ssh.password_login, ssh.public_keys), (Switch::On, Switch::On))
        && ssh.both_chosen == Switch::Off
}

async fn enable_page(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    id: DeviceId,
    chosen: Chosen,
) -> Result<EnablePage, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let listed = web.app().device(&granted, id).await?;
    let filter = Filter { ids: Some(vec![id]), ..Filter::default() };
    let preview = web.app().preview_device_mfa(&granted, &filter, chosen.first_factor).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let told = preview.devices.first().map(|told| DeviceTold::of(told, (now, zone)));
    let (name, base) = (listed.known.device.name.clone(), format!("/admin/devices/{id}"));
    let first = chosen.first_factor.map(FirstFactor::key).unwrap_or_default();
    Ok(EnablePage {
        chrome: AdminChrome::new(web, me, frame, "devices").await?,
        trail: trail(&base, &name),
        name,
        base,
        problem: None,
        first_factor: asks_first(listed.known.device.rules.ssh).then(|| Field::of(first)),
        revert: chosen.revert,
        minutes: chosen.minutes,
        told: told.ok_or(PageError::NotFound("device"))?,
        left_out: left_out(&preview),
    })
}

async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    Ok(page(&enable_page(&web, &me, frame, named(&id)?, Chosen::of(&query)).await?))
}

pub(super) fn revert(form: &Posted) -> Result<Revert, Refusal> {
    match form.has("revert") {
        true => Ok(Revert::parse("minutes", form.text("minutes"))?),
        false => Ok(Revert::Never),
    }
}

async fn enable(change: Change<DeviceId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, form } = change;
    let first_factor = FirstFactor::from_key(form.text("first_factor"));
    let done = match revert(&form) {
        Ok(revert) => web.app().enable_device_mfa(&granted, id, &MfaOn { first_factor, revert }).await,
        Err(refusal) => Err(refusal),
    };
    let Again { status, errors, problem } = match done {
        Ok(_) => return Ok(flash::redirect(&format!("/admin/devices/{id}"), "device_mfa_on")),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = enable_page(&web, &me, frame, id, Chosen::posted(&form, &errors)).await?;
    again.problem = problem;
    Ok(render(status, &again))
}

const DISABLE: Asks = Asks {
    path: "mfa/off",
    heading: "Disable MFA on",
    verb: "Disable MFA",
    effects: &[
        "Nobody is asked for a code there any more: a device that is online, within two seconds.",
        "Its users, their accounts and their MFA stay as they are.",
    ],
};

async fn ask_disable(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    confirmation((&web, &me, frame), &id, &DISABLE).await
}

async fn disable(Change { web, granted, id, .. }: Change<DeviceId>) -> Result<Response, PageError> {
    web.app().disable_device_mfa(&granted, id).await?;
    Ok(flash::redirect(&format!("/admin/devices/{id}"), "device_mfa_off"))
}
