//! Confirmed factors, and the provisional one that a wizard holds.

use super::{account, recovery, remembered_login, token, unknown};
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place, table::account::account_columns};
use claviger_domain::{
    account::{Account, Realm},
    factor::Factor,
    id::{AccountId, FactorId, OrganizationId, SessionId},
    lockout::{Failures, Lock},
    time::Timestamp,
    totp::{Drift, Step},
};
use uuid::Uuid;

/// A factor with its sealed secret.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// What an attempt is judged on.
    pub factor: Factor,
    /// Opens at [`secret_place`].
    pub secret: Vec<u8>,
}

/// An account with its factor, if it has one.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The account.
    pub account: Account,
    /// Its factor.
    pub factor: Option<Sealed>,
}

/// Where a factor's secret is sealed for.
pub const fn secret_place(id: FactorId) -> Place {
    Place { table: "factor", column: "secret", row: id.0 }
}

/// Where a provisional secret is sealed for.
pub const fn provisional_place(id: FactorId) -> Place {
    Place { table: "provisional_factor", column: "secret", row: id.0 }
}

/// Where the secret of the QR code before is sealed for: the row of the one that took its place.
pub const fn earlier_place(id: FactorId) -> Place {
    Place { table: "provisional_factor", column: "earlier_secret", row: id.0 }
}

fn read(row: &Row<'_>, at: usize, account: AccountId) -> Result<Option<Sealed>, StoreError> {
    let Some(id) = row.get::<Option<Uuid>>(at)? else { return Ok(None) };
    let lock: String = row.get(at + 8)?;
    let lock = match (lock.as_str(), row.get::<Option<i64>>(at + 9)?) {
        ("open", None) => Lock::Open,
        ("until", Some(until)) => Lock::Until(Timestamp(until)),
        ("closed", None) => Lock::Closed,
        (other, _) => return Err(unknown("lock", other)),
    };
    let recent: Vec<u8> = row.get(at + 6)?;
    let failures = Failures {
        in_row: u32::try_from(row.get::<i64>(at + 5)?).unwrap_or(u32::MAX),
        recent: recent
            .chunks_exact(8)
            .filter_map(|c| c.try_into().ok())
            .map(|c| Timestamp(i64::from_be_bytes(c)))
            .collect(),
        locks: u32::try_from(row.get::<i64>(at + 7)?).unwrap_or(u32::MAX),
        lock,
    };
    let factor = Factor {
        id: FactorId(id),
        account,
        revision: row.get(at + 1)?,
        last_step: Step(row.get(at + 3)?),
        drift: Drift {
            resynced: row.get(at + 12)?,
            learned: i32::try_from(row.get::<i64>(at + 4)?).unwrap_or_default(),
        },
        failures,
        confirmed_at: Timestamp(row.get(at + 10)?),
        last_used_at: Timestamp(row.get(at + 11)?),
    };
    Ok(Some(Sealed { factor, secret: row.get(at + 2)? }))
}

impl FromRow for Holder {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let account = account::read(row, 0)?;
        let factor = read(row, account::WIDTH, account.id)?;
        Ok(Self { account, factor })
    }
}

/// The account of that id in that realm, and its factor.
pub async fn holder(
    store: &Store,
    organization: OrganizationId,
    realm: Realm,
    id: AccountId,
) -> Result<Option<Holder>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        ", f.id, f.revision, f.secret, f.last_step, f.drift, f.failures_in_row, f.failures_recent, f.locks, f.lock_state, \
          f.locked_until, f.confirmed_at, f.last_used_at, f.resynced FROM account a \
          LEFT JOIN factor f ON f.organization = a.organization AND f.account = a.id \
          WHERE a.organization = $1 AND a.id = $2"
    );
    let found: Option<Holder> = store.first(SQL, p![organization, id]).await?;
    Ok(found.filter(|holder| holder.account.kind.realm() == realm))
}

fn recent(failures: &Failures) -> Vec<u8> {
    failures.recent.iter().flat_map(|at| at.0.to_be_bytes()).collect()
}

const fn lock_columns(lock: Lock) -> (&'static str, Option<i64>) {
    match lock {
        Lock::Open => ("open", None),
        Lock::Until(until) => ("until", Some(until.0)),
        Lock::Closed => ("closed", None),
    }
}

/// A confirmed factor; its first step is used up by the confirmation.
pub fn insert(organization: OrganizationId, factor: &Factor, secret: Vec<u8>) -> Statement {
    const SQL: &str = "INSERT INTO factor (organization, account, id, revision, secret, last_step, drift, failures_in_row, \
        failures_recent, locks, lock_state, locked_until, confirmed_at, last_used_at, resynced) \
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let (lock, until) = lock_columns(factor.failures.lock);
    Statement::new(
        SQL,
        p![
            organization,
            factor.account,
            factor.id,
            secret,
            factor.last_step,
            factor.drift.learned,
            factor.failures.in_row,
            recent(&factor.failures),
            factor.failures.locks,
            lock,
            until,
            factor.confirmed_at,
            factor.last_used_at,
            factor.drift.resynced,
        ],
    )
}

/// S4.17, S4.19: the one door to "accepted" and the count of wrong codes. Writes the factor as it is after an
/// attempt, guarded on the revision it was judged on; a step is never moved back.
pub fn save(organization: OrganizationId, after: &Factor) -> Statement {
    const SQL: &str = "UPDATE factor SET last_step = $3, drift = $4, failures_in_row = $5, failures_recent = $6, locks = $7, \
        lock_state = $8, locked_until = $9, last_used_at = $10, resynced = $13, revision = revision + 1 \
        WHERE organization = $1 AND account = $2 AND id = $11 AND revision = $12 AND last_step <= $3";
    let (lock, until) = lock_columns(after.failures.lock);
    Statement::new(
        SQL,
        p![
            organization,
            after.account,
            after.last_step,
            after.drift.learned,
            after.failures.in_row,
            recent(&after.failures),
            after.failures.locks,
            lock,
            until,
            after.last_used_at,
            after.id,
            after.revision,
            after.drift.resynced,
        ],
    )
    .expect_rows(1)
}

/// The factor is still what an attempt was judged on; changes nothing, so that refusals don't race each other.
pub fn unchanged(organization: OrganizationId, factor: &Factor) -> Statement {
    const SQL: &str =
        "SELECT 1 FROM factor WHERE organization = $1 AND account = $2 AND id = $3 AND revision = $4";
    Statement::guard(SQL, p![organization, factor.account, factor.id, factor.revision])
}

/// Deletes the account's factor, if it has one, and with it the recovery codes that stand in for it (S4.9) and the
/// logins that are remembered (S8.13b); its hardware token goes back to stock.
pub fn delete(organization: OrganizationId, account: AccountId) -> [Statement; 4] {
    const SQL: &str = "DELETE FROM factor WHERE organization = $1 AND account = $2";
    [
        Statement::new(SQL, p![organization, account]),
        recovery::delete(organization, account),
        remembered_login::forget_account(organization, account),
        token::release(organization, account),
    ]
}

/// A secret shown in a wizard and not confirmed yet.
#[derive(Clone, Debug)]
pub struct Provisional {
    /// The id that the factor will have.
    pub id: FactorId,
    /// The session whose wizard shows it.
    pub session: SessionId,
    /// Opens at [`provisional_place`].
    pub secret: Vec<u8>,
    /// The secret of the QR code before, if there was one; opens at [`earlier_place`] (S4.6).
    pub earlier: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl FromRow for Provisional {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: FactorId(row.get(0)?),
            session: SessionId(row.get(1)?),
            secret: row.get(2)?,
            earlier: row.get(3)?,
            created_at: Timestamp(row.get(4)?),
        })
    }
}

/// The account's provisional secret.
pub async fn provisional(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<Provisional>, StoreError> {
    const SQL: &str = "SELECT id, session, secret, earlier_secret, created_at FROM provisional_factor \
        WHERE organization = $1 AND account = $2";
    store.first(SQL, p![organization, account]).await
}

/// S4.6: a new wizard's secret takes the place of any other.
pub fn put_provisional(organization: OrganizationId, account: AccountId, new: &Provisional) -> Statement {
    const SQL: &str = "INSERT INTO provisional_factor (organization, account, id, session, secret, earlier_secret, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organization, account) DO UPDATE SET \
        id = EXCLUDED.id, session = EXCLUDED.session, secret = EXCLUDED.secret, \
        earlier_secret = EXCLUDED.earlier_secret, created_at = EXCLUDED.created_at";
    Statement::new(
        SQL,
        p![
            organization,
            account,
            new.id,
            new.session,
            new.secret.clone(),
            new.earlier.clone(),
            new.created_at
        ],
    )
}

/// Takes this very provisional secret; one wizard wins.
pub fn take_provisional(organization: OrganizationId, account: AccountId, id: FactorId) -> Statement {
    const SQL: &str = "DELETE FROM provisional_factor WHERE organization = $1 AND account = $2 AND id = $3";
    Statement::new(SQL, p![organization, account, id]).expect_rows(1)
}

/// Forgets secrets that nobody confirmed.
pub fn forget_provisional(organization: OrganizationId, before: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM provisional_factor WHERE organization = $1 AND created_at < $2";
    Statement::new(SQL, p![organization, before])
}
