//! What mails did to accounts: whose address was refused, and who was told their deadline (S4.10).

use super::account::account_columns;
use crate::{FromRow, Row, Select, Statement, Store, StoreError, Value, p};
use claviger_domain::{
    account::Account,
    id::{AccountId, OrganizationId},
    reminder::Band,
    time::Timestamp,
};
use uuid::Uuid;

/// S4.10: the mail server refused `recipient` for good. An address that was changed meanwhile is not meant.
pub fn bounced_now(
    organization: OrganizationId,
    id: AccountId,
    recipient: &str,
    now: Timestamp,
) -> Statement {
    const SQL: &str =
        "UPDATE account SET mail_bounced_at = $4 WHERE organization = $1 AND id = $2 AND email_key = $3";
    Statement::new(SQL, p![organization, id, recipient.to_ascii_lowercase(), now])
}

/// S4.10: the mail server took a mail to `recipient`.
pub fn taken(organization: OrganizationId, id: AccountId, recipient: &str) -> Statement {
    const SQL: &str = "UPDATE account SET mail_bounced_at = NULL \
        WHERE organization = $1 AND id = $2 AND email_key = $3 AND mail_bounced_at IS NOT NULL";
    Statement::new(SQL, p![organization, id, recipient.to_ascii_lowercase()])
}

/// An account whose address was refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounced {
    /// Whose.
    pub account: AccountId,
    /// When, the last time.
    pub at: Timestamp,
}

impl FromRow for Bounced {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { account: AccountId(row.get(0)?), at: Timestamp(row.get(1)?) })
    }
}

/// S4.10: those of these accounts whose address was refused for good; for a page of a list.
pub async fn bounced(
    store: &Store,
    organization: OrganizationId,
    ids: &[AccountId],
) -> Result<Vec<Bounced>, StoreError> {
    const SQL: &str =
        "SELECT id, mail_bounced_at FROM account WHERE organization = $1 AND mail_bounced_at IS NOT NULL";
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        let select = Select::new(SQL, p![organization]);
        let select = select.list(" AND id IN (", some.iter().map(|id| Value::from(*id)), ")");
        found.extend(store.select::<Bounced>(select).await?);
    }
    Ok(found)
}

/// S4.10: a mail tells the person their deadline. Once for an account in a batch.
pub fn told_deadline(organization: OrganizationId, id: AccountId, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO deadline_told (organization, account, told_at) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, account) DO UPDATE SET told_at = EXCLUDED.told_at";
    Statement::row(SQL, p![organization, id, now])
}

/// Whom a reminder is for at `now`, from a place in the order of deadlines on.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// Which reminder, and how much time those have who get it.
    pub band: Band,
    /// The time.
    pub now: Timestamp,
    /// The deadline and the id of the last account that was seen.
    pub after: (Timestamp, Uuid),
}

impl Due {
    /// From the first deadline on.
    pub const fn first(band: Band, now: Timestamp) -> Self {
        Self { band, now, after: (now.plus(band.over), Uuid::max()) }
    }
}

/// S4.10: activated people without a factor to whom that reminder is due, the next to end first. Whoever was told
/// the deadline since the reminder's hour is left out.
pub async fn to_remind(
    store: &Store,
    organization: OrganizationId,
    due: &Due,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        " FROM account a LEFT JOIN deadline_told t ON t.organization = a.organization AND t.account = a.id \
          WHERE a.organization = $1 AND a.requirement = 'by' AND a.requirement_at >= $2 \
          AND (a.requirement_at, a.id) > ($2, $3) AND a.requirement_at <= $4 AND a.factor_id IS NULL \
          AND a.state = 'activated' AND a.requirement_at - $5 > COALESCE(t.told_at, a.created_at) \
          ORDER BY a.requirement_at, a.id LIMIT $6"
    );
    let Due { band, now, after: (deadline, id) } = *due;
    let reminder = band.reminder;
    let last = now.plus(reminder.before());
    store.query(SQL, p![organization, deadline, id, last, reminder.told_within().micros(), limit]).await
}
