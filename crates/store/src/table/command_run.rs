//! Runs of commands, and what came of them on each device (S9.2).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    command::{Reported, Shell, State},
    id::{CommandId, DeviceId, OrganizationId, RunId},
    time::{Span, Timestamp},
};

/// Runs that a device is told of at a time, the oldest first.
const AT_ONCE: i64 = 20;
/// A device that comes back later is not asked any more what became of a run.
const ASKED_FOR: Span = Span::days(30);

/// A run, with everything as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRun {
    /// Which.
    pub id: RunId,
    /// Of which command; it may be gone.
    pub command: CommandId,
    /// What that was called.
    pub name: String,
    /// What runs the script.
    pub shell: Shell,
    /// The script.
    pub script: String,
    /// After how many seconds it is ended.
    pub timeout_seconds: i64,
    /// By whom, by name.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// Who has not begun by then doesn't begin any more.
    pub expires_at: Timestamp,
    /// When it was canceled.
    pub canceled_at: Option<Timestamp>,
}

macro_rules! run_columns {
    () => {
        "r.id, r.command, r.name, r.shell, r.script, r.timeout_seconds, r.asked_by, r.asked_at, r.expires_at, \
         r.canceled_at"
    };
}

/// How many columns `run_columns` has.
const WIDTH: usize = 10;

impl FromRow for CommandRun {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let shell: String = row.get(3)?;
        Ok(Self {
            id: RunId(row.get(0)?),
            command: CommandId(row.get(1)?),
            name: row.get(2)?,
            shell: Shell::from_key(&shell).ok_or_else(|| unknown("shell", &shell))?,
            script: row.get(4)?,
            timeout_seconds: row.get(5)?,
            asked_by: row.get(6)?,
            asked_at: Timestamp(row.get(7)?),
            expires_at: Timestamp(row.get(8)?),
            canceled_at: row.get::<Option<i64>>(9)?.map(Timestamp),
        })
    }
}

/// A run with how it stands on its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedRun {
    /// The run.
    pub run: CommandRun,
    /// On how many devices.
    pub devices: i64,
    /// On how many of them it is not over.
    pub open: i64,
    /// On how many of them it ended with exit code 0.
    pub succeeded: i64,
}

impl FromRow for CountedRun {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            run: CommandRun::from_row(row)?,
            devices: row.get(WIDTH)?,
            open: row.get(WIDTH + 1)?,
            succeeded: row.get(WIDTH + 2)?,
        })
    }
}

macro_rules! counted_columns {
    () => {
        concat!(
            run_columns!(),
            ", (SELECT count(*) FROM command_result x WHERE x.organization = r.organization AND x.run = r.id), \
             (SELECT count(*) FROM command_result x WHERE x.organization = r.organization AND x.run = r.id \
             AND x.state IN ('waiting', 'running')), \
             (SELECT count(*) FROM command_result x WHERE x.organization = r.organization AND x.run = r.id \
             AND x.state = 'exited' AND x.exit_code = 0)"
        )
    };
}

/// The newest runs of a command.
pub async fn of_command(
    store: &Store,
    organization: OrganizationId,
    command: CommandId,
    limit: i64,
) -> Result<Vec<CountedRun>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        counted_columns!(),
        " FROM command_run r WHERE r.organization = $1 AND r.command = $2 ORDER BY r.id DESC LIMIT $3"
    );
    store.query(SQL, p![organization, command, limit]).await
}

/// The run of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: RunId,
) -> Result<Option<CountedRun>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", counted_columns!(), " FROM command_run r WHERE r.organization = $1 AND r.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// What came of a run on one device; without its output in lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandResult {
    /// Of which run.
    pub run: RunId,
    /// On which device; it may be gone.
    pub device: DeviceId,
    /// What that is called; nothing if it is gone.
    pub device_name: Option<String>,
    /// How it stands.
    pub state: State,
    /// If it ended by itself.
    pub exit_code: Option<i64>,
    /// What is shown of its output.
    pub output: String,
    /// In words; may be empty.
    pub detail: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl FromRow for CommandResult {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get(3)?;
        Ok(Self {
            run: RunId(row.get(0)?),
            device: DeviceId(row.get(1)?),
            device_name: row.get(2)?,
            state: State::from_key(&state).ok_or_else(|| unknown("state of a run", &state))?,
            exit_code: row.get(4)?,
            output: row.get(5)?,
            detail: row.get(6)?,
            started_at: row.get::<Option<i64>>(7)?.map(Timestamp),
            ended_at: row.get::<Option<i64>>(8)?.map(Timestamp),
        })
    }
}

/// What came of a run, by device; without output.
pub async fn results(
    store: &Store,
    organization: OrganizationId,
    run: RunId,
) -> Result<Vec<CommandResult>, StoreError> {
    const SQL: &str = "SELECT x.run, x.device, d.name, x.state, x.exit_code, '', x.detail, x.started_at, x.ended_at \
        FROM command_result x LEFT JOIN device d ON d.organization = x.organization AND d.id = x.device \
        WHERE x.organization = $1 AND x.run = $2 ORDER BY d.name_key, x.device";
    store.query(SQL, p![organization, run]).await
}

/// What came of a run on one device, with its output.
pub async fn result(
    store: &Store,
    organization: OrganizationId,
    run: RunId,
    device: DeviceId,
) -> Result<Option<CommandResult>, StoreError> {
    const SQL: &str = "SELECT x.run, x.device, d.name, x.state, x.exit_code, x.output, x.detail, x.started_at, \
        x.ended_at FROM command_result x LEFT JOIN device d ON d.organization = x.organization AND d.id = x.device \
        WHERE x.organization = $1 AND x.run = $2 AND x.device = $3";
    store.first(SQL, p![organization, run, device]).await
}

/// A run on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOnDevice {
    /// The run.
    pub run: CommandRun,
    /// How it stands there.
    pub state: State,
    /// If it ended by itself.
    pub exit_code: Option<i64>,
}

impl FromRow for RunOnDevice {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get(WIDTH)?;
        Ok(Self {
            run: CommandRun::from_row(row)?,
            state: State::from_key(&state).ok_or_else(|| unknown("state of a run", &state))?,
            exit_code: row.get(WIDTH + 1)?,
        })
    }
}

/// The newest runs on a device.
pub async fn of_device(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
    limit: i64,
) -> Result<Vec<RunOnDevice>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        run_columns!(),
        ", x.state, x.exit_code FROM command_result x JOIN command_run r ON r.organization = x.organization \
         AND r.id = x.run WHERE x.organization = $1 AND x.device = $2 ORDER BY x.run DESC LIMIT $3"
    );
    store.query(SQL, p![organization, device, limit]).await
}

/// What a device is to be told of: the runs that it hasn't ended, as far as they are not long forgotten.
pub async fn open_on(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Vec<RunOnDevice>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        run_columns!(),
        ", x.state, x.exit_code FROM command_result x JOIN command_run r ON r.organization = x.organization \
         AND r.id = x.run WHERE x.organization = $1 AND x.device = $2 AND x.state IN ('waiting', 'running') \
         AND r.expires_at > $3 ORDER BY x.run LIMIT $4"
    );
    store.query(SQL, p![organization, device, now.minus(ASKED_FOR), AT_ONCE]).await
}

/// The devices of those on which an earlier run of the command may still begin, or goes on.
pub async fn busy(
    store: &Store,
    organization: OrganizationId,
    command: CommandId,
    now: Timestamp,
) -> Result<Vec<DeviceId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT x.device FROM command_run r JOIN command_result x \
        ON x.organization = r.organization AND x.run = r.id WHERE r.organization = $1 AND r.command = $2 \
        AND (x.state = 'running' OR (x.state = 'waiting' AND r.expires_at > $3))";
    let found: Vec<uuid::Uuid> = store.query(SQL, p![organization, command, now]).await?;
    Ok(found.into_iter().map(DeviceId).collect())
}

/// A new run.
pub fn insert(organization: OrganizationId, run: &CommandRun) -> Statement {
    const SQL: &str = "INSERT INTO command_run (organization, id, command, name, shell, script, timeout_seconds, \
        asked_by, asked_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = p![
        organization,
        run.id,
        run.command,
        &run.name,
        run.shell.key(),
        &run.script,
        run.timeout_seconds,
        &run.asked_by,
        run.asked_at,
        run.expires_at,
    ];
    Statement::new(SQL, values)
}

/// The run on one device.
pub fn insert_result(organization: OrganizationId, run: RunId, device: DeviceId) -> Statement {
    const SQL: &str = "INSERT INTO command_result (organization, run, device, state, output, detail) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    Statement::row(SQL, p![organization, run, device, State::Waiting.key(), "", ""])
}

/// Cancels a run, once.
pub fn cancel(organization: OrganizationId, run: RunId, now: Timestamp) -> Statement {
    const SQL: &str =
        "UPDATE command_run SET canceled_at = $3 WHERE organization = $1 AND id = $2 AND canceled_at IS NULL";
    Statement::new(SQL, p![organization, run, now]).expect_rows(1)
}

/// Notes what a device says of a run that it has not ended before.
pub fn say(organization: OrganizationId, (run, device): (RunId, DeviceId), said: &Reported) -> Statement {
    const SQL: &str = "UPDATE command_result SET state = $4, exit_code = $5, output = $6, detail = $7, started_at = $8, \
        ended_at = $9 WHERE organization = $1 AND run = $2 AND device = $3 AND state IN ('waiting', 'running')";
    let values = p![
        organization,
        run,
        device,
        State::from(said.stage).key(),
        said.exit_code.map(i64::from),
        &said.output,
        &said.detail,
        said.started_at,
        said.ended_at,
    ];
    Statement::new(SQL, values)
}

/// Forgets runs that were asked for before, with what came of them.
pub fn forget(organization: OrganizationId, before: Timestamp) -> [Statement; 2] {
    const RESULTS: &str = "DELETE FROM command_result WHERE organization = $1 AND run IN \
        (SELECT r.id FROM command_run r WHERE r.organization = $1 AND r.asked_at < $2)";
    const RUNS: &str = "DELETE FROM command_run WHERE organization = $1 AND asked_at < $2";
    [Statement::new(RESULTS, p![organization, before]), Statement::new(RUNS, p![organization, before])]
}
