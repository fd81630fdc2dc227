//! The organization (S2.2–S2.5).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    problem::{ApiError, BadBody, Conflicting, Refused},
    schema::{ApprovalWord, ReminderHours, RetentionText, SelfResetText, WindowWord},
};
use claviger_app::words;
use claviger_domain::{
    activity::Retention,
    administrator::Demanded,
    command::Commands,
    organization::{Organization, RecoveryCodes, window_key},
    permission::{ManageOrganization, ViewUsers},
    sign_in::TotpSwitch,
    time::Span,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// The organization and its settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// Name.
    name: String,
    /// What authenticator apps show; the name if empty.
    issuer: String,
    /// Whom locked-out people are told to contact.
    support_contact: String,
    /// IANA name.
    time_zone: String,
    /// Whether TOTP is in force for users and devices.
    totp_enabled: bool,
    /// Whether MFA is required of every administrator, now and later.
    administrators_mfa_required: bool,
    /// Days that forms propose, 1 to 365.
    enrollment_days: i64,
    /// How many hours before the deadline reminders go out, the earliest first: of 168, 72, 24 and 2; 24 always.
    reminders: Vec<i64>,
    /// `tolerant` or `strict`.
    window: &'static str,
    /// 1 or 2.
    codes_at_setup: i64,
    /// Whether recovery codes are made and taken.
    recovery_codes: bool,
    /// Whether administrators reset their own MFA by mail: `on`, `off`, or after so many hours, `1` to `72`.
    self_reset: String,
    /// Whether a second administrator must approve the reset of another's MFA: `on` or `off`.
    reset_approval: &'static str,
    /// Wrong codes in one sign-in before it starts again with the password, 1 to 10.
    lockout_per_sign_in: i64,
    /// Wrong codes in a row within 15 minutes that lock the factor, 3 to 20.
    lockout_codes: i64,
    /// Minutes of the first lock, 5 to 1440; each further one is twice as long, up to a day.
    lockout_minutes: i64,
    /// Wrong codes in a row, however far apart, that close the factor, 20 to 1000.
    lockout_close: i64,
    /// Characters, 8 to 64.
    password_min_length: i64,
    /// Minutes, 1 to 720.
    admin_idle_minutes: i64,
    /// Minutes, 1 to 720.
    user_idle_minutes: i64,
    /// Hours, 1 to 168.
    session_hours: i64,
    /// Days for which devices check codes without the server, 1 to 365.
    offline_days: i64,
    /// How long the activity log is kept: `forever`, or days, `30` to `3650`.
    log_days: String,
    /// Whether commands run on devices at all.
    commands: bool,
}

fn minutes(span: Span) -> i64 {
    span.micros() / Span::minutes(1).micros()
}

impl From<&Organization> for OrganizationView {
    fn from(organization: &Organization) -> Self {
        let settings = &organization.settings;
        Self {
            id: organization.id.to_string(),
            revision: organization.revision,
            name: settings.name.clone(),
            issuer: settings.issuer.clone(),
            support_contact: settings.support_contact.clone(),
            time_zone: settings.time_zone.clone(),
            totp_enabled: organization.totp == TotpSwitch::Enabled,
            administrators_mfa_required: settings.admin_mfa == Demanded::OfEveryone,
            enrollment_days: settings.enrollment_days.get(),
            reminders: settings.reminders.hours(),
            window: window_key(settings.window),
            codes_at_setup: settings.codes_at_setup.count(),
            recovery_codes: settings.recovery_codes == RecoveryCodes::On,
            self_reset: settings.self_reset.text(),
            reset_approval: settings.reset_approval.key(),
            lockout_per_sign_in: settings.lockout.per_sign_in,
            lockout_codes: i64::try_from(settings.lockout.in_row).unwrap_or(i64::MAX),
            lockout_minutes: minutes(settings.lockout.first),
            lockout_close: i64::from(settings.lockout.close_at),
            password_min_length: i64::try_from(settings.password_min_length).unwrap_or(i64::MAX),
            admin_idle_minutes: minutes(settings.administrator_idle),
            user_idle_minutes: minutes(settings.user_idle),
            session_hours: minutes(settings.session_overall) / 60,
            offline_days: i64::from(settings.offline_days),
            log_days: settings.log_kept.text(),
            commands: settings.commands == Commands::On,
        }
    }
}

impl Revised for OrganizationView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationChange {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(max_length = 60)]
    issuer: Option<String>,
    #[schema(max_length = 200)]
    support_contact: Option<String>,
    time_zone: Option<String>,
    #[schema(minimum = 1, maximum = 365)]
    enrollment_days: Option<i64>,
    #[schema(value_type = Option<Vec<ReminderHours>>)]
    reminders: Option<Vec<i64>>,
    #[schema(value_type = Option<WindowWord>)]
    window: Option<String>,
    #[schema(minimum = 1, maximum = 2)]
    codes_at_setup: Option<i64>,
    recovery_codes: Option<bool>,
    #[schema(value_type = Option<SelfResetText>)]
    self_reset: Option<String>,
    #[schema(value_type = Option<ApprovalWord>)]
    reset_approval: Option<String>,
    #[schema(minimum = 1, maximum = 10)]
    lockout_per_sign_in: Option<i64>,
    #[schema(minimum = 3, maximum = 20)]
    lockout_codes: Option<i64>,
    #[schema(minimum = 5, maximum = 1440)]
    lockout_minutes: Option<i64>,
    #[schema(minimum = 20, maximum = 1000)]
    lockout_close: Option<i64>,
    #[schema(minimum = 8, maximum = 64)]
    password_min_length: Option<i64>,
    #[schema(minimum = 1, maximum = 720)]
    admin_idle_minutes: Option<i64>,
    #[schema(minimum = 1, maximum = 720)]
    user_idle_minutes: Option<i64>,
    #[schema(minimum = 1, maximum = 168)]
    session_hours: Option<i64>,
    #[schema(minimum = 1, maximum = 365)]
    offline_days: Option<i64>,
    #[schema(value_type = Option<RetentionText>)]
    log_days: Option<String>,
    commands: Option<bool>,
}

impl OrganizationChange {
    /// The settings that are to change, as the texts that a form would have.
    fn texts(self) -> HashMap<&'static str, String> {
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let recovery_codes =
            self.recovery_codes.map(|on| if on { RecoveryCodes::On } else { RecoveryCodes::Off });
        let commands = self.commands.map(|on| if on { Commands::On } else { Commands::Off });
        let reminders = self.reminders.map(|hours| hours.iter().map(|hours| format!("{hours} ")).collect());
        let all = [
            ("name", self.name),
            ("issuer", self.issuer),
            ("support_contact", self.support_contact),
            ("time_zone", self.time_zone),
            ("enrollment_days", number(self.enrollment_days)),
            ("reminders", reminders),
            ("window", self.window),
            ("codes_at_setup", number(self.codes_at_setup)),
            ("recovery_codes", recovery_codes.map(|on| on.key().to_owned())),
            ("self_reset", self.self_reset),
            ("reset_approval", self.reset_approval),
            ("lockout_per_sign_in", number(self.lockout_per_sign_in)),
            ("lockout_codes", number(self.lockout_codes)),
            ("lockout_minutes", number(self.lockout_minutes)),
            ("lockout_close", number(self.lockout_close)),
            ("password_min_length", number(self.password_min_length)),
            ("admin_idle_minutes", number(self.admin_idle_minutes)),
            ("user_idle_minutes", number(self.user_idle_minutes)),
            ("session_hours", number(self.session_hours)),
            ("offline_days", number(self.offline_days)),
            (Retention::FIELD, self.log_days),
            ("commands", commands.map(|on| on.key().to_owned())),
        ];
        all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
    }
}

/// The switch of S2.2.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpChange {
    /// Whether TOTP is to be in force.
    enabled: bool,
}

#[utoipa::path(get, path = "/api/v1/organization", tag = "organization", operation_id = "getOrganization",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = OrganizationView), Refused))]
pub(crate) async fn show(On(web): On, _: May<ViewUsers>) -> Result<Tagged<OrganizationView>, ApiError> {
    Ok(Tagged(OrganizationView::from(&*web.app().load_organization().await?)))
}

#[utoipa::path(patch, path = "/api/v1/organization", tag = "organization", operation_id = "changeOrganization",
    extensions(("x-permission" = json!("ManageOrganization"))),
    request_body = OrganizationChange,
    responses((status = 200, body = OrganizationView), Refused, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Body(change): Body<OrganizationChange>,
) -> Result<Tagged<OrganizationView>, ApiError> {
    let now = web.app().load_organization().await?;
    let texts = change.texts();
    let settings = now.settings.changed(|name| texts.get(name).map(String::as_str), words::zone_exists)?;
    let saved = web.app().save_settings(&granted, settings, Some(now.revision)).await?;
    Ok(Tagged(OrganizationView::from(&*saved)))
}

#[utoipa::path(put, path = "/api/v1/organization/mfa/totp", tag = "organization", operation_id = "switchTotp",
    extensions(("x-permission" = json!("ManageOrganization"))),
    request_body = TotpChange,
    responses((status = 200, body = OrganizationView), Refused, BadBody))]
pub(crate) async fn switch_totp(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Body(change): Body<TotpChange>,
) -> Result<Tagged<OrganizationView>, ApiError> {
    let to = if change.enabled { TotpSwitch::Enabled } else { TotpSwitch::Disabled };
    Ok(Tagged(OrganizationView::from(&*web.app().switch_totp(&granted, to).await?)))
}
