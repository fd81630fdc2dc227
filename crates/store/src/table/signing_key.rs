//! Key pairs that documents are signed with, one for each purpose.

use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{id::OrganizationId, time::Timestamp};

/// What a key pair signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Reports that somebody keeps.
    Evidence,
    /// What devices are told.
    Devices,
}

impl Purpose {
    const fn key(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Devices => "devices",
        }
    }
}

/// A key pair, its private part sealed.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Ed25519, 32 bytes.
    pub public: [u8; 32],
    /// Opens at [`secret_place`]: the seed of 32 bytes.
    pub secret: Vec<u8>,
}

impl FromRow for SigningKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { public: row.get(0)?, secret: row.get(1)? })
    }
}

/// Where a private key is sealed for: no key opens in the place of another.
pub const fn secret_place(organization: OrganizationId, purpose: Purpose) -> Place {
    let column = match purpose {
        Purpose::Evidence => "secret",
        Purpose::Devices => "secret for devices",
    };
    Place { table: "signing_key", column, row: organization.0 }
}

/// The key of that purpose.
pub async fn find(
    store: &Store,
    organization: OrganizationId,
    purpose: Purpose,
) -> Result<Option<SigningKey>, StoreError> {
    const SQL: &str = "SELECT public_key, secret FROM signing_key WHERE organization = $1 AND purpose = $2";
    store.first(SQL, p![organization, purpose.key()]).await
}

/// A key that is made once; whoever comes second changes nothing.
pub fn insert(organization: OrganizationId, purpose: Purpose, key: &SigningKey, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO signing_key (organization, purpose, public_key, secret, created_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization, purpose) DO NOTHING";
    Statement::new(SQL, p![organization, purpose.key(), key.public, key.secret.clone(), now])
}
