//! Devices, and what is laid down for each (S8).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    device::{Device, Platform, Proof, Rules, Stage},
    id::{ConnectKeyId, DeviceGroupId, DeviceId, OrganizationId},
    time::Timestamp,
};

/// The columns of a device, in the order that [`read`] takes them.
macro_rules! device_columns {
    () => {
        "d.id, d.revision, d.name, d.public_key, d.platform, d.rules, d.proof_attempt, d.proof_seconds, d.proof, \
         d.enrolled_at, d.connect_key"
    };
}
pub(crate) use device_columns;

/// How many columns [`device_columns`] has.
pub(crate) const WIDTH: usize = 11;

/// Reads a device from the columns that begin at `at`.
pub(crate) fn read(row: &Row<'_>, at: usize) -> Result<Device, StoreError> {
    let (platform, rules, stage): (String, String, String) =
        (row.get(at + 4)?, row.get(at + 5)?, row.get(at + 8)?);
    let rules: Rules = serde_json::from_str(&rules)
        .map_err(|error| StoreError::corrupt(format!("rules of a device: {error}")))?;
    Ok(Device {
        id: DeviceId(row.get(at)?),
        revision: row.get(at + 1)?,
        name: row.get(at + 2)?,
        public_key: row.get(at + 3)?,
        platform: Platform::from_key(&platform).ok_or_else(|| unknown("platform", &platform))?,
        rules,
        proof: Proof {
            attempt: row.get(at + 6)?,
            seconds: row.get(at + 7)?,
            stage: Stage::from_key(&stage).ok_or_else(|| unknown("proof", &stage))?,
        },
        enrolled_at: Timestamp(row.get(at + 9)?),
        connect_key: ConnectKeyId(row.get(at + 10)?),
    })
}

impl FromRow for Device {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        read(row, 0)
    }
}

/// The device of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: DeviceId,
) -> Result<Option<Device>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", device_columns!(), " FROM device d WHERE d.organization = $1 AND d.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The devices that enrolled with that public key: one, or what is left of tries whose answer was lost.
pub async fn by_public_key(
    store: &Store,
    organization: OrganizationId,
    public_key: [u8; 32],
) -> Result<Vec<Device>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        device_columns!(),
        " FROM device d WHERE d.organization = $1 AND d.public_key = $2 ORDER BY d.id DESC LIMIT 8"
    );
    store.few(SQL, p![organization, public_key]).await
}

/// What a save writes, in the order of its placeholders from `$3`.
fn values(device: &Device) -> Result<Vec<Value>, StoreError> {
    let rules = serde_json::to_string(&device.rules)
        .map_err(|error| StoreError::corrupt(format!("rules of a device: {error}")))?;
    Ok(p![
        &device.name,
        device.name_key(),
        device.rules.mfa.key(),
        rules,
        device.proof.attempt,
        device.proof.seconds,
        device.proof.stage.key(),
    ])
}

/// A new device.
pub fn insert(organization: OrganizationId, device: &Device) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO device (organization, id, name, name_key, mfa, rules, proof_attempt, proof_seconds, \
        proof, public_key, platform, enrolled_at, connect_key, revision) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)";
    let mut all = p![organization, device.id];
    all.extend(values(device)?);
    all.extend(p![device.public_key, device.platform.key(), device.enrolled_at, device.connect_key]);
    Ok(Statement::new(SQL, all))
}

/// Writes the device as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, device: &Device) -> Result<Statement, StoreError> {
    const SQL: &str = "UPDATE device SET name = $3, name_key = $4, mfa = $5, rules = $6, proof_attempt = $7, \
        proof_seconds = $8, proof = $9, revision = revision + 1 \
        WHERE organization = $1 AND id = $2 AND revision = $10";
    let mut all = p![organization, device.id];
    all.extend(values(device)?);
    all.push(Value::Int(device.revision));
    Ok(Statement::new(SQL, all).expect_rows(1))
}

/// The device is still what was loaded; changes nothing.
pub fn unchanged(organization: OrganizationId, device: &Device) -> Statement {
    const SQL: &str = "SELECT 1 FROM device WHERE organization = $1 AND id = $2 AND revision = $3";
    Statement::guard(SQL, p![organization, device.id, device.revision])
}

/// Puts a device into a group; nothing happens if it is there, or if the group is gone.
pub fn join(
    organization: OrganizationId,
    group: DeviceGroupId,
    device: DeviceId,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "INSERT INTO device_group_member (organization, device_group, device, joined_at) \
        SELECT g.organization, g.id, $3, $4 FROM device_group g WHERE g.organization = $1 AND g.id = $2 \
        ON CONFLICT (organization, device_group, device) DO NOTHING";
    Statement::new(SQL, p![organization, group, device, now])
}

/// Deletes the device and everything that hangs on it; its log entries stay.
pub fn delete(organization: OrganizationId, device: &Device) -> Vec<Statement> {
    const DEVICE: &str = "DELETE FROM device WHERE organization = $1 AND id = $2 AND revision = $3";
    const PARTS: [&str; 10] = [
        "DELETE FROM device_contact WHERE organization = $1 AND device = $2",
        "DELETE FROM device_user WHERE organization = $1 AND device = $2",
        "DELETE FROM device_account WHERE organization = $1 AND device = $2",
        "DELETE FROM device_group_member WHERE organization = $1 AND device = $2",
        "DELETE FROM break_glass WHERE organization = $1 AND device = $2",
        "DELETE FROM policy_device WHERE organization = $1 AND device = $2",
        "DELETE FROM device_policy WHERE organization = $1 AND device = $2",
        "DELETE FROM command_device WHERE organization = $1 AND device = $2",
        "DELETE FROM command_result WHERE organization = $1 AND device = $2",
        "DELETE FROM remembered_login WHERE organization = $1 AND device = $2",
    ];
    let mut statements =
        vec![Statement::new(DEVICE, p![organization, device.id, device.revision]).expect_rows(1)];
    statements.extend(PARTS.iter().map(|sql| Statement::new(sql, p![organization, device.id])));
    statements
}
