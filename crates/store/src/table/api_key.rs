//! Keys for the REST API, found by the hash of their token.

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, ApiKeyId, OrganizationId},
    permission::Role,
    time::Timestamp,
};

/// A key as stored.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its name for lists and logs.
    pub id: ApiKeyId,
    /// The administrator whose it is.
    pub owner: AccountId,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// From when it is dead.
    pub expires_at: Option<Timestamp>,
}

impl FromRow for ApiKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let role: String = row.get(3)?;
        Ok(Self {
            id: ApiKeyId(row.get(0)?),
            owner: AccountId(row.get(1)?),
            name: row.get(2)?,
            role: Role::from_key(&role).ok_or_else(|| unknown("role", &role))?,
            expires_at: row.get::<Option<i64>>(4)?.map(Timestamp),
        })
    }
}

/// The key with that token, if its administrator can sign in.
pub async fn find(
    store: &Store,
    organization: OrganizationId,
    token_hash: [u8; 32],
) -> Result<Option<ApiKey>, StoreError> {
    const SQL: &str = "SELECT k.id, k.owner, k.name, k.role, k.expires_at FROM api_key k \
        JOIN account a ON a.organization = k.organization AND a.id = k.owner AND a.state = 'activated' \
        WHERE k.organization = $1 AND k.token_hash = $2";
    store.first(SQL, p![organization, token_hash]).await
}

/// A new key.
pub fn insert(organization: OrganizationId, key: &ApiKey, token_hash: [u8; 32], now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO api_key (organization, token_hash, id, owner, name, role, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values =
        p![organization, token_hash, key.id, key.owner, &key.name, key.role.key(), now, key.expires_at];
    Statement::new(SQL, values)
}
