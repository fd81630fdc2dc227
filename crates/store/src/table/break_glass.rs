//! Break-glass codes: one for one user on one device (S8.8). Of the code itself there is a hash only.

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, BreakGlassId, DeviceId, OrganizationId},
    time::Timestamp,
};

/// A code as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlass {
    /// Which.
    pub id: BreakGlassId,
    /// On which device it is good.
    pub device: DeviceId,
    /// For whom.
    pub account: AccountId,
    /// SHA-256 of its characters, without dashes and in capitals.
    pub code_hash: [u8; 32],
    /// Why it was made.
    pub reason: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

macro_rules! code_columns {
    () => {
        "id, device, account, code_hash, reason, created_at, expires_at, used_at FROM break_glass"
    };
}

impl FromRow for BreakGlass {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: BreakGlassId(row.get(0)?),
            device: DeviceId(row.get(1)?),
            account: AccountId(row.get(2)?),
            code_hash: row.get(3)?,
            reason: row.get(4)?,
            created_at: Timestamp(row.get(5)?),
            expires_at: Timestamp(row.get(6)?),
            used_at: row.get::<Option<i64>>(7)?.map(Timestamp),
        })
    }
}

/// The codes of a device that are still good, the oldest first.
pub async fn good(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
    now: Timestamp,
) -> Result<Vec<BreakGlass>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        code_columns!(),
        " WHERE organization = $1 AND device = $2 AND used_at IS NULL AND expires_at > $3 ORDER BY id"
    );
    store.query(SQL, p![organization, device, now]).await
}

/// A new code.
pub fn insert(organization: OrganizationId, code: &BreakGlass) -> Statement {
    const SQL: &str = "INSERT INTO break_glass (organization, id, device, account, code_hash, reason, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = p![
        organization,
        code.id,
        code.device,
        code.account,
        code.code_hash,
        &code.reason,
        code.created_at,
        code.expires_at,
    ];
    Statement::new(SQL, values)
}

/// Earlier codes for the same person on the same device are dead.
pub fn forget_earlier(organization: OrganizationId, device: DeviceId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM break_glass WHERE organization = $1 AND device = $2 AND account = $3 AND used_at IS NULL";
    Statement::new(SQL, p![organization, device, account])
}

/// The device says that it was used; what was used before stays as it is.
pub fn used(organization: OrganizationId, device: DeviceId, id: BreakGlassId, at: Timestamp) -> Statement {
    const SQL: &str = "UPDATE break_glass SET used_at = $4 \
        WHERE organization = $1 AND device = $2 AND id = $3 AND used_at IS NULL";
    Statement::new(SQL, p![organization, device, id, at])
}
