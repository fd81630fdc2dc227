//! Recovery codes, of which only the hashes are kept (S4.9).

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, OrganizationId},
    recovery::Standing,
    time::Timestamp,
};

/// When a code was used, if it was.
struct Used(Option<i64>);

impl FromRow for Used {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.get(0)?))
    }
}

/// What the account's codes say of the one with that hash.
pub async fn standing(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
    code_hash: [u8; 32],
) -> Result<Standing, StoreError> {
    const SQL: &str =
        "SELECT used_at FROM recovery_code WHERE organization = $1 AND account = $2 AND code_hash = $3";
    let found: Option<Used> = store.first(SQL, p![organization, account, code_hash]).await?;
    Ok(match found {
        None => Standing::Unknown,
        Some(Used(None)) => Standing::Unused,
        Some(Used(Some(_))) => Standing::Used,
    })
}

/// How many of the account's codes are unused.
pub async fn left(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<i64, StoreError> {
    const SQL: &str =
        "SELECT count(*) FROM recovery_code WHERE organization = $1 AND account = $2 AND used_at IS NULL";
    Ok(store.first(SQL, p![organization, account]).await?.unwrap_or(0))
}

/// A new code.
pub fn insert(
    organization: OrganizationId,
    account: AccountId,
    code_hash: [u8; 32],
    now: Timestamp,
) -> Statement {
    const SQL: &str = "INSERT INTO recovery_code (organization, account, code_hash, created_at, used_at) \
        VALUES ($1, $2, $3, $4, NULL)";
    Statement::new(SQL, p![organization, account, code_hash, now])
}

/// S4.9: uses the code up; one wins, on however many nodes.
pub fn take(
    organization: OrganizationId,
    account: AccountId,
    code_hash: [u8; 32],
    now: Timestamp,
) -> Statement {
    const SQL: &str = "UPDATE recovery_code SET used_at = $4 \
        WHERE organization = $1 AND account = $2 AND code_hash = $3 AND used_at IS NULL";
    Statement::new(SQL, p![organization, account, code_hash, now]).expect_rows(1)
}

/// Deletes the account's codes, used or not.
pub fn delete(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM recovery_code WHERE organization = $1 AND account = $2";
    Statement::new(SQL, p![organization, account])
}
