//! MFA of devices: switched, foretold, confirmed; many at once; and codes for people who are stuck (S8.3, S8.7, S8.8).

use super::{
    body::Body,
    condition::{On, Tagged},
    device_listing::{DeviceFilter, meant},
    devices::{DeviceView, is_on},
    jobs,
    key::May,
    listing::chosen,
    path::{OneDevice, OneMember},
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    repeat::ShownOnce,
    schema::{DeviceBulkWord, FirstFactorWord, Id, ReasonText},
};
use axum::{
    Extension, Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    device_admin::{DevicePreview, ListedDevice, MfaOn, PersonPreview, Verb},
    words,
};
use claviger_domain::{
    device::{
        FirstFactor, MfaStatus, Revert, Stage,
        forecast::{Enrolling, Lacks, Note, Outcome},
    },
    field::{FieldError, Fields},
    permission::{AssistUsers, ManageUsers, ViewUsers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The MFA of a device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeviceMfaView {
    /// The device's own switch.
    enabled: bool,
    /// `off`, `waiting` (on, waiting for the device), `on`, `blocked` or `paused` (the organization's TOTP is off).
    status: &'static str,
    /// Why it is blocked: `no_ssh_server`, `ssh_ignores_drop_ins`, `ssh_refused`, `ssh_overruled`, `pam_profile`, `provider`, `login_window`, `disk`, `unproven` or `other`; null if it isn't.
    blocked: Option<&'static str>,
    /// More about what the device applied last, in its words.
    detail: String,
    /// `none`, `wanted`, `given` or `taken_back`: whether somebody has to prove that codes work.
    proof: &'static str,
    /// Minutes that the device waits for the proof; null if none was asked for.
    proof_minutes: Option<i64>,
}

impl DeviceMfaView {
    pub(super) fn of(listed: &ListedDevice) -> Self {
        let device = &listed.known.device;
        Self {
            enabled: is_on(device.rules.mfa),
            status: listed.status.key(),
            blocked: match listed.status {
                MfaStatus::Blocked(why) => Some(why.key()),
                MfaStatus::Off | MfaStatus::Waiting | MfaStatus::On | MfaStatus::Paused => None,
            },
            detail: listed.known.contact.told.detail.clone(),
            proof: device.proof.stage.key(),
            proof_minutes: (device.proof.stage != Stage::None).then_some(device.proof.seconds / 60),
        }
    }
}

pub(super) fn first_factor(text: Option<&str>) -> Result<Option<FirstFactor>, FieldError> {
    let words: Vec<_> = FirstFactor::ALL.iter().map(|first| (first.key(), *first)).collect();
    chosen("ssh_first_factors", text, &words)
}

fn revert(minutes: Option<i64>) -> Result<Revert, FieldError> {
    match minutes {
        None => Ok(Revert::Never),
        Some(minutes) => Revert::parse("revert_unless_proven_minutes", &minutes.to_string()),
    }
}

/// Switches the MFA of a device.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MfaBody {
    enabled: bool,
    /// `password`, `public_key` or `both`, each followed by the code: needed where password login and public keys are both on.
    #[schema(value_type = Option<FirstFactorWord>)]
    ssh_first_factors: Option<String>,
    /// 5 to 1440: the device takes it back unless somebody signs in with a code within so many minutes.
    #[schema(minimum = 5, maximum = 1440)]
    revert_unless_proven_minutes: Option<i64>,
}

#[utoipa::path(put, path = "/api/v1/devices/{id}/mfa", tag = "devices", operation_id = "switchDeviceMfa",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = MfaBody,
    responses((status = 200, body = DeviceView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn set(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
    Body(body): Body<MfaBody>,
) -> Result<Tagged<DeviceView>, ApiError> {
    let mut fields = Fields::new();
    let first = fields.take(first_factor(body.ssh_first_factors.as_deref()));
    let revert = fields.take(revert(body.revert_unless_proven_minutes));
    let (first_factor, revert) = fields.finish(first.zip(revert))?;
    let listed = if body.enabled {
        web.app().enable_device_mfa(&granted, id, &MfaOn { first_factor, revert }).await?
    } else {
        web.app().disable_device_mfa(&granted, id).await?
    };
    Ok(Tagged(DeviceView::of(&listed, web.app().now())))
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/mfa/confirm", tag = "devices", operation_id = "confirmDeviceMfa",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = DeviceView), Refused, Absent, Conflicting))]
pub(crate) async fn confirm(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneDevice(id): OneDevice,
) -> Result<Tagged<DeviceView>, ApiError> {
    let listed = web.app().confirm_device_mfa(&granted, id).await?;
    Ok(Tagged(DeviceView::of(&listed, web.app().now())))
}

/// Which devices to foretell: exactly one of `ids` and `filter`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    /// Up to 1,000 ids of devices; the first 100 by name are told.
    #[schema(value_type = Option<Vec<Id>>, max_items = 1000)]
    ids: Option<Vec<String>>,
    /// Those that match now; the first 100 by name are told.
    filter: Option<DeviceFilter>,
    /// `password`, `public_key` or `both`: as it would be chosen.
    #[schema(value_type = Option<FirstFactorWord>)]
    ssh_first_factors: Option<String>,
}

/// What switching MFA on would do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewView {
    /// The devices, by name.
    devices: Vec<DevicePreviewView>,
    /// How many devices match that are not told.
    further_devices: i64,
    /// How many people of those devices are not told.
    further_people: i64,
}

/// What it would do to one device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DevicePreviewView {
    /// The device as it is.
    device: DeviceView,
    /// What to know beforehand: `ssh_methods_conflict`, `already_on`, `blocked`, `offline`, `no_ssh_server` or `ssh_closed`.
    notes: Vec<&'static str>,
    /// Whom it would meet.
    people: Vec<PersonPreviewView>,
}

/// What somebody would meet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonPreviewView {
    /// UUID.
    id: String,
    /// E-mail.
    email: String,
    /// Whether they have a factor: column MFA: TOTP.
    enrolled: bool,
    /// `asked`, `first_factor_alone`, `refused` (not enrolled), `locked_out` or `no_access` (suspended or staged).
    outcome: &'static str,
    /// With `asked`: what goes before the code at SSH, `password`, `public_key` or `both`; null where SSH doesn't ask.
    ssh_first_factors: Option<&'static str>,
    /// With `locked_out`: what they lack, `password`, `keys` or `everything`.
    lacks: Option<&'static str>,
    /// RFC 3339, UTC: with `first_factor_alone` and `refused`, when their enrollment period ends; null without one.
    enrolls_until: Option<String>,
}

const fn note_key(note: &Note) -> &'static str {
    match note {
        Note::SshConflict => "ssh_methods_conflict",
        Note::AlreadyOn => "already_on",
        Note::Blocked(_) => "blocked",
        Note::OfflineSince(_) => "offline",
        Note::NoSshServer => "no_ssh_server",
        Note::SshClosed => "ssh_closed",
    }
}

impl From<&PersonPreview> for PersonPreviewView {
    fn from(person: &PersonPreview) -> Self {
        let until = |enrolling: Enrolling| match enrolling {
            Enrolling::Until(at) => Some(words::iso(at)),
            Enrolling::NotRequired | Enrolling::NextSignIn => None,
        };
        let (outcome, first, lacks, enrolls_until) = match person.outcome {
            Outcome::Asked(first) => ("asked", first.map(FirstFactor::key), None, None),
            Outcome::FirstFactorAlone(enrolling) => ("first_factor_alone", None, None, until(enrolling)),
            Outcome::Refused(enrolling) => ("refused", None, None, until(enrolling)),
            Outcome::LockedOut(Lacks::Password) => ("locked_out", None, Some("password"), None),
            Outcome::LockedOut(Lacks::Keys) => ("locked_out", None, Some("keys"), None),
            Outcome::LockedOut(Lacks::Everything) => ("locked_out", None, Some("everything"), None),
            Outcome::NoAccess => ("no_access", None, None, None),
        };
        let account = &person.account;
        Self {
            id: account.id.to_string(),
            email: account.email.to_string(),
            enrolled: account.mfa.enrollment != claviger_domain::mfa::Enrollment::NotEnrolled,
            outcome,
            ssh_first_factors: first,
            lacks,
            enrolls_until,
        }
    }
}

#[utoipa::path(post, path = "/api/v1/devices/mfa/preview", tag = "devices", operation_id = "previewDeviceMfa",
    extensions(("x-permission" = json!("ViewUsers"))), request_body = PreviewBody,
    responses((status = 200, body = PreviewView), Refused, BadBody))]
pub(crate) async fn preview(
    On(web): On,
    May(granted): May<ViewUsers>,
    Body(body): Body<PreviewBody>,
) -> Result<Json<PreviewView>, ApiError> {
    let mut fields = Fields::new();
    let filter = meant(body.ids.as_deref(), body.filter.as_ref(), &mut fields);
    let first = fields.take(first_factor(body.ssh_first_factors.as_deref()));
    let (filter, first) = fields.finish(filter.zip(first))?;
    let preview = web.app().preview_device_mfa(&granted, &filter, first).await?;
    let now = web.app().now();
    let device = |told: &DevicePreview| DevicePreviewView {
        device: DeviceView::of(&told.listed, now),
        notes: told.notes.iter().map(note_key).collect(),
        people: told.people.iter().map(PersonPreviewView::from).collect(),
    };
    Ok(Json(PreviewView {
        devices: preview.devices.iter().map(device).collect(),
        further_devices: preview.further_devices,
        further_people: preview.further_people,
    }))
}

/// What is to be done to which devices: exactly one of `ids` and `filter`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceBulk {
    /// `enable_mfa`, `disable_mfa`, `add_to_group`, `remove_from_group` or `delete`.
    #[schema(value_type = DeviceBulkWord)]
    action: String,
    /// Up to 1,000 ids of devices.
    #[schema(value_type = Option<Vec<Id>>, max_items = 1000)]
    ids: Option<Vec<String>>,
    /// Those that match now.
    filter: Option<DeviceFilter>,
    /// For `enable_mfa`: 5 to 1440.
    #[schema(minimum = 5, maximum = 1440)]
    revert_unless_proven_minutes: Option<i64>,
    /// For `add_to_group` and `remove_from_group`: the id of a group of devices.
    #[schema(value_type = Option<Id>)]
    group: Option<String>,
}

impl DeviceBulk {
    fn verb(&self) -> Result<Verb, FieldError> {
        let group = || {
            let id = self.group.as_deref().and_then(|id| id.parse().ok());
            id.ok_or_else(|| FieldError::new("group", "Pass the id of a group of devices."))
        };
        match self.action.as_str() {
            "enable_mfa" => revert(self.revert_unless_proven_minutes).map(Verb::EnableMfa),
            "disable_mfa" => Ok(Verb::DisableMfa),
            "add_to_group" => group().map(Verb::AddToGroup),
            "remove_from_group" => group().map(Verb::RemoveFromGroup),
            "delete" => Ok(Verb::Delete),
            _ => Err(FieldError::new("action", "There is no such action.")),
        }
    }
}

#[utoipa::path(post, path = "/api/v1/devices/bulk", tag = "devices", operation_id = "startDeviceBulk",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = DeviceBulk,
    responses((status = 202, body = jobs::JobView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn bulk(
    On(web): On,
    May(granted): May<ManageUsers>,
    May(viewing): May<ViewUsers>,
    Body(request): Body<DeviceBulk>,
) -> Result<Response, ApiError> {
    let mut fields = Fields::new();
    let filter = meant(request.ids.as_deref(), request.filter.as_ref(), &mut fields);
    let verb = fields.take(request.verb());
    let (filter, verb) = fields.finish(filter.zip(verb))?;
    let id = web.app().start_device_bulk(&granted, &verb, &filter).await?;
    let location = format!("/api/v1/jobs/{id}");
    let view = jobs::view(&web, &viewing, id).await?;
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// A break-glass code that is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakGlassBody {
    /// 1 to 168, 8 by default.
    #[schema(minimum = 1, maximum = 168)]
    hours: Option<i64>,
    /// Kept in the activity log.
    #[schema(value_type = ReasonText)]
    reason: String,
}

/// A break-glass code that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BreakGlassView {
    /// Sixteen characters in groups of four. It is in this answer and nowhere else.
    code: String,
    /// RFC 3339, UTC.
    expires_at: String,
}

#[utoipa::path(post, path = "/api/v1/devices/{id}/users/{user}/break-glass", tag = "devices",
    operation_id = "makeBreakGlass", extensions(("x-permission" = json!("AssistUsers"))),
    params(("id" = String, Path, description = "UUID"), ("user" = String, Path, description = "UUID")),
    request_body = BreakGlassBody,
    responses((status = 201, body = BreakGlassView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn break_glass(
    On(web): On,
    May(granted): May<AssistUsers>,
    OneDevice(id): OneDevice,
    OneMember(user): OneMember,
    Body(body): Body<BreakGlassBody>,
) -> Result<Response, ApiError> {
    let hours = body.hours.unwrap_or(claviger_domain::break_glass::DEFAULT_HOURS).to_string();
    let asked = (hours.as_str(), body.reason.as_str());
    let made = web.app().make_break_glass(&granted, (id, user), asked).await?;
    let view = BreakGlassView { code: made.code.expose().clone(), expires_at: words::iso(made.expires_at) };
    Ok((StatusCode::CREATED, Extension(ShownOnce), Json(view)).into_response())
}
