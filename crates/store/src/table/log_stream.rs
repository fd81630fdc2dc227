//! Where sealed entries are forwarded to, and how far each stream is (section 12).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{
    id::OrganizationId,
    stream::{Health, Kind},
    time::Timestamp,
};

/// Whether entries are forwarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// They are.
    On,
    /// They wait.
    #[default]
    Off,
}

/// A stream as stored.
#[derive(Clone, Debug)]
pub struct LogStream {
    /// Which.
    pub kind: Kind,
    /// Counts every change of the settings.
    pub revision: i64,
    /// Whether entries are forwarded.
    pub flow: Flow,
    /// How they get there.
    pub transport: String,
    /// Host and port, or the webhook's URL.
    pub address: String,
    /// What a webhook's batches are signed with, sealed at [`secret_place`].
    pub secret: Option<Vec<u8>>,
    /// The last number that was delivered.
    pub position: i64,
    /// How it is doing.
    pub health: Health,
    /// When something was last delivered.
    pub delivered_at: Option<Timestamp>,
}

/// Where a webhook's secret is sealed for.
pub const fn secret_place(organization: OrganizationId) -> Place {
    Place { table: "log_stream", column: "secret", row: organization.0 }
}

impl FromRow for LogStream {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: String = row.get(0)?;
        let health = match row.get::<Option<i64>>(7)? {
            None => Health::Well,
            Some(since) => Health::Failing {
                since: Timestamp(since),
                attempts: row.get(8)?,
                next_attempt_at: Timestamp(row.get(9)?),
                error: row.get(10)?,
            },
        };
        Ok(Self {
            kind: Kind::from_key(&kind).ok_or_else(|| unknown("stream", &kind))?,
            revision: row.get(1)?,
            flow: if row.get::<String>(2)? == "on" { Flow::On } else { Flow::Off },
            transport: row.get(3)?,
            address: row.get(4)?,
            secret: row.get(5)?,
            position: row.get(6)?,
            health,
            delivered_at: row.get::<Option<i64>>(11)?.map(Timestamp),
        })
    }
}

/// The streams that were ever set up.
pub async fn all(store: &Store, organization: OrganizationId) -> Result<Vec<LogStream>, StoreError> {
    const SQL: &str = "SELECT kind, revision, state, transport, address, secret, position, failing_since, attempts, \
        next_attempt_at, last_error, delivered_at FROM log_stream WHERE organization = $1 ORDER BY kind";
    store.few(SQL, p![organization]).await
}

/// Writes the settings, guarded on the revision that was loaded (0 for none). The position counts only for a new
/// stream; what went wrong before is forgotten.
pub fn save(organization: OrganizationId, stream: &LogStream) -> Statement {
    const SQL: &str = "INSERT INTO log_stream (organization, kind, revision, state, transport, address, secret, position, \
        attempts, next_attempt_at, last_error) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, 0, 0, '') \
        ON CONFLICT (organization, kind) DO UPDATE SET revision = log_stream.revision + 1, state = EXCLUDED.state, \
        transport = EXCLUDED.transport, address = EXCLUDED.address, secret = EXCLUDED.secret, failing_since = NULL, \
        attempts = 0, next_attempt_at = 0, last_error = '' WHERE log_stream.revision = $8";
    let flow = match stream.flow {
        Flow::On => "on",
        Flow::Off => "off",
    };
    Statement::new(
        SQL,
        p![
            organization,
            stream.kind.key(),
            flow,
            &stream.transport,
            &stream.address,
            stream.secret.clone(),
            stream.position,
            stream.revision,
        ],
    )
    .expect_rows(1)
}

/// Notes that entries up to `to` were delivered.
pub fn delivered(organization: OrganizationId, stream: &LogStream, to: i64, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE log_stream SET position = $4, delivered_at = $5, failing_since = NULL, attempts = 0, \
        next_attempt_at = 0, last_error = '' WHERE organization = $1 AND kind = $2 AND position = $3";
    Statement::new(SQL, p![organization, stream.kind.key(), stream.position, to, now]).expect_rows(1)
}

/// Notes how a stream that fails is doing, unless its settings were changed or something was delivered meanwhile.
pub fn failing(organization: OrganizationId, stream: &LogStream, health: &Health) -> Statement {
    const SQL: &str = "UPDATE log_stream SET failing_since = $5, attempts = $6, next_attempt_at = $7, last_error = $8 \
        WHERE organization = $1 AND kind = $2 AND revision = $3 AND position = $4";
    let (since, attempts, next, error) = match health {
        Health::Well => (None, 0, Timestamp(0), ""),
        Health::Failing { since, attempts, next_attempt_at, error } => {
            (Some(*since), *attempts, *next_attempt_at, error.as_str())
        }
    };
    let kind = stream.kind.key();
    Statement::new(
        SQL,
        p![organization, kind, stream.revision, stream.position, since, attempts, next, error],
    )
}
