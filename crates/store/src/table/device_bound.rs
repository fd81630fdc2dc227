//! Who is bound to a device: directly, or through a group of users that is bound to a group of devices; and whose
//! account it may still have to lock.

use super::{account::read_requirement, unknown};
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    account::{PersonName, State},
    device::{AccountState, Sudo, TakeOver},
    id::{AccountId, DeviceId, FactorId, OrganizationId},
    mfa::Requirement,
    time::Timestamp,
    totp::Drift,
};
use uuid::Uuid;

/// Everybody who matters to device `$2`, as often as they do: `strength` is the sudo of a binding, or -1 for an account
/// that the device was told of before. SQLite joins in the order that `CROSS JOIN` gives, and would else begin with
/// every binding of the organization.
macro_rules! everybody {
    () => {
        "SELECT u.account, CASE u.sudo WHEN 'without_password' THEN 2 WHEN 'with_password' THEN 1 ELSE 0 END AS strength \
           FROM device_user u WHERE u.organization = $1 AND u.device = $2 \
         UNION ALL SELECT m.account, CASE b.sudo WHEN 'without_password' THEN 2 WHEN 'with_password' THEN 1 ELSE 0 END \
           FROM device_group_member g CROSS JOIN group_binding b CROSS JOIN group_member m \
           WHERE g.organization = $1 AND g.device = $2 AND b.organization = $1 AND b.device_group = g.device_group \
             AND m.organization = $1 AND m.user_group = b.user_group \
         UNION ALL SELECT o.account, -1 FROM device_account o WHERE o.organization = $1 AND o.device = $2"
    };
}

/// Whether somebody is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// They are; with the strongest sudo of their bindings.
    Bound(Sudo),
    /// They were: the device was told of them before.
    Unbound,
}

/// What the device made of somebody's account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OnDevice {
    /// Whether it may take an account over.
    pub take_over: TakeOver,
    /// What it last said.
    pub state: AccountState,
    /// The name it was last told under; empty before.
    pub name: String,
}

/// A factor, as far as a device must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// Which factor.
    pub factor: FactorId,
    /// How far its clock is from ours.
    pub drift: Drift,
    /// When a code of it was last accepted.
    pub last_used_at: Timestamp,
}

/// A person behind an account that was not deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their login name.
    pub username: String,
    /// What they are called.
    pub name: PersonName,
    /// Whether they can sign in.
    pub state: State,
    /// Whether they must use MFA.
    pub requirement: Requirement,
    /// Their factor, if they have one.
    pub clock: Option<Clock>,
    /// Their number, if one is laid down.
    pub uid: Option<i64>,
    /// Their group's number, if one is laid down.
    pub gid: Option<i64>,
    /// Their shell; empty if none is laid down.
    pub shell: String,
    /// By when they have to set MFA up, if they have to and have not.
    pub enrolls_until: Option<Timestamp>,
}

/// Somebody who matters to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Whose account.
    pub account: AccountId,
    /// Whether they are bound.
    pub binding: Binding,
    /// Who they are; nothing once they are deleted.
    pub person: Option<Person>,
    /// What is known of their account there; nothing before the device was told of them.
    pub on_device: Option<OnDevice>,
}

fn person(row: &Row<'_>) -> Result<Option<Person>, StoreError> {
    let (Some(username), Some(state)) = (row.get::<Option<String>>(2)?, row.get::<Option<String>>(6)?) else {
        return Ok(None);
    };
    let clock = match row.get::<Option<Uuid>>(7)? {
        None => None,
        Some(id) => Some(Clock {
            factor: FactorId(id),
            drift: Drift {
                resynced: row.get(8)?,
                learned: i32::try_from(row.get::<i64>(9)?).unwrap_or_default(),
            },
            last_used_at: Timestamp(row.get(10)?),
        }),
    };
    let requirement = match row.get::<Option<String>>(17)? {
        Some(word) => read_requirement(&word, row.get(18)?)?,
        None => Requirement::NotRequired,
    };
    Ok(Some(Person {
        enrolls_until: match (requirement, clock) {
            (Requirement::By(until), None) => Some(until),
            (_, _) => None,
        },
        username,
        name: PersonName { first: row.get(3)?, last: row.get(4)?, display: row.get(5)? },
        state: State::from_key(&state).ok_or_else(|| unknown("state", &state))?,
        requirement,
        clock,
        uid: row.get(11)?,
        gid: row.get(12)?,
        shell: row.get::<Option<String>>(13)?.unwrap_or_default(),
    }))
}

fn on_device(row: &Row<'_>) -> Result<Option<OnDevice>, StoreError> {
    let Some(state) = row.get::<Option<String>>(15)? else { return Ok(None) };
    let take_over: String = row.get(14)?;
    Ok(Some(OnDevice {
        take_over: TakeOver::from_key(&take_over).ok_or_else(|| unknown("take_over", &take_over))?,
        state: AccountState::from_key(&state).ok_or_else(|| unknown("account on a device", &state))?,
        name: row.get(16)?,
    }))
}

impl FromRow for Bound {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let binding = match row.get::<i64>(1)? {
            ..0 => Binding::Unbound,
            0 => Binding::Bound(Sudo::None),
            1 => Binding::Bound(Sudo::WithPassword),
            2.. => Binding::Bound(Sudo::WithoutPassword),
        };
        Ok(Self {
            account: AccountId(row.get(0)?),
            binding,
            person: person(row)?,
            on_device: on_device(row)?,
        })
    }
}

pub(crate) const EVERYBODY: &str = concat!(
    "SELECT x.account, CAST(x.strength AS BIGINT), a.username, a.first_name, a.last_name, a.display_name, a.state, \
         f.id, f.resynced, f.drift, f.last_used_at, p.uid, p.gid, p.shell, o.take_over, o.state, o.name, \
         a.requirement, a.requirement_at FROM (SELECT e.account, MAX(e.strength) AS strength FROM (",
    everybody!(),
    ") e GROUP BY e.account) x \
         LEFT JOIN account a ON a.organization = $1 AND a.id = x.account \
         LEFT JOIN factor f ON f.organization = $1 AND f.account = x.account \
         LEFT JOIN account_posix p ON p.organization = $1 AND p.account = x.account \
         LEFT JOIN device_account o ON o.organization = $1 AND o.device = $2 AND o.account = x.account \
         ORDER BY x.account"
);

/// Everybody who is bound to the device, or was and may still have an account there, in the order of their ids.
pub async fn everybody(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<Bound>, StoreError> {
    store.query(EVERYBODY, p![organization, device]).await
}

/// A line of `authorized_keys`, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    /// Whose.
    pub account: AccountId,
    /// The line.
    pub line: String,
}

impl FromRow for KeyLine {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { account: AccountId(row.get(0)?), line: row.get(1)? })
    }
}

pub(crate) const SSH_KEYS: &str = concat!(
    "SELECT k.account, k.line FROM (SELECT DISTINCT e.account FROM (",
    everybody!(),
    ") e) x CROSS JOIN account_ssh_key k WHERE k.organization = $1 AND k.account = x.account \
         ORDER BY k.account, k.added_at, k.fingerprint"
);

/// The SSH keys of everybody who matters to the device, in the order of their accounts and of their age.
pub async fn ssh_keys(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<KeyLine>, StoreError> {
    store.query(SSH_KEYS, p![organization, device]).await
}

/// What connects one account with one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It is bound.
    Bound,
    /// It was: the device was told of it before.
    Told,
    /// Nothing.
    None,
}

pub(crate) const TIE: &str = "SELECT CAST(1 AS BIGINT) FROM device_user u \
        WHERE u.organization = $1 AND u.device = $2 AND u.account = $3 \
        UNION ALL SELECT CAST(1 AS BIGINT) FROM group_member m CROSS JOIN group_binding b CROSS JOIN device_group_member g \
          WHERE m.organization = $1 AND m.account = $3 AND b.organization = $1 AND b.user_group = m.user_group \
          AND g.organization = $1 AND g.device_group = b.device_group AND g.device = $2 \
        UNION ALL SELECT CAST(0 AS BIGINT) FROM device_account o WHERE o.organization = $1 AND o.device = $2 AND o.account = $3";

/// What connects the account with the device.
pub async fn tie(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
    account: AccountId,
) -> Result<Tie, StoreError> {
    let found: Vec<i64> = store.few(TIE, p![organization, device, account]).await?;
    Ok(match found.into_iter().max() {
        Some(1) => Tie::Bound,
        Some(_) => Tie::Told,
        None => Tie::None,
    })
}

pub(crate) const DEVICES_OF: &str = "SELECT u.device FROM device_user u WHERE u.organization = $1 AND u.account = $2 \
        UNION SELECT o.device FROM device_account o WHERE o.organization = $1 AND o.account = $2 \
        UNION SELECT g.device FROM group_member m CROSS JOIN group_binding b CROSS JOIN device_group_member g \
          WHERE m.organization = $1 AND m.account = $2 AND b.organization = $1 AND b.user_group = m.user_group \
          AND g.organization = $1 AND g.device_group = b.device_group";

/// The devices that an account matters to: it is bound to them, or they were told of it.
pub async fn devices_of(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Vec<DeviceId>, StoreError> {
    let found: Vec<Uuid> = store.query(DEVICES_OF, p![organization, account]).await?;
    Ok(found.into_iter().map(DeviceId).collect())
}

/// The device is told of an account under that name; what it made of it is open until it says so.
pub fn telling(organization: OrganizationId, device: DeviceId, account: AccountId, name: &str) -> Statement {
    const SQL: &str = "INSERT INTO device_account (organization, device, account, take_over, state, name) \
        VALUES ($1, $2, $3, 'ask', 'unknown', $4) ON CONFLICT (organization, device, account) \
        DO UPDATE SET state = EXCLUDED.state, name = EXCLUDED.name";
    Statement::new(SQL, p![organization, device, account, name])
}

/// What the device said of an account that it was told of.
pub fn reported(
    organization: OrganizationId,
    (device, account): (DeviceId, AccountId),
    state: AccountState,
    offline_until: Option<Timestamp>,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "UPDATE device_account SET state = $4, offline_until = $5, reported_at = $6 \
        WHERE organization = $1 AND device = $2 AND account = $3";
    Statement::new(SQL, p![organization, device, account, state.key(), offline_until, now])
}

/// What is known of an account on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Whose.
    pub account: AccountId,
    /// What the device last said.
    pub state: AccountState,
    /// Until when codes can be checked there without the server.
    pub offline_until: Option<Timestamp>,
}

impl FromRow for Reported {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let state: String = row.get(1)?;
        Ok(Self {
            account: AccountId(row.get(0)?),
            state: AccountState::from_key(&state).ok_or_else(|| unknown("account on a device", &state))?,
            offline_until: row.get::<Option<i64>>(2)?.map(Timestamp),
        })
    }
}

/// What the device last said of each account that it was told of.
pub async fn accounts(
    store: &Store,
    organization: OrganizationId,
    device: DeviceId,
) -> Result<Vec<Reported>, StoreError> {
    const SQL: &str = "SELECT account, state, offline_until FROM device_account \
        WHERE organization = $1 AND device = $2";
    store.query(SQL, p![organization, device]).await
}
