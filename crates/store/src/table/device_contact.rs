//! What a device and the server last told each other: a row of its own, because it changes by itself.

use super::{device, unknown};
use crate::{FromRow, Row, Statement, Store, StoreError, p, table::device::device_columns};
use claviger_domain::{
    device::{Applied, Blocked, Device, SshServer, Standing},
    id::{DeviceId, OrganizationId},
    time::Timestamp,
};

/// What a device said of itself, and what came of what it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The revision of the state that it applied last.
    pub applied_revision: i64,
    /// What came of it.
    pub applied: Applied,
    /// More about it, in the device's words.
    pub detail: String,
    /// Its name on the network.
    pub hostname: String,
    /// Name and version of its system.
    pub system: String,
    /// The version of its agent.
    pub agent_version: String,
    /// Whether openssh-server is there.
    pub ssh_server: SshServer,
    /// Microseconds that its clock is ahead of ours.
    pub clock_ahead: i64,
}

/// The latest contact with a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Counts what the device was to do.
    pub state_revision: i64,
    /// SHA-256 of that, without its revision; nothing before the first.
    pub state_hash: Vec<u8>,
    /// What it said.
    pub told: Told,
    /// When it last called.
    pub last_contact_at: Timestamp,
    /// From which address.
    pub last_address: String,
    /// Its events up to this number are in the log.
    pub event_sequence: i64,
}

impl Contact {
    /// What follows for the MFA of the device (S8.3).
    pub const fn standing(&self, device: &Device) -> Standing {
        Standing {
            switch: device.rules.mfa,
            wanted: self.state_revision,
            applied_revision: self.told.applied_revision,
            applied: self.told.applied,
        }
    }
}

/// The columns of a contact, in the order that [`read`] takes them.
macro_rules! contact_columns {
    () => {
        "c.state_revision, c.state_hash, c.applied_revision, c.applied, c.applied_why, c.detail, c.hostname, c.system, \
         c.agent_version, c.ssh_server, c.clock_ahead, c.last_contact_at, c.last_address, c.event_sequence"
    };
}
pub(crate) use contact_columns;

/// Reads a contact from the columns that begin at `at`.
pub(crate) fn read(row: &Row<'_>, at: usize) -> Result<Contact, StoreError> {
    let (applied, why, ssh): (String, String, String) =
        (row.get(at + 3)?, row.get(at + 4)?, row.get(at + 9)?);
    Ok(Contact {
        state_revision: row.get(at)?,
        state_hash: row.get(at + 1)?,
        told: Told {
            applied_revision: row.get(at + 2)?,
            applied: read_applied(&applied, &why)?,
            detail: row.get(at + 5)?,
            hostname: row.get(at + 6)?,
            system: row.get(at + 7)?,
            agent_version: row.get(at + 8)?,
            ssh_server: SshServer::from_key(&ssh).ok_or_else(|| unknown("ssh_server", &ssh))?,
            clock_ahead: row.get(at + 10)?,
        },
        last_contact_at: Timestamp(row.get(at + 11)?),
        last_address: row.get(at + 12)?,
        event_sequence: row.get(at + 13)?,
    })
}

fn read_applied(word: &str, why: &str) -> Result<Applied, StoreError> {
    match word {
        "off" => Ok(Applied::Off),
        "in_force" => Ok(Applied::InForce),
        "blocked" => Blocked::from_key(why).map(Applied::Blocked).ok_or_else(|| unknown("applied_why", why)),
        other => Err(unknown("applied", other)),
    }
}

const fn applied_columns(applied: Applied) -> (&'static str, &'static str) {
    match applied {
        Applied::Off => ("off", ""),
        Applied::InForce => ("in_force", ""),
        Applied::Blocked(why) => ("blocked", why.key()),
    }
}

/// A device with its latest contact.
#[derive(Clone, Debug)]
pub struct Known {
    /// The device.
    pub device: Device,
    /// The contact.
    pub contact: Contact,
}

impl FromRow for Known {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { device: device::read(row, 0)?, contact: read(row, device::WIDTH)? })
    }
}

/// The device of that id, with its latest contact.
pub async fn known(
    store: &Store,
    organization: OrganizationId,
    id: DeviceId,
) -> Result<Option<Known>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        device_columns!(),
        ", ",
        contact_columns!(),
        " FROM device d JOIN device_contact c ON c.organization = d.organization AND c.device = d.id \
          WHERE d.organization = $1 AND d.id = $2"
    );
    store.first(SQL, p![organization, id]).await
}

/// The first contact: a device that was told nothing yet.
pub fn insert(organization: OrganizationId, device: DeviceId, contact: &Contact) -> Statement {
    const SQL: &str = "INSERT INTO device_contact (organization, device, state_revision, state_hash, applied_revision, \
        applied, applied_why, detail, hostname, system, agent_version, ssh_server, clock_ahead, last_contact_at, \
        last_address, event_sequence) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let told = &contact.told;
    let (applied, why) = applied_columns(told.applied);
    Statement::new(
        SQL,
        p![
            organization,
            device,
            contact.state_revision,
            contact.state_hash.clone(),
            told.applied_revision,
            applied,
            why,
            &told.detail,
            &told.hostname,
            &told.system,
            &told.agent_version,
            told.ssh_server.key(),
            told.clock_ahead,
            contact.last_contact_at,
            &contact.last_address,
            contact.event_sequence,
        ],
    )
}

/// The device called.
pub fn touch(organization: OrganizationId, device: DeviceId, now: Timestamp, address: &str) -> Statement {
    const SQL: &str = "UPDATE device_contact SET last_contact_at = $3, last_address = $4 \
        WHERE organization = $1 AND device = $2";
    Statement::new(SQL, p![organization, device, now, address])
}

/// The device is to do something else from now on; one of those who found that out at once wins.
pub fn new_state(
    organization: OrganizationId,
    device: DeviceId,
    before: i64,
    (revision, hash): (i64, [u8; 32]),
) -> Statement {
    const SQL: &str = "UPDATE device_contact SET state_revision = $4, state_hash = $5 \
        WHERE organization = $1 AND device = $2 AND state_revision = $3";
    Statement::new(SQL, p![organization, device, before, revision, hash]).expect_rows(1)
}

/// What the device told of itself, guarded on what was known before, so that each change is told of once.
pub fn told(organization: OrganizationId, device: DeviceId, before: &Told, now: &Told) -> Statement {
    const SQL: &str = "UPDATE device_contact SET applied_revision = $3, applied = $4, applied_why = $5, detail = $6, \
        hostname = $7, system = $8, agent_version = $9, ssh_server = $10, clock_ahead = $11 \
        WHERE organization = $1 AND device = $2 AND applied_revision = $12 AND applied = $13 AND applied_why = $14";
    let (applied, why) = applied_columns(now.applied);
    let (applied_before, why_before) = applied_columns(before.applied);
    Statement::new(
        SQL,
        p![
            organization,
            device,
            now.applied_revision,
            applied,
            why,
            &now.detail,
            &now.hostname,
            &now.system,
            &now.agent_version,
            now.ssh_server.key(),
            now.clock_ahead,
            before.applied_revision,
            applied_before,
            why_before,
        ],
    )
    .expect_rows(1)
}

/// The device's events up to `to` are in the log; those up to `from` were before.
pub fn event_taken(organization: OrganizationId, device: DeviceId, from: i64, to: i64) -> Statement {
    const SQL: &str = "UPDATE device_contact SET event_sequence = $4 \
        WHERE organization = $1 AND device = $2 AND event_sequence = $3";
    Statement::new(SQL, p![organization, device, from, to]).expect_rows(1)
}
