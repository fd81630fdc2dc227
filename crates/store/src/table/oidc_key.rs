//! What ID tokens are signed with (S10.1).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{
    application::oidc::Algorithm,
    id::{OidcKeyId, OrganizationId},
    time::Timestamp,
};

/// A key pair, its private part sealed.
#[derive(Clone, Debug)]
pub struct OidcKey {
    /// Which; applications know it by this.
    pub id: OidcKeyId,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// Counts the keys of its kind.
    pub turn: i64,
    /// `RSAPublicKey` in DER, or the point on P-256, uncompressed.
    pub public_key: Vec<u8>,
    /// Opens at [`secret_place`]: PKCS #8, DER.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

impl FromRow for OidcKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let algorithm: String = row.get(1)?;
        Ok(Self {
            id: OidcKeyId(row.get(0)?),
            algorithm: Algorithm::from_key(&algorithm).ok_or_else(|| unknown("algorithm", &algorithm))?,
            turn: row.get(2)?,
            public_key: row.get(3)?,
            secret: row.get(4)?,
            created_at: Timestamp(row.get(5)?),
            signs_from: Timestamp(row.get(6)?),
        })
    }
}

/// Where a private key is sealed for.
pub const fn secret_place(id: OidcKeyId) -> Place {
    Place { table: "oidc_key", column: "secret", row: id.0 }
}

/// All keys, by algorithm and turn.
pub async fn all(store: &Store, organization: OrganizationId) -> Result<Vec<OidcKey>, StoreError> {
    const SQL: &str = "SELECT id, algorithm, turn, public_key, secret, created_at, signs_from FROM oidc_key \
        WHERE organization = $1 ORDER BY algorithm, turn";
    store.query(SQL, p![organization]).await
}

/// A new key; a conflict if there is one of that turn.
pub fn insert(organization: OrganizationId, key: &OidcKey) -> Statement {
    const SQL: &str = "INSERT INTO oidc_key (organization, id, algorithm, turn, public_key, secret, created_at, signs_from) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (public_key, secret) = (key.public_key.clone(), key.secret.clone());
    let values = p![
        organization,
        key.id,
        key.algorithm.key(),
        key.turn,
        public_key,
        secret,
        key.created_at,
        key.signs_from
    ];
    Statement::new(SQL, values)
}

/// Removes a key.
pub fn remove(organization: OrganizationId, id: OidcKeyId) -> Statement {
    const SQL: &str = "DELETE FROM oidc_key WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, id])
}
