//! What users are on Unix systems: numbers, shells, SSH keys (S3.1).

use super::refused;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, OrganizationId},
    posix::{Posix, SshKey},
    time::Timestamp,
};

fn id(row: &Row<'_>, index: usize) -> Result<Option<u32>, StoreError> {
    let id: Option<i64> = row.get(index)?;
    id.map(|id| u32::try_from(id).map_err(|_| StoreError::corrupt(format!("uid {id}")))).transpose()
}

impl FromRow for Posix {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { uid: id(row, 0)?, gid: id(row, 1)?, shell: row.get(2)? })
    }
}

/// What is laid down for the user, if anything is.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Posix>, StoreError> {
    const SQL: &str = "SELECT uid, gid, shell FROM account_posix WHERE organization = $1 AND account = $2";
    store.first(SQL, p![organization, account]).await
}

/// Lays it down, whatever was there. A number that another user has is a conflict.
pub fn save(organization: OrganizationId, account: AccountId, posix: &Posix) -> Statement {
    const SQL: &str = "INSERT INTO account_posix (organization, account, uid, gid, shell) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organization, account) DO UPDATE SET uid = EXCLUDED.uid, gid = EXCLUDED.gid, shell = EXCLUDED.shell";
    Statement::new(SQL, p![organization, account, posix.uid, posix.gid, &posix.shell])
}

/// Who has that number.
pub async fn with_uid(
    store: &Store,
    organization: OrganizationId,
    uid: u32,
) -> Result<Option<AccountId>, StoreError> {
    const SQL: &str = "SELECT account FROM account_posix WHERE organization = $1 AND uid = $2";
    Ok(store.first(SQL, p![organization, uid]).await?.map(AccountId))
}

/// An SSH key of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedSshKey {
    /// The key.
    pub key: SshKey,
    /// When it was added.
    pub added_at: Timestamp,
}

impl FromRow for OwnedSshKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let line: String = row.get(0)?;
        Ok(Self { key: SshKey::parse("key", &line).map_err(refused)?, added_at: Timestamp(row.get(1)?) })
    }
}

/// The user's keys, the oldest first.
pub async fn keys(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Vec<OwnedSshKey>, StoreError> {
    const SQL: &str = "SELECT line, added_at FROM account_ssh_key WHERE organization = $1 AND account = $2 \
        ORDER BY added_at, fingerprint";
    store.query(SQL, p![organization, account]).await
}

/// Adds a key; a conflict if the user has it already.
pub fn add_key(organization: OrganizationId, account: AccountId, key: &SshKey, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO account_ssh_key (organization, account, fingerprint, line, added_at) \
        VALUES ($1, $2, $3, $4, $5)";
    Statement::new(SQL, p![organization, account, key.digest(), key.line(), now])
}

/// Takes a key away; a conflict if the user hasn't it.
pub fn remove_key(organization: OrganizationId, account: AccountId, fingerprint: [u8; 32]) -> Statement {
    const SQL: &str =
        "DELETE FROM account_ssh_key WHERE organization = $1 AND account = $2 AND fingerprint = $3";
    Statement::new(SQL, p![organization, account, fingerprint]).expect_rows(1)
}

/// They have no more than `most` keys.
pub fn at_most(organization: OrganizationId, account: AccountId, most: i64) -> Statement {
    const SQL: &str = "SELECT 1 FROM account WHERE organization = $1 AND id = $2 \
        AND (SELECT count(*) FROM account_ssh_key k WHERE k.organization = $1 AND k.account = $2) <= $3";
    Statement::guard(SQL, p![organization, account, most])
}
