//! Groups of devices: who is in them, and which groups of users are bound to them (S8.2).

use super::{refused, remembered_login, unknown};
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    device::{Sudo, ask_once::AskOnce},
    group::GroupName,
    id::{DeviceGroupId, DeviceId, GroupId, OrganizationId},
    time::Timestamp,
};

/// A group of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceGroup {
    /// Which.
    pub id: DeviceGroupId,
    /// Counts every change.
    pub revision: i64,
    /// What it is called.
    pub name: GroupName,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// S8.13b: how often its devices ask for the code.
    pub ask_once: AskOnce,
}

macro_rules! group_columns {
    () => {
        "g.id, g.revision, g.name, g.description, g.created_at, g.ask_once_hours"
    };
}
pub(crate) use group_columns;

impl FromRow for DeviceGroup {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: DeviceGroupId(row.get(0)?),
            revision: row.get(1)?,
            name: GroupName::parse("name", &row.get::<String>(2)?).map_err(refused)?,
            description: row.get(3)?,
            created_at: Timestamp(row.get(4)?),
            ask_once: remembered_login::ask_once(row.get(5)?)?,
        })
    }
}

/// A group with its size.
#[derive(Clone, Debug)]
pub struct CountedDevices {
    /// The group.
    pub group: DeviceGroup,
    /// How many devices are in it.
    pub devices: i64,
    /// How many groups of users are bound to it.
    pub bindings: i64,
}

impl FromRow for CountedDevices {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { group: DeviceGroup::from_row(row)?, devices: row.get(6)?, bindings: row.get(7)? })
    }
}

/// Every group with its size, by name.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<CountedDevices>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        ", (SELECT count(*) FROM device_group_member m WHERE m.organization = g.organization AND m.device_group = g.id), \
          (SELECT count(*) FROM group_binding b WHERE b.organization = g.organization AND b.device_group = g.id) \
          FROM device_group g WHERE g.organization = $1 ORDER BY g.name_key"
    );
    store.query(SQL, p![organization]).await
}

/// The group of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: DeviceGroupId,
) -> Result<Option<DeviceGroup>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", group_columns!(), " FROM device_group g WHERE g.organization = $1 AND g.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The group of that name, whatever its case.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    name: &GroupName,
) -> Result<Option<DeviceGroup>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM device_group g WHERE g.organization = $1 AND g.name_key = $2"
    );
    store.first(SQL, p![organization, name.key()]).await
}

/// The groups of a device, by name.
pub async fn of_device(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<DeviceGroup>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM device_group_member m JOIN device_group g ON g.organization = m.organization AND g.id = m.device_group \
          WHERE m.organization = $1 AND m.device = $2 ORDER BY g.name_key"
    );
    store.query(SQL, p![organization, device]).await
}

/// A new group.
pub fn insert(organization: OrganizationId, group: &DeviceGroup) -> Statement {
    const SQL: &str = "INSERT INTO device_group (organization, id, revision, name, name_key, description, created_at) \
        VALUES ($1, $2, 1, $3, $4, $5, $6)";
    let values = p![
        organization,
        group.id,
        group.name.as_str(),
        group.name.key(),
        &group.description,
        group.created_at
    ];
    Statement::new(SQL, values)
}

/// Writes the group as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, group: &DeviceGroup) -> Statement {
    const SQL: &str = "UPDATE device_group SET name = $4, name_key = $5, description = $6, ask_once_hours = $7, \
        revision = revision + 1 WHERE organization = $1 AND id = $2 AND revision = $3";
    let values = p![
        organization,
        group.id,
        group.revision,
        group.name.as_str(),
        group.name.key(),
        &group.description,
        group.ask_once.hours(),
    ];
    Statement::new(SQL, values).expect_rows(1)
}

/// Deletes the group with its bindings; its devices stay, and so do the people.
pub fn delete(organization: OrganizationId, group: &DeviceGroup) -> [Statement; 7] {
    const GROUP: &str = "DELETE FROM device_group WHERE organization = $1 AND id = $2 AND revision = $3";
    const MEMBERS: &str = "DELETE FROM device_group_member WHERE organization = $1 AND device_group = $2";
    const BINDINGS: &str = "DELETE FROM group_binding WHERE organization = $1 AND device_group = $2";
    [
        Statement::new(GROUP, p![organization, group.id, group.revision]).expect_rows(1),
        Statement::new(MEMBERS, p![organization, group.id]),
        Statement::new(BINDINGS, p![organization, group.id]),
        super::connect_key::forget_group(organization, group.id),
        super::policy::forget_group(organization, group.id),
        super::command::forget_group(organization, group.id),
        remembered_login::forget_group(organization, group.id),
    ]
}

/// The group is still there; a conflict if it was deleted meanwhile.
pub fn exists(organization: OrganizationId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "SELECT 1 FROM device_group WHERE organization = $1 AND id = $2";
    Statement::guard(SQL, p![organization, group])
}

/// Puts a device into a group; nothing happens if it is there.
pub fn join(
    organization: OrganizationId,
    group: DeviceGroupId,
    device: DeviceId,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "INSERT INTO device_group_member (organization, device_group, device, joined_at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (organization, device_group, device) DO NOTHING";
    Statement::new(SQL, p![organization, group, device, now])
}

/// Takes a device out of a group; what it remembered there is forgotten.
pub fn leave(organization: OrganizationId, group: DeviceGroupId, device: DeviceId) -> [Statement; 2] {
    const SQL: &str =
        "DELETE FROM device_group_member WHERE organization = $1 AND device_group = $2 AND device = $3";
    [
        Statement::new(SQL, p![organization, group, device]),
        remembered_login::forget_device(organization, device, group),
    ]
}

/// The devices of a group with their names, by name, after that one.
pub async fn devices(
    store: &Store,
    organization: OrganizationId,
    group: DeviceGroupId,
    after: Option<(String, DeviceId)>,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    const SQL: &str = "SELECT d.id, d.name, d.name_key FROM device_group_member m \
        JOIN device d ON d.organization = m.organization AND d.id = m.device \
        WHERE m.organization = $1 AND m.device_group = $2";
    let mut select = Select::new(SQL, p![organization, group]);
    if let Some((name_key, id)) = after {
        select = select.with(" AND (d.name_key, d.id) > ($, ", name_key).with("$)", id);
    }
    store.select(select.with(" ORDER BY d.name_key, d.id LIMIT $", limit)).await
}

/// A device in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which.
    pub id: DeviceId,
    /// What it is called.
    pub name: String,
    /// What it is sorted by.
    pub name_key: String,
}

impl FromRow for Member {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { id: DeviceId(row.get(0)?), name: row.get(1)?, name_key: row.get(2)? })
    }
}

/// A group of users that is bound to a group of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupBinding {
    /// The users.
    pub user_group: GroupId,
    /// What their group is called.
    pub name: String,
    /// How many they are.
    pub members: i64,
    /// What each of them may do as root.
    pub sudo: Sudo,
    /// Since when.
    pub bound_at: Timestamp,
}

impl FromRow for GroupBinding {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let sudo: String = row.get(3)?;
        Ok(Self {
            user_group: GroupId(row.get(0)?),
            name: row.get(1)?,
            members: row.get(2)?,
            sudo: Sudo::from_key(&sudo).ok_or_else(|| unknown("sudo", &sudo))?,
            bound_at: Timestamp(row.get(4)?),
        })
    }
}

/// The groups of users that are bound to a group of devices, by name.
pub async fn bindings(
    store: &Store,
    organization: OrganizationId,
    group: DeviceGroupId,
) -> Result<Vec<GroupBinding>, StoreError> {
    const SQL: &str = "SELECT b.user_group, u.name, (SELECT count(*) FROM group_member m \
        WHERE m.organization = b.organization AND m.user_group = b.user_group), b.sudo, b.bound_at FROM group_binding b \
        JOIN user_group u ON u.organization = b.organization AND u.id = b.user_group \
        WHERE b.organization = $1 AND b.device_group = $2 ORDER BY u.name_key";
    store.query(SQL, p![organization, group]).await
}

/// Binds a group of users to a group of devices, or changes what they may do as root.
pub fn bind(
    organization: OrganizationId,
    (devices, users): (DeviceGroupId, GroupId),
    sudo: Sudo,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "INSERT INTO group_binding (organization, device_group, user_group, sudo, bound_at) \
        VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organization, device_group, user_group) DO UPDATE SET sudo = EXCLUDED.sudo";
    Statement::new(SQL, p![organization, devices, users, sudo.key(), now])
}

/// Unbinds a group of users; a conflict if it was not bound.
pub fn unbind(organization: OrganizationId, devices: DeviceGroupId, users: GroupId) -> Statement {
    const SQL: &str =
        "DELETE FROM group_binding WHERE organization = $1 AND device_group = $2 AND user_group = $3";
    Statement::new(SQL, vec![Value::from(organization), Value::from(devices), Value::from(users)])
        .expect_rows(1)
}

/// Forgets the bindings of a group of users that is deleted, and what is remembered on the devices that it was bound to.
pub fn forget_users(organization: OrganizationId, users: GroupId) -> [Statement; 2] {
    const REMEMBERED: &str = "DELETE FROM remembered_login WHERE organization = $1 AND device_group IN \
        (SELECT b.device_group FROM group_binding b WHERE b.organization = $1 AND b.user_group = $2)";
    const BINDINGS: &str = "DELETE FROM group_binding WHERE organization = $1 AND user_group = $2";
    [REMEMBERED, BINDINGS].map(|sql| Statement::new(sql, p![organization, users]))
}
