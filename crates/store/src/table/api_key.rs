//! Keys for the REST API, found by the hash of their token.

use super::{refused, unknown};
use crate::{FromRow, Row, Select, Statement, Store, StoreError, p};
use claviger_domain::{
    account::State,
    api_key::{AllowList, Terms},
    id::{AccountId, ApiKeyId, OrganizationId},
    permission::Role,
    time::{Span, Timestamp},
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
    /// What it was made for; its administrator's role may be less by now.
    pub terms: Terms,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute, and from which address.
    pub last_used: Option<(Timestamp, String)>,
}

/// A key with what matters of its administrator.
#[derive(Clone, Debug)]
pub struct OwnedKey {
    /// The key.
    pub key: ApiKey,
    /// The administrator's e-mail.
    pub email: String,
    /// What they may do.
    pub owner_role: Role,
    /// Whether they can sign in.
    pub owner_state: State,
}

macro_rules! key_columns {
    () => {
        "k.id, k.owner, k.name, k.role, k.expires_at, k.addresses, k.created_at, k.last_used_at, k.last_used_from, \
         a.email, a.role, a.state FROM api_key k JOIN account a ON a.organization = k.organization AND a.id = k.owner"
    };
}

fn role(row: &Row<'_>, index: usize) -> Result<Role, StoreError> {
    let role: String = row.get(index)?;
    Role::from_key(&role).ok_or_else(|| unknown("role", &role))
}

impl FromRow for OwnedKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (used_at, used_from): (Option<i64>, String) = (row.get(7)?, row.get(8)?);
        let state: String = row.get(11)?;
        Ok(Self {
            key: ApiKey {
                id: ApiKeyId(row.get(0)?),
                owner: AccountId(row.get(1)?),
                name: row.get(2)?,
                terms: Terms {
                    role: role(row, 3)?,
                    expires_at: row.get::<Option<i64>>(4)?.map(Timestamp),
                    addresses: AllowList::parse("addresses", &row.get::<String>(5)?).map_err(refused)?,
                },
                created_at: Timestamp(row.get(6)?),
                last_used: used_at.map(|at| (Timestamp(at), used_from)),
            },
            email: row.get(9)?,
            owner_role: role(row, 10)?,
            owner_state: State::from_key(&state).ok_or_else(|| unknown("state", &state))?,
        })
    }
}

/// The key with that token.
pub async fn find(
    store: &Store,
    organization: OrganizationId,
    token_hash: [u8; 32],
) -> Result<Option<OwnedKey>, StoreError> {
    const SQL: &str = concat!("SELECT ", key_columns!(), " WHERE k.organization = $1 AND k.token_hash = $2");
    store.first(SQL, p![organization, token_hash]).await
}

/// The key of that name.
pub async fn by_id(
    store: &Store,
    organization: OrganizationId,
    id: ApiKeyId,
) -> Result<Option<OwnedKey>, StoreError> {
    const SQL: &str = concat!("SELECT ", key_columns!(), " WHERE k.organization = $1 AND k.id = $2");
    Ok(store.query(SQL, p![organization, id]).await?.into_iter().next())
}

/// Whose keys are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Of this administrator alone.
    Of(AccountId),
    /// Of everybody.
    Everybodys,
}

/// Keys made before that one, the newest first.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    whose: Whose,
    before: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<OwnedKey>, StoreError> {
    const SQL: &str = concat!("SELECT ", key_columns!(), " WHERE k.organization = $1");
    let mut select = Select::new(SQL, p![organization]);
    if let Whose::Of(owner) = whose {
        select = select.with(" AND k.owner = $", owner);
    }
    if let Some(id) = before {
        select = select.with(" AND k.id < $", id);
    }
    store.select(select.with(" ORDER BY k.id DESC LIMIT $", limit)).await
}

/// How many keys the administrator has.
pub async fn count(store: &Store, organization: OrganizationId, owner: AccountId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM api_key WHERE organization = $1 AND owner = $2";
    Ok(store.first(SQL, p![organization, owner]).await?.unwrap_or(0))
}

/// They have no more than `most` keys.
pub fn at_most(organization: OrganizationId, owner: AccountId, most: i64) -> Statement {
    const SQL: &str = "SELECT 1 FROM account WHERE organization = $1 AND id = $2 \
        AND (SELECT COUNT(*) FROM api_key WHERE organization = $1 AND owner = $2) <= $3";
    Statement::guard(SQL, p![organization, owner, most])
}

/// A new key.
pub fn insert(organization: OrganizationId, key: &ApiKey, token_hash: [u8; 32]) -> Statement {
    const SQL: &str = "INSERT INTO api_key (organization, token_hash, id, owner, name, role, created_at, expires_at, addresses) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = p![
        organization,
        token_hash,
        key.id,
        key.owner,
        &key.name,
        key.terms.role.key(),
        key.created_at,
        key.terms.expires_at,
        key.terms.addresses.to_string(),
    ];
    Statement::new(SQL, values)
}

/// Revokes a key; whoever comes second finds it gone.
pub fn revoke(organization: OrganizationId, id: ApiKeyId) -> Statement {
    const SQL: &str = "DELETE FROM api_key WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, id]).expect_rows(1)
}

/// Notes a use, unless one was noted within `every`.
pub fn used(
    organization: OrganizationId,
    token_hash: [u8; 32],
    (now, address): (Timestamp, &str),
    every: Span,
) -> Statement {
    const SQL: &str = "UPDATE api_key SET last_used_at = $3, last_used_from = $4 \
        WHERE organization = $1 AND token_hash = $2 AND (last_used_at IS NULL OR last_used_at <= $5)";
    Statement::new(SQL, p![organization, token_hash, now, address, now.minus(every)])
}

/// Forgets keys whose administrator is gone, and those that ran out before `dead`.
pub fn forget(organization: OrganizationId, dead: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM api_key WHERE organization = $1 AND (expires_at < $2 OR NOT EXISTS \
        (SELECT 1 FROM account a WHERE a.organization = $1 AND a.id = api_key.owner))";
    Statement::new(SQL, p![organization, dead])
}
