//! Logins at SSH that are remembered, so that no code is asked for again for a while (S8.13b).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    device::ask_once::{AskOnce, Hours, KeyHash, Remembered, Shown},
    id::{AccountId, DeviceGroupId, DeviceId, FactorId, OrganizationId},
    time::Timestamp,
};
use std::net::IpAddr;
use uuid::Uuid;

/// How a group asks, by what its row says.
pub(super) fn ask_once(hours: Option<i64>) -> Result<AskOnce, StoreError> {
    let of = |hours: i64| Hours::of(hours).ok_or_else(|| unknown("hours", &hours.to_string()));
    hours.map_or(Ok(AskOnce::EachTime), |hours| of(hours).map(AskOnce::For))
}

macro_rules! remembered_columns {
    () => {
        "r.device_group, r.factor, r.key_hash, r.address, r.since, r.until, g.ask_once_hours"
    };
}

fn read(row: &Row<'_>) -> Result<(Remembered, AskOnce), StoreError> {
    let address: String = row.get(3)?;
    let from: IpAddr = address.parse().map_err(|_| unknown("address", &address))?;
    let remembered = Remembered {
        group: DeviceGroupId(row.get(0)?),
        factor: FactorId(row.get(1)?),
        shown: Shown { key: KeyHash(row.get(2)?), from },
        since: Timestamp(row.get(4)?),
        until: Timestamp(row.get(5)?),
    };
    Ok((remembered, ask_once(row.get(6)?)?))
}

/// A login with how its group asks now.
struct Known((Remembered, AskOnce));

impl FromRow for Known {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        read(row).map(Self)
    }
}

/// What is remembered of an account for groups that the device is in now, with how those ask now.
pub async fn at_device(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
    account: AccountId,
) -> Result<Vec<(Remembered, AskOnce)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        remembered_columns!(),
        " FROM remembered_login r JOIN device_group_member m ON m.organization = r.organization \
          AND m.device_group = r.device_group AND m.device = $2 \
          JOIN device_group g ON g.organization = r.organization AND g.id = r.device_group \
          WHERE r.organization = $1 AND r.account = $3"
    );
    let known: Vec<Known> = store.query(SQL, p![organization, device, account]).await?;
    Ok(known.into_iter().map(|Known(pair)| pair).collect())
}

/// A group that the device is in and that remembers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembering {
    /// Which.
    pub group: DeviceGroupId,
    /// What it is called.
    pub name: String,
    /// For how long.
    pub hours: Hours,
}

impl FromRow for Remembering {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let hours: i64 = row.get(2)?;
        Ok(Self {
            group: DeviceGroupId(row.get(0)?),
            name: row.get(1)?,
            hours: Hours::of(hours).ok_or_else(|| unknown("hours", &hours.to_string()))?,
        })
    }
}

/// The groups of a device that remember.
pub async fn groups_of(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<Remembering>, StoreError> {
    const SQL: &str = "SELECT g.id, g.name, g.ask_once_hours FROM device_group_member m \
        JOIN device_group g ON g.organization = m.organization AND g.id = m.device_group \
        WHERE m.organization = $1 AND m.device = $2 AND g.ask_once_hours IS NOT NULL ORDER BY g.name_key";
    store.query(SQL, p![organization, device]).await
}

/// The device is still in the group, and that still remembers for so long.
pub fn still(
    organization: OrganizationId,
    device: DeviceId,
    group: DeviceGroupId,
    hours: Hours,
) -> Statement {
    const SQL: &str = "SELECT 1 FROM device_group g \
        JOIN device_group_member m ON m.organization = g.organization AND m.device_group = g.id \
        WHERE g.organization = $1 AND m.device = $2 AND g.id = $3 AND g.ask_once_hours = $4";
    Statement::guard(SQL, p![organization, device, group, hours.number()])
}

/// Remembers a login, in the place of an earlier one of the same kind.
pub fn remember(
    organization: OrganizationId,
    (account, device): (AccountId, DeviceId),
    remembered: &Remembered,
) -> Statement {
    const SQL: &str = "INSERT INTO remembered_login (organization, account, device_group, key_hash, address, factor, \
        device, since, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT (organization, account, device_group, key_hash, address) \
        DO UPDATE SET factor = EXCLUDED.factor, device = EXCLUDED.device, since = EXCLUDED.since, until = EXCLUDED.until";
    let Remembered { group, factor, shown, since, until } = remembered;
    let address = shown.from.to_string();
    Statement::new(
        SQL,
        p![organization, account, *group, shown.key.0, address, *factor, device, *since, *until],
    )
}

/// The login is still remembered as it was loaded, the device is still in its group, and that still asks as it did.
pub fn unchanged(
    organization: OrganizationId,
    (account, device): (AccountId, DeviceId),
    (remembered, asks): &(Remembered, AskOnce),
) -> Statement {
    const SQL: &str = "SELECT 1 FROM device_group g \
        JOIN device_group_member m ON m.organization = g.organization AND m.device_group = g.id \
        JOIN remembered_login r ON r.organization = g.organization AND r.device_group = g.id \
        WHERE r.organization = $1 AND r.account = $2 AND r.device_group = $3 AND r.key_hash = $4 AND r.address = $5 \
        AND r.factor = $6 AND r.since = $7 AND m.device = $8 AND g.ask_once_hours = $9";
    let Remembered { group, factor, shown, since, .. } = remembered;
    let address = shown.from.to_string();
    Statement::guard(
        SQL,
        p![organization, account, *group, shown.key.0, address, *factor, *since, device, asks.hours()],
    )
}

/// A remembered login, for whoever may end it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose.
    pub account: AccountId,
    /// What their account is called.
    pub email: String,
    /// What the group is called.
    pub group_name: String,
    /// Where the code was given; empty if that device is gone.
    pub device_name: String,
    /// The login.
    pub remembered: Remembered,
    /// How its group asks now.
    pub asks: AskOnce,
}

impl FromRow for Listed {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (remembered, asks) = read(row)?;
        Ok(Self {
            account: AccountId(row.get::<Uuid>(7)?),
            email: row.get(8)?,
            group_name: row.get(9)?,
            device_name: row.get::<Option<String>>(10)?.unwrap_or_default(),
            remembered,
            asks,
        })
    }
}

macro_rules! listed {
    ($column:literal) => {
        concat!(
            "SELECT ",
            remembered_columns!(),
            ", r.account, a.email, g.name, d.name FROM remembered_login r \
              JOIN device_group g ON g.organization = r.organization AND g.id = r.device_group \
              JOIN account a ON a.organization = r.organization AND a.id = r.account \
              LEFT JOIN device d ON d.organization = r.organization AND d.id = r.device \
              WHERE r.organization = $1 AND r.",
            $column,
            " = $2 AND r.until > $3 ORDER BY r.since DESC, r.account, r.key_hash LIMIT $4"
        )
    };
}

/// The logins of a group's devices that are remembered, the newest first.
pub async fn of_group(
    store: &Store,
    organization: OrganizationId,
    group: DeviceGroupId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    const SQL: &str = listed!("device_group");
    store.query(SQL, p![organization, group, now, limit]).await
}

/// The logins of an account that are remembered, the newest first.
pub async fn of_account(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    const SQL: &str = listed!("account");
    store.query(SQL, p![organization, account, now, limit]).await
}

/// Nothing is remembered of an account any more.
pub fn forget_account(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM remembered_login WHERE organization = $1 AND account = $2";
    Statement::new(SQL, p![organization, account])
}

/// Nothing is remembered on the devices of a group any more.
pub fn forget_group(organization: OrganizationId, group: DeviceGroupId) -> Statement {
    const SQL: &str = "DELETE FROM remembered_login WHERE organization = $1 AND device_group = $2";
    Statement::new(SQL, p![organization, group])
}

/// Codes that were given at a device stand for nothing on the others of a group that it leaves.
pub fn forget_device(organization: OrganizationId, device: DeviceId, group: DeviceGroupId) -> Statement {
    const SQL: &str =
        "DELETE FROM remembered_login WHERE organization = $1 AND device = $2 AND device_group = $3";
    Statement::new(SQL, p![organization, device, group])
}

/// Nothing is remembered any more.
pub fn forget_all(organization: OrganizationId) -> Statement {
    const SQL: &str = "DELETE FROM remembered_login WHERE organization = $1";
    Statement::new(SQL, p![organization])
}

/// Drops what is over, and what a clock that was ahead made.
pub fn forget(organization: OrganizationId, now: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM remembered_login WHERE organization = $1 AND (until <= $2 OR since > $2)";
    Statement::new(SQL, p![organization, now])
}
