//! Calls of the API that are carried out once, and what they were answered (S13.1).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{
    id::OrganizationId,
    idempotency::{Earlier, Progress},
    time::Timestamp,
};
use uuid::Uuid;

/// What a call was answered; empty where it had no such header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: i64,
    /// `Content-Type`.
    pub content_type: String,
    /// `Location`.
    pub location: String,
    /// `ETag`.
    pub etag: String,
    /// The body, sealed at [`body_place`]; nothing if it is not kept.
    pub body: Option<Vec<u8>>,
}

/// A call as stored.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it was, and how far it is.
    pub earlier: Earlier,
    /// What it was answered, once it is done.
    pub answer: Answer,
}

const fn key(progress: Progress) -> &'static str {
    match progress {
        Progress::Running => "running",
        Progress::Done => "done",
    }
}

impl FromRow for Call {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get(1)?;
        let progress = [Progress::Running, Progress::Done].into_iter().find(|known| key(*known) == state);
        Ok(Self {
            earlier: Earlier {
                request: row.get(0)?,
                progress: progress.ok_or_else(|| unknown("state of a call", &state))?,
                began_at: Timestamp(row.get(2)?),
            },
            answer: Answer {
                status: row.get(3)?,
                content_type: row.get(4)?,
                location: row.get(5)?,
                etag: row.get(6)?,
                body: row.get(7)?,
            },
        })
    }
}

/// Where the answer to a call is sealed for.
pub fn body_place(call: [u8; 32]) -> Place {
    let half = call.first_chunk::<16>().copied().unwrap_or_default();
    Place { table: "idempotency", column: "body", row: Uuid::from_bytes(half) }
}

/// The call of that name, if it was sent after `since`.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    call: [u8; 32],
    since: Timestamp,
) -> Result<Option<Call>, StoreError> {
    const SQL: &str = "SELECT request, state, created_at, status, content_type, location, etag, body \
        FROM idempotency WHERE organization = $1 AND call = $2 AND created_at > $3";
    store.first(SQL, p![organization, call, since]).await
}

/// Begins a call that nobody began after `since`: one caller on one server gets through.
pub fn begin(
    organization: OrganizationId,
    call: [u8; 32],
    request: [u8; 32],
    (since, now): (Timestamp, Timestamp),
) -> [Statement; 2] {
    const OLD: &str = "DELETE FROM idempotency WHERE organization = $1 AND call = $2 AND created_at <= $3";
    const SQL: &str = "INSERT INTO idempotency (organization, call, request, state, created_at, status, content_type, \
        location, etag) VALUES ($1, $2, $3, 'running', $4, 0, '', '', '') ON CONFLICT (organization, call) DO NOTHING";
    [
        Statement::new(OLD, p![organization, call, since]),
        Statement::new(SQL, p![organization, call, request, now]).expect_rows(1),
    ]
}

/// The call is carried out.
pub fn done(organization: OrganizationId, call: [u8; 32], answer: Answer) -> Statement {
    const SQL: &str = "UPDATE idempotency SET state = 'done', status = $3, content_type = $4, location = $5, etag = $6, \
        body = $7 WHERE organization = $1 AND call = $2 AND state = 'running'";
    let Answer { status, content_type, location, etag, body } = answer;
    Statement::new(SQL, p![organization, call, status, content_type, location, etag, body])
}

/// The call was refused: nothing was done, and its key is free again.
pub fn release(organization: OrganizationId, call: [u8; 32]) -> Statement {
    const SQL: &str = "DELETE FROM idempotency WHERE organization = $1 AND call = $2 AND state = 'running'";
    Statement::new(SQL, p![organization, call])
}

/// Forgets calls that began before `before`.
pub fn forget(organization: OrganizationId, before: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM idempotency WHERE organization = $1 AND created_at <= $2";
    Statement::new(SQL, p![organization, before])
}
