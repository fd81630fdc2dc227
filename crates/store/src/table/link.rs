//! Single-use links, found by the hash of their token.

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::{AccountId, LinkId, OrganizationId},
    time::{Span, Timestamp},
};
use uuid::Uuid;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first-run wizard (S2.1).
    SetUp,
    /// A user's first password (S3.3).
    Registration,
    /// A new password (S3.5).
    PasswordReset,
    /// A mail's "It was not me".
    NotMe,
    /// S6.8: an administrator sets MFA up anew.
    MfaReset,
}

impl Purpose {
    const ALL: [Purpose; 5] =
        [Self::SetUp, Self::Registration, Self::PasswordReset, Self::NotMe, Self::MfaReset];

    const fn key(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::Registration => "registration",
            Self::PasswordReset => "password_reset",
            Self::NotMe => "not_me",
            Self::MfaReset => "mfa_reset",
        }
    }

    /// How long such a link lives.
    pub const fn lifetime(self) -> Span {
        match self {
            Self::SetUp => Span::hours(24),
            Self::Registration => Span::days(7),
            Self::PasswordReset => Span::hours(1),
            Self::NotMe => Span::days(7),
            Self::MfaReset => Span::minutes(30),
        }
    }
}

/// A link as stored.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its name for the log.
    pub id: LinkId,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// For whom; nobody yet in the first run.
    pub account: Option<AccountId>,
    /// For what.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is dead.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl FromRow for Link {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let purpose: String = row.get(3)?;
        Ok(Self {
            token_hash: row.get(0)?,
            id: LinkId(row.get(1)?),
            account: row.get::<Option<Uuid>>(2)?.map(AccountId),
            purpose: Purpose::ALL
                .into_iter()
                .find(|known| known.key() == purpose)
                .ok_or_else(|| unknown("link purpose", &purpose))?,
            created_at: Timestamp(row.get(4)?),
            expires_at: Timestamp(row.get(5)?),
            used_at: row.get::<Option<i64>>(6)?.map(Timestamp),
        })
    }
}

/// The link with that token.
pub async fn find(
    store: &Store,
    organization: OrganizationId,
    token_hash: [u8; 32],
) -> Result<Option<Link>, StoreError> {
    const SQL: &str = "SELECT token_hash, id, account, purpose, created_at, expires_at, used_at FROM link \
        WHERE organization = $1 AND token_hash = $2";
    store.first(SQL, p![organization, token_hash]).await
}

/// A new link.
pub fn insert(organization: OrganizationId, link: &Link) -> Statement {
    const SQL: &str = "INSERT INTO link (organization, token_hash, id, account, purpose, created_at, expires_at, used_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)";
    Statement::new(
        SQL,
        p![
            organization,
            link.token_hash,
            link.id,
            link.account,
            link.purpose.key(),
            link.created_at,
            link.expires_at
        ],
    )
}

/// Uses the link up; one wins.
pub fn take(organization: OrganizationId, link: &Link, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE link SET used_at = $3 WHERE organization = $1 AND token_hash = $2 AND used_at IS NULL AND expires_at > $3";
    Statement::new(SQL, p![organization, link.token_hash, now]).expect_rows(1)
}

/// Uses the link up at the end of the wizard that it opened, which may take longer than the link lives; one wins.
pub fn finish(organization: OrganizationId, account: AccountId, id: LinkId, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE link SET used_at = $4 \
        WHERE organization = $1 AND account = $2 AND purpose = 'mfa_reset' AND id = $3 AND used_at IS NULL";
    Statement::new(SQL, p![organization, account, id, now]).expect_rows(1)
}

/// Makes earlier links of the same purpose dead.
pub fn kill(organization: OrganizationId, account: AccountId, purpose: Purpose) -> Statement {
    const SQL: &str =
        "DELETE FROM link WHERE organization = $1 AND account = $2 AND purpose = $3 AND used_at IS NULL";
    Statement::new(SQL, p![organization, account, purpose.key()])
}

/// Makes every link that sets the account's password dead: it was just set. Those that say "It was not me" live on:
/// whoever took an account over must not silence its owner by another change.
pub fn kill_all(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM link WHERE organization = $1 AND account = $2 AND used_at IS NULL AND purpose <> 'not_me'";
    Statement::new(SQL, p![organization, account])
}

/// Makes every link of the account dead, whatever for: somebody else may have asked for it.
pub fn kill_every(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM link WHERE organization = $1 AND account = $2 AND used_at IS NULL";
    Statement::new(SQL, p![organization, account])
}

/// Makes every setup link dead.
pub fn kill_setup(organization: OrganizationId) -> Statement {
    const SQL: &str = "DELETE FROM link WHERE organization = $1 AND purpose = 'set_up'";
    Statement::new(SQL, p![organization])
}

/// How many setup links are alive.
pub async fn live_setup_links(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM link WHERE organization = $1 AND purpose = 'set_up' AND used_at IS NULL AND expires_at > $2";
    Ok(store.first(SQL, p![organization, now]).await?.unwrap_or(0))
}

/// Forgets links that died long ago; until then their page can say what happened.
pub fn forget(organization: OrganizationId, before: Timestamp) -> Statement {
    const SQL: &str = "DELETE FROM link WHERE organization = $1 AND expires_at < $2";
    Statement::new(SQL, p![organization, before])
}
