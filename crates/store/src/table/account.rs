//! Users and administrators, told apart by their realm.

use super::{refused, unknown};
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    account::{Account, Email, Kind, Password, PasswordHash, PersonName, Realm, State, Username},
    id::{AccountId, FactorId, OrganizationId},
    mfa::{Enrollment, Mfa, Requirement},
    permission::Role,
    time::{Span, Timestamp},
};
use uuid::Uuid;

/// The columns of an account, in the order that [`read`] takes them.
macro_rules! account_columns {
    () => {
        "a.id, a.revision, a.username, a.role, a.email, a.first_name, a.last_name, a.display_name, a.state, \
         a.password, a.password_hash, a.requirement, a.requirement_at, a.factor_id, a.created_at, a.last_sign_in_at"
    };
}
pub(crate) use account_columns;

/// How many columns [`account_columns`] has.
pub(crate) const WIDTH: usize = 16;

/// Reads an account from the columns that begin at `at`.
pub(crate) fn read(row: &Row<'_>, at: usize) -> Result<Account, StoreError> {
    let kind = match (row.get::<Option<String>>(at + 2)?, row.get::<Option<String>>(at + 3)?) {
        (Some(username), None) => {
            Kind::User { username: Username::parse("username", &username).map_err(refused)? }
        }
        (None, Some(role)) => {
            Kind::Administrator { role: Role::from_key(&role).ok_or_else(|| unknown("role", &role))? }
        }
        _ => return Err(unknown("account", "neither user nor administrator")),
    };
    let state: String = row.get(at + 8)?;
    let factor = row.get::<Option<Uuid>>(at + 13)?;
    Ok(Account {
        id: AccountId(row.get(at)?),
        revision: row.get(at + 1)?,
        kind,
        email: Email::parse("email", &row.get::<String>(at + 4)?).map_err(refused)?,
        name: PersonName { first: row.get(at + 5)?, last: row.get(at + 6)?, display: row.get(at + 7)? },
        state: State::from_key(&state).ok_or_else(|| unknown("state", &state))?,
        password: read_password(&row.get::<String>(at + 9)?, row.get(at + 10)?)?,
        mfa: Mfa {
            requirement: read_requirement(&row.get::<String>(at + 11)?, row.get(at + 12)?)?,
            enrollment: factor.map_or(Enrollment::NotEnrolled, |id| Enrollment::Enrolled(FactorId(id))),
        },
        created_at: Timestamp(row.get(at + 14)?),
        last_sign_in_at: row.get::<Option<i64>>(at + 15)?.map(Timestamp),
    })
}

impl FromRow for Account {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        read(row, 0)
    }
}

fn read_password(word: &str, hash: Option<String>) -> Result<Password, StoreError> {
    match (word, hash) {
        ("pending", None) => Ok(Password::Pending),
        ("active", Some(hash)) => Ok(Password::Active(PasswordHash(hash))),
        ("expired", Some(hash)) => Ok(Password::Expired(PasswordHash(hash))),
        (other, _) => Err(unknown("password", other)),
    }
}

pub(super) fn read_requirement(word: &str, at: Option<i64>) -> Result<Requirement, StoreError> {
    match (word, at) {
        ("not_required", None) => Ok(Requirement::NotRequired),
        ("at_once", None) => Ok(Requirement::AtOnce),
        ("by", Some(at)) => Ok(Requirement::By(Timestamp(at))),
        ("paused", Some(left)) => Ok(Requirement::Paused(Span::from_micros(left))),
        (other, _) => Err(unknown("requirement", other)),
    }
}

const fn requirement_columns(requirement: Requirement) -> (&'static str, Option<i64>) {
    match requirement {
        Requirement::NotRequired => ("not_required", None),
        Requirement::AtOnce => ("at_once", None),
        Requirement::By(deadline) => ("by", Some(deadline.0)),
        Requirement::Paused(left) => ("paused", Some(left.micros())),
    }
}

/// What lists sort by: the shown name, without regard to case.
pub fn sort_key(account: &Account) -> String {
    account.name.shown(account.email.as_str()).to_lowercase()
}

fn search_key(account: &Account) -> String {
    let username = account.username().map_or("", Username::as_str);
    let name = &account.name;
    format!("{username} {} {} {} {}", account.email, name.first, name.last, name.display).to_lowercase()
}

/// What a save writes, in the order of its placeholders from `$3`.
fn values(account: &Account) -> Vec<Value> {
    let role = match &account.kind {
        Kind::Administrator { role } => Some(role.key()),
        Kind::User { .. } => None,
    };
    let mut all = p![
        account.username().map(Username::as_str),
        role,
        account.email.as_str(),
        account.email.key(),
        &account.name.first,
        &account.name.last,
        &account.name.display,
        sort_key(account),
        search_key(account),
        account.state.key(),
        account.password.key(),
        account.password.hash().map(|hash| hash.0.as_str()),
    ];
    all.extend(mfa_values(account));
    all
}

/// Requirement, its point in time, and the factor.
fn mfa_values(account: &Account) -> Vec<Value> {
    let (requirement, at) = requirement_columns(account.mfa.requirement);
    let factor = match account.mfa.enrollment {
        Enrollment::Enrolled(id) => Some(id),
        Enrollment::NotEnrolled => None,
    };
    p![requirement, at, factor]
}

/// A new account.
pub fn insert(organization: OrganizationId, account: &Account) -> Statement {
    const SQL: &str = "INSERT INTO account (organization, id, username, role, email, email_key, first_name, last_name, \
        display_name, sort_key, search_key, state, password, password_hash, requirement, requirement_at, factor_id, \
        realm, created_at, revision) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1)";
    let mut all = p![organization, account.id];
    all.extend(values(account));
    all.extend(p![account.kind.realm().key(), account.created_at]);
    Statement::new(SQL, all).of_accounts()
}

/// Writes the account as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, account: &Account) -> Statement {
    const SQL: &str = "UPDATE account SET username = $3, role = $4, email = $5, email_key = $6, first_name = $7, \
        last_name = $8, display_name = $9, sort_key = $10, search_key = $11, state = $12, password = $13, \
        password_hash = $14, requirement = $15, requirement_at = $16, factor_id = $17, revision = revision + 1, \
        mail_bounced_at = CASE WHEN email_key = $6 THEN mail_bounced_at END \
        WHERE organization = $1 AND id = $2 AND revision = $18";
    let mut all = p![organization, account.id];
    all.extend(values(account));
    all.push(Value::Int(account.revision));
    Statement::row(SQL, all).expect_rows(1).of_accounts()
}

/// Writes what an account has become, guarded on the revision that was loaded. Where MFA is all that differs nothing
/// else is written, and no index of anything else is touched.
pub fn change(organization: OrganizationId, before: &Account, after: &Account) -> Statement {
    const MFA: &str = "UPDATE account SET requirement = $4, requirement_at = $5, factor_id = $6, revision = revision + 1 \
        WHERE organization = $1 AND id = $2 AND revision = $3";
    if (Account { mfa: before.mfa, ..after.clone() }) != *before {
        return save(organization, after);
    }
    let mut all = p![organization, after.id, after.revision];
    all.extend(mfa_values(after));
    Statement::row(MFA, all).expect_rows(1).of_accounts()
}

/// The account is still what was loaded; changes nothing.
pub fn unchanged(organization: OrganizationId, account: &Account) -> Statement {
    const SQL: &str = "SELECT 1 FROM account WHERE organization = $1 AND id = $2 AND revision = $3";
    Statement::guard(SQL, p![organization, account.id, account.revision])
}

/// Notes a complete sign-in; not a change that others must be guarded on.
pub fn signed_in(organization: OrganizationId, id: AccountId, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE account SET last_sign_in_at = $3 WHERE organization = $1 AND id = $2";
    Statement::new(SQL, p![organization, id, now])
}

/// Deletes the account and everything that hangs on it; its log entries stay.
pub fn delete(organization: OrganizationId, account: &Account) -> Vec<Statement> {
    const ACCOUNT: &str = "DELETE FROM account WHERE organization = $1 AND id = $2 AND revision = $3";
    const PARTS: [&str; 20] = [
        "DELETE FROM factor WHERE organization = $1 AND account = $2",
        "DELETE FROM provisional_factor WHERE organization = $1 AND account = $2",
        "DELETE FROM recovery_code WHERE organization = $1 AND account = $2",
        "DELETE FROM session WHERE organization = $1 AND account = $2",
        "DELETE FROM link WHERE organization = $1 AND account = $2",
        "DELETE FROM mfa_reset WHERE organization = $1 AND account = $2",
        "DELETE FROM group_member WHERE organization = $1 AND account = $2",
        "DELETE FROM deadline_told WHERE organization = $1 AND account = $2",
        "DELETE FROM home_widget WHERE organization = $1 AND account = $2",
        "DELETE FROM api_key WHERE organization = $1 AND owner = $2",
        "DELETE FROM device_user WHERE organization = $1 AND account = $2",
        "DELETE FROM break_glass WHERE organization = $1 AND account = $2",
        "DELETE FROM remembered_login WHERE organization = $1 AND account = $2",
        "DELETE FROM application_subject WHERE organization = $1 AND account = $2",
        "DELETE FROM oidc_token WHERE organization = $1 AND grant_id IN ( \
         SELECT g.id FROM oidc_grant g WHERE g.organization = $1 AND g.account = $2)",
        "DELETE FROM oidc_grant WHERE organization = $1 AND account = $2",
        "DELETE FROM account_posix WHERE organization = $1 AND account = $2",
        "DELETE FROM account_ssh_key WHERE organization = $1 AND account = $2",
        "UPDATE hardware_token SET revision = revision + 1, account = NULL, assigned_at = NULL, confirmed_at = NULL \
         WHERE organization = $1 AND account = $2",
        "DELETE FROM mail WHERE organization = $1 AND account = $2 AND state = 'queued'",
    ];
    let mut statements = vec![
        Statement::new(ACCOUNT, p![organization, account.id, account.revision]).expect_rows(1).of_accounts(),
    ];
    statements.extend(PARTS.iter().map(|sql| Statement::new(sql, p![organization, account.id])));
    statements
}

/// The account of that id in that realm.
pub async fn by_id(
    store: &Store,
    organization: OrganizationId,
    realm: Realm,
    id: AccountId,
) -> Result<Option<Account>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", account_columns!(), " FROM account a WHERE a.organization = $1 AND a.id = $2");
    // The realm is compared here: beside the id it leads a planner without statistics to an index by name.
    let found: Option<Account> = store.first(SQL, p![organization, id]).await?;
    Ok(found.filter(|account| account.kind.realm() == realm))
}

/// The account with that e-mail or login name in that realm.
pub async fn by_identifier(
    store: &Store,
    organization: OrganizationId,
    realm: Realm,
    identifier: &str,
) -> Result<Option<Account>, StoreError> {
    const EMAIL: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.realm = $2 AND a.email_key = $3"
    );
    const USERNAME: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.realm = $2 AND a.username = $3"
    );
    let sql = if identifier.contains('@') { EMAIL } else { USERNAME };
    store.first(sql, p![organization, realm.key(), identifier.to_ascii_lowercase()]).await
}

/// The users with these e-mail addresses or login names, in lower case; names of nobody are left out.
pub async fn by_identifiers(
    store: &Store,
    organization: OrganizationId,
    identifiers: &[String],
) -> Result<Vec<Account>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.realm = 'user'"
    );
    let mut found = Vec::new();
    for some in identifiers.chunks(500) {
        let (emails, usernames): (Vec<_>, Vec<_>) = some.iter().partition(|name| name.contains('@'));
        for (column, keys) in [("a.email_key", emails), ("a.username", usernames)] {
            if !keys.is_empty() {
                let select = Select::new(SQL, p![organization]).text(" AND ").text(column);
                let select = select.list(" IN (", keys.into_iter().map(Value::from), ")");
                found.extend(store.select(select).await?);
            }
        }
    }
    Ok(found)
}

/// Every administrator who can sign in.
pub async fn administrators(store: &Store, organization: OrganizationId) -> Result<Vec<Account>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.realm = 'administrator' AND a.state = 'activated' ORDER BY a.id"
    );
    store.query(SQL, p![organization]).await
}

/// Activated people without a factor whose period ends after `from` and not after `to`, the next to end first.
pub async fn periods_ending(
    store: &Store,
    organization: OrganizationId,
    from: Timestamp,
    to: Timestamp,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.requirement = 'by' AND a.requirement_at > $2 \
          AND a.requirement_at <= $3 AND a.factor_id IS NULL AND a.state = 'activated' ORDER BY a.requirement_at, a.id LIMIT $4"
    );
    store.query(SQL, p![organization, from, to, limit]).await
}

/// What no other user can take: every e-mail and every username, in lower case.
pub async fn identifiers(store: &Store, organization: OrganizationId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT a.email_key FROM account a WHERE a.organization = $1 AND a.realm = 'user' \
        UNION ALL SELECT a.username FROM account a WHERE a.organization = $1 AND a.realm = 'user'";
    store.query(SQL, p![organization]).await
}
