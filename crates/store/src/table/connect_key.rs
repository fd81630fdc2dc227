//! Connect keys, found by the hash of their token (S8.1).

use super::unknown;
use crate::{FromRow, Row, Select, Statement, Store, StoreError, p};
use claviger_domain::{
    connect_key::{ConnectKey, State},
    id::{ConnectKeyId, DeviceGroupId, OrganizationId},
    time::Timestamp,
};

macro_rules! key_columns {
    () => {
        "k.id, k.revision, k.name, k.created_at, k.expires_at, k.uses_left, k.uses, k.device_group, k.state"
    };
}

impl FromRow for ConnectKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get(8)?;
        Ok(Self {
            id: ConnectKeyId(row.get(0)?),
            revision: row.get(1)?,
            name: row.get(2)?,
            created_at: Timestamp(row.get(3)?),
            expires_at: row.get::<Option<i64>>(4)?.map(Timestamp),
            uses_left: row.get(5)?,
            uses: row.get(6)?,
            device_group: row.get::<Option<uuid::Uuid>>(7)?.map(DeviceGroupId),
            state: State::from_key(&state).ok_or_else(|| unknown("connect key", &state))?,
        })
    }
}

/// Keys made before that one, the newest first.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    before: Option<ConnectKeyId>,
    limit: i64,
) -> Result<Vec<ConnectKey>, StoreError> {
    const SQL: &str = concat!("SELECT ", key_columns!(), " FROM connect_key k WHERE k.organization = $1");
    let mut select = Select::new(SQL, p![organization]);
    if let Some(id) = before {
        select = select.with(" AND k.id < $", id);
    }
    store.select(select.with(" ORDER BY k.id DESC LIMIT $", limit)).await
}

/// The key of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: ConnectKeyId,
) -> Result<Option<ConnectKey>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", key_columns!(), " FROM connect_key k WHERE k.organization = $1 AND k.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The key with that token, whether it works or not.
pub async fn by_token(
    store: &Store,
    organization: OrganizationId,
    token_hash: [u8; 32],
) -> Result<Option<ConnectKey>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        key_columns!(),
        " FROM connect_key k WHERE k.organization = $1 AND k.token_hash = $2"
    );
    store.first(SQL, p![organization, token_hash]).await
}

/// A new key.
pub fn insert(organization: OrganizationId, key: &ConnectKey, token_hash: [u8; 32]) -> Statement {
    const SQL: &str = "INSERT INTO connect_key (organization, id, revision, token_hash, name, created_at, expires_at, \
        uses_left, uses, device_group, state) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, 0, $8, $9)";
    let values = p![
        organization,
        key.id,
        token_hash,
        &key.name,
        key.created_at,
        key.expires_at,
        key.uses_left,
        key.device_group,
        key.state.key(),
    ];
    Statement::new(SQL, values)
}

/// Enrolls one device: a conflict if the token is no longer that of a key that works.
pub fn take(organization: OrganizationId, token_hash: [u8; 32], now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE connect_key SET uses = uses + 1, uses_left = uses_left - 1 \
        WHERE organization = $1 AND token_hash = $2 AND state = 'active' \
        AND (expires_at IS NULL OR expires_at > $3) AND (uses_left IS NULL OR uses_left > 0)";
    Statement::new(SQL, p![organization, token_hash, now]).expect_rows(1)
}

/// Revokes the key for good, guarded on the revision that was loaded.
pub fn revoke(organization: OrganizationId, key: &ConnectKey) -> Statement {
    const SQL: &str = "UPDATE connect_key SET state = 'revoked', revision = revision + 1 \
        WHERE organization = $1 AND id = $2 AND revision = $3 AND state = 'active'";
    Statement::new(SQL, p![organization, key.id, key.revision]).expect_rows(1)
}

/// Gives the key another token; the old one is dead.
pub fn rotate(organization: OrganizationId, key: &ConnectKey, token_hash: [u8; 32]) -> Statement {
    const SQL: &str = "UPDATE connect_key SET token_hash = $4, revision = revision + 1 \
        WHERE organization = $1 AND id = $2 AND revision = $3 AND state = 'active'";
    Statement::new(SQL, p![organization, key.id, key.revision, token_hash]).expect_rows(1)
}

/// Keys of that group put new devices into none.
pub fn forget_group(organization: OrganizationId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "UPDATE connect_key SET device_group = NULL, revision = revision + 1 \
        WHERE organization = $1 AND device_group = $2";
    Statement::new(SQL, p![organization, group])
}
