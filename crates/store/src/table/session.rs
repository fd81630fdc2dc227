//! Browser sessions, found by the hash of their token.

use super::account;
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p, table::account::account_columns};
use claviger_domain::{
    account::{Account, Realm},
    id::{AccountId, OrganizationId, SessionId},
    sign_in::Proven,
    time::Timestamp,
};

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// On its way in: can do nothing but go on.
    Half,
    /// In.
    Full,
}

impl Stage {
    const fn key(self) -> &'static str {
        match self {
            Self::Half => "half",
            Self::Full => "full",
        }
    }
}

/// A session as stored.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its name for lists and logs; the token is not kept.
    pub id: SessionId,
    /// Of SHA-256 of the token, after the time that it begins with.
    pub token_hash: [u8; 32],
    /// Whose.
    pub account: AccountId,
    /// Of which portal.
    pub realm: Realm,
    /// How far it has come.
    pub stage: Stage,
    /// What it has shown.
    pub proven: Proven,
    /// When it did last.
    pub proven_at: Timestamp,
    /// Wrong codes in this sign-in.
    pub wrong_codes: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Where it came from.
    pub address: String,
    /// With which browser.
    pub user_agent: String,
}

impl Session {
    /// What it has shown, and when it did last.
    pub const fn shown(&self) -> (Proven, Timestamp) {
        (self.proven, self.proven_at)
    }
}

macro_rules! session_columns {
    () => {
        "s.token_hash, s.id, s.account, s.realm, s.stage, s.proven, s.wrong_codes, s.created_at, s.last_seen_at, \
         s.expires_at, s.address, s.user_agent, s.proven_at"
    };
}
const WIDTH: usize = 13;

impl FromRow for Session {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            token_hash: row.get(0)?,
            id: SessionId(row.get(1)?),
            account: AccountId(row.get(2)?),
            realm: if row.get::<String>(3)? == Realm::Administrator.key() {
                Realm::Administrator
            } else {
                Realm::User
            },
            stage: if row.get::<String>(4)? == Stage::Full.key() { Stage::Full } else { Stage::Half },
            proven: Proven::from_key(&row.get::<String>(5)?),
            wrong_codes: row.get(6)?,
            created_at: Timestamp(row.get(7)?),
            last_seen_at: Timestamp(row.get(8)?),
            expires_at: Timestamp(row.get(9)?),
            address: row.get(10)?,
            user_agent: row.get(11)?,
            proven_at: Timestamp(row.get(12)?),
        })
    }
}

impl FromRow for (Session, Account) {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok((Session::from_row(row)?, account::read(row, WIDTH)?))
    }
}

/// The session with that token, and its account.
pub async fn find(
    store: &Store,
    organization: OrganizationId,
    realm: Realm,
    token_hash: [u8; 32],
) -> Result<Option<(Session, Account)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        session_columns!(),
        ", ",
        account_columns!(),
        " FROM session s JOIN account a ON a.organization = s.organization AND a.id = s.account \
          WHERE s.organization = $1 AND s.token_hash = $2"
    );
    let found: Option<(Session, Account)> = store.first(SQL, p![organization, token_hash]).await?;
    Ok(found.filter(|(session, _)| session.realm == realm))
}

/// The account's complete sessions, the newest first.
pub async fn of_account(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<Session>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        session_columns!(),
        " FROM session s WHERE s.organization = $1 AND s.account = $2 AND s.stage = 'full' AND s.expires_at > $3 \
          ORDER BY s.id DESC"
    );
    store.query(SQL, p![organization, account, now]).await
}

/// A new session.
pub fn insert(organization: OrganizationId, session: &Session) -> Statement {
    const SQL: &str = "INSERT INTO session (organization, token_hash, id, account, realm, stage, proven, wrong_codes, \
        created_at, last_seen_at, expires_at, address, user_agent, proven_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    Statement::new(
        SQL,
        p![
            organization,
            session.token_hash,
            session.id,
            session.account,
            session.realm.key(),
            session.stage.key(),
            session.proven.key(),
            session.wrong_codes,
            session.created_at,
            session.last_seen_at,
            session.expires_at,
            &session.address,
            &session.user_agent,
            session.proven_at,
        ],
    )
}

/// Ends this very session; whoever comes second finds it gone.
pub fn take(organization: OrganizationId, session: &Session) -> Statement {
    const SQL: &str = "DELETE FROM session WHERE organization = $1 AND token_hash = $2";
    Statement::new(SQL, p![organization, session.token_hash]).expect_rows(1)
}

/// Ends one of the account's sessions by its name.
pub fn end(organization: OrganizationId, account: AccountId, id: SessionId) -> Statement {
    const SQL: &str = "DELETE FROM session WHERE organization = $1 AND account = $2 AND id = $3";
    Statement::new(SQL, p![organization, account, id])
}

/// Ends all of the account's sessions.
pub fn end_all(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM session WHERE organization = $1 AND account = $2";
    Statement::new(SQL, p![organization, account])
}

/// Ends the account's sessions but this one.
pub fn end_others(organization: OrganizationId, session: &Session) -> Statement {
    const SQL: &str = "DELETE FROM session WHERE organization = $1 AND account = $2 AND id <> $3";
    Statement::new(SQL, p![organization, session.account, session.id])
}

/// Counts a wrong code of this sign-in.
pub fn count_wrong_code(organization: OrganizationId, session: &Session) -> Statement {
    const SQL: &str = "UPDATE session SET wrong_codes = wrong_codes + 1 \
        WHERE organization = $1 AND token_hash = $2 AND wrong_codes = $3";
    Statement::new(SQL, p![organization, session.token_hash, session.wrong_codes]).expect_rows(1)
}

/// Step-up: the session has shown again what it had shown.
pub fn prove(organization: OrganizationId, session: &Session, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE session SET proven_at = $3 WHERE organization = $1 AND token_hash = $2";
    Statement::new(SQL, p![organization, session.token_hash, now]).expect_rows(1)
}

/// The same by other means: what the session has shown is what it showed now.
pub fn prove_by(
    organization: OrganizationId,
    session: &Session,
    (proven, now): (Proven, Timestamp),
) -> Statement {
    const SQL: &str =
        "UPDATE session SET proven = $3, proven_at = $4 WHERE organization = $1 AND token_hash = $2";
    Statement::new(SQL, p![organization, session.token_hash, proven.key(), now]).expect_rows(1)
}

/// The session is there and has shown what it had shown when it was loaded; a conflict if not.
pub fn stands(organization: OrganizationId, session: &Session) -> Statement {
    const SQL: &str = "SELECT 1 FROM session WHERE organization = $1 AND token_hash = $2 AND stage = 'full' \
        AND proven = $3 AND proven_at = $4";
    Statement::guard(SQL, p![organization, session.token_hash, session.proven.key(), session.proven_at])
}

/// The complete sessions of these names, each with its account.
pub async fn by_ids(
    store: &Store,
    organization: OrganizationId,
    ids: &[SessionId],
) -> Result<Vec<(Session, Account)>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        session_columns!(),
        ", ",
        account_columns!(),
        " FROM session s JOIN account a ON a.organization = s.organization AND a.id = s.account \
          WHERE s.organization = $1 AND s.stage = 'full'"
    );
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(|id| Value::from(*id));
    store.select(Select::new(SQL, p![organization]).list(" AND s.id IN (", ids, ")")).await
}

/// Notes that the session is in use.
pub fn touch(organization: OrganizationId, session: &Session, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE session SET last_seen_at = $3 WHERE organization = $1 AND token_hash = $2 AND last_seen_at < $3";
    Statement::new(SQL, p![organization, session.token_hash, now])
}

/// Forgets sessions that have ended.
pub fn forget(organization: OrganizationId, now: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM session WHERE organization = $1 AND expires_at <= $2";
    Statement::new(SQL, p![organization, now])
}
