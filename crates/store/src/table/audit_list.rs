//! The activity log as it is read: filtered, a page at a time, the newest first.
//!
//! Every filter that has an index is a driver: its entries are found in the order of their ids. What is asked for
//! besides is judged row by row, at most [`LOOKED_THROUGH`] of them for a page, so that a filter that matches next to
//! nothing costs no more than any other; the page then says how far it looked.

mod plan;

use super::audit::{Head, Sealed, WIDTH, entry_columns};
use crate::{FromRow, Row, Select, Store, StoreError, p};
use claviger_domain::{
    audit::{Entry, Link},
    id::{AuditId, OrganizationId},
    time::Timestamp,
};
use plan::{Bounds, Branch, Driver, Plan};
use uuid::Uuid;

/// How many rows one page looks through for what no index finds.
pub const LOOKED_THROUGH: usize = 10_000;

/// Whom or what an entry is about, or who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// One of these ids.
    Ids(Vec<String>),
    /// A name that contains this, in capitals or not.
    Named(String),
}

/// How an entry ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// So.
    Exactly(String),
    /// In any of these ways, none of them a success.
    OneOf(Vec<String>),
}

/// Which entries are asked for; everything if nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Who did it.
    pub actor: Option<Party>,
    /// What was done, one of these.
    pub actions: Option<Vec<String>>,
    /// How it ended.
    pub outcome: Option<Ending>,
    /// To whom or what.
    pub target: Option<Party>,
    /// From which address.
    pub address: Option<String>,
}

/// Which part of the entries, by id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The newest.
    #[default]
    Newest,
    /// Those before that one.
    Older(AuditId),
    /// Those after that one.
    Newer(AuditId),
}

/// An entry with its place in the chain, if it has one yet.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// Its place; nothing for the second until it is sealed.
    pub sealed: Option<Head>,
}

impl FromRow for Listed {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let link: Option<Vec<u8>> = row.get(WIDTH + 1)?;
        let link = link.map(Link::try_from).transpose();
        let link = link.map_err(|_| StoreError::corrupt("a link is not 32 bytes long"))?;
        let sequence = row.get(WIDTH)?;
        Ok(Self { entry: Entry::from_row(row)?, sealed: link.map(|link| Head { sequence, link }) })
    }
}

impl From<Sealed> for Listed {
    fn from(sealed: Sealed) -> Self {
        let Sealed { entry, sequence, link } = sealed;
        Self { entry, sealed: Some(Head { sequence, link }) }
    }
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The entries, the newest first; one more than was asked for if there are more.
    pub entries: Vec<Listed>,
    /// How far it was looked, where it was not looked to the end.
    pub horizon: Option<AuditId>,
}

/// A page of the entries that match.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    place: Place,
    limit: i64,
) -> Result<Found, StoreError> {
    let plan = filter.plan();
    if plan.branches.is_empty() {
        return Ok(Found::default());
    }
    let bounds = Bounds::new(filter, place);
    let horizon =
        if plan.judges { horizon(store, organization, (&plan, bounds), place).await? } else { None };
    let bounds = bounds.up_to(horizon, place);
    let order = order_of(place);
    let mut select = Select::new("SELECT * FROM (", Vec::new());
    for (index, branch) in plan.branches.iter().enumerate() {
        select = select.text(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
        const COLUMNS: &str = concat!("SELECT ", entry_columns!(), ", sequence, link FROM audit");
        select = select.text(COLUMNS).with(" WHERE organization = $", organization);
        select = filter.judged(bounds.append(select, branch), plan.driver);
        select = ordered(select, branch, order).with(" LIMIT $", limit + 1).text(") b");
    }
    select = select.text(&format!(") f ORDER BY f.id {order}")).with(" LIMIT $", limit + 1);
    let mut entries: Vec<Listed> = store.select(select).await?;
    if matches!(place, Place::Newer(_)) {
        entries.reverse();
    }
    Ok(Found { entries, horizon })
}

const fn order_of(place: Place) -> &'static str {
    match place {
        Place::Newest | Place::Older(_) => "DESC",
        Place::Newer(_) => "ASC",
    }
}

fn ordered(select: Select, branch: &Branch, order: &str) -> Select {
    match branch.driver {
        Driver::Time => select.text(&format!(" ORDER BY id {order}")),
        driver => select.text(&format!(" ORDER BY {} {order}, id {order}", driver.column())),
    }
}

/// Where the rows that are looked through for a page end, if they do before the last one.
async fn horizon(
    store: &Store,
    organization: OrganizationId,
    (plan, bounds): (&Plan, Bounds),
    place: Place,
) -> Result<Option<AuditId>, StoreError> {
    let each = (LOOKED_THROUGH / plan.branches.len().max(1)).max(200);
    let skipped = i64::try_from(each).unwrap_or(i64::MAX) - 1;
    let mut nearest: Option<AuditId> = None;
    for branch in &plan.branches {
        let select = Select::new("SELECT id FROM audit WHERE organization = $1", p![organization]);
        let select = ordered(bounds.append(select, branch), branch, order_of(place));
        let select = select.text(" LIMIT 1").with(" OFFSET $", skipped);
        let end = store.select::<Uuid>(select).await?.first().copied().map(AuditId);
        nearest = match (nearest, end, place) {
            (None, end, _) => end,
            (nearest, None, _) => nearest,
            (Some(one), Some(other), Place::Newer(_)) => Some(one.min(other)),
            (Some(one), Some(other), Place::Newest | Place::Older(_)) => Some(one.max(other)),
        };
    }
    Ok(nearest)
}

/// The sealed entries after `sequence` that match, the oldest first, and the number up to which was looked.
pub async fn sealed_since(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    (after, limit): (i64, i64),
) -> Result<(Vec<Listed>, i64), StoreError> {
    const END: &str = "SELECT sequence FROM audit WHERE organization = $1 AND sequence > $2 ORDER BY sequence LIMIT 1 OFFSET $3";
    const HEAD: &str = "SELECT sequence FROM audit_chain WHERE organization = $1";
    const BASE: &str = concat!(
        "SELECT ",
        entry_columns!(),
        ", sequence, link FROM audit WHERE organization = $1 AND sequence > $2 AND sequence <= $3"
    );
    let full: Option<i64> = store.first(END, p![organization, after, limit - 1]).await?;
    let end = match full {
        Some(end) => end,
        None => store.first(HEAD, p![organization]).await?.unwrap_or(after),
    };
    let mut select = filter.judged(Select::new(BASE, p![organization, after, end]), Driver::Time);
    if let Some(from) = filter.from {
        select = select.with(" AND at >= $", from);
    }
    if let Some(to) = filter.to {
        select = select.with(" AND at < $", to);
    }
    let entries = store.select(select.text(" ORDER BY sequence")).await?;
    Ok((entries, end.max(after)))
}

/// The entry of that id.
pub async fn one(
    store: &Store,
    organization: OrganizationId,
    id: AuditId,
) -> Result<Option<Listed>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        entry_columns!(),
        ", sequence, link FROM audit WHERE organization = $1 AND id = $2"
    );
    store.first(SQL, p![organization, id]).await
}

/// The actions that the log knows.
pub async fn actions(store: &Store, organization: OrganizationId) -> Result<Vec<String>, StoreError> {
    // From one to the next by the index: reading every entry for the few that differ would take seconds.
    const SQL: &str = "WITH RECURSIVE known (name) AS ( \
        SELECT min(action) FROM audit WHERE organization = $1 UNION ALL \
        SELECT (SELECT min(a.action) FROM audit a WHERE a.organization = $1 AND a.action > known.name) FROM known \
        WHERE known.name IS NOT NULL) SELECT name FROM known WHERE name IS NOT NULL";
    store.query(SQL, p![organization]).await
}

/// How entries of the log ended that were no success.
pub async fn failures(store: &Store, organization: OrganizationId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "WITH RECURSIVE known (name) AS ( \
        SELECT min(outcome) FROM audit WHERE organization = $1 AND outcome <> 'success' UNION ALL \
        SELECT (SELECT min(a.outcome) FROM audit a WHERE a.organization = $1 AND a.outcome <> 'success' \
        AND a.outcome > known.name) FROM known \
        WHERE known.name IS NOT NULL) SELECT name FROM known WHERE name IS NOT NULL";
    store.query(SQL, p![organization]).await
}

/// The end of the chain, and when its last entry was written.
pub async fn sealed_to(
    store: &Store,
    organization: OrganizationId,
) -> Result<Option<(i64, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT a.sequence, a.at FROM audit_chain c JOIN audit a ON a.organization = c.organization \
        AND a.sequence = c.sequence WHERE c.organization = $1 AND c.sequence > 0";
    let found: Option<(i64, i64)> = store.first(SQL, p![organization]).await?;
    Ok(found.map(|(sequence, at)| (sequence, Timestamp(at))))
}
