//! Who was active in a month, read from the sealed log behind everybody's back, and which devices called in it
//! (docs/decisions/019-usage.md).

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    id::OrganizationId,
    time::{Span, Timestamp},
    usage::{Month, Usage},
};

/// Entries are told apart to the quarter of an hour: a month begins at one, whatever the zone.
const QUARTER: Span = Span::minutes(15);

/// The numbers of a part of the log: after the first, up to the second.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The last number that is counted already.
    pub after: i64,
    /// The last number of this part.
    pub to: i64,
}

/// A month, and where it begins and ends.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    /// Which.
    pub month: Month,
    /// When it begins.
    pub from: Timestamp,
    /// When the next one begins.
    pub to: Timestamp,
}

/// Up to which number of the log usage is counted; nothing before the first time.
pub async fn counted(store: &Store, organization: OrganizationId) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT sequence FROM usage_cursor WHERE organization = $1";
    store.first(SQL, p![organization]).await
}

/// Begins to count, unless it has begun.
pub fn begin(organization: OrganizationId) -> Statement {
    const SQL: &str = "INSERT INTO usage_cursor (organization, sequence) VALUES ($1, 0) \
        ON CONFLICT (organization) DO NOTHING";
    Statement::new(SQL, p![organization])
}

/// Goes on; one counter wins.
pub fn advance(organization: OrganizationId, part: Part) -> Statement {
    const SQL: &str = "UPDATE usage_cursor SET sequence = $3 WHERE organization = $1 AND sequence = $2";
    Statement::new(SQL, p![organization, part.after, part.to]).expect_rows(1)
}

/// Who was active in that part of the log and when, to the quarter of an hour: users who signed in completely, and
/// users of whom a program's code was accepted. Those who are known to have been active in the present month are
/// left out.
pub async fn active(
    store: &Store,
    organization: OrganizationId,
    part: Part,
    present: Present,
) -> Result<Vec<(String, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT DISTINCT a.target_id, a.at / $4 FROM audit a \
        WHERE a.organization = $1 AND a.sequence > $2 AND a.sequence <= $3 AND a.outcome = 'success' \
        AND ((a.action = 'sign_in' AND a.actor_kind = 'user') OR a.action = 'verify') \
        AND NOT (a.at >= $6 AND a.at < $7 AND EXISTS (SELECT 1 FROM usage_month u \
        WHERE u.organization = $1 AND u.month = $5 AND u.account = a.target_id))";
    let values = p![
        organization,
        part.after,
        part.to,
        QUARTER.micros(),
        present.month.number(),
        present.from,
        present.to
    ];
    let rows: Vec<(String, i64)> = store.query(SQL, values).await?;
    let at = |quarter: i64| Timestamp(quarter.saturating_mul(QUARTER.micros()));
    Ok(rows.into_iter().map(|(account, quarter)| (account, at(quarter))).collect())
}

/// Notes that somebody was active in the month.
pub fn note(organization: OrganizationId, month: Month, account: &str) -> Statement {
    const SQL: &str = "INSERT INTO usage_month (organization, month, account) VALUES ($1, $2, $3) \
        ON CONFLICT (organization, month, account) DO NOTHING";
    Statement::row(SQL, p![organization, month.number(), account])
}

/// Notes the devices whose last call was in the month; those that are noted already are only looked at.
pub fn note_devices(organization: OrganizationId, present: Present) -> Statement {
    const SQL: &str = "INSERT INTO usage_device (organization, month, device) \
        SELECT c.organization, $2, c.device FROM device_contact c \
        WHERE c.organization = $1 AND c.last_contact_at >= $3 AND c.last_contact_at < $4 \
        AND NOT EXISTS (SELECT 1 FROM usage_device u \
        WHERE u.organization = $1 AND u.month = $2 AND u.device = c.device) \
        ON CONFLICT (organization, month, device) DO NOTHING";
    Statement::new(SQL, p![organization, present.month.number(), present.from, present.to])
}

/// A month before `month` of which more than the sum is kept, the oldest first.
pub async fn open_before(
    store: &Store,
    organization: OrganizationId,
    month: Month,
) -> Result<Option<Month>, StoreError> {
    const SQL: &str = "SELECT month FROM usage_month WHERE organization = $1 AND month < $2 \
        UNION SELECT month FROM usage_device WHERE organization = $1 AND month < $2 ORDER BY 1 LIMIT 1";
    let number: Option<i64> = store.first(SQL, p![organization, month.number()]).await?;
    Ok(number.and_then(Month::from_number))
}

/// Keeps the sum of a month for good; what is there already stays.
pub fn close(organization: OrganizationId, month: Month) -> Statement {
    const SQL: &str = "INSERT INTO usage_total (organization, month, users, devices) VALUES ($1, $2, \
        (SELECT COUNT(*) FROM usage_month WHERE organization = $1 AND month = $2), \
        (SELECT COUNT(*) FROM usage_device WHERE organization = $1 AND month = $2)) \
        ON CONFLICT (organization, month) DO NOTHING";
    Statement::new(SQL, p![organization, month.number()])
}

/// Somebody up to whom at most `limit` are to be forgotten of the month; nothing if nobody is left.
pub async fn up_to(
    store: &Store,
    organization: OrganizationId,
    month: Month,
    limit: i64,
) -> Result<Option<String>, StoreError> {
    const SQL: &str = "SELECT account, month FROM usage_month WHERE organization = $1 AND month = $2 \
        ORDER BY account LIMIT $3";
    let some: Vec<(String, i64)> = store.query(SQL, p![organization, month.number(), limit]).await?;
    Ok(some.into_iter().next_back().map(|(account, _)| account))
}

/// Forgets who was active in a closed month, up to that one.
pub fn forget(organization: OrganizationId, month: Month, up_to: &str) -> Statement {
    const SQL: &str = "DELETE FROM usage_month WHERE organization = $1 AND month = $2 AND account <= $3";
    Statement::new(SQL, p![organization, month.number(), up_to])
}

/// Forgets which devices called in a closed month.
pub fn forget_devices(organization: OrganizationId, month: Month) -> Statement {
    const SQL: &str = "DELETE FROM usage_device WHERE organization = $1 AND month = $2";
    Statement::new(SQL, p![organization, month.number()])
}

impl FromRow for Option<Usage> {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (users, devices) = (row.get(1)?, row.get(2)?);
        Ok(Month::from_number(row.get(0)?).map(|month| Usage { month, users, devices }))
    }
}

/// The months from `first` on in which there was anything: sums of closed ones, counts of the others.
pub async fn months(
    store: &Store,
    organization: OrganizationId,
    first: Month,
) -> Result<Vec<Usage>, StoreError> {
    const SQL: &str = "SELECT month, users, devices FROM usage_total WHERE organization = $1 AND month >= $2 \
        UNION ALL SELECT o.month, CAST(SUM(o.users) AS BIGINT), CAST(SUM(o.devices) AS BIGINT) FROM ( \
        SELECT month, COUNT(*) AS users, 0 AS devices FROM usage_month \
        WHERE organization = $1 AND month >= $2 GROUP BY month \
        UNION ALL SELECT month, 0, COUNT(*) FROM usage_device \
        WHERE organization = $1 AND month >= $2 GROUP BY month) o \
        WHERE NOT EXISTS (SELECT 1 FROM usage_total t WHERE t.organization = $1 AND t.month = o.month) \
        GROUP BY o.month ORDER BY 1";
    let rows: Vec<Option<Usage>> = store.query(SQL, p![organization, first.number()]).await?;
    Ok(rows.into_iter().flatten().collect())
}
