//! What is kept of SAML messages: which were answered, and log-outs that are on their way (S10.1).

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, ApplicationId, OrganizationId, SessionId},
    time::Timestamp,
};

/// A digest of what names a message.
pub type MessageHash = [u8; 32];

/// Notes that a message was answered; a conflict if it was before.
pub fn answered(
    organization: OrganizationId,
    application: ApplicationId,
    (message, until): (MessageHash, Timestamp),
) -> Statement {
    const SQL: &str = "INSERT INTO saml_seen (organization, application, message_hash, expires_at) \
        VALUES ($1, $2, $3, $4)";
    Statement::new(SQL, p![organization, application, message, until])
}

/// Whether a message was answered.
pub async fn was_answered(
    store: &Store,
    organization: OrganizationId,
    application: ApplicationId,
    message: MessageHash,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "SELECT expires_at FROM saml_seen WHERE organization = $1 AND application = $2 AND message_hash = $3";
    let found: Option<i64> = store.first(SQL, p![organization, application, message]).await?;
    Ok(found.is_some())
}

/// Forgets messages that their age alone refuses.
pub fn forget_answered(organization: OrganizationId, now: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM saml_seen WHERE organization = $1 AND expires_at <= $2";
    Statement::new(SQL, p![organization, now])
}

/// Who is answered when a log-out is through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The application.
    pub application: ApplicationId,
    /// Its request.
    pub request: String,
    /// What it wants back with the answer.
    pub relay_state: Option<String>,
}

/// The application that is being told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub application: ApplicationId,
    /// The message it was sent.
    pub message: String,
}

/// A log-out that goes from application to application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOut {
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
    /// Whose.
    pub account: AccountId,
    /// The application that wants it; nothing if the person does.
    pub asker: Option<Asker>,
    /// Whom it waits for.
    pub waiting: Option<Waiting>,
    /// How many did not confirm.
    pub missing: i64,
    /// Counts its steps.
    pub step: i64,
    /// When it is given up.
    pub expires_at: Timestamp,
}

impl FromRow for LogOut {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (asked_by, request): (Option<uuid::Uuid>, Option<String>) = (row.get(2)?, row.get(3)?);
        let (waiting_for, message): (Option<uuid::Uuid>, Option<String>) = (row.get(5)?, row.get(6)?);
        let relay_state = row.get(4)?;
        let asker = asked_by.zip(request);
        let waiting = waiting_for.zip(message);
        Ok(Self {
            token_hash: row.get(0)?,
            account: AccountId(row.get(1)?),
            asker: asker.map(|(id, request)| Asker { application: ApplicationId(id), request, relay_state }),
            waiting: waiting.map(|(id, message)| Waiting { application: ApplicationId(id), message }),
            missing: row.get(7)?,
            step: row.get(8)?,
            expires_at: Timestamp(row.get(9)?),
        })
    }
}

/// The log-out of that token.
pub async fn log_out(
    store: &Store,
    organization: OrganizationId,
    token_hash: [u8; 32],
) -> Result<Option<LogOut>, StoreError> {
    const SQL: &str = "SELECT token_hash, account, asked_by, request_id, relay_state, waiting_for, message_id, missing, \
        step, expires_at FROM saml_log_out WHERE organization = $1 AND token_hash = $2";
    store.first(SQL, p![organization, token_hash]).await
}

/// The sessions that a log-out ended.
pub async fn ended_sessions(
    store: &Store,
    organization: OrganizationId,
    token_hash: [u8; 32],
) -> Result<Vec<SessionId>, StoreError> {
    const SQL: &str = "SELECT session FROM saml_log_out_session WHERE organization = $1 AND token_hash = $2 ORDER BY session";
    let rows: Vec<uuid::Uuid> = store.query(SQL, p![organization, token_hash]).await?;
    Ok(rows.into_iter().map(SessionId).collect())
}

/// A new log-out of these sessions.
pub fn begin_log_out(
    organization: OrganizationId,
    log_out: &LogOut,
    sessions: &[SessionId],
) -> Vec<Statement> {
    const LOG_OUT: &str = "INSERT INTO saml_log_out (organization, token_hash, account, asked_by, request_id, \
        relay_state, waiting_for, message_id, missing, step, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    const SESSION: &str =
        "INSERT INTO saml_log_out_session (organization, token_hash, session) VALUES ($1, $2, $3)";
    let (asker, waiting) = (log_out.asker.as_ref(), log_out.waiting.as_ref());
    let values = p![
        organization,
        log_out.token_hash,
        log_out.account,
        asker.map(|asker| asker.application),
        asker.map(|asker| &asker.request),
        asker.and_then(|asker| asker.relay_state.as_ref()),
        waiting.map(|waiting| waiting.application),
        waiting.map(|waiting| &waiting.message),
        log_out.missing,
        log_out.step,
        log_out.expires_at,
    ];
    let sessions =
        sessions.iter().map(|id| Statement::new(SESSION, p![organization, log_out.token_hash, *id]));
    std::iter::once(Statement::new(LOG_OUT, values)).chain(sessions).collect()
}

/// The next step of a log-out; a conflict if somebody took it.
pub fn step_log_out(organization: OrganizationId, log_out: &LogOut) -> Statement {
    const SQL: &str = "UPDATE saml_log_out SET waiting_for = $3, message_id = $4, missing = $5, step = step + 1 \
        WHERE organization = $1 AND token_hash = $2 AND step = $6";
    let waiting = log_out.waiting.as_ref();
    let values = p![
        organization,
        log_out.token_hash,
        waiting.map(|waiting| waiting.application),
        waiting.map(|waiting| &waiting.message),
        log_out.missing,
        log_out.step,
    ];
    Statement::new(SQL, values).expect_rows(1)
}

/// The log-out is over.
pub fn end_log_out(organization: OrganizationId, log_out: &LogOut) -> [Statement; 2] {
    const LOG_OUT: &str =
        "DELETE FROM saml_log_out WHERE organization = $1 AND token_hash = $2 AND step = $3";
    const SESSIONS: &str = "DELETE FROM saml_log_out_session WHERE organization = $1 AND token_hash = $2";
    [
        Statement::new(LOG_OUT, p![organization, log_out.token_hash, log_out.step]).expect_rows(1),
        Statement::new(SESSIONS, p![organization, log_out.token_hash]),
    ]
}

/// Forgets log-outs that were given up on the way.
pub fn forget_log_outs(organization: OrganizationId, now: Timestamp) -> [Statement; 2] {
    const SESSIONS: &str = "DELETE FROM saml_log_out_session WHERE organization = $1 AND token_hash IN ( \
        SELECT l.token_hash FROM saml_log_out l WHERE l.organization = $1 AND l.expires_at <= $2)";
    const LOG_OUTS: &str = "DELETE FROM saml_log_out WHERE organization = $1 AND expires_at <= $2";
    [Statement::new(SESSIONS, p![organization, now]), Statement::new(LOG_OUTS, p![organization, now])]
}
