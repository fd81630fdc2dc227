//! What applications hold by OpenID Connect: grants, each with a code and tokens (S10.1).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    application::{
        oidc::{
            Scope,
            grant::{Code, Refresh, Use},
        },
        release::{By, Context},
    },
    id::{AccountId, ApplicationId, OidcGrantId, OrganizationId, SessionId},
    time::Timestamp,
};

/// SHA-256 of a code or token.
pub type TokenHash = [u8; 32];

/// What an application was given when somebody was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which.
    pub id: OidcGrantId,
    /// Of whom.
    pub account: AccountId,
    /// In which session.
    pub session: SessionId,
    /// Its code, with the application that got it.
    pub code: Code,
    /// What its ID tokens bring back.
    pub nonce: Option<String>,
    /// What the application is told.
    pub scopes: Vec<Scope>,
    /// How the person was recognized, and when.
    pub context: Context,
    /// The class of authentication that it was told as.
    pub class: String,
    /// When the application asked.
    pub asked_at: Timestamp,
    /// When all of it ends at the latest: with the session.
    pub expires_at: Timestamp,
}

const PASSWORD: &str = "password";
const PASSWORD_AND_CODE: &str = "password_and_code";

const fn by_key(by: By) -> &'static str {
    match by {
        By::Password => PASSWORD,
        By::PasswordAndCode => PASSWORD_AND_CODE,
    }
}

const fn used(at: Option<i64>) -> Use {
    match at {
        None => Use::Fresh,
        Some(_) => Use::Used,
    }
}

macro_rules! grant_columns {
    () => {
        "g.id, g.application, g.account, g.session, g.code_until, g.redeemed_at, g.redirect, g.challenge, g.nonce, \
         g.scopes, g.recognized, g.recognized_at, g.context, g.asked_at, g.expires_at"
    };
}
const WIDTH: usize = 15;

impl FromRow for Grant {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (scopes, by): (String, String) = (row.get(9)?, row.get(10)?);
        let scope = |key: &str| Scope::from_key(key).ok_or_else(|| unknown("scope", key));
        let by = match by.as_str() {
            PASSWORD => By::Password,
            PASSWORD_AND_CODE => By::PasswordAndCode,
            other => return Err(unknown("recognition", other)),
        };
        Ok(Self {
            id: OidcGrantId(row.get(0)?),
            account: AccountId(row.get(2)?),
            session: SessionId(row.get(3)?),
            code: Code {
                application: ApplicationId(row.get(1)?),
                until: Timestamp(row.get(4)?),
                used: used(row.get(5)?),
                redirect: row.get(6)?,
                challenge: row.get(7)?,
            },
            nonce: row.get(8)?,
            scopes: scopes.split(' ').map(scope).collect::<Result<_, _>>()?,
            context: Context { by, at: Timestamp(row.get(11)?) },
            class: row.get(12)?,
            asked_at: Timestamp(row.get(13)?),
            expires_at: Timestamp(row.get(14)?),
        })
    }
}

/// The grant of that code.
pub async fn by_code(
    store: &Store,
    organization: OrganizationId,
    code: TokenHash,
) -> Result<Option<Grant>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        grant_columns!(),
        " FROM oidc_grant g WHERE g.organization = $1 AND g.code_hash = $2"
    );
    store.first(SQL, p![organization, code]).await
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To ask who somebody is.
    Access,
    /// To get new tokens.
    Refresh,
}

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// A token with its grant.
#[derive(Clone, Debug)]
pub struct Held {
    /// The grant.
    pub grant: Grant,
    /// Until when the token is good, and whether it had its turn.
    pub token: Refresh,
}

impl FromRow for Held {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let grant = Grant::from_row(row)?;
        let token = Refresh {
            application: grant.code.application,
            until: Timestamp(row.get(WIDTH)?),
            used: used(row.get(WIDTH + 1)?),
        };
        Ok(Self { grant, token })
    }
}

/// The token of that kind.
pub async fn token(
    store: &Store,
    organization: OrganizationId,
    (kind, hash): (Kind, TokenHash),
) -> Result<Option<Held>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        grant_columns!(),
        ", t.expires_at, t.used_at FROM oidc_token t JOIN oidc_grant g ON g.organization = t.organization \
          AND g.id = t.grant_id WHERE t.organization = $1 AND t.token_hash = $2 AND t.kind = $3"
    );
    store.first(SQL, p![organization, hash, kind.key()]).await
}

/// A new grant with its code.
pub fn insert(organization: OrganizationId, grant: &Grant, code: TokenHash) -> Statement {
    const SQL: &str = "INSERT INTO oidc_grant (organization, id, application, account, session, code_hash, code_until, \
        redirect, challenge, nonce, scopes, recognized, recognized_at, context, asked_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let scopes: Vec<_> = grant.scopes.iter().map(|scope| scope.key()).collect();
    let values = p![
        organization,
        grant.id,
        grant.code.application,
        grant.account,
        grant.session,
        code,
        grant.code.until,
        &grant.code.redirect,
        &grant.code.challenge,
        grant.nonce.as_ref(),
        scopes.join(" "),
        by_key(grant.context.by),
        grant.context.at,
        &grant.class,
        grant.asked_at,
        grant.expires_at,
    ];
    Statement::new(SQL, values)
}

/// Redeems the code; a conflict if it was, or if the grant is gone.
pub fn redeem(organization: OrganizationId, grant: OidcGrantId, now: Timestamp) -> Statement {
    const SQL: &str =
        "UPDATE oidc_grant SET redeemed_at = $3 WHERE organization = $1 AND id = $2 AND redeemed_at IS NULL";
    Statement::new(SQL, p![organization, grant, now]).expect_rows(1)
}

/// The grant is still there; a conflict if it ended meanwhile.
pub fn stands(organization: OrganizationId, grant: OidcGrantId) -> Statement {
    const SQL: &str = "SELECT 1 FROM oidc_grant WHERE organization = $1 AND id = $2";
    Statement::guard(SQL, p![organization, grant])
}

/// A new token of a grant.
pub fn add_token(
    organization: OrganizationId,
    grant: OidcGrantId,
    (kind, hash, expires_at): (Kind, TokenHash, Timestamp),
) -> Statement {
    const SQL: &str = "INSERT INTO oidc_token (organization, token_hash, grant_id, kind, expires_at) \
        VALUES ($1, $2, $3, $4, $5)";
    Statement::new(SQL, p![organization, hash, grant, kind.key(), expires_at])
}

/// Uses up a refresh token; a conflict if it had its turn.
pub fn use_refresh(organization: OrganizationId, hash: TokenHash, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE oidc_token SET used_at = $3 WHERE organization = $1 AND token_hash = $2 \
        AND kind = 'refresh' AND used_at IS NULL";
    Statement::new(SQL, p![organization, hash, now]).expect_rows(1)
}

/// Ends a grant with all its tokens.
pub fn end(organization: OrganizationId, grant: OidcGrantId) -> [Statement; 2] {
    const TOKENS: &str = "DELETE FROM oidc_token WHERE organization = $1 AND grant_id = $2";
    const GRANT: &str = "DELETE FROM oidc_grant WHERE organization = $1 AND id = $2";
    [Statement::new(TOKENS, p![organization, grant]), Statement::new(GRANT, p![organization, grant])]
}

/// Ends all grants of an application.
pub(crate) fn forget_application(organization: OrganizationId, application: ApplicationId) -> [Statement; 2] {
    const TOKENS: &str = "DELETE FROM oidc_token WHERE organization = $1 AND grant_id IN ( \
        SELECT g.id FROM oidc_grant g WHERE g.organization = $1 AND g.application = $2)";
    const GRANTS: &str = "DELETE FROM oidc_grant WHERE organization = $1 AND application = $2";
    [
        Statement::new(TOKENS, p![organization, application]),
        Statement::new(GRANTS, p![organization, application]),
    ]
}

/// Forgets grants that ended, by themselves or with their session, and tokens of no use.
pub fn forget(organization: OrganizationId, now: Timestamp) -> [Statement; 2] {
    const GRANTS: &str = "DELETE FROM oidc_grant WHERE organization = $1 AND (expires_at <= $2 OR NOT EXISTS ( \
        SELECT 1 FROM session s WHERE s.organization = $1 AND s.id = oidc_grant.session))";
    const TOKENS: &str = "DELETE FROM oidc_token WHERE organization = $1 AND (expires_at <= $2 OR NOT EXISTS ( \
        SELECT 1 FROM oidc_grant g WHERE g.organization = $1 AND g.id = oidc_token.grant_id))";
    [Statement::new(GRANTS, p![organization, now]), Statement::new(TOKENS, p![organization, now])]
}
