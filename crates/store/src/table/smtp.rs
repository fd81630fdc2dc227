//! How mail is sent: one row, if it was set up.

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::id::OrganizationId;

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte.
    Implicit,
    /// TLS demanded after the greeting.
    StartTls,
    /// None.
    Plain,
}

impl Encryption {
    /// Every kind.
    pub const ALL: [Encryption; 3] = [Self::Implicit, Self::StartTls, Self::Plain];

    /// The word in forms and in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::StartTls => "starttls",
            Self::Plain => "plain",
        }
    }
}

/// Whether mails go out or wait in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// They go out.
    On,
    /// They wait.
    Off,
}

/// The mail server, as stored.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Counts every change.
    pub revision: i64,
    /// Whether mails go out.
    pub delivery: Delivery,
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: i64,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// Whom to sign in as; nobody if empty.
    pub username: String,
    /// The password, sealed at [`password_place`].
    pub password: Option<Vec<u8>>,
    /// What mails come from.
    pub from_address: String,
    /// The name beside it.
    pub from_name: String,
}

/// Where the SMTP password is sealed for.
pub const fn password_place(organization: OrganizationId) -> Place {
    Place { table: "smtp", column: "password", row: organization.0 }
}

impl FromRow for Smtp {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let encryption: String = row.get(4)?;
        Ok(Self {
            revision: row.get(0)?,
            delivery: if row.get::<String>(1)? == "on" { Delivery::On } else { Delivery::Off },
            host: row.get(2)?,
            port: row.get(3)?,
            encryption: Encryption::ALL
                .into_iter()
                .find(|known| known.key() == encryption)
                .ok_or_else(|| unknown("encryption", &encryption))?,
            username: row.get(5)?,
            password: row.get(6)?,
            from_address: row.get(7)?,
            from_name: row.get(8)?,
        })
    }
}

/// The settings, if there are any.
pub async fn load(store: &Store, organization: OrganizationId) -> Result<Option<Smtp>, StoreError> {
    const SQL: &str = "SELECT revision, state, host, port, encryption, username, password, from_address, from_name \
        FROM smtp WHERE organization = $1";
    store.first(SQL, p![organization]).await
}

/// Writes the settings, guarded on the revision that was loaded (0 for none).
pub fn save(organization: OrganizationId, smtp: &Smtp) -> Statement {
    const SQL: &str = "INSERT INTO smtp (organization, revision, state, host, port, encryption, username, password, \
        from_address, from_name) VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT (organization) DO UPDATE SET revision = smtp.revision + 1, state = EXCLUDED.state, host = EXCLUDED.host, \
        port = EXCLUDED.port, encryption = EXCLUDED.encryption, username = EXCLUDED.username, password = EXCLUDED.password, \
        from_address = EXCLUDED.from_address, from_name = EXCLUDED.from_name WHERE smtp.revision = $10";
    let delivery = match smtp.delivery {
        Delivery::On => "on",
        Delivery::Off => "off",
    };
    Statement::new(
        SQL,
        p![
            organization,
            delivery,
            &smtp.host,
            smtp.port,
            smtp.encryption.key(),
            &smtp.username,
            smtp.password.clone(),
            &smtp.from_address,
            &smtp.from_name,
            smtp.revision,
        ],
    )
    .expect_rows(1)
}
