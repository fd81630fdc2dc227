//! Policies, and what they are bound to (S9.1).

use super::refused;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{DeviceGroupId, DeviceId, OrganizationId, PolicyId},
    policy::{Policy, PolicyName},
    time::Timestamp,
};

macro_rules! policy_columns {
    () => {
        "p.id, p.revision, p.name, p.description, p.laid_down, p.created_at"
    };
}
pub(crate) use policy_columns;

/// How many columns [`policy_columns`] has.
pub(crate) const WIDTH: usize = 6;

impl FromRow for Policy {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let template: String = row.get(4)?;
        Ok(Self {
            id: PolicyId(row.get(0)?),
            revision: row.get(1)?,
            name: PolicyName::parse("name", &row.get::<String>(2)?).map_err(refused)?,
            description: row.get(3)?,
            template: serde_json::from_str(&template)
                .map_err(|error| StoreError::corrupt(format!("template of a policy: {error}")))?,
            created_at: Timestamp(row.get(5)?),
        })
    }
}

/// A policy with what it is bound to.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The policy.
    pub policy: Policy,
    /// Devices that it is bound to directly.
    pub devices: i64,
    /// Groups of devices that it is bound to.
    pub groups: i64,
    /// Devices that could not apply it.
    pub failed: i64,
}

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            policy: Policy::from_row(row)?,
            devices: row.get(WIDTH)?,
            groups: row.get(WIDTH + 1)?,
            failed: row.get(WIDTH + 2)?,
        })
    }
}

/// Every policy, by name.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<Counted>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        policy_columns!(),
        ", (SELECT count(*) FROM policy_device d WHERE d.organization = p.organization AND d.policy = p.id), \
          (SELECT count(*) FROM policy_group g WHERE g.organization = p.organization AND g.policy = p.id), \
          (SELECT count(*) FROM device_policy s WHERE s.organization = p.organization AND s.policy = p.id \
          AND s.revision = p.revision AND s.state = 'failed') \
          FROM policy p WHERE p.organization = $1 ORDER BY p.name_key"
    );
    store.query(SQL, p![organization]).await
}

/// The policy of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: PolicyId,
) -> Result<Option<Policy>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", policy_columns!(), " FROM policy p WHERE p.organization = $1 AND p.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The policy of that name, whatever its case.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    name: &PolicyName,
) -> Result<Option<Policy>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", policy_columns!(), " FROM policy p WHERE p.organization = $1 AND p.name_key = $2");
    store.first(SQL, p![organization, name.key()]).await
}

/// What a save writes, in the order of its placeholders from `$3`.
fn values(policy: &Policy) -> Result<Vec<crate::Value>, StoreError> {
    let laid_down = serde_json::to_string(&policy.template)
        .map_err(|error| StoreError::corrupt(format!("template of a policy: {error}")))?;
    Ok(p![policy.name.as_str(), policy.name.key(), &policy.description, policy.template.key(), laid_down])
}

/// A new policy.
pub fn insert(organization: OrganizationId, policy: &Policy) -> Result<Statement, StoreError> {
    const SQL: &str = "INSERT INTO policy (organization, id, name, name_key, description, template, laid_down, \
        created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";
    let mut all = p![organization, policy.id];
    all.extend(values(policy)?);
    all.extend(p![policy.created_at]);
    Ok(Statement::new(SQL, all))
}

/// Writes the policy as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, policy: &Policy) -> Result<Statement, StoreError> {
    const SQL: &str = "UPDATE policy SET name = $3, name_key = $4, description = $5, template = $6, laid_down = $7, \
        revision = revision + 1 WHERE organization = $1 AND id = $2 AND revision = $8";
    let mut all = p![organization, policy.id];
    all.extend(values(policy)?);
    all.extend(p![policy.revision]);
    Ok(Statement::new(SQL, all).expect_rows(1))
}

/// Deletes the policy with its bindings and what devices said of it.
pub fn delete(organization: OrganizationId, policy: &Policy) -> [Statement; 4] {
    const POLICY: &str = "DELETE FROM policy WHERE organization = $1 AND id = $2 AND revision = $3";
    const DEVICES: &str = "DELETE FROM policy_device WHERE organization = $1 AND policy = $2";
    const GROUPS: &str = "DELETE FROM policy_group WHERE organization = $1 AND policy = $2";
    const SAID: &str = "DELETE FROM device_policy WHERE organization = $1 AND policy = $2";
    [
        Statement::new(POLICY, p![organization, policy.id, policy.revision]).expect_rows(1),
        Statement::new(DEVICES, p![organization, policy.id]),
        Statement::new(GROUPS, p![organization, policy.id]),
        Statement::new(SAID, p![organization, policy.id]),
    ]
}

/// The policy is still there; a conflict if it was deleted meanwhile.
pub fn exists(organization: OrganizationId, policy: PolicyId) -> Statement {
    const SQL: &str = "SELECT 1 FROM policy WHERE organization = $1 AND id = $2";
    Statement::guard(SQL, p![organization, policy])
}

/// Binds a policy to a device; nothing happens if it is.
pub fn bind_device(organization: OrganizationId, policy: PolicyId, device: DeviceId) -> Statement {
    const SQL: &str = "INSERT INTO policy_device (organization, policy, device) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, policy, device) DO NOTHING";
    Statement::new(SQL, p![organization, policy, device])
}

/// Unbinds a policy from a device.
pub fn unbind_device(organization: OrganizationId, policy: PolicyId, device: DeviceId) -> Statement {
    const SQL: &str = "DELETE FROM policy_device WHERE organization = $1 AND policy = $2 AND device = $3";
    Statement::new(SQL, p![organization, policy, device])
}

/// Binds a policy to a group of devices; nothing happens if it is.
pub fn bind_group(organization: OrganizationId, policy: PolicyId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "INSERT INTO policy_group (organization, policy, device_group) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, policy, device_group) DO NOTHING";
    Statement::new(SQL, p![organization, policy, group])
}

/// Unbinds a policy from a group of devices.
pub fn unbind_group(organization: OrganizationId, policy: PolicyId, group: DeviceGroupId) -> Statement {
    const SQL: &str =
        "DELETE FROM policy_group WHERE organization = $1 AND policy = $2 AND device_group = $3";
    Statement::new(SQL, p![organization, policy, group])
}

/// Unbinds every policy from a group of devices that is no more.
pub(crate) fn forget_group(organization: OrganizationId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "DELETE FROM policy_group WHERE organization = $1 AND device_group = $2";
    Statement::new(SQL, p![organization, group])
}
