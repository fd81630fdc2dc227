//! What is signed with for an application: the certificate that signs, the one that will, and the one that did (S10.1).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{
    application::certificate::Stage,
    id::{ApplicationId, ApplicationKeyId, OrganizationId},
    time::Timestamp,
};

/// A key pair of an application, its private part sealed.
#[derive(Clone, Debug)]
pub struct ApplicationKey {
    /// Which.
    pub id: ApplicationKeyId,
    /// Whether it signs.
    pub stage: Stage,
    /// X.509, DER.
    pub certificate: Vec<u8>,
    /// Opens at [`secret_place`]: PKCS #8, DER.
    pub secret: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its certificate ends.
    pub expires_at: Timestamp,
}

impl FromRow for ApplicationKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let stage: String = row.get(1)?;
        Ok(Self {
            id: ApplicationKeyId(row.get(0)?),
            stage: Stage::from_key(&stage).ok_or_else(|| unknown("state of a key", &stage))?,
            certificate: row.get(2)?,
            secret: row.get(3)?,
            created_at: Timestamp(row.get(4)?),
            expires_at: Timestamp(row.get(5)?),
        })
    }
}

impl FromRow for (ApplicationId, Timestamp) {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok((ApplicationId(row.get(0)?), Timestamp(row.get(1)?)))
    }
}

/// Where a private key is sealed for.
pub const fn secret_place(id: ApplicationKeyId) -> Place {
    Place { table: "application_key", column: "secret", row: id.0 }
}

/// The keys of an application: the one that signs first, then the next, then the retired one.
pub async fn of(
    store: &Store,
    organization: OrganizationId,
    application: ApplicationId,
) -> Result<Vec<ApplicationKey>, StoreError> {
    const SQL: &str = "SELECT id, state, certificate, secret, created_at, expires_at FROM application_key \
        WHERE organization = $1 AND application = $2 ORDER BY state";
    store.query(SQL, p![organization, application]).await
}

/// Until when the certificates hold that sign now, by application.
pub async fn ends(
    store: &Store,
    organization: OrganizationId,
) -> Result<Vec<(ApplicationId, Timestamp)>, StoreError> {
    const SQL: &str =
        "SELECT application, expires_at FROM application_key WHERE organization = $1 AND state = 'current'";
    store.query(SQL, p![organization]).await
}

/// A new key; a conflict if the application has one in that state.
pub fn insert(organization: OrganizationId, application: ApplicationId, key: &ApplicationKey) -> Statement {
    const SQL: &str = "INSERT INTO application_key (organization, id, application, state, certificate, secret, \
        created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (certificate, secret) = (key.certificate.clone(), key.secret.clone());
    let values = p![
        organization,
        key.id,
        application,
        key.stage.key(),
        certificate,
        secret,
        key.created_at,
        key.expires_at
    ];
    Statement::new(SQL, values)
}

/// Moves a key from one state to another; a conflict if it isn't in the first, or another is in the second.
pub fn advance(organization: OrganizationId, id: ApplicationKeyId, (from, to): (Stage, Stage)) -> Statement {
    const SQL: &str =
        "UPDATE application_key SET state = $4 WHERE organization = $1 AND id = $2 AND state = $3";
    Statement::new(SQL, p![organization, id, from.key(), to.key()]).expect_rows(1)
}

/// Deletes a key that doesn't sign; a conflict if it is in another state.
pub fn remove(organization: OrganizationId, id: ApplicationKeyId, stage: Stage) -> Statement {
    const SQL: &str = "DELETE FROM application_key WHERE organization = $1 AND id = $2 AND state = $3 AND state <> 'current'";
    Statement::new(SQL, p![organization, id, stage.key()]).expect_rows(1)
}

/// Deletes all keys of an application.
pub fn forget(organization: OrganizationId, application: ApplicationId) -> Statement {
    const SQL: &str = "DELETE FROM application_key WHERE organization = $1 AND application = $2";
    Statement::new(SQL, p![organization, application])
}
