//! Which policies a device has, and how they stand there (S9.1).

use super::{
    device_group::{DeviceGroup, group_columns},
    policy::{WIDTH, policy_columns},
    unknown,
};
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    device::Platform,
    id::{DeviceId, OrganizationId, PolicyId},
    policy::{Corrected, Policy, Reported, State},
    time::Timestamp,
};

macro_rules! reported_columns {
    () => {
        "s.revision, s.state, s.detail, s.corrected, s.corrected_at, s.reported_at"
    };
}

/// Reads what a device said from the columns that begin at `at`; nothing if it said nothing.
fn reported(row: &Row<'_>, at: usize) -> Result<Option<Reported>, StoreError> {
    let Some(revision) = row.get::<Option<i64>>(at)? else { return Ok(None) };
    let state: String = row.get(at + 1)?;
    Ok(Some(Reported {
        revision,
        state: State::from_key(&state).ok_or_else(|| unknown("state of a policy", &state))?,
        detail: row.get(at + 2)?,
        corrected: Corrected { count: row.get(at + 3)?, at: row.get::<Option<i64>>(at + 4)?.map(Timestamp) },
        at: Timestamp(row.get(at + 5)?),
    }))
}

/// A policy that is bound to a device, and what the device said of it.
#[derive(Clone, Debug)]
pub struct OnDevice {
    /// The policy.
    pub policy: Policy,
    /// What the device last said of it, of whichever revision.
    pub reported: Option<Reported>,
    /// Whether it is bound to the device itself, and not only to a group.
    pub directly: bool,
}

impl FromRow for OnDevice {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            policy: Policy::from_row(row)?,
            directly: row.get::<i64>(WIDTH)? > 0,
            reported: reported(row, WIDTH + 1)?,
        })
    }
}

/// The policies of a device, directly and through its groups, by name.
pub async fn of_device(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<OnDevice>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        policy_columns!(),
        ", (SELECT count(*) FROM policy_device d WHERE d.organization = $1 AND d.policy = p.id AND d.device = $2), ",
        reported_columns!(),
        " FROM policy p LEFT JOIN device_policy s ON s.organization = p.organization AND s.policy = p.id \
          AND s.device = $2 WHERE p.organization = $1 AND p.id IN ( \
          SELECT d.policy FROM policy_device d WHERE d.organization = $1 AND d.device = $2 \
          UNION SELECT g.policy FROM device_group_member m JOIN policy_group g ON g.organization = m.organization \
          AND g.device_group = m.device_group WHERE m.organization = $1 AND m.device = $2) ORDER BY p.name_key"
    );
    store.query(SQL, p![organization, device]).await
}

/// A device that a policy is bound to, and what it said of it.
#[derive(Clone, Debug)]
pub struct BoundDevice {
    /// Which.
    pub id: DeviceId,
    /// What it is called.
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
    /// Whether it is bound itself, and not only through a group.
    pub directly: bool,
    /// What it last said of the policy.
    pub reported: Option<Reported>,
}

impl FromRow for BoundDevice {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let platform: String = row.get(2)?;
        Ok(Self {
            id: DeviceId(row.get(0)?),
            name: row.get(1)?,
            platform: Platform::from_key(&platform).ok_or_else(|| unknown("platform", &platform))?,
            directly: row.get::<i64>(3)? > 0,
            reported: reported(row, 4)?,
        })
    }
}

/// The devices that a policy is bound to, directly and through groups, by name; at most so many.
pub async fn devices(
    store: &Store,
    organization: OrganizationId,
    policy: PolicyId,
    limit: i64,
) -> Result<Vec<BoundDevice>, StoreError> {
    const SQL: &str = concat!(
        "SELECT d.id, d.name, d.platform, (SELECT count(*) FROM policy_device b WHERE b.organization = $1 \
         AND b.policy = $2 AND b.device = d.id), ",
        reported_columns!(),
        " FROM device d LEFT JOIN device_policy s ON s.organization = d.organization AND s.device = d.id \
          AND s.policy = $2 WHERE d.organization = $1 AND d.id IN ( \
          SELECT b.device FROM policy_device b WHERE b.organization = $1 AND b.policy = $2 \
          UNION SELECT m.device FROM policy_group g JOIN device_group_member m ON m.organization = g.organization \
          AND m.device_group = g.device_group WHERE g.organization = $1 AND g.policy = $2) \
          ORDER BY d.name_key, d.id LIMIT $3"
    );
    store.query(SQL, p![organization, policy, limit]).await
}

/// The groups of devices that a policy is bound to, by name.
pub async fn groups(
    store: &Store,
    organization: OrganizationId,
    policy: PolicyId,
) -> Result<Vec<DeviceGroup>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM policy_group b JOIN device_group g ON g.organization = b.organization AND g.id = b.device_group \
          WHERE b.organization = $1 AND b.policy = $2 ORDER BY g.name_key"
    );
    store.query(SQL, p![organization, policy]).await
}

/// Notes what a device says of a policy.
pub fn say(
    organization: OrganizationId,
    (device, policy): (DeviceId, PolicyId),
    said: &Reported,
) -> Statement {
    const SQL: &str = "INSERT INTO device_policy (organization, device, policy, revision, state, detail, corrected, \
        corrected_at, reported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT (organization, device, policy) DO UPDATE SET revision = $4, state = $5, detail = $6, \
        corrected = $7, corrected_at = $8, reported_at = $9";
    let values = p![
        organization,
        device,
        policy,
        said.revision,
        said.state.key(),
        &said.detail,
        said.corrected.count,
        said.corrected.at,
        said.at,
    ];
    Statement::new(SQL, values)
}
