//! Scheduled work: rows that one node at a time leases.

use crate::{Statement, Store, StoreError, p};
use claviger_domain::{id::OrganizationId, time::Timestamp};

/// When the job runs next and until when it is leased.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    name: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    const SQL: &str = "SELECT next_run, lease_until FROM schedule WHERE organization = $1 AND name = $2";
    store.first(SQL, p![organization, name]).await
}

/// Makes the row, unless it is there.
pub fn ensure(organization: OrganizationId, name: &str) -> Statement {
    const SQL: &str = "INSERT INTO schedule (organization, name, next_run, lease_until) VALUES ($1, $2, 0, 0) \
        ON CONFLICT (organization, name) DO NOTHING";
    Statement::new(SQL, p![organization, name])
}

/// Leases a due job; one node wins. A node that dies leaves the lease to run out.
pub fn claim(organization: OrganizationId, name: &str, now: Timestamp, until: Timestamp) -> Statement {
    const SQL: &str = "UPDATE schedule SET lease_until = $4 WHERE organization = $1 AND name = $2 AND next_run <= $3 AND lease_until <= $3";
    Statement::new(SQL, p![organization, name, now, until]).expect_rows(1)
}

/// Ends the lease and sets the next run.
pub fn done(organization: OrganizationId, name: &str, until: Timestamp, next_run: Timestamp) -> Statement {
    const SQL: &str = "UPDATE schedule SET next_run = $4, lease_until = 0 WHERE organization = $1 AND name = $2 AND lease_until = $3";
    Statement::new(SQL, p![organization, name, until, next_run])
}
