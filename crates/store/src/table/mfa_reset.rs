//! Resets of an administrator's MFA that were asked for and don't happen at once (S6.8).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, LinkId, OrganizationId, ResetId, SessionId},
    mfa_reset::{Asker, MfaReset, Stage},
    time::Timestamp,
};
use uuid::Uuid;

const fn stage_key(stage: Stage) -> &'static str {
    match stage {
        Stage::Pending => "pending",
        Stage::Done => "done",
        Stage::Canceled => "canceled",
    }
}

macro_rules! reset_columns {
    () => {
        "r.id, r.account, r.asker, r.requester, r.reason, r.stage, r.created_at, r.ready_at, r.expires_at"
    };
}
const WIDTH: usize = 9;

impl FromRow for MfaReset {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (asker, stage): (String, String) = (row.get(2)?, row.get(5)?);
        let asker = match (asker.as_str(), row.get::<Option<Uuid>>(3)?) {
            ("self", None) => Asker::Themselves { ready_at: Timestamp(row.get(7)?) },
            ("other", Some(id)) => Asker::Other { id: AccountId(id), reason: row.get(4)? },
            _ => return Err(unknown("asker", &asker)),
        };
        Ok(Self {
            id: ResetId(row.get(0)?),
            account: AccountId(row.get(1)?),
            asker,
            stage: [Stage::Pending, Stage::Done, Stage::Canceled]
                .into_iter()
                .find(|known| stage_key(*known) == stage)
                .ok_or_else(|| unknown("stage", &stage))?,
            created_at: Timestamp(row.get(6)?),
            expires_at: Timestamp(row.get(8)?),
        })
    }
}

/// A reset whose wizard is open.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The reset.
    pub reset: MfaReset,
    /// The link that opened it.
    pub link: LinkId,
}

impl FromRow for Begun {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { reset: MfaReset::from_row(row)?, link: LinkId(row.get(WIDTH)?) })
    }
}

/// A reset that waits.
pub fn insert(organization: OrganizationId, reset: &MfaReset) -> Statement {
    const SQL: &str = "INSERT INTO mfa_reset (organization, id, account, asker, requester, reason, stage, created_at, \
        ready_at, expires_at, session, link, ended_at, ended_by) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, NULL, NULL, '')";
    let (asker, requester, reason, ready_at) = match &reset.asker {
        Asker::Themselves { ready_at } => (AskedBy::Themselves, None, "", *ready_at),
        Asker::Other { id, reason } => (AskedBy::Another, Some(*id), reason.as_str(), reset.created_at),
    };
    Statement::new(
        SQL,
        p![
            organization,
            reset.id,
            reset.account,
            asker.key(),
            requester,
            reason,
            stage_key(reset.stage),
            reset.created_at,
            ready_at,
            reset.expires_at
        ],
    )
}

/// Who asked for a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// The person themselves.
    Themselves,
    /// Another administrator.
    Another,
}

impl AskedBy {
    const fn key(self) -> &'static str {
        match self {
            Self::Themselves => "self",
            Self::Another => "other",
        }
    }
}

/// The reset of the account's MFA that was asked for so, and that is neither done nor canceled.
pub async fn of_account(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
    asked_by: AskedBy,
) -> Result<Option<MfaReset>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        reset_columns!(),
        " FROM mfa_reset r WHERE r.organization = $1 AND r.account = $2 AND r.asker = $3 AND r.stage = 'pending'"
    );
    store.first(SQL, p![organization, account, asked_by.key()]).await
}

/// Every reset that is neither done nor canceled, and whose time has not passed, the oldest first.
pub async fn pending(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<MfaReset>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        reset_columns!(),
        " FROM mfa_reset r WHERE r.organization = $1 AND r.stage = 'pending' AND r.expires_at > $2 ORDER BY r.id LIMIT 200"
    );
    store.query(SQL, p![organization, now]).await
}

/// The reset of that id.
pub async fn by_id(
    store: &Store,
    organization: OrganizationId,
    id: ResetId,
) -> Result<Option<MfaReset>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", reset_columns!(), " FROM mfa_reset r WHERE r.organization = $1 AND r.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The reset whose wizard runs in that session, whatever became of it.
pub async fn of_session(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
    session: SessionId,
) -> Result<Option<Begun>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        reset_columns!(),
        ", r.link FROM mfa_reset r WHERE r.organization = $1 AND r.account = $2 AND r.session = $3 AND r.link IS NOT NULL"
    );
    store.first(SQL, p![organization, account, session]).await
}

/// Gives the reset to the wizard of that session, in the place of any other, until `expires_at`.
pub fn begin(
    organization: OrganizationId,
    id: ResetId,
    session: SessionId,
    link: LinkId,
    expires_at: Timestamp,
) -> Statement {
    const SQL: &str = "UPDATE mfa_reset SET session = $3, link = $4, expires_at = $5 \
        WHERE organization = $1 AND id = $2 AND stage = 'pending'";
    Statement::new(SQL, p![organization, id, session, link, expires_at]).expect_rows(1)
}

/// Carried out by the wizard of that session; whoever was canceled or comes late finds it gone.
pub fn finish(
    organization: OrganizationId,
    id: ResetId,
    session: SessionId,
    by: &str,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "UPDATE mfa_reset SET stage = 'done', ended_at = $5, ended_by = $4 \
        WHERE organization = $1 AND id = $2 AND session = $3 AND stage = 'pending' AND expires_at > $5";
    Statement::new(SQL, p![organization, id, session, by, now]).expect_rows(1)
}

/// Carried out or canceled by an administrator; one wins.
pub fn end(organization: OrganizationId, id: ResetId, stage: Stage, by: &str, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE mfa_reset SET stage = $3, ended_at = $5, ended_by = $4 \
        WHERE organization = $1 AND id = $2 AND stage = 'pending' AND expires_at > $5";
    Statement::new(SQL, p![organization, id, stage_key(stage), by, now]).expect_rows(1)
}

/// Makes room for another one: those of the account that nobody carried out in time.
pub fn drop_expired(organization: OrganizationId, account: AccountId, now: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM mfa_reset \
        WHERE organization = $1 AND account = $2 AND stage = 'pending' AND expires_at <= $3";
    Statement::new(SQL, p![organization, account, now])
}

/// Whatever waits for the account is over: its MFA was reset or set up in another way.
pub fn drop_pending(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM mfa_reset WHERE organization = $1 AND account = $2 AND stage = 'pending'";
    Statement::new(SQL, p![organization, account])
}

/// Forgets what ended long ago; the activity log has it.
pub fn forget(organization: OrganizationId, before: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM mfa_reset WHERE organization = $1 AND expires_at < $2";
    Statement::new(SQL, p![organization, before])
}
