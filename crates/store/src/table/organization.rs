//! The organization: one row, made on the first start and named by the set-up wizard.

use super::{refused, unknown};
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::OrganizationId,
    mail,
    organization::{Organization, Settings},
    sign_in::TotpSwitch,
    time::Timestamp,
};
use std::collections::HashMap;

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
        let texts: String = row.get(5)?;
        let texts: HashMap<String, String> = serde_json::from_str(&texts)
            .map_err(|error| StoreError::corrupt(format!("settings: {error}")))?;
        let settings = Settings::new(row.get(4)?)
            .map_err(refused)?
            .changed(|name| texts.get(name).map(String::as_str), |_| true)
            .map_err(|errors| StoreError::corrupt(format!("settings: {errors:?}")))?;
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
                mails_off: row.get::<String>(6)?.split(' ').filter_map(mail::Kind::from_key).collect(),
                logo: row.get::<Option<i64>>(7)?.map(Timestamp),
            },
            set_up_at: row.get::<Option<i64>>(2)?.map(Timestamp),
        })
    }
}

/// The installation's organization, if the database has been started once.
pub async fn load(store: &Store) -> Result<Option<Stored>, StoreError> {
    const SQL: &str = "SELECT o.id, o.revision, o.set_up_at, o.totp, o.name, o.settings, COALESCE((SELECT \
        string_agg(t.kind, ' ') FROM mail_text t WHERE t.organization = o.id AND t.state = 'off'), ''), \
        (SELECT l.changed_at FROM logo l WHERE l.organization = o.id) FROM organization o ORDER BY o.id LIMIT 1";
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
    const SQL: &str = "INSERT INTO organization (id, revision, set_up_at, totp, name, settings) \
        VALUES ($1, 1, NULL, 'disabled', $2, $3)";
    const CHECK: &str = "INSERT INTO key_check (organization, sealed) VALUES ($1, $2)";
    const ONE: &str = "INSERT INTO installation (number, organization) VALUES (1, $1)";
    const CHAIN: &str = "INSERT INTO audit_chain (organization, sequence, link) VALUES ($1, 0, $2)";
    [
        Statement::new(ONE, p![id]),
        Statement::new(SQL, p![id, &settings.name, texts(settings)]),
        Statement::new(CHECK, p![id, key_check]),
        Statement::new(CHAIN, p![id, claviger_domain::audit::GENESIS]),
    ]
}

/// The settings as a JSON object of texts: one that is not there has its default, so that a new setting needs no
/// migration.
fn texts(settings: &Settings) -> String {
    let texts: serde_json::Map<_, _> =
        settings.texts().into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect();
    serde_json::Value::Object(texts).to_string()
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
    const SQL: &str = "UPDATE organization SET name = $2, settings = $3, totp = $4, revision = revision + 1 \
        WHERE id = $1 AND revision = $5";
    let settings = &organization.settings;
    let values = p![
        organization.id,
        &settings.name,
        texts(settings),
        totp_key(organization.totp),
        organization.revision
    ];
    Statement::new(SQL, values).expect_rows(1)
}

/// The organization is still what was loaded; changes nothing.
pub fn unchanged(organization: &Organization) -> Statement {
    const SQL: &str = "SELECT 1 FROM organization WHERE id = $1 AND revision = $2";
    Statement::guard(SQL, p![organization.id, organization.revision])
}
