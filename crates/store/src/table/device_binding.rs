//! Bindings of users and devices as administrators see them: direct ones, and those through groups.

use super::{
    account::{self, account_columns},
    device::device_columns,
    device_contact::{Known, contact_columns},
    unknown,
};
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    account::Account,
    device::{AccountState, Sudo},
    id::{AccountId, DeviceId, OrganizationId},
    time::Timestamp,
};
use uuid::Uuid;

/// What ties a user to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The strongest of what its ways give.
    pub sudo: Sudo,
    /// Whether one of them is direct.
    pub way: Way,
    /// The groups that one of the other ways leads through, such as "Sales → Servers"; empty without one.
    pub through: String,
    /// What the device last said of the account.
    pub state: AccountState,
    /// Until when codes can be checked there without the server.
    pub offline_until: Option<Timestamp>,
}

/// How somebody is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Directly, whatever else.
    Direct,
    /// Through groups alone.
    Groups,
}

/// How many columns [`binding_columns`] has.
const WIDTH: usize = 5;

macro_rules! binding_columns {
    () => {
        "CAST(x.strength AS BIGINT), CAST(x.direct AS BIGINT), x.through, o.state, o.offline_until"
    };
}

macro_rules! strength {
    ($from:literal) => {
        concat!(
            "CASE ",
            $from,
            ".sudo WHEN 'without_password' THEN 2 WHEN 'with_password' THEN 1 ELSE 0 END AS strength"
        )
    };
}

fn read(row: &Row<'_>, at: usize) -> Result<Binding, StoreError> {
    let state: Option<String> = row.get(at + 3)?;
    Ok(Binding {
        sudo: match row.get::<i64>(at)? {
            2 => Sudo::WithoutPassword,
            1 => Sudo::WithPassword,
            _ => Sudo::None,
        },
        way: if row.get::<i64>(at + 1)? == 1 { Way::Direct } else { Way::Groups },
        through: row.get(at + 2)?,
        state: match state {
            None => AccountState::Unknown,
            Some(word) => {
                AccountState::from_key(&word).ok_or_else(|| unknown("account on a device", &word))?
            }
        },
        offline_until: row.get::<Option<i64>>(at + 4)?.map(Timestamp),
    })
}

/// A user who is bound to a device.
#[derive(Clone, Debug)]
pub struct BoundUser {
    /// To which device.
    pub device: DeviceId,
    /// How.
    pub binding: Binding,
    /// How many SSH keys they have.
    pub keys: usize,
    /// Who.
    pub account: Account,
}

impl FromRow for BoundUser {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let keys: i64 = row.get(WIDTH + 1)?;
        Ok(Self {
            device: DeviceId(row.get(0)?),
            binding: read(row, 1)?,
            keys: usize::try_from(keys).unwrap_or_default(),
            account: account::read(row, WIDTH + 2)?,
        })
    }
}

/// A place in the list of a device's users: the sort key and the id of the last one shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// What users are sorted by.
    pub name: String,
    /// Which user.
    pub id: Uuid,
}

/// Everybody who is bound to these devices: by device, and by name after that place.
pub async fn of_devices(
    store: &Store,
    organization: OrganizationId,
    devices: &[DeviceId],
    after: Option<&After>,
    limit: i64,
) -> Result<Vec<BoundUser>, StoreError> {
    const HEAD: &str = concat!(
        "SELECT x.device, ",
        binding_columns!(),
        ", (SELECT count(*) FROM account_ssh_key k WHERE k.organization = a.organization AND k.account = a.id), ",
        account_columns!(),
        " FROM (SELECT e.device, e.account, MAX(e.strength) AS strength, MAX(e.direct) AS direct, \
          MAX(e.through) AS through FROM (SELECT u.device, u.account, ",
        strength!("u"),
        ", 1 AS direct, '' AS through FROM device_user u WHERE u.organization = $1 AND u.device IN ("
    );
    const GROUPS: &str = concat!(
        " UNION ALL SELECT g.device, m.account, ",
        strength!("b"),
        ", 0, n.name || ' → ' || d.name FROM device_group_member g \
          JOIN group_binding b ON b.organization = g.organization AND b.device_group = g.device_group \
          JOIN group_member m ON m.organization = b.organization AND m.user_group = b.user_group \
          JOIN user_group n ON n.organization = b.organization AND n.id = b.user_group \
          JOIN device_group d ON d.organization = b.organization AND d.id = b.device_group \
          WHERE g.organization = $1 AND g.device IN ("
    );
    const REST: &str = ") e GROUP BY e.device, e.account) x \
        JOIN account a ON a.organization = $1 AND a.id = x.account \
        LEFT JOIN device_account o ON o.organization = $1 AND o.device = x.device AND o.account = x.account";
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let ids = || devices.iter().map(|id| Value::from(*id));
    let mut select =
        Select::new(HEAD, p![organization]).list("", ids(), ")").list(GROUPS, ids(), ")").text(REST);
    if let Some(After { name, id }) = after {
        select = select.with(" WHERE (a.sort_key, a.id) > ($, ", name.as_str()).with("$)", *id);
    }
    store.select(select.text(" ORDER BY x.device, a.sort_key, a.id").with(" LIMIT $", limit)).await
}

/// How many users are bound to each of these devices; those with none are left out.
pub async fn count(
    store: &Store,
    organization: OrganizationId,
    devices: &[DeviceId],
) -> Result<Vec<(DeviceId, i64)>, StoreError> {
    const GROUPS: &str = " UNION ALL SELECT g.device, m.account FROM device_group_member g \
        JOIN group_binding b ON b.organization = g.organization AND b.device_group = g.device_group \
        JOIN group_member m ON m.organization = b.organization AND m.user_group = b.user_group \
        WHERE g.organization = $1 AND g.device IN (";
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let ids = || devices.iter().map(|id| Value::from(*id));
    let select = Select::new("SELECT x.device, count(DISTINCT x.account) FROM (", p![organization])
        .list(
            "SELECT u.device, u.account FROM device_user u WHERE u.organization = $1 AND u.device IN (",
            ids(),
            ")",
        )
        .list(GROUPS, ids(), ")")
        .text(") x GROUP BY x.device");
    let rows: Vec<Count> = store.select(select).await?;
    Ok(rows.into_iter().map(|Count(device, count)| (device, count)).collect())
}

struct Count(DeviceId, i64);

impl FromRow for Count {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(DeviceId(row.get(0)?), row.get(1)?))
    }
}

/// A device that a user is bound to.
#[derive(Clone, Debug)]
pub struct BoundDevice {
    /// How.
    pub binding: Binding,
    /// Which.
    pub known: Known,
}

impl FromRow for BoundDevice {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            binding: read(row, 0)?,
            known: Known {
                device: super::device::read(row, WIDTH)?,
                contact: super::device_contact::read(row, WIDTH + super::device::WIDTH)?,
            },
        })
    }
}

/// The devices that a user is bound to, by name, so many at most.
pub async fn of_account(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
    limit: i64,
) -> Result<Vec<BoundDevice>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        binding_columns!(),
        ", ",
        device_columns!(),
        ", ",
        contact_columns!(),
        " FROM (SELECT e.device, MAX(e.strength) AS strength, MAX(e.direct) AS direct, MAX(e.through) AS through \
          FROM (SELECT u.device, ",
        strength!("u"),
        ", 1 AS direct, '' AS through FROM device_user u WHERE u.organization = $1 AND u.account = $2 \
          UNION ALL SELECT g.device, ",
        strength!("b"),
        ", 0, n.name || ' → ' || t.name FROM group_member m \
          JOIN group_binding b ON b.organization = m.organization AND b.user_group = m.user_group \
          JOIN device_group_member g ON g.organization = b.organization AND g.device_group = b.device_group \
          JOIN user_group n ON n.organization = b.organization AND n.id = b.user_group \
          JOIN device_group t ON t.organization = b.organization AND t.id = b.device_group \
          WHERE m.organization = $1 AND m.account = $2) e GROUP BY e.device) x \
          JOIN device d ON d.organization = $1 AND d.id = x.device \
          JOIN device_contact c ON c.organization = $1 AND c.device = x.device \
          LEFT JOIN device_account o ON o.organization = $1 AND o.device = x.device AND o.account = $2 \
          ORDER BY d.name_key, d.id LIMIT $3"
    );
    store.query(SQL, p![organization, account, limit]).await
}

/// Binds a user to a device, or changes what they may do as root.
pub fn bind(
    organization: OrganizationId,
    (device, account): (DeviceId, AccountId),
    sudo: Sudo,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "INSERT INTO device_user (organization, device, account, sudo, bound_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (organization, device, account) DO UPDATE SET sudo = EXCLUDED.sudo";
    Statement::new(SQL, p![organization, device, account, sudo.key(), now])
}

/// Unbinds a user; a conflict if they are not bound directly. What the device made of the account stays known, so that
/// it is locked.
pub fn unbind(organization: OrganizationId, device: DeviceId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM device_user WHERE organization = $1 AND device = $2 AND account = $3";
    Statement::new(SQL, p![organization, device, account]).expect_rows(1)
}

/// S8.12: an account that was there before may be taken over; a conflict unless the device asks for it.
pub fn confirm_take_over(organization: OrganizationId, device: DeviceId, account: AccountId) -> Statement {
    const SQL: &str = "UPDATE device_account SET take_over = 'confirmed' \
        WHERE organization = $1 AND device = $2 AND account = $3 AND state = 'needs_take_over'";
    Statement::new(SQL, p![organization, device, account]).expect_rows(1)
}
