//! The outbox: mails written with the change that caused them, one for a cause.

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{
    id::{AccountId, MailId, OrganizationId},
    mail::Kind,
    time::Timestamp,
};

/// Where a queued mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent at its next attempt.
    Queued,
    /// Handed to the mail server.
    Sent,
    /// Given up after three days.
    Failed,
}

impl State {
    /// The word in the database and on screens.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A mail in the outbox.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Which mail; also its Message-ID, the same on every attempt.
    pub id: MailId,
    /// What it is about.
    pub kind: Kind,
    /// Where it goes.
    pub recipient: String,
    /// Its facts, sealed at [`payload_place`]: they can hold a link.
    pub payload: Vec<u8>,
    /// Where it stands.
    pub state: State,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
    /// What the last failure was.
    pub last_error: String,
    /// When it was queued.
    pub created_at: Timestamp,
}

/// Where a mail's facts are sealed for.
pub const fn payload_place(id: MailId) -> Place {
    Place { table: "mail", column: "payload", row: id.0 }
}

macro_rules! mail_columns {
    () => {
        "id, kind, recipient, payload, state, attempts, next_attempt_at, last_error, created_at"
    };
}

impl FromRow for Queued {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let kind: String = row.get(1)?;
        let state: String = row.get(4)?;
        Ok(Self {
            id: MailId(row.get(0)?),
            kind: Kind::from_key(&kind).ok_or_else(|| unknown("mail kind", &kind))?,
            recipient: row.get(2)?,
            payload: row.get(3)?,
            state: [State::Queued, State::Sent, State::Failed]
                .into_iter()
                .find(|known| known.key() == state)
                .ok_or_else(|| unknown("mail state", &state))?,
            attempts: row.get(5)?,
            next_attempt_at: Timestamp(row.get(6)?),
            last_error: row.get(7)?,
            created_at: Timestamp(row.get(8)?),
        })
    }
}

/// A mail to be queued.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Which mail.
    pub id: MailId,
    /// What caused it; a second mail for the same cause is dropped.
    pub cause: &'a str,
    /// What it is about.
    pub kind: Kind,
    /// Whose account it concerns.
    pub account: Option<AccountId>,
    /// Where it goes.
    pub recipient: &'a str,
    /// Its sealed facts.
    pub payload: Vec<u8>,
}

/// Queues a mail, unless one for its cause was queued before.
pub fn insert(organization: OrganizationId, mail: New<'_>, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO mail (organization, id, cause, kind, account, recipient, payload, state, attempts, \
        next_attempt_at, last_error, created_at, sent_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', 0, $8, '', $8, NULL) ON CONFLICT (organization, cause) DO NOTHING";
    let New { id, cause, kind, account, recipient, payload } = mail;
    Statement::new(SQL, p![organization, id, cause, kind.key(), account, recipient, payload, now])
}

/// Mails whose next attempt is due, the oldest first.
pub async fn due(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Queued>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        mail_columns!(),
        " FROM mail WHERE organization = $1 AND state = 'queued' AND next_attempt_at <= $2 ORDER BY next_attempt_at, id LIMIT $3"
    );
    store.query(SQL, p![organization, now, limit]).await
}

/// Leases a due mail until `until`; one node wins.
pub fn claim(organization: OrganizationId, mail: &Queued, until: Timestamp) -> Statement {
    const SQL: &str = "UPDATE mail SET next_attempt_at = $4, attempts = attempts + 1 \
        WHERE organization = $1 AND id = $2 AND state = 'queued' AND next_attempt_at = $3";
    Statement::new(SQL, p![organization, mail.id, mail.next_attempt_at, until]).expect_rows(1)
}

/// The mail server took it. The facts are wiped: a sent link need not stay.
pub fn sent(organization: OrganizationId, id: MailId, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE mail SET state = 'sent', sent_at = $3, last_error = '', payload = $4 WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, id, now, Vec::new()])
}

/// It failed: to be tried again, or given up.
pub fn failed(organization: OrganizationId, id: MailId, error: &str, retry: Option<Timestamp>) -> Statement {
    const RETRY: &str = "UPDATE mail SET next_attempt_at = $4, last_error = $3 WHERE organization = $1 AND id = $2 AND state = 'queued'";
    const GIVE_UP: &str = "UPDATE mail SET state = 'failed', last_error = $3 WHERE organization = $1 AND id = $2 AND state = 'queued'";
    match retry {
        Some(at) => Statement::new(RETRY, p![organization, id, error, at]),
        None => Statement::new(GIVE_UP, p![organization, id, error]),
    }
}

/// Tries a waiting or failed mail again at once.
pub fn retry_now(organization: OrganizationId, id: MailId, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE mail SET state = 'queued', next_attempt_at = $3 WHERE organization = $1 AND id = $2 AND state <> 'sent'";
    Statement::new(SQL, p![organization, id, now]).expect_rows(1)
}

/// The newest mails.
pub async fn list(
    store: &Store,
    organization: OrganizationId,
    limit: i64,
) -> Result<Vec<Queued>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", mail_columns!(), " FROM mail WHERE organization = $1 ORDER BY id DESC LIMIT $2");
    store.query(SQL, p![organization, limit]).await
}

/// How many mails are in each state.
pub async fn by_state(store: &Store, organization: OrganizationId) -> Result<Vec<(String, i64)>, StoreError> {
    const SQL: &str = "SELECT state, count(*) FROM mail WHERE organization = $1 GROUP BY state";
    store.query(SQL, p![organization]).await
}
