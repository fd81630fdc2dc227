//! Counts of wrong passwords, keyed on hashes of what was typed, so that unknown accounts count alike.

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::OrganizationId,
    throttle::{Count, FORGOTTEN_AFTER, Scope},
    time::Timestamp,
};

/// What one attempt is counted under.
#[derive(Clone, Copy, Debug)]
pub struct Subjects {
    /// Account and address.
    pub account_at_address: [u8; 32],
    /// Address.
    pub address: [u8; 32],
    /// Account.
    pub account: [u8; 32],
}

impl Subjects {
    /// The subject of a scope.
    pub const fn of(&self, scope: Scope) -> [u8; 32] {
        match scope {
            Scope::AccountAtAddress => self.account_at_address,
            Scope::Address => self.address,
            Scope::Account => self.account,
        }
    }
}

struct Counted(String, Count);

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.get(0)?, Count { failures: row.get(1)?, last_at: Timestamp(row.get(2)?) }))
    }
}

/// The counts for one attempt.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    subjects: &Subjects,
) -> Result<Vec<(Scope, Count)>, StoreError> {
    const SQL: &str = "SELECT scope, failures, last_at FROM throttle WHERE organization = $1 AND \
        ((scope = 'account_at_address' AND subject = $2) OR (scope = 'address' AND subject = $3) OR (scope = 'account' AND subject = $4))";
    let values = p![organization, subjects.account_at_address, subjects.address, subjects.account];
    let counted: Vec<Counted> = store.few(SQL, values).await?;
    Ok(counted
        .into_iter()
        .filter_map(|Counted(key, count)| {
            Scope::ALL.into_iter().find(|scope| scope.key() == key).map(|scope| (scope, count))
        })
        .collect())
}

/// Counts one wrong password in every scope; a count that was forgotten starts again at one.
pub fn count(organization: OrganizationId, subjects: &Subjects, now: Timestamp) -> Vec<Statement> {
    const SQL: &str = "INSERT INTO throttle (organization, scope, subject, failures, last_at) VALUES ($1, $2, $3, 1, $4) \
        ON CONFLICT (organization, scope, subject) DO UPDATE SET last_at = EXCLUDED.last_at, \
        failures = CASE WHEN throttle.last_at < $5 THEN 1 ELSE throttle.failures + 1 END";
    let forgotten = now.minus(FORGOTTEN_AFTER);
    Scope::ALL
        .into_iter()
        .map(|scope| Statement::new(SQL, p![organization, scope.key(), subjects.of(scope), now, forgotten]))
        .collect()
}

/// A right password clears the account's count at its address.
pub fn clear(organization: OrganizationId, subjects: &Subjects) -> Statement {
    const SQL: &str =
        "DELETE FROM throttle WHERE organization = $1 AND scope = 'account_at_address' AND subject = $2";
    Statement::new(SQL, p![organization, subjects.account_at_address])
}

/// Forgets old counts.
pub fn forget(organization: OrganizationId, before: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM throttle WHERE organization = $1 AND last_at < $2";
    Statement::new(SQL, p![organization, before])
}
