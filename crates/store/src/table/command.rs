//! Commands, and which devices have them (S9.2).

use super::{
    device_group::{DeviceGroup, group_columns},
    refused, unknown,
};
use crate::{FromRow, Row, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    command::{Command, CommandName, Schedule, Shell},
    device::Platform,
    id::{CommandId, DeviceGroupId, DeviceId, OrganizationId},
    time::Timestamp,
};

macro_rules! command_columns {
    () => {
        "c.id, c.revision, c.name, c.description, c.shell, c.script, c.timeout_seconds, c.wait_hours, c.schedule, \
         c.next_run_at, c.created_at"
    };
}

/// How many columns `command_columns` has.
const WIDTH: usize = 11;

impl FromRow for Command {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let shell: String = row.get(4)?;
        Ok(Self {
            id: CommandId(row.get(0)?),
            revision: row.get(1)?,
            name: CommandName::parse("name", &row.get::<String>(2)?).map_err(refused)?,
            description: row.get(3)?,
            shell: Shell::from_key(&shell).ok_or_else(|| unknown("shell", &shell))?,
            script: row.get(5)?,
            timeout_seconds: row.get(6)?,
            wait_hours: row.get(7)?,
            schedule: Schedule::parse(&row.get::<String>(8)?).map_err(refused)?,
            next_run_at: row.get::<Option<i64>>(9)?.map(Timestamp),
            created_at: Timestamp(row.get(10)?),
        })
    }
}

/// A command with what has it, and when it last ran.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The command.
    pub command: Command,
    /// Devices that have it directly.
    pub devices: i64,
    /// Groups of devices that have it.
    pub groups: i64,
    /// When somebody, or its schedule, last asked for a run.
    pub last_run_at: Option<Timestamp>,
}

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            command: Command::from_row(row)?,
            devices: row.get(WIDTH)?,
            groups: row.get(WIDTH + 1)?,
            last_run_at: row.get::<Option<i64>>(WIDTH + 2)?.map(Timestamp),
        })
    }
}

/// Every command, by name.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<Counted>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        command_columns!(),
        ", (SELECT count(*) FROM command_device d WHERE d.organization = c.organization AND d.command = c.id), \
          (SELECT count(*) FROM command_group g WHERE g.organization = c.organization AND g.command = c.id), \
          (SELECT max(r.asked_at) FROM command_run r WHERE r.organization = c.organization AND r.command = c.id) \
          FROM command c WHERE c.organization = $1 ORDER BY c.name_key"
    );
    store.query(SQL, p![organization]).await
}

/// The command of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: CommandId,
) -> Result<Option<Command>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", command_columns!(), " FROM command c WHERE c.organization = $1 AND c.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The command of that name, whatever its case.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    name: &CommandName,
) -> Result<Option<Command>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        command_columns!(),
        " FROM command c WHERE c.organization = $1 AND c.name_key = $2"
    );
    store.first(SQL, p![organization, name.key()]).await
}

/// A command that runs by itself, and on whose behalf, as JSON.
#[derive(Clone, Debug)]
pub struct Due {
    /// The command.
    pub command: Command,
    /// Who laid its schedule down.
    pub scheduled_by: String,
}

impl FromRow for Due {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { command: Command::from_row(row)?, scheduled_by: row.get(WIDTH)? })
    }
}

/// The commands whose time has come.
pub async fn due(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<Due>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        command_columns!(),
        ", c.scheduled_by FROM command c WHERE c.organization = $1 AND c.next_run_at <= $2 ORDER BY c.next_run_at"
    );
    store.query(SQL, p![organization, now]).await
}

/// What a save writes, in the order of its placeholders from `$3`.
fn values(command: &Command, scheduled_by: &str) -> Vec<Value> {
    p![
        command.name.as_str(),
        command.name.key(),
        &command.description,
        command.shell.key(),
        &command.script,
        command.timeout_seconds,
        command.wait_hours,
        command.schedule.text(),
        scheduled_by,
        command.next_run_at,
    ]
}

/// A new command.
pub fn insert(organization: OrganizationId, command: &Command, scheduled_by: &str) -> Statement {
    const SQL: &str = "INSERT INTO command (organization, id, name, name_key, description, shell, script, \
        timeout_seconds, wait_hours, schedule, scheduled_by, next_run_at, created_at, revision) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)";
    let mut all = p![organization, command.id];
    all.extend(values(command, scheduled_by));
    all.extend(p![command.created_at]);
    Statement::new(SQL, all)
}

/// Writes the command as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, command: &Command, scheduled_by: &str) -> Statement {
    const SQL: &str = "UPDATE command SET name = $3, name_key = $4, description = $5, shell = $6, script = $7, \
        timeout_seconds = $8, wait_hours = $9, schedule = $10, scheduled_by = $11, next_run_at = $12, \
        revision = revision + 1 WHERE organization = $1 AND id = $2 AND revision = $13";
    let mut all = p![organization, command.id];
    all.extend(values(command, scheduled_by));
    all.extend(p![command.revision]);
    Statement::new(SQL, all).expect_rows(1)
}

/// It ran by itself at `was`, and does so next at `next`; one node wins.
pub fn advance(
    organization: OrganizationId,
    command: CommandId,
    was: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Statement {
    const SQL: &str =
        "UPDATE command SET next_run_at = $4 WHERE organization = $1 AND id = $2 AND next_run_at = $3";
    Statement::new(SQL, p![organization, command, was, next]).expect_rows(1)
}

/// Deletes the command and who has it; its runs stay.
pub fn delete(organization: OrganizationId, command: &Command) -> [Statement; 3] {
    const COMMAND: &str = "DELETE FROM command WHERE organization = $1 AND id = $2 AND revision = $3";
    const DEVICES: &str = "DELETE FROM command_device WHERE organization = $1 AND command = $2";
    const GROUPS: &str = "DELETE FROM command_group WHERE organization = $1 AND command = $2";
    [
        Statement::new(COMMAND, p![organization, command.id, command.revision]).expect_rows(1),
        Statement::new(DEVICES, p![organization, command.id]),
        Statement::new(GROUPS, p![organization, command.id]),
    ]
}

/// The command is still what was loaded; changes nothing.
pub fn unchanged(organization: OrganizationId, command: &Command) -> Statement {
    const SQL: &str = "SELECT 1 FROM command WHERE organization = $1 AND id = $2 AND revision = $3";
    Statement::guard(SQL, p![organization, command.id, command.revision])
}

/// Gives a command to a device; nothing happens if it has it.
pub fn bind_device(organization: OrganizationId, command: CommandId, device: DeviceId) -> Statement {
    const SQL: &str = "INSERT INTO command_device (organization, command, device) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, command, device) DO NOTHING";
    Statement::new(SQL, p![organization, command, device])
}

/// Takes a command from a device.
pub fn unbind_device(organization: OrganizationId, command: CommandId, device: DeviceId) -> Statement {
    const SQL: &str = "DELETE FROM command_device WHERE organization = $1 AND command = $2 AND device = $3";
    Statement::new(SQL, p![organization, command, device])
}

/// Gives a command to a group of devices; nothing happens if it has it.
pub fn bind_group(organization: OrganizationId, command: CommandId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "INSERT INTO command_group (organization, command, device_group) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, command, device_group) DO NOTHING";
    Statement::new(SQL, p![organization, command, group])
}

/// Takes a command from a group of devices.
pub fn unbind_group(organization: OrganizationId, command: CommandId, group: DeviceGroupId) -> Statement {
    const SQL: &str =
        "DELETE FROM command_group WHERE organization = $1 AND command = $2 AND device_group = $3";
    Statement::new(SQL, p![organization, command, group])
}

/// Takes every command from a group of devices that is no more.
pub(crate) fn forget_group(organization: OrganizationId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "DELETE FROM command_group WHERE organization = $1 AND device_group = $2";
    Statement::new(SQL, p![organization, group])
}

/// A device that has a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Which.
    pub id: DeviceId,
    /// What it is called.
    pub name: String,
    /// What it runs on.
    pub platform: Platform,
    /// Whether it has it itself, and not only through a group.
    pub directly: bool,
}

impl FromRow for Holder {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let platform: String = row.get(2)?;
        Ok(Self {
            id: DeviceId(row.get(0)?),
            name: row.get(1)?,
            platform: Platform::from_key(&platform).ok_or_else(|| unknown("platform", &platform))?,
            directly: row.get::<i64>(3)? > 0,
        })
    }
}

/// The devices that have a command, directly and through groups, by name.
pub async fn devices(
    store: &Store,
    organization: OrganizationId,
    command: CommandId,
) -> Result<Vec<Holder>, StoreError> {
    const SQL: &str = "SELECT d.id, d.name, d.platform, (SELECT count(*) FROM command_device b \
        WHERE b.organization = $1 AND b.command = $2 AND b.device = d.id) FROM device d \
        WHERE d.organization = $1 AND d.id IN ( \
        SELECT b.device FROM command_device b WHERE b.organization = $1 AND b.command = $2 \
        UNION SELECT m.device FROM command_group g JOIN device_group_member m ON m.organization = g.organization \
        AND m.device_group = g.device_group WHERE g.organization = $1 AND g.command = $2) \
        ORDER BY d.name_key, d.id";
    store.query(SQL, p![organization, command]).await
}

/// The groups of devices that have a command, by name.
pub async fn groups(
    store: &Store,
    organization: OrganizationId,
    command: CommandId,
) -> Result<Vec<DeviceGroup>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM command_group b JOIN device_group g ON g.organization = b.organization AND g.id = b.device_group \
          WHERE b.organization = $1 AND b.command = $2 ORDER BY g.name_key"
    );
    store.query(SQL, p![organization, command]).await
}

/// The commands that a device has, directly and through its groups, by name.
pub async fn of_device(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<Command>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        command_columns!(),
        " FROM command c WHERE c.organization = $1 AND c.id IN ( \
          SELECT b.command FROM command_device b WHERE b.organization = $1 AND b.device = $2 \
          UNION SELECT g.command FROM device_group_member m JOIN command_group g ON g.organization = m.organization \
          AND g.device_group = m.device_group WHERE m.organization = $1 AND m.device = $2) ORDER BY c.name_key"
    );
    store.query(SQL, p![organization, device]).await
}
