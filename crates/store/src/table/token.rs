//! Hardware tokens: their sealed secrets, and whose each of them is.

use super::{
    refused, unknown,
    user_list::{Cursor, Page},
};
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, containing, p, seal::Place};
use claviger_domain::{
    id::{AccountId, OrganizationId, TokenId},
    time::Timestamp,
    token::{HardwareToken, Serial, Whereabouts},
};
use uuid::Uuid;

/// The columns of a token, in the order that [`read`] takes them.
macro_rules! token_columns {
    () => {
        "t.id, t.serial, t.model, t.imported_at, t.account, t.assigned_at, t.confirmed_at"
    };
}
const WIDTH: usize = 7;

/// Where a token's secret is sealed for as long as the token is known.
pub const fn secret_place(id: TokenId) -> Place {
    Place { table: "hardware_token", column: "secret", row: id.0 }
}

fn read(row: &Row<'_>) -> Result<HardwareToken, StoreError> {
    let since = row.get::<Option<i64>>(5)?.map(Timestamp);
    let confirmed_at = row.get::<Option<i64>>(6)?;
    let whereabouts = match (row.get::<Option<Uuid>>(4)?.map(AccountId), since, confirmed_at) {
        (None, None, None) => Whereabouts::Stock,
        (Some(account), Some(since), None) => Whereabouts::Waiting { account, since },
        (Some(account), Some(since), Some(_)) => Whereabouts::InUse { account, since },
        _ => return Err(unknown("hardware token", "neither in stock nor assigned")),
    };
    Ok(HardwareToken {
        id: TokenId(row.get(0)?),
        serial: Serial::parse("serial", &row.get::<String>(1)?).map_err(refused)?,
        model: row.get(2)?,
        whereabouts,
        imported_at: Timestamp(row.get(3)?),
    })
}

/// A token with its sealed secret.
#[derive(Clone, Debug)]
pub struct SealedToken {
    /// The token.
    pub token: HardwareToken,
    /// Opens at [`secret_place`].
    pub secret: Vec<u8>,
}

impl FromRow for SealedToken {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { token: read(row)?, secret: row.get(WIDTH)? })
    }
}

/// A token as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedToken {
    /// The token.
    pub token: HardwareToken,
    /// The e-mail address of its user, if it has one.
    pub email: Option<String>,
    /// Counts every change.
    pub revision: i64,
}

impl FromRow for ListedToken {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { token: read(row)?, email: row.get(WIDTH)?, revision: row.get(WIDTH + 1)? })
    }
}

/// One half of the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Nobody's.
    InStock,
    /// Some user's, confirmed or not.
    Assigned,
}

/// Which tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// A part of a serial number, a model, or a user's e-mail address.
    pub search: String,
    /// One half only.
    pub held: Option<Held>,
}

fn filtered(select: Select, filter: &TokenFilter) -> Select {
    let mut select = select;
    if !filter.search.is_empty() {
        let pattern = containing(&filter.search.to_lowercase());
        select = select.with(
            r" AND (t.serial_key LIKE $ ESCAPE '\' OR LOWER(t.model) LIKE $ ESCAPE '\' OR a.email_key LIKE $ ESCAPE '\')",
            pattern,
        );
    }
    match filter.held {
        None => select,
        Some(Held::InStock) => select.text(" AND t.account IS NULL"),
        Some(Held::Assigned) => select.text(" AND t.account IS NOT NULL"),
    }
}

const FROM: &str = " FROM hardware_token t LEFT JOIN account a ON a.organization = t.organization AND a.id = t.account \
    WHERE t.organization = $1";

const LISTED: &str = concat!("SELECT ", token_columns!(), ", a.email, t.revision");

/// At most `limit` tokens of a page, by serial number.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    filter: &TokenFilter,
    page: &Page,
    limit: i64,
) -> Result<Vec<ListedToken>, StoreError> {
    let mut select = filtered(Select::new(LISTED, p![organization]).text(FROM), filter);
    let backwards = matches!(page, Page::Before(_));
    if let Page::After(cursor) | Page::Before(cursor) = page {
        let sign = if backwards { '<' } else { '>' };
        select = select.with(&format!(" AND t.serial_key {sign} $"), cursor.value.as_str());
    }
    let direction = if backwards { "DESC" } else { "ASC" };
    select = select.text(&format!(" ORDER BY t.serial_key {direction}")).with(" LIMIT $", limit);
    let mut rows: Vec<ListedToken> = store.select(select).await?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// The token of that id, as a list shows it.
pub async fn listed(
    store: &Store,
    organization: OrganizationId,
    id: TokenId,
) -> Result<Option<ListedToken>, StoreError> {
    let select = Select::new(LISTED, p![organization]).text(FROM).with(" AND t.id = $", id);
    Ok(store.select(select).await?.into_iter().next())
}

/// The cursor beside `token`.
pub fn cursor(token: &HardwareToken) -> Cursor {
    Cursor { value: token.serial.key(), id: token.id.0 }
}

/// How many tokens match.
pub async fn count(
    store: &Store,
    organization: OrganizationId,
    filter: &TokenFilter,
) -> Result<i64, StoreError> {
    let select = Select::new("SELECT count(*)", p![organization]).text(FROM);
    let rows = store.select(filtered(select, filter)).await?;
    Ok(rows.first().copied().unwrap_or(0))
}

/// The token of that id.
pub async fn by_id(
    store: &Store,
    organization: OrganizationId,
    id: TokenId,
) -> Result<Option<SealedToken>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        token_columns!(),
        ", t.secret FROM hardware_token t WHERE t.organization = $1 AND t.id = $2"
    );
    store.first(SQL, p![organization, id]).await
}

/// The token of that serial number.
pub async fn by_serial(
    store: &Store,
    organization: OrganizationId,
    serial: &Serial,
) -> Result<Option<SealedToken>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        token_columns!(),
        ", t.secret FROM hardware_token t WHERE t.organization = $1 AND t.serial_key = $2"
    );
    store.first(SQL, p![organization, serial.key()]).await
}

/// The token that an account was given, confirmed or not.
pub async fn of_account(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Option<SealedToken>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        token_columns!(),
        ", t.secret FROM hardware_token t WHERE t.organization = $1 AND t.account = $2"
    );
    store.first(SQL, p![organization, account]).await
}

struct SerialKey(String);

impl FromRow for SerialKey {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self(row.get(0)?))
    }
}

/// Keys asked for in one read.
const KEYS_AT_ONCE: usize = 500;

/// Those of `keys` that are keys of tokens we have.
pub async fn known_serials(
    store: &Store,
    organization: OrganizationId,
    keys: &[String],
) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "SELECT t.serial_key FROM hardware_token t WHERE t.organization = $1";
    let mut known = Vec::new();
    for some in keys.chunks(KEYS_AT_ONCE) {
        let select = Select::new(SQL, p![organization]);
        let select = select.list(" AND t.serial_key IN (", some.iter().map(Value::from), ")");
        known.extend(store.select::<SerialKey>(select).await?.into_iter().map(|key| key.0));
    }
    Ok(known)
}

/// Those of `accounts` that were given a token.
pub async fn holders(
    store: &Store,
    organization: OrganizationId,
    accounts: &[AccountId],
) -> Result<Vec<AccountId>, StoreError> {
    const SQL: &str = "SELECT t.account FROM hardware_token t WHERE t.organization = $1";
    let mut holders = Vec::new();
    for some in accounts.chunks(KEYS_AT_ONCE) {
        let select = Select::new(SQL, p![organization]);
        let select = select.list(" AND t.account IN (", some.iter().map(|id| Value::from(*id)), ")");
        holders.extend(store.select::<Uuid>(select).await?.into_iter().map(AccountId));
    }
    Ok(holders)
}

/// A token new in stock.
pub fn insert(organization: OrganizationId, token: &HardwareToken, secret: Vec<u8>) -> Statement {
    const SQL: &str = "INSERT INTO hardware_token (organization, id, serial, serial_key, model, secret, imported_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    Statement::new(
        SQL,
        p![
            organization,
            token.id,
            token.serial.as_str(),
            token.serial.key(),
            &token.model,
            secret,
            token.imported_at
        ],
    )
}

/// Gives a token of the stock to an account that has yet to enter its first code; one account gets it.
pub fn give(organization: OrganizationId, id: TokenId, account: AccountId, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE hardware_token SET revision = revision + 1, account = $3, assigned_at = $4, confirmed_at = NULL \
        WHERE organization = $1 AND id = $2 AND account IS NULL";
    Statement::new(SQL, p![organization, id, account, now]).expect_rows(1)
}

/// The first code of a token that the account was given was right.
pub fn confirm(organization: OrganizationId, id: TokenId, account: AccountId, now: Timestamp) -> Statement {
    const SQL: &str = "UPDATE hardware_token SET revision = revision + 1, confirmed_at = $4 \
        WHERE organization = $1 AND id = $2 AND account = $3 AND confirmed_at IS NULL";
    Statement::new(SQL, p![organization, id, account, now]).expect_rows(1)
}

/// Puts the account's token, if it has one, back in stock.
pub fn release(organization: OrganizationId, account: AccountId) -> Statement {
    const SQL: &str = "UPDATE hardware_token SET revision = revision + 1, account = NULL, assigned_at = NULL, confirmed_at = NULL \
        WHERE organization = $1 AND account = $2";
    Statement::new(SQL, p![organization, account])
}

/// Puts back in stock what the account was given and has not confirmed.
pub fn take_back(organization: OrganizationId, id: TokenId, account: AccountId) -> Statement {
    const SQL: &str = "UPDATE hardware_token SET revision = revision + 1, account = NULL, assigned_at = NULL \
        WHERE organization = $1 AND id = $2 AND account = $3 AND confirmed_at IS NULL";
    Statement::new(SQL, p![organization, id, account]).expect_rows(1)
}

/// Forgets a token that is in stock.
pub fn delete(organization: OrganizationId, id: TokenId) -> Statement {
    const SQL: &str = "DELETE FROM hardware_token WHERE organization = $1 AND id = $2 AND account IS NULL";
    Statement::new(SQL, p![organization, id]).expect_rows(1)
}
