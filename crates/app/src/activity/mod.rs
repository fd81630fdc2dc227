//! The activity log as people and programs read it: filters, pages, exports, retention, streams (section 12).

mod asked;
mod event;
mod export;
mod retention;
mod shipment;
mod stream;
mod stream_test;
mod syslog;
mod work;

pub use asked::{Asked, FAILED, GROUP};
pub use event::Event;
pub use export::{Export, Format};
pub use stream::{StreamForm, Streams, WebhookForm};
pub use stream_test::Tested;

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
};
use claviger_domain::{
    activity::Group,
    audit::{right_after, right_before},
    id::AuditId,
    permission::{Granted, ViewUsers},
    time::Timestamp,
};
use claviger_store::table::{
    self,
    audit_list::{Filter, Found, Listed},
};

pub use claviger_store::table::audit_list::Place;

/// Entries that are read for the newest of a live log at a time.
const TAIL: i64 = 200;

/// One page of the log.
#[derive(Clone, Debug, Default)]
pub struct ActivityPage {
    /// The entries, the newest first.
    pub entries: Vec<Listed>,
    /// What to go on from for newer ones, if there may be any.
    pub newer: Option<AuditId>,
    /// What to go on from for older ones, if there may be any.
    pub older: Option<AuditId>,
    /// How far it was looked; nothing where it was looked to the end of the page.
    pub looked_to: Option<AuditId>,
}

/// What a log can be filtered by.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The actions that it has, by group.
    pub actions: Vec<(Group, Vec<String>)>,
    /// The outcomes that it has, success left out.
    pub failures: Vec<String>,
}

/// How far the chain goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChainState {
    /// The last sealed entry's number and time.
    pub sealed_to: Option<(i64, Timestamp)>,
    /// The last number that was removed.
    pub removed_to: i64,
}

impl App {
    /// A page of the entries that match.
    pub async fn activity_page(
        &self,
        _: &Granted<ViewUsers>,
        asked: &Asked,
        place: Place,
        limit: i64,
    ) -> Result<ActivityPage, Refusal> {
        let filter = self.activity_filter(asked).await?;
        Ok(self.found_page(&filter, place, limit).await?)
    }

    async fn found_page(&self, filter: &Filter, place: Place, limit: i64) -> Result<ActivityPage, Problem> {
        let organization = self.organization().await?;
        let found = table::audit_list::page(&self.0.store, organization.id, filter, place, limit).await?;
        Ok(page_of(found, place, limit))
    }

    /// The entry of that id.
    pub async fn activity_entry(&self, _: &Granted<ViewUsers>, id: AuditId) -> Result<Listed, Refusal> {
        let organization = self.organization().await?;
        let found = table::audit_list::one(&self.0.store, organization.id, id).await?;
        found.ok_or(Refusal::NotFound("entry"))
    }

    /// What was sealed after the number `after` and matches, the newest first, and the number to go on from. By number,
    /// because numbers are given in the order in which entries become visible, and ids are not.
    pub async fn activity_since(
        &self,
        _: &Granted<ViewUsers>,
        asked: &Asked,
        after: i64,
    ) -> Result<(Vec<Listed>, i64), Refusal> {
        let filter = self.activity_filter(asked).await?;
        let organization = self.organization().await?;
        let (mut entries, end) =
            table::audit_list::sealed_since(&self.0.store, organization.id, &filter, (after, TAIL)).await?;
        entries.reverse();
        Ok((entries, end))
    }

    /// Failed sign-ins in each of the last 24 hours, the oldest first: what the log begins with.
    pub async fn failed_sign_ins(&self, _: &Granted<ViewUsers>) -> Result<[i64; 24], Problem> {
        self.failed_by_hour(self.organization().await?.id, self.now()).await
    }

    /// What the log can be filtered by.
    pub async fn activity_choices(&self, _: &Granted<ViewUsers>) -> Result<Choices, Problem> {
        let organization = self.organization().await?;
        let actions = table::audit_list::actions(&self.0.store, organization.id).await?;
        let failures = table::audit_list::failures(&self.0.store, organization.id).await?;
        let of_group = |group: Group| {
            let of_it: Vec<_> = actions.iter().filter(|action| Group::of(action) == group).cloned().collect();
            (!of_it.is_empty()).then_some((group, of_it))
        };
        Ok(Choices { actions: Group::ALL.into_iter().filter_map(of_group).collect(), failures })
    }

    /// How far the chain goes.
    pub async fn chain_state(&self, _: &Granted<ViewUsers>) -> Result<ChainState, Problem> {
        let organization = self.organization().await?;
        let anchor = table::audit_anchor::load(&self.0.store, organization.id).await?;
        Ok(ChainState {
            sealed_to: table::audit_list::sealed_to(&self.0.store, organization.id).await?,
            removed_to: anchor.map_or(0, |anchor| anchor.removed.sequence),
        })
    }
}

/// Where the page ends, and what there is beside it. A page for which not all was looked through goes on from where
/// the looking ended.
fn page_of(found: Found, place: Place, limit: i64) -> ActivityPage {
    let Found { mut entries, horizon } = found;
    let read = match place {
        Place::Newest => Read::First,
        Place::Older(_) => Read::Onward,
        Place::Newer(_) => Read::Back,
    };
    let full = i64::try_from(entries.len()).unwrap_or(i64::MAX) > limit;
    let (has_newer, has_older) = trim(&mut entries, read, limit);
    let looked_to = horizon.filter(|_| !full);
    let (first, last) = (entries.first().map(|row| row.entry.id), entries.last().map(|row| row.entry.id));
    // An empty page leads back to where it was come from.
    let (newer, older) = match place {
        Place::Newest => (None, last),
        Place::Older(id) => (first.or(Some(right_before(id))), last),
        Place::Newer(id) => (first, last.or(Some(right_after(id)))),
    };
    let (newer, older) = (newer.filter(|_| has_newer), older.filter(|_| has_older));
    match place {
        Place::Newest | Place::Older(_) => {
            ActivityPage { entries, newer, older: older.or(looked_to), looked_to }
        }
        Place::Newer(_) => ActivityPage { entries, newer: newer.or(looked_to), older, looked_to },
    }
}
