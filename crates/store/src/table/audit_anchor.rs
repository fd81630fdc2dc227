//! Where the chain begins once old entries were removed (section 12).

use super::audit::Head;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::id::OrganizationId;

/// The beginning of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The last entry that was removed.
    pub removed: Head,
    /// Up to which number the removal stands in the log itself.
    pub told: i64,
}

impl FromRow for Anchor {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { removed: Head { sequence: row.get(0)?, link: row.get(1)? }, told: row.get(2)? })
    }
}

/// The anchor; nothing if no entry was ever removed.
pub async fn load(store: &Store, organization: OrganizationId) -> Result<Option<Anchor>, StoreError> {
    const SQL: &str = "SELECT sequence, link, told FROM audit_anchor WHERE organization = $1";
    store.first(SQL, p![organization]).await
}

/// Moves the anchor on from the number that was loaded, 0 for none; one remover wins.
pub fn advance(organization: OrganizationId, from: i64, to: Head) -> Statement {
    const SQL: &str = "INSERT INTO audit_anchor (organization, sequence, link, told) VALUES ($1, $2, $3, 0) \
        ON CONFLICT (organization) DO UPDATE SET sequence = EXCLUDED.sequence, link = EXCLUDED.link \
        WHERE audit_anchor.sequence = $4";
    Statement::new(SQL, p![organization, to.sequence, to.link, from]).expect_rows(1)
}

/// Removes the sealed entries after `from` up to `to`, which must all be there.
pub fn remove(organization: OrganizationId, from: i64, to: i64) -> Statement {
    const SQL: &str = "DELETE FROM audit WHERE organization = $1 AND sequence > $2 AND sequence <= $3";
    Statement::new(SQL, p![organization, from, to]).expect_rows(u64::try_from(to - from).unwrap_or(0))
}

/// Notes that the log tells of the removal up to `to`.
pub fn tell(organization: OrganizationId, from: i64, to: i64) -> Statement {
    const SQL: &str = "UPDATE audit_anchor SET told = $3 WHERE organization = $1 AND told = $2";
    Statement::new(SQL, p![organization, from, to]).expect_rows(1)
}
