//! Old entries go, in parts, and the chain stays provable: the last link that is gone is where it begins from then on.

use crate::{
    App, Problem,
    audit::{Proof, prove},
    draft::{Draft, Target},
};
use claviger_domain::{
    permission::{Actor, Who},
    time::Timestamp,
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        audit::Head,
        audit_anchor::{self, Anchor},
    },
};
use serde_json::json;

/// Entries removed in one batch: few enough that codes are checked in between.
const AT_ONCE: i64 = 1_000;
/// Batches of one run.
const PARTS: usize = 10;

/// What is left to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing for now.
    Nothing,
    /// More than one run removes.
    More,
}

impl App {
    /// Removes what is older than the organization keeps, from the beginning of the chain on. What was tampered with is
    /// not removed: the proof must find it.
    pub(crate) async fn remove_old_entries(&self) -> Result<Left, Problem> {
        let organization = self.organization().await?;
        let Some(edge) = organization.settings.log_kept.edge(self.now()) else { return Ok(Left::Nothing) };
        for _ in 0..PARTS {
            match self.remove_part(edge).await? {
                Left::More => {}
                Left::Nothing => {
                    self.tell_removal().await?;
                    return Ok(Left::Nothing);
                }
            }
        }
        Ok(Left::More)
    }

    async fn remove_part(&self, edge: Timestamp) -> Result<Left, Problem> {
        let organization = self.organization().await?.id;
        let begin = audit_anchor::load(&self.0.store, organization).await?.map(|anchor| anchor.removed);
        let begin = begin.unwrap_or(Head::GENESIS);
        let mut part = table::audit::chain(&self.0.store, organization, begin.sequence, AT_ONCE).await?;
        let full = i64::try_from(part.len()).unwrap_or(i64::MAX) == AT_ONCE;
        let old = part.iter().take_while(|sealed| sealed.entry.at < edge).count();
        let all_old = old == part.len();
        part.truncate(old);
        if part.is_empty() {
            return Ok(Left::Nothing);
        }
        let end = match prove(begin, &part) {
            Proof::Holds(end) => end,
            Proof::Fails { sequence, what } => {
                tracing::error!(sequence, what, "old log entries are kept: the chain is broken among them");
                return Ok(Left::Nothing);
            }
        };
        let batch = Batch::of([
            audit_anchor::remove(organization, begin.sequence, end.sequence),
            audit_anchor::advance(organization, begin.sequence, end),
        ]);
        match self.0.store.commit(batch).await? {
            Commit::Committed if full && all_old => Ok(Left::More),
            Commit::Committed | Commit::Conflict => Ok(Left::Nothing),
        }
    }

    /// Says in the log what was removed from it since it was last said.
    async fn tell_removal(&self) -> Result<(), Problem> {
        let system = Actor { who: Who::System, name: "retention".into(), address: String::new() };
        let mut draft = Draft::new(self, &system).await?;
        let id = draft.organization.id;
        let Some(Anchor { removed, told }) = audit_anchor::load(&self.0.store, id).await? else {
            return Ok(());
        };
        if told >= removed.sequence {
            return Ok(());
        }
        draft.write(audit_anchor::tell(id, told, removed.sequence));
        let facts = json!({
            "from": told + 1, "to": removed.sequence, "link": data_encoding::HEXLOWER.encode(&removed.link),
            "kept": draft.organization.settings.log_kept.text(),
        });
        draft.log("activity.remove", &Target::default(), "success", facts);
        // Another node may have said it first.
        draft.commit().await.map(drop)
    }
}
