//! Administrators: their list, and what the last of them with billing is guarded by (S6.1, S6.4).

use super::{
    account::{account_columns, sort_key},
    user_list::{Cursor, Page, RequirementFilter},
};
use crate::{Select, Statement, Store, StoreError, p};
use claviger_domain::{
    account::Account,
    id::{AccountId, OrganizationId},
};

/// A page of the list, by the shown name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Only those of whom MFA is required, or is not.
    pub requirement: Option<RequirementFilter>,
    /// Which page.
    pub page: Page,
    /// How many at most.
    pub limit: i64,
}

/// The account's place in the list.
pub fn cursor(account: &Account) -> Cursor {
    Cursor { value: sort_key(account), id: account.id.0 }
}

/// S6.1: administrators in whatever state.
pub async fn list(
    store: &Store,
    organization: OrganizationId,
    listing: &Listing,
) -> Result<Vec<Account>, StoreError> {
    const BASE: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.realm = 'administrator'"
    );
    let mut select = Select::new(BASE, p![organization]);
    match listing.requirement {
        Some(RequirementFilter::Required) => select = select.text(" AND a.requirement <> 'not_required'"),
        Some(RequirementFilter::NotRequired) => select = select.text(" AND a.requirement = 'not_required'"),
        None => {}
    }
    let (select, direction) = match &listing.page {
        Page::First => (select, "ASC"),
        Page::After(Cursor { value, id }) => {
            let beside = select.with(" AND (a.sort_key > $ OR (a.sort_key = $", value.as_str());
            (beside.with(" AND a.id > $))", *id), "ASC")
        }
        Page::Before(Cursor { value, id }) => {
            let beside = select.with(" AND (a.sort_key < $ OR (a.sort_key = $", value.as_str());
            (beside.with(" AND a.id < $))", *id), "DESC")
        }
    };
    let order = format!(" ORDER BY a.sort_key {direction}, a.id {direction}");
    let mut found: Vec<Account> = store.select(select.text(&order).with(" LIMIT $", listing.limit)).await?;
    if matches!(listing.page, Page::Before(_)) {
        found.reverse();
    }
    Ok(found)
}

/// S6.4, S6.7: everyone of whom MFA isn't required, in whatever state.
pub async fn not_required(store: &Store, organization: OrganizationId) -> Result<Vec<Account>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a WHERE a.organization = $1 AND a.realm = 'administrator' \
          AND a.requirement = 'not_required' ORDER BY a.sort_key, a.id"
    );
    store.query(SQL, p![organization]).await
}

/// S6.7: how many there are of whom MFA isn't required.
pub async fn count_not_required(store: &Store, organization: OrganizationId) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM account WHERE organization = $1 AND realm = 'administrator' \
        AND requirement = 'not_required'";
    Ok(store.first(SQL, p![organization]).await?.unwrap_or(0))
}

/// S6.4: there is nobody left of whom MFA isn't required; changes nothing. Behind a write to the organization's row
/// it also sees an administrator who was made in the meantime.
pub fn all_required(organization: OrganizationId) -> Statement {
    const SQL: &str = "UPDATE account SET revision = revision WHERE organization = $1 \
        AND realm = 'administrator' AND requirement = 'not_required'";
    Statement::new(SQL, p![organization]).expect_rows(0)
}

/// S6.1: how many activated Administrators with Billing there are beside `account`.
pub async fn others_with_billing(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<i64, StoreError> {
    const SQL: &str = "SELECT count(*) FROM account WHERE organization = $1 AND realm = 'administrator' \
        AND role = 'administrator_with_billing' AND state = 'activated' AND id <> $2";
    Ok(store.first(SQL, p![organization, account]).await?.unwrap_or(0))
}

/// S6.1: one of them is there and stays until the commit. Of two nodes that take the last two at the same time each
/// holds the one that the other is to spare, so that one of the batches is a conflict.
pub fn another_with_billing(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "SELECT 1 FROM account WHERE organization = $1 AND realm = 'administrator' \
        AND role = 'administrator_with_billing' AND state = 'activated' AND id <> $2 ORDER BY id LIMIT 1";
    Statement::guard(SQL, p![organization, account])
}
