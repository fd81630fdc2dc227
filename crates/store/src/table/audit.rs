//! The activity log: entries are written with the change they tell of, and sealed into a hash chain after.

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    audit::{Entry, GENESIS, Link},
    id::{AuditId, OrganizationId},
    time::Timestamp,
};

macro_rules! entry_columns {
    () => {
        "organization, id, at, actor_kind, actor_id, actor_name, address, action, target_id, target_name, outcome, details"
    };
}
pub(super) use entry_columns;

pub(super) const WIDTH: usize = 12;

impl FromRow for Entry {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            organization: OrganizationId(row.get(0)?),
            id: AuditId(row.get(1)?),
            at: Timestamp(row.get(2)?),
            actor_kind: row.get(3)?,
            actor_id: row.get(4)?,
            actor_name: row.get(5)?,
            address: row.get(6)?,
            action: row.get(7)?,
            target_id: row.get(8)?,
            target_name: row.get(9)?,
            outcome: row.get(10)?,
            details: row.get(11)?,
        })
    }
}

/// An entry with its place in the chain.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The entry.
    pub entry: Entry,
    /// Its number, from 1.
    pub sequence: i64,
    /// Its link.
    pub link: Link,
}

impl FromRow for Sealed {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { entry: Entry::from_row(row)?, sequence: row.get(WIDTH)?, link: row.get(WIDTH + 1)? })
    }
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last number.
    pub sequence: i64,
    /// The last link.
    pub link: Link,
}

impl Head {
    /// What the first entry is linked to.
    pub const GENESIS: Head = Head { sequence: 0, link: GENESIS };
}

impl FromRow for Head {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { sequence: row.get(0)?, link: row.get(1)? })
    }
}

/// Writes an entry, not sealed yet.
pub fn insert(entry: &Entry) -> Statement {
    const SQL: &str = "INSERT INTO audit (organization, id, at, actor_kind, actor_id, actor_name, address, action, target_id, \
        target_name, outcome, details, sequence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)";
    Statement::row(
        SQL,
        p![
            entry.organization,
            entry.id,
            entry.at,
            &entry.actor_kind,
            &entry.actor_id,
            &entry.actor_name,
            &entry.address,
            &entry.action,
            &entry.target_id,
            &entry.target_name,
            &entry.outcome,
            &entry.details,
        ],
    )
}

/// Entries not sealed yet, the oldest first.
///
/// Written as a range, because a planner without statistics would read the whole log in the order of its ids.
pub async fn unsealed(
    store: &Store,
    organization: OrganizationId,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        entry_columns!(),
        " FROM audit WHERE organization = $1 AND sequence < 1 ORDER BY sequence, id LIMIT $2"
    );
    store.query(SQL, p![organization, limit]).await
}

/// The end of the chain.
pub async fn head(store: &Store, organization: OrganizationId) -> Result<Option<Head>, StoreError> {
    const SQL: &str = "SELECT sequence, link FROM audit_chain WHERE organization = $1";
    store.first(SQL, p![organization]).await
}

/// Gives an entry its place in the chain. That it has none yet need not be asked here, where it would lead a planner
/// without statistics to read the whole log: whoever moved the end of the chain on sealed it.
pub fn seal(organization: OrganizationId, id: AuditId, place: Head) -> Statement {
    const SQL: &str = "UPDATE audit SET sequence = $3, link = $4 WHERE organization = $1 AND id = $2";
    Statement::row(SQL, p![organization, id, place.sequence, place.link]).expect_rows(1)
}

/// Moves the end of the chain on; one sealer wins.
pub fn advance(organization: OrganizationId, from: Head, to: Head) -> Statement {
    const SQL: &str =
        "UPDATE audit_chain SET sequence = $3, link = $4 WHERE organization = $1 AND sequence = $2";
    Statement::new(SQL, p![organization, from.sequence, to.sequence, to.link]).expect_rows(1)
}

/// Sealed entries after `sequence`, in the order of the chain.
pub async fn chain(
    store: &Store,
    organization: OrganizationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Sealed>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        entry_columns!(),
        ", sequence, link FROM audit WHERE organization = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
    );
    store.query(SQL, p![organization, after, limit]).await
}

/// An entry as far as it tells whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// Which entry.
    pub id: AuditId,
    /// Its number; below 1 before it is sealed.
    pub sequence: i64,
    /// What was done.
    pub action: String,
    /// To whom or what, by id.
    pub target: String,
}

impl FromRow for News {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { id: AuditId(row.get(0)?), sequence: row.get(1)?, action: row.get(2)?, target: row.get(3)? })
    }
}

/// Sealed entries after `sequence`, in the order of the chain, and those that are not sealed yet: at most so many of
/// both. Every entry is among them once it has its number, whatever a clock says.
pub async fn news(
    store: &Store,
    organization: OrganizationId,
    after: i64,
    limit: i64,
) -> Result<Vec<News>, StoreError> {
    const SQL: &str = "SELECT s.id, s.sequence, s.action, s.target_id FROM (SELECT id, sequence, action, target_id \
          FROM audit WHERE organization = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) s \
        UNION ALL SELECT u.id, u.sequence, u.action, u.target_id FROM (SELECT id, sequence, action, target_id \
          FROM audit WHERE organization = $1 AND sequence < 1 ORDER BY sequence, id LIMIT $3) u";
    store.query(SQL, p![organization, after, limit]).await
}

/// The newest entries about an account.
pub async fn about(
    store: &Store,
    organization: OrganizationId,
    target: &str,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        entry_columns!(),
        " FROM audit WHERE organization = $1 AND target_id = $2 ORDER BY id DESC LIMIT $3"
    );
    store.query(SQL, p![organization, target, limit]).await
}
