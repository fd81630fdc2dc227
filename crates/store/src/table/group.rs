//! Groups of users and who is in them.

use super::refused;
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    group::{Group, GroupName, Rule},
    id::{AccountId, GroupId, OrganizationId},
    time::Timestamp,
};

macro_rules! group_columns {
    () => {
        "g.id, g.revision, g.name, g.description, g.rule, g.rule_terms, g.next_wave_at, g.created_at"
    };
}

impl FromRow for Group {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (rule, terms): (String, String) = (row.get(4)?, row.get(5)?);
        Ok(Self {
            id: GroupId(row.get(0)?),
            revision: row.get(1)?,
            name: GroupName::parse("name", &row.get::<String>(2)?).map_err(refused)?,
            description: row.get(3)?,
            rule: Rule::read(&rule, &terms).map_err(StoreError::corrupt)?,
            next_wave_at: row.get::<Option<i64>>(6)?.map(Timestamp),
            created_at: Timestamp(row.get(7)?),
        })
    }
}

/// A group with its size.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The group.
    pub group: Group,
    /// How many are in it.
    pub members: i64,
    /// How many of them have a factor.
    pub enrolled: i64,
}

impl FromRow for Counted {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { group: Group::from_row(row)?, members: row.get(8)?, enrolled: row.get(9)? })
    }
}

/// Every group with its size, by name.
pub async fn list(store: &Store, organization: OrganizationId) -> Result<Vec<Counted>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        ", (SELECT count(*) FROM group_member m WHERE m.organization = g.organization AND m.user_group = g.id), \
          (SELECT count(*) FROM group_member m JOIN account a ON a.organization = m.organization AND a.id = m.account \
           WHERE m.organization = g.organization AND m.user_group = g.id AND a.factor_id IS NOT NULL) \
          FROM user_group g WHERE g.organization = $1 ORDER BY g.name_key"
    );
    store.query(SQL, p![organization]).await
}

/// The group of that id.
pub async fn load(
    store: &Store,
    organization: OrganizationId,
    id: GroupId,
) -> Result<Option<Group>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", group_columns!(), " FROM user_group g WHERE g.organization = $1 AND g.id = $2");
    store.first(SQL, p![organization, id]).await
}

/// The group of that name, whatever its case.
pub async fn by_name(
    store: &Store,
    organization: OrganizationId,
    name: &GroupName,
) -> Result<Option<Group>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM user_group g WHERE g.organization = $1 AND g.name_key = $2"
    );
    store.first(SQL, p![organization, name.key()]).await
}

/// The groups of an account, by name.
pub async fn of_account(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Vec<Group>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM group_member m JOIN user_group g ON g.organization = m.organization AND g.id = m.user_group \
          WHERE m.organization = $1 AND m.account = $2 ORDER BY g.name_key"
    );
    store.query(SQL, p![organization, account]).await
}

/// The names of the groups of these accounts, by name.
pub async fn names_of(
    store: &Store,
    organization: OrganizationId,
    accounts: &[AccountId],
) -> Result<Vec<(AccountId, String)>, StoreError> {
    const SQL: &str = "SELECT m.account, g.name FROM group_member m \
        JOIN user_group g ON g.organization = m.organization AND g.id = m.user_group WHERE m.organization = $1";
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let ids = accounts.iter().map(|id| Value::from(*id));
    let select = Select::new(SQL, p![organization]).list(" AND m.account IN (", ids, ") ORDER BY g.name_key");
    let rows: Vec<Membership> = store.select(select).await?;
    Ok(rows.into_iter().map(|Membership(account, name)| (account, name)).collect())
}

struct Membership(AccountId, String);

impl FromRow for Membership {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(AccountId(row.get(0)?), row.get(1)?))
    }
}

/// A new group.
pub fn insert(organization: OrganizationId, group: &Group) -> Statement {
    const SQL: &str = "INSERT INTO user_group (organization, id, revision, name, name_key, description, rule, rule_terms, \
        next_wave_at, created_at) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9)";
    let (rule, terms) = group.rule.texts();
    Statement::new(
        SQL,
        p![
            organization,
            group.id,
            group.name.as_str(),
            group.name.key(),
            &group.description,
            rule,
            terms,
            group.next_wave_at,
            group.created_at
        ],
    )
}

/// Writes the group as it now is, guarded on the revision that was loaded.
pub fn save(organization: OrganizationId, group: &Group) -> Statement {
    const SQL: &str = "UPDATE user_group SET name = $4, name_key = $5, description = $6, rule = $7, rule_terms = $8, \
        next_wave_at = $9, revision = revision + 1 WHERE organization = $1 AND id = $2 AND revision = $3";
    let (rule, terms) = group.rule.texts();
    Statement::new(
        SQL,
        p![
            organization,
            group.id,
            group.revision,
            group.name.as_str(),
            group.name.key(),
            &group.description,
            rule,
            terms,
            group.next_wave_at
        ],
    )
    .expect_rows(1)
}

/// The group is still there; a conflict if it was deleted meanwhile.
pub fn exists(organization: OrganizationId, group: GroupId) -> Statement {
    const SQL: &str = "SELECT 1 FROM user_group WHERE organization = $1 AND id = $2";
    Statement::guard(SQL, p![organization, group])
}

/// Deletes the group with its bindings to devices; its members stay as they are.
pub fn delete(organization: OrganizationId, group: &Group) -> [Statement; 5] {
    const GROUP: &str = "DELETE FROM user_group WHERE organization = $1 AND id = $2 AND revision = $3";
    const MEMBERS: &str = "DELETE FROM group_member WHERE organization = $1 AND user_group = $2";
    let [remembered, bindings] = super::device_group::forget_users(organization, group.id);
    [
        Statement::new(GROUP, p![organization, group.id, group.revision]).expect_rows(1),
        Statement::new(MEMBERS, p![organization, group.id]),
        remembered,
        bindings,
        super::application::forget_group(organization, group.id),
    ]
}

/// Puts an account into a group; nothing happens if it is there.
pub fn join(organization: OrganizationId, group: GroupId, account: AccountId, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO group_member (organization, user_group, account, joined_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organization, user_group, account) DO NOTHING";
    Statement::new(SQL, p![organization, group, account, now]).of_accounts()
}

/// Takes an account out of a group.
pub fn leave(organization: OrganizationId, group: GroupId, account: AccountId) -> Statement {
    const SQL: &str = "DELETE FROM group_member WHERE organization = $1 AND user_group = $2 AND account = $3";
    Statement::new(SQL, p![organization, group, account]).of_accounts()
}

/// Whether an account is in a group.
pub async fn is_member(
    store: &Store,
    organization: OrganizationId,
    group: GroupId,
    account: AccountId,
) -> Result<bool, StoreError> {
    const SQL: &str =
        "SELECT joined_at FROM group_member WHERE organization = $1 AND user_group = $2 AND account = $3";
    Ok(store.first::<i64>(SQL, p![organization, group, account]).await?.is_some())
}

/// Groups whose rule has a wave to send, the most overdue first.
pub async fn waves_due(
    store: &Store,
    organization: OrganizationId,
    now: Timestamp,
) -> Result<Vec<Group>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        group_columns!(),
        " FROM user_group g WHERE g.organization = $1 AND g.rule = 'running' AND g.next_wave_at <= $2 ORDER BY g.next_wave_at"
    );
    store.query(SQL, p![organization, now]).await
}

/// Members whom the rule has not required yet: activated, the longest in the group first.
pub async fn still_to_require(
    store: &Store,
    organization: OrganizationId,
    group: GroupId,
    limit: i64,
) -> Result<Vec<claviger_domain::account::Account>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        super::account::account_columns!(),
        " FROM group_member m JOIN account a ON a.organization = m.organization AND a.id = m.account \
          WHERE m.organization = $1 AND m.user_group = $2 AND m.required_at IS NULL AND a.state = 'activated' \
          ORDER BY m.joined_at, m.account LIMIT $3"
    );
    store.query(SQL, p![organization, group, limit]).await
}

/// How many members the rule has required since then.
pub async fn required_since(
    store: &Store,
    organization: OrganizationId,
    group: GroupId,
    since: Timestamp,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM group_member \
        WHERE organization = $1 AND user_group = $2 AND required_at >= $3";
    Ok(store.query(SQL, p![organization, group, since]).await?.first().copied().unwrap_or(0))
}

/// The rule has required this member.
pub fn required(
    organization: OrganizationId,
    group: GroupId,
    account: AccountId,
    now: Timestamp,
) -> Statement {
    const SQL: &str = "UPDATE group_member SET required_at = $4 \
        WHERE organization = $1 AND user_group = $2 AND account = $3 AND required_at IS NULL";
    Statement::new(SQL, p![organization, group, account, now]).expect_rows(1)
}

/// Members that the rule has required, and how many of them let their period pass without enrolling.
pub async fn outcome(
    store: &Store,
    organization: OrganizationId,
    group: GroupId,
    now: Timestamp,
) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "SELECT count(*), COALESCE(sum(CASE WHEN a.factor_id IS NULL AND a.requirement = 'by' \
        AND a.requirement_at <= $3 THEN 1 ELSE 0 END), 0) FROM group_member m \
        JOIN account a ON a.organization = m.organization AND a.id = m.account \
        WHERE m.organization = $1 AND m.user_group = $2 AND m.required_at IS NOT NULL";
    Ok(store.query(SQL, p![organization, group, now]).await?.first().copied().unwrap_or((0, 0)))
}
