//! What the MFA report reads: counts in intervals, factors near the edge, and every user for evidence.

use super::{
    account::{self, account_columns},
    user_list::{Cursor, Page},
};
use crate::{FromRow, Row, Select, Store, StoreError, p};
use claviger_domain::{
    account::Account,
    id::{AccountId, OrganizationId},
    time::{Span, Timestamp},
    totp::Drift,
};
use uuid::Uuid;

/// Intervals of one length that end at an edge, or begin there.
#[derive(Clone, Copy, Debug)]
pub struct Intervals {
    /// Where the nearest one begins or ends.
    pub edge: Timestamp,
    /// How long each is.
    pub each: Span,
    /// How many there are.
    pub count: i64,
}

impl Intervals {
    fn whole(self) -> Span {
        Span::from_micros(self.each.micros().saturating_mul(self.count))
    }

    fn begin(self) -> Timestamp {
        self.edge.minus(self.whole())
    }

    fn end(self) -> Timestamp {
        self.edge.plus(self.whole())
    }
}

/// How many of the users' factors were set up in each past interval: pairs of how many intervals ago and how many
/// factors.
pub async fn enrolled(
    store: &Store,
    organization: OrganizationId,
    past: Intervals,
) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = "SELECT s.ago, count(*) FROM (SELECT ($2 - f.confirmed_at) / $3 AS ago FROM factor f \
        WHERE f.organization = $1 AND f.confirmed_at > $4 AND f.confirmed_at <= $2 AND f.account NOT IN \
        (SELECT a.id FROM account a WHERE a.organization = $1 AND a.realm = 'administrator')) s GROUP BY s.ago";
    store.query(SQL, p![organization, past.edge, past.each.micros(), past.begin()]).await
}

/// How many sign-ins failed in each past interval.
pub async fn failures(
    store: &Store,
    organization: OrganizationId,
    past: Intervals,
) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = "SELECT s.ago, count(*) FROM (SELECT ($2 - e.at) / $3 AS ago FROM audit e \
        WHERE e.organization = $1 AND e.at > $4 AND e.at <= $2 \
        AND e.action IN ('sign_in.password', 'sign_in.code', 'sign_in.resync') AND e.outcome <> 'success') s \
        GROUP BY s.ago";
    store.query(SQL, p![organization, past.edge, past.each.micros(), past.begin()]).await
}

/// How many enrollment periods end in each interval ahead, those that have ended by `now` left out.
pub async fn periods_ending(
    store: &Store,
    organization: OrganizationId,
    ahead: Intervals,
    now: Timestamp,
) -> Result<Vec<(i64, i64)>, StoreError> {
    const SQL: &str = "SELECT s.ahead, count(*) FROM (SELECT (a.requirement_at - $2) / $3 AS ahead FROM account a \
        WHERE a.organization = $1 AND a.requirement = 'by' AND a.requirement_at > $4 AND a.requirement_at < $5 \
        AND a.factor_id IS NULL AND a.state = 'activated') s GROUP BY s.ahead";
    store.query(SQL, p![organization, ahead.edge, ahead.each.micros(), now, ahead.end()]).await
}

/// A user whose factor's clock is off.
#[derive(Clone, Debug)]
pub struct Drifting {
    /// Who.
    pub account: Account,
    /// How far.
    pub drift: Drift,
    /// When a code was last accepted.
    pub last_used_at: Timestamp,
}

impl Drifting {
    /// Its place in the list.
    pub fn cursor(&self) -> Cursor {
        Cursor { value: self.drift.thousandths().saturating_abs().to_string(), id: self.account.id.0 }
    }
}

impl FromRow for Drifting {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let at = account::WIDTH;
        let learned = i32::try_from(row.get::<i64>(at + 1)?).unwrap_or_default();
        Ok(Self {
            account: account::read(row, 0)?,
            drift: Drift { resynced: row.get(at)?, learned },
            last_used_at: Timestamp(row.get(at + 2)?),
        })
    }
}

/// S4.18: the users whose factors are near the edge, the farthest first.
pub async fn drifting(
    store: &Store,
    organization: OrganizationId,
    page: &Page,
    limit: i64,
) -> Result<Vec<Drifting>, StoreError> {
    const FAR: &str = "ABS(f.resynced * 1000 + f.drift)";
    const BASE: &str = concat!(
        "SELECT ",
        account_columns!(),
        ", f.resynced, f.drift, f.last_used_at FROM factor f \
          JOIN account a ON a.organization = f.organization AND a.id = f.account WHERE f.organization = $1 \
          AND f.account NOT IN (SELECT b.id FROM account b WHERE b.organization = $1 AND b.realm = 'administrator')"
    );
    let mut select = Select::new(BASE, p![organization]).with(&format!(" AND {FAR} >= $"), Drift::EDGE);
    let (order, backwards) = match page {
        Page::First => ("DESC", false),
        Page::After(Cursor { value, id }) => {
            select = beside(select, &format!("{FAR} < $ OR ({FAR} = $ AND f.account < "), value, *id);
            ("DESC", false)
        }
        Page::Before(Cursor { value, id }) => {
            select = beside(select, &format!("{FAR} > $ OR ({FAR} = $ AND f.account > "), value, *id);
            ("ASC", true)
        }
    };
    let select = select.text(&format!(" ORDER BY {FAR} {order}, f.account {order}")).with(" LIMIT $", limit);
    let mut rows: Vec<Drifting> = store.select(select).await?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

fn beside(select: Select, condition: &str, value: &str, id: Uuid) -> Select {
    let far: i64 = value.parse().unwrap_or(0);
    select.with(&format!(" AND ({condition}"), far).with("$))", id)
}

/// An account as evidence tells of it.
#[derive(Clone, Debug)]
pub struct Attested {
    /// Who.
    pub account: Account,
    /// When the factor was set up.
    pub enrolled_at: Option<Timestamp>,
    /// When a code was last accepted.
    pub last_used_at: Option<Timestamp>,
}

impl FromRow for Attested {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let at = account::WIDTH;
        Ok(Self {
            account: account::read(row, 0)?,
            enrolled_at: row.get::<Option<i64>>(at)?.map(Timestamp),
            last_used_at: row.get::<Option<i64>>(at + 1)?.map(Timestamp),
        })
    }
}

/// The accounts after `after` in the order of their creation, administrators among them: beside the id a
/// condition on the realm leads a planner without statistics to an index by name.
pub async fn accounts(
    store: &Store,
    organization: OrganizationId,
    after: AccountId,
    limit: i64,
) -> Result<Vec<Attested>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        account_columns!(),
        ", f.confirmed_at, f.last_used_at FROM account a \
          LEFT JOIN factor f ON f.organization = a.organization AND f.account = a.id \
          WHERE a.organization = $1 AND a.id > $2 ORDER BY a.id LIMIT $3"
    );
    store.query(SQL, p![organization, after, limit]).await
}
