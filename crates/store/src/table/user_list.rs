//! The list of users: search, filters, order and keyset pages (S3.6, S4.15).

use super::account::{account_columns, sort_key};
use crate::{FromRow, Row, Select, Store, StoreError, Value, containing, p};
use claviger_domain::{
    account::{Account, State},
    id::{AccountId, GroupId, OrganizationId},
    time::Timestamp,
};
use uuid::Uuid;

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The shown name.
    #[default]
    Name,
    /// The e-mail.
    Email,
    /// The time of creation.
    Created,
    /// The end of the enrollment period; those without one last.
    Deadline,
}

/// Which end comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// Where a page begins: beside this row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The row's sort value.
    pub value: String,
    /// The row's id.
    pub id: Uuid,
}

/// Which side of the cursor the page is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// From the start of the list.
    #[default]
    First,
    /// The rows after it.
    After(Cursor),
    /// The rows before it.
    Before(Cursor),
}

/// Whether MFA is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RequirementFilter {
    /// It is.
    Required,
    /// It is not.
    NotRequired,
}

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// A part of a name, login name or e-mail.
    pub search: String,
    /// One state only.
    pub state: Option<State>,
    /// Required or not.
    pub requirement: Option<RequirementFilter>,
    /// One of the words of S4.14, `inactive` for everyone without a factor, or `enrolled` for everyone with one.
    pub status: Option<String>,
    /// The members of one group.
    pub group: Option<GroupId>,
    /// These alone.
    pub ids: Option<Vec<AccountId>>,
}

impl Filter {
    /// Whether users with this status of S4.14 are asked for, as far as status and requirement go.
    pub fn has_status(&self, key: &str) -> bool {
        let is_required = !matches!(key, "none" | "optional");
        let is_enrolled = matches!(key, "active" | "optional");
        let requirement = match self.requirement {
            None => true,
            Some(RequirementFilter::Required) => is_required,
            Some(RequirementFilter::NotRequired) => !is_required,
        };
        let status = match self.status.as_deref() {
            None => true,
            Some("inactive") => !is_enrolled,
            Some("enrolled") => is_enrolled,
            Some(status) => status == key,
        };
        requirement && status
    }
}

/// A page of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Who.
    pub filter: Filter,
    /// By what.
    pub sort: Sort,
    /// From which end.
    pub order: Order,
    /// Which page.
    pub page: Page,
    /// How many at most.
    pub limit: i64,
}

/// S4.14 as SQL; `$` is now.
const STATUS: &str = "CASE WHEN a.factor_id IS NOT NULL AND a.requirement <> 'not_required' THEN 'active' \
    WHEN a.factor_id IS NOT NULL THEN 'optional' WHEN a.requirement = 'not_required' THEN 'none' \
    WHEN a.requirement = 'at_once' THEN 'required_without_period' \
    WHEN a.requirement = 'by' AND a.requirement_at <= $ THEN 'expired' ELSE 'enrolling' END";
const NO_DEADLINE: i64 = i64::MAX;

/// Adds the conditions of `filter` on the account `a`; `$1` is the organization.
pub(super) fn filtered(select: Select, filter: &Filter, now: Timestamp) -> Select {
    let mut select = select;
    if !filter.search.is_empty() {
        select =
            select.with(r" AND a.search_key LIKE $ ESCAPE '\'", containing(&filter.search.to_lowercase()));
    }
    if let Some(state) = filter.state {
        select = select.with(" AND a.state = $", state.key());
    }
    select = match filter.requirement {
        Some(RequirementFilter::Required) => select.text(" AND a.requirement <> 'not_required'"),
        Some(RequirementFilter::NotRequired) => select.text(" AND a.requirement = 'not_required'"),
        None => select,
    };
    if let Some(group) = filter.group {
        select = select.with(
            " AND a.id IN (SELECT m.account FROM group_member m WHERE m.organization = a.organization AND m.user_group = $)",
            group,
        );
    }
    if let Some(ids) = &filter.ids {
        select = match ids.is_empty() {
            true => select.text(" AND 1 = 0"),
            false => select.list(" AND a.id IN (", ids.iter().map(|id| Value::from(*id)), ")"),
        };
    }
    match filter.status.as_deref() {
        None => select,
        Some("inactive") => select.text(" AND a.factor_id IS NULL"),
        Some("enrolled") => select.text(" AND a.factor_id IS NOT NULL"),
        Some(status) => select.with(&format!(" AND {STATUS} = "), now).with("$", status),
    }
}

/// The users of a page.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    listing: &Listing,
    now: Timestamp,
) -> Result<Vec<Account>, StoreError> {
    let Listing { filter, sort, order, page, limit } = listing;
    // The page is found in an index that has all that is filtered by; only its own rows are read whole.
    const BASE: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a JOIN (SELECT a.id FROM account a WHERE a.organization = $1 AND a.realm = 'user'"
    );
    let key = match sort {
        Sort::Name => "a.sort_key",
        Sort::Email => "a.email_key",
        // Ids begin with the time at which they were made.
        Sort::Created => "a.id",
        Sort::Deadline => "COALESCE(a.requirement_at, 9223372036854775807)",
    };
    let backwards = matches!(page, Page::Before(_));
    let ascending = (*order == Order::Ascending) != backwards;
    let mut select = filtered(Select::new(BASE, p![organization]), filter, now);
    if let Page::After(cursor) | Page::Before(cursor) = page {
        let sign = if ascending { '>' } else { '<' };
        let value = match sort {
            Sort::Name | Sort::Email => Value::Text(cursor.value.clone()),
            Sort::Created => Value::from(cursor.id),
            Sort::Deadline => Value::Int(cursor.value.parse().unwrap_or(NO_DEADLINE)),
        };
        select = select.with(&format!(" AND ({key}, a.id) {sign} ($, "), value).with("$)", cursor.id);
    }
    let direction = if ascending { "ASC" } else { "DESC" };
    let order = format!(" ORDER BY {key} {direction}, a.id {direction}");
    select = select
        .text(&order)
        .with(" LIMIT $", *limit)
        .text(") found ON found.id = a.id WHERE a.organization = $1")
        .text(&order);
    let mut rows: Vec<Account> = store.select(select).await?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// The cursor beside `account` in a list sorted by `sort`.
pub fn cursor(account: &Account, sort: Sort) -> Cursor {
    use claviger_domain::mfa::Requirement;
    let value = match (sort, account.mfa.requirement) {
        (Sort::Name, _) => sort_key(account),
        (Sort::Email, _) => account.email.key(),
        (Sort::Created, _) => String::new(),
        (Sort::Deadline, Requirement::By(at)) => at.0.to_string(),
        (Sort::Deadline, Requirement::Paused(left)) => left.micros().to_string(),
        (Sort::Deadline, _) => NO_DEADLINE.to_string(),
    };
    Cursor { value, id: account.id.0 }
}

/// How many of the users that match have each state and each status of S4.14.
pub async fn forecast(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<Share>, StoreError> {
    let select = Select::new("SELECT s.state, s.status, count(*) FROM (SELECT a.state, ", p![organization])
        .with(STATUS, now)
        .text(" AS status FROM account a WHERE a.organization = $1 AND a.realm = 'user'");
    store.select(filtered(select, filter, now).text(") s GROUP BY s.state, s.status")).await
}

/// How many users of a selection are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The word of their state.
    pub state: String,
    /// The word of their status.
    pub status: String,
    /// How many.
    pub count: i64,
}

impl FromRow for Share {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { state: row.get(0)?, status: row.get(1)?, count: row.get(2)? })
    }
}

/// How many of the users that match have each status of S4.14; those with none are left out.
pub async fn by_status(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<(String, i64)>, StoreError> {
    let select = Select::new("SELECT s.status, count(*) FROM (SELECT ", p![organization])
        .with(STATUS, now)
        .text(" AS status FROM account a WHERE a.organization = $1 AND a.realm = 'user'");
    store.select(filtered(select, filter, now).text(") s GROUP BY s.status")).await
}
