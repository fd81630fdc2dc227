//! What applications that keep a secret show it by: hashes of the one that is and of the one that was (S10.1).

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    application::Application,
    id::{ApplicationId, OrganizationId},
    time::Timestamp,
};

/// The secrets of an application, as SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The one that is, and when it was made.
    pub current: Option<([u8; 32], Timestamp)>,
    /// The one before, and until when it is taken.
    pub old: Option<([u8; 32], Timestamp)>,
}

impl FromRow for Secrets {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (hash, made_at): (Option<Vec<u8>>, Option<i64>) = (row.get(0)?, row.get(1)?);
        let (old, until): (Option<Vec<u8>>, Option<i64>) = (row.get(2)?, row.get(3)?);
        Ok(Self { current: hashed(hash, made_at)?, old: hashed(old, until)? })
    }
}

fn hashed(hash: Option<Vec<u8>>, at: Option<i64>) -> Result<Option<([u8; 32], Timestamp)>, StoreError> {
    let Some((hash, at)) = hash.zip(at) else { return Ok(None) };
    let hash = hash.try_into().map_err(|_| StoreError::corrupt("a secret's hash is not 32 bytes long"))?;
    Ok(Some((hash, Timestamp(at))))
}

/// The secrets of an application; none if there is no such application.
pub async fn of(
    store: &Store,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<Secrets, StoreError> {
    const SQL: &str = "SELECT secret_hash, secret_made_at, old_secret_hash, old_secret_until FROM application \
        WHERE organization = $1 AND id = $2";
    let found = store.first(SQL, p![organization, application]).await?;
    Ok(found.unwrap_or_default())
}

/// The first secret of a new application.
pub fn first(
    organization: OrganizationId,
    id: ApplicationId,
    (hash, now): ([u8; 32], Timestamp),
) -> Statement {
    const SQL: &str =
        "UPDATE application SET secret_hash = $3, secret_made_at = $4 WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, id, hash, now]).expect_rows(1)
}

/// Another secret; the one that was is taken until then. A conflict if the application was changed meanwhile.
pub fn replace(
    organization: OrganizationId,
    application: &Application,
    (hash, now, until): ([u8; 32], Timestamp, Timestamp),
) -> Statement {
    const SQL: &str = "UPDATE application SET old_secret_hash = secret_hash, old_secret_until = $6, secret_hash = $4, \
        secret_made_at = $5, revision = revision + 1 WHERE organization = $1 AND id = $2 AND revision = $3";
    let values = p![organization, application.id, application.revision, hash, now, until];
    Statement::new(SQL, values).expect_rows(1)
}

/// Forgets every secret: the application keeps none any more.
pub fn forget(organization: OrganizationId, id: ApplicationId) -> Statement {
    const SQL: &str = "UPDATE application SET secret_hash = NULL, secret_made_at = NULL, old_secret_hash = NULL, \
        old_secret_until = NULL WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, id])
}
