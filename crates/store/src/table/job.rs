//! Jobs: what an administrator does to many accounts at once, item by item, through crashes (S3.7).

use super::{
    account::{self, account_columns},
    user_list::{Filter, filtered},
};
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    account::Account,
    id::{JobId, OrganizationId},
    time::Timestamp,
};

/// A job as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// What kind, as the application knows it.
    pub kind: String,
    /// What is to be done, as JSON.
    pub parameters: String,
    /// How far it is.
    pub state: State,
    /// Who asked for it, as JSON.
    pub actor: String,
    /// How many items it has.
    pub total: i64,
    /// Items up to this one are through.
    pub position: i64,
    /// How many of them were skipped.
    pub skipped: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Shown, and not asked for yet.
    Preview,
    /// Asked for.
    Waiting,
    /// Begun.
    Running,
    /// Through.
    Done,
    /// Stopped by an administrator.
    Canceled,
}

impl State {
    const ALL: [State; 5] = [Self::Preview, Self::Waiting, Self::Running, Self::Done, Self::Canceled];

    /// The word in the database and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing more will happen.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Canceled)
    }
}

macro_rules! job_columns {
    () => {
        "id, kind, parameters, state, actor, total, position, skipped, created_at, finished_at"
    };
}

impl FromRow for Job {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get(3)?;
        Ok(Self {
            id: JobId(row.get(0)?),
            kind: row.get(1)?,
            parameters: row.get(2)?,
            state: State::ALL
                .into_iter()
                .find(|known| known.key() == state)
                .ok_or_else(|| super::unknown("job", &state))?,
            actor: row.get(4)?,
            total: row.get(5)?,
            position: row.get(6)?,
            skipped: row.get(7)?,
            created_at: Timestamp(row.get(8)?),
            finished_at: row.get::<Option<i64>>(9)?.map(Timestamp),
        })
    }
}

/// An item with the account it is about, if that is still there.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number, from 1.
    pub position: i64,
    /// Whom or what it is about.
    pub label: String,
    /// What a row of an imported file says.
    pub payload: String,
    /// Why it is skipped; empty if it is not.
    pub reason: String,
    /// The account as it is now.
    pub account: Option<Account>,
}

impl FromRow for Item {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let found: Option<uuid::Uuid> = row.get(4)?;
        Ok(Self {
            position: row.get(0)?,
            label: row.get(1)?,
            payload: row.get(2)?,
            reason: row.get(3)?,
            account: found.map(|_| account::read(row, 4)).transpose()?,
        })
    }
}

/// What a report says of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub position: i64,
    /// Whom or what it is about.
    pub label: String,
    /// Why it was skipped; empty if it was or will be done.
    pub reason: String,
}

impl FromRow for Line {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { position: row.get(0)?, label: row.get(1)?, reason: row.get(2)? })
    }
}

/// A new job without items.
pub fn insert(organization: OrganizationId, job: &Job) -> Statement {
    const SQL: &str = "INSERT INTO job (organization, id, kind, parameters, state, actor, total, position, skipped, \
        lease_until, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, $8)";
    Statement::new(
        SQL,
        p![
            organization,
            job.id,
            &job.kind,
            &job.parameters,
            job.state.key(),
            &job.actor,
            job.total,
            job.created_at
        ],
    )
}

/// An item for every user that matches now, in the order of their names, and the job's total.
pub fn fill(organization: OrganizationId, job: JobId, filter: &Filter, now: Timestamp) -> [Statement; 2] {
    const TOTAL: &str = "UPDATE job SET total = (SELECT count(*) FROM job_item i WHERE i.organization = $1 AND i.job = $2) \
        WHERE organization = $1 AND id = $2";
    let select = Select::new(
        "INSERT INTO job_item (organization, job, position, account, label, payload, reason) \
         SELECT a.organization, j.id, row_number() OVER (ORDER BY a.sort_key, a.id), a.id, a.email, '', '' \
         FROM job j JOIN account a ON a.organization = j.organization \
         WHERE j.organization = $1 AND j.id = $2 AND a.realm = 'user'",
        p![organization, job],
    );
    [Statement::built(filtered(select, filter, now)), Statement::new(TOTAL, p![organization, job])]
}

/// The number of items of a job that is filled by hand.
pub fn total(organization: OrganizationId, job: JobId, total: i64) -> Statement {
    const SQL: &str = "UPDATE job SET total = $3 WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, job, total])
}

/// One item of a job that is filled by hand.
pub fn item(organization: OrganizationId, job: JobId, line: &Line, payload: &str) -> Statement {
    const SQL: &str = "INSERT INTO job_item (organization, job, position, label, payload, reason) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    Statement::row(SQL, p![organization, job, line.position, &line.label, payload, &line.reason])
}

/// The job.
pub async fn load(store: &Store, organization: OrganizationId, id: JobId) -> Result<Option<Job>, StoreError> {
    const SQL: &str = concat!("SELECT ", job_columns!(), " FROM job WHERE organization = $1 AND id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The newest jobs.
pub async fn newest(store: &Store, organization: OrganizationId, limit: i64) -> Result<Vec<Job>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", job_columns!(), " FROM job WHERE organization = $1 ORDER BY id DESC LIMIT $2");
    store.query(SQL, p![organization, limit]).await
}

/// Jobs that are to be worked on and that nobody works on now, the oldest first.
pub async fn due(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<Job>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        job_columns!(),
        " FROM job WHERE organization = $1 AND state IN ('running', 'waiting') AND lease_until <= $2 ORDER BY id LIMIT 10"
    );
    store.query(SQL, p![organization, now]).await
}

/// Leases a job; one node wins. A node that dies leaves the lease to run out.
pub fn claim(organization: OrganizationId, id: JobId, now: Timestamp, until: Timestamp) -> Statement {
    const SQL: &str = "UPDATE job SET state = 'running', lease_until = $4 WHERE organization = $1 AND id = $2 \
        AND state IN ('running', 'waiting') AND lease_until <= $3";
    Statement::new(SQL, p![organization, id, now, until]).expect_rows(1)
}

/// The next items with their accounts.
pub async fn next_items(
    store: &Store,
    organization: OrganizationId,
    job: JobId,
    after: i64,
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    const SQL: &str = concat!(
        "SELECT i.position, i.label, i.payload, i.reason, ",
        account_columns!(),
        " FROM job_item i LEFT JOIN account a ON a.organization = i.organization AND a.id = i.account \
          WHERE i.organization = $1 AND i.job = $2 AND i.position > $3 ORDER BY i.position LIMIT $4"
    );
    store.query(SQL, p![organization, job, after, limit]).await
}

/// Items `from` (not itself) to `to` are through: in the same batch as what was done, so that it is done once.
pub fn advance(
    organization: OrganizationId,
    id: JobId,
    (from, to): (i64, i64),
    skipped: i64,
    lease: Timestamp,
) -> Statement {
    const SQL: &str = "UPDATE job SET position = $4, skipped = skipped + $5, lease_until = $6 \
        WHERE organization = $1 AND id = $2 AND position = $3 AND state = 'running'";
    Statement::new(SQL, p![organization, id, from, to, skipped, lease]).expect_rows(1)
}

/// Says why an item was skipped.
pub fn skip(organization: OrganizationId, job: JobId, position: i64, reason: &str) -> Statement {
    const SQL: &str =
        "UPDATE job_item SET reason = $4 WHERE organization = $1 AND job = $2 AND position = $3";
    Statement::new(SQL, p![organization, job, position, reason])
}

/// Moves a job from one state to another; one caller wins.
pub fn turn(organization: OrganizationId, id: JobId, from: State, to: State, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE job SET state = $4, lease_until = 0, finished_at = $5 \
        WHERE organization = $1 AND id = $2 AND state = $3";
    let finished = to.has_ended().then_some(now);
    Statement::new(SQL, p![organization, id, from.key(), to.key(), finished]).expect_rows(1)
}

/// A part of the report: every item after `after`, or those that were skipped only.
pub async fn report(
    store: &Store,
    organization: OrganizationId,
    job: JobId,
    part: Part,
) -> Result<Vec<Line>, StoreError> {
    let select = Select::new(
        "SELECT position, label, reason FROM job_item WHERE organization = $1 AND job = $2",
        p![organization, job],
    )
    .with(" AND position > $", part.after);
    let select = match part.of {
        Which::All => select,
        Which::Skipped => select.text(" AND reason <> ''"),
    };
    store.select(select.text(" ORDER BY position").with(" LIMIT $", part.limit)).await
}

/// Which part of a report.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Which items.
    pub of: Which,
    /// The number of the last item before the part.
    pub after: i64,
    /// How many at most.
    pub limit: i64,
}

/// Which items of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those with a reason.
    Skipped,
}

/// How many items of a job that was not begun would be skipped.
pub async fn refused(store: &Store, organization: OrganizationId, job: JobId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM job_item WHERE organization = $1 AND job = $2 AND reason <> ''";
    Ok(store.query(SQL, p![organization, job]).await?.first().copied().unwrap_or(0))
}

/// Forgets jobs that ended before `before`, and previews that nobody confirmed.
pub fn forget(organization: OrganizationId, before: Timestamp) -> [Statement; 2] {
    const ITEMS: &str = "DELETE FROM job_item WHERE organization = $1 AND job IN (SELECT j.id FROM job j \
        WHERE j.organization = $1 AND j.created_at < $2 AND j.state IN ('preview', 'done', 'canceled'))";
    const JOBS: &str = "DELETE FROM job WHERE organization = $1 AND created_at < $2 AND state IN ('preview', 'done', 'canceled')";
    [ITEMS, JOBS].map(|sql| Statement::new(sql, p![organization, before]))
}

/// Forgets the items of jobs that have no row of their own, made before `before`: of an upload that was cut off.
pub fn forget_stray_items(organization: OrganizationId, before: Timestamp) -> Statement {
    // From one job's items to the next one's, so that not every item is read.
    const SQL: &str = "DELETE FROM job_item WHERE organization = $1 AND job IN ( \
        WITH RECURSIVE found (job) AS ( \
            SELECT (SELECT i.job FROM job_item i WHERE i.organization = $1 AND i.job < $2 ORDER BY i.job LIMIT 1) \
            UNION ALL \
            SELECT (SELECT i.job FROM job_item i WHERE i.organization = $1 AND i.job > f.job AND i.job < $2 \
                ORDER BY i.job LIMIT 1) \
            FROM found f WHERE f.job IS NOT NULL) \
        SELECT f.job FROM found f WHERE f.job IS NOT NULL \
            AND NOT EXISTS (SELECT 1 FROM job j WHERE j.organization = $1 AND j.id = f.job))";
    Statement::new(SQL, p![organization, JobId::new(before, [0; 10])])
}

/// The payloads of a job's items are wiped once they are no longer needed.
pub fn wipe_payloads(organization: OrganizationId, job: JobId) -> Statement {
    const SQL: &str =
        "UPDATE job_item SET payload = '' WHERE organization = $1 AND job = $2 AND payload <> ''";
    Statement::new(SQL, vec![Value::from(organization), Value::from(job)])
}
