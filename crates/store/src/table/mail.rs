//! The outbox: mails written with the change that caused them, one for a cause.

use super::unknown;
use crate::{FromRow, Row, Select, Statement, Store, StoreError, p, seal::Place};
use claviger_domain::{
    id::{AccountId, MailId, OrganizationId},
    mail::Kind,
    time::Timestamp,
};
use uuid::Uuid;

/// Where a queued mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent at its next attempt.
    Queued,
    /// Handed to the mail server.
    Sent,
    /// Given up: after three days, or because the address was refused for good.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [State; 3] = [Self::Queued, Self::Sent, Self::Failed];

    /// The word in the database and on screens.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
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
    /// Whose account it concerns; also whose address it goes to.
    pub account: Option<AccountId>,
}

/// Where a mail's facts are sealed for.
pub const fn payload_place(id: MailId) -> Place {
    Place { table: "mail", column: "payload", row: id.0 }
}

macro_rules! mail_columns {
    () => {
        "id, kind, recipient, payload, state, attempts, next_attempt_at, last_error, created_at, account"
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
            state: State::from_key(&state).ok_or_else(|| unknown("mail state", &state))?,
            attempts: row.get(5)?,
            next_attempt_at: Timestamp(row.get(6)?),
            last_error: row.get(7)?,
            created_at: Timestamp(row.get(8)?),
            account: row.get::<Option<Uuid>>(9)?.map(AccountId),
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
    Statement::row(SQL, p![organization, id, cause, kind.key(), account, recipient, payload, now])
}

/// No mail was queued for that cause; changes nothing.
pub fn none_for(organization: OrganizationId, cause: &str) -> Statement {
    const SQL: &str = "UPDATE mail SET cause = cause WHERE organization = $1 AND cause = $2";
    Statement::new(SQL, p![organization, cause]).expect_rows(0)
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

/// Which side of a mail a page is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    #[default]
    Newest,
    /// Those before it.
    Older(MailId),
    /// Those after it.
    Newer(MailId),
}

/// A page of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// One state only.
    pub state: Option<State>,
    /// Which page.
    pub page: Page,
    /// How many at most.
    pub limit: i64,
}

/// The mails of a page, the newest first.
pub async fn list(
    store: &Store,
    organization: OrganizationId,
    listing: &Listing,
) -> Result<Vec<Queued>, StoreError> {
    const BASE: &str = concat!("SELECT ", mail_columns!(), " FROM mail WHERE organization = $1");
    let Listing { state, page, limit } = *listing;
    let mut select = Select::new(BASE, p![organization]);
    if let Some(state) = state {
        select = select.with(" AND state = $", state.key());
    }
    let (select, direction) = match page {
        Page::Newest => (select, "DESC"),
        Page::Older(id) => (select.with(" AND id < $", id), "DESC"),
        Page::Newer(id) => (select.with(" AND id > $", id), "ASC"),
    };
    let mut mails: Vec<Queued> =
        store.select(select.text(" ORDER BY id ").text(direction).with(" LIMIT $", limit)).await?;
    if matches!(page, Page::Newer(_)) {
        mails.reverse();
    }
    Ok(mails)
}

/// How many mails are in each state.
pub async fn by_state(store: &Store, organization: OrganizationId) -> Result<Vec<(String, i64)>, StoreError> {
    const SQL: &str = "SELECT state, count(*) FROM mail WHERE organization = $1 GROUP BY state";
    store.query(SQL, p![organization]).await
}
