//! The organization: one row, made on the first start and named by the set-up wizard.

use super::{refused, unknown};
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::OrganizationId,
    mfa::EnrollmentDays,
    organization::{CodesAtSetup, Organization, Settings, parse_window, window_key},
    sign_in::TotpSwitch,
    time::{Span, Timestamp},
};

/// The organization, and whether the wizard has been through.
#[derive(Clone, Debug)]
pub struct Stored {
    /// As the domain knows it.
    pub organization: Organization,
    /// When it was set up; nothing before.
    pub set_up_at: Option<Timestamp>,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let totp: String = row.get(3)?;
        let window: String = row.get(9)?;
        let settings = Settings {
            name: row.get(4)?,
            issuer: row.get(5)?,
            support_contact: row.get(6)?,
            time_zone: row.get(7)?,
            enrollment_days: EnrollmentDays::new("enrollment_days", row.get(8)?).map_err(refused)?,
            window: parse_window(&window).map_err(refused)?,
            codes_at_setup: match row.get::<i64>(10)? {
                1 => CodesAtSetup::One,
                _ => CodesAtSetup::Two,
            },
            password_min_length: usize::try_from(row.get::<i64>(11)?).unwrap_or(12),
            administrator_idle: Span::from_micros(row.get(12)?),
            user_idle: Span::from_micros(row.get(13)?),
            session_overall: Span::from_micros(row.get(14)?),
        };
        let totp = match totp.as_str() {
            "enabled" => TotpSwitch::Enabled,
            "disabled" => TotpSwitch::Disabled,
            other => return Err(unknown("totp", other)),
        };
        Ok(Self {
            organization: Organization {
                id: OrganizationId(row.get(0)?),
                revision: row.get(1)?,
                totp,
                settings,
            },
            set_up_at: row.get::<Option<i64>>(2)?.map(Timestamp),
        })
    }
}

/// The installation's organization, if the database has been started once.
pub async fn load(store: &Store) -> Result<Option<Stored>, StoreError> {
    const SQL: &str = "SELECT id, revision, set_up_at, totp, name, issuer, support_contact, time_zone, enrollment_days, \
        accepted_window, codes_at_setup, password_min_length, administrator_idle, user_idle, session_overall \
        FROM organization ORDER BY id LIMIT 1";
    store.first(SQL, p![]).await
}

const fn totp_key(totp: TotpSwitch) -> &'static str {
    match totp {
        TotpSwitch::Enabled => "enabled",
        TotpSwitch::Disabled => "disabled",
    }
}

/// The blank row of the first start, with what proves later that the master key fits.
pub fn insert_blank(id: OrganizationId, settings: &Settings, key_check: Vec<u8>) -> [Statement; 4] {
    const SQL: &str = "INSERT INTO organization (id, revision, set_up_at, totp, name, issuer, support_contact, time_zone, \
        enrollment_days, accepted_window, codes_at_setup, password_min_length, administrator_idle, user_idle, session_overall) \
        VALUES ($1, 1, NULL, 'disabled', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    const CHECK: &str = "INSERT INTO key_check (organization, sealed) VALUES ($1, $2)";
    const ONE: &str = "INSERT INTO installation (number, organization) VALUES (1, $1)";
    const CHAIN: &str = "INSERT INTO audit_chain (organization, sequence, link) VALUES ($1, 0, $2)";
    let mut values = p![id];
    values.extend(settings_values(settings));
    [
        Statement::new(ONE, p![id]),
        Statement::new(SQL, values),
        Statement::new(CHECK, p![id, key_check]),
        Statement::new(CHAIN, p![id, claviger_domain::audit::GENESIS]),
    ]
}

fn settings_values(settings: &Settings) -> Vec<crate::Value> {
    p![
        &settings.name,
        &settings.issuer,
        &settings.support_contact,
        &settings.time_zone,
        settings.enrollment_days.get(),
        window_key(settings.window),
        settings.codes_at_setup.count(),
        i64::try_from(settings.password_min_length).unwrap_or(12),
        settings.administrator_idle.micros(),
        settings.user_idle.micros(),
        settings.session_overall.micros(),
    ]
}

/// The value sealed when the database was made.
pub async fn key_check(store: &Store, id: OrganizationId) -> Result<Option<Vec<u8>>, StoreError> {
    const SQL: &str = "SELECT sealed FROM key_check WHERE organization = $1";
    store.first(SQL, p![id]).await
}

/// S2.1: names the organization, once.
pub fn set_up(id: OrganizationId, name: &str, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE organization SET name = $2, set_up_at = $3, revision = revision + 1 \
        WHERE id = $1 AND set_up_at IS NULL";
    Statement::new(SQL, p![id, name, now]).expect_rows(1)
}

/// Writes the settings and the switch, guarded on the revision that was loaded.
pub fn save(organization: &Organization) -> Statement {
    const SQL: &str = "UPDATE organization SET name = $2, issuer = $3, support_contact = $4, time_zone = $5, \
        enrollment_days = $6, accepted_window = $7, codes_at_setup = $8, password_min_length = $9, \
        administrator_idle = $10, user_idle = $11, session_overall = $12, totp = $13, revision = revision + 1 \
        WHERE id = $1 AND revision = $14";
    let mut values = p![organization.id];
    values.extend(settings_values(&organization.settings));
    values.extend(p![totp_key(organization.totp), organization.revision]);
    Statement::new(SQL, values).expect_rows(1)
}
