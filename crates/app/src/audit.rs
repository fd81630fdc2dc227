//! The activity log's chain: sealed within a second, and proven on demand (section 12).

use crate::{App, Problem};
use claviger_domain::{
    audit::{Entry, GENESIS, Link},
    permission::{Granted, ViewUsers},
};
use claviger_store::{
    Batch, Commit,
    table::{self, audit::Head},
};

/// Entries sealed in one batch.
pub(crate) const AT_ONCE: usize = 500;
/// Entries verified in one read.
const READ_AT_ONCE: i64 = 2_000;

/// Where the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every sealed entry is as it was written.
    Whole {
        /// How many.
        entries: i64,
    },
    /// From this number on the chain doesn't hold.
    Broken {
        /// The first number at fault.
        sequence: i64,
        /// What is wrong there.
        what: &'static str,
    },
}

impl App {
    /// Gives every entry that has none its place in the chain. Returns how many were sealed; another node that
    /// seals at the same time wins or loses whole.
    pub async fn seal_log(&self) -> Result<usize, Problem> {
        let organization = self.organization().await?;
        let entries = table::audit::unsealed(&self.0.store, organization.id, AT_ONCE as i64).await?;
        if entries.is_empty() {
            return Ok(0);
        }
        let head = table::audit::head(&self.0.store, organization.id).await?;
        let head = head.ok_or_else(|| Problem::Internal("the chain's head is missing".into()))?;
        let mut place = head;
        let mut batch = Batch::new();
        for entry in &entries {
            let sequence = place.sequence + 1;
            place = Head { sequence, link: entry.link(&place.link, sequence) };
            batch.push(table::audit::seal(organization.id, entry.id, place));
        }
        batch.push(table::audit::advance(organization.id, head, place));
        match self.0.store.commit(batch).await? {
            Commit::Committed => Ok(entries.len()),
            Commit::Conflict => Ok(0),
        }
    }

    /// Proves that no sealed entry was changed, removed or moved.
    pub async fn verify_log(&self) -> Result<Verdict, Problem> {
        let organization = self.organization().await?;
        let head = table::audit::head(&self.0.store, organization.id).await?;
        let head = head.ok_or_else(|| Problem::Internal("the chain's head is missing".into()))?;
        let mut at = Head { sequence: 0, link: GENESIS };
        // What is sealed from here on is not this proof's.
        while at.sequence < head.sequence {
            let sealed =
                table::audit::chain(&self.0.store, organization.id, at.sequence, READ_AT_ONCE).await?;
            if sealed.is_empty() {
                break;
            }
            for next in sealed.into_iter().filter(|next| next.sequence <= head.sequence) {
                let expected = at.sequence + 1;
                if next.sequence != expected {
                    return Ok(Verdict::Broken { sequence: expected, what: "the entry is missing" });
                }
                if !links(&next.entry, &at.link, expected, &next.link) {
                    return Ok(Verdict::Broken {
                        sequence: expected,
                        what: "the entry was changed or moved",
                    });
                }
                at = Head { sequence: expected, link: next.link };
            }
        }
        if at.sequence < head.sequence {
            return Ok(Verdict::Broken { sequence: at.sequence + 1, what: "the entry is missing" });
        }
        if at.link != head.link {
            return Ok(Verdict::Broken { sequence: head.sequence, what: "the end of the chain was changed" });
        }
        Ok(Verdict::Whole { entries: at.sequence })
    }

    /// The newest entries about an account.
    pub async fn activity(
        &self,
        _: &Granted<ViewUsers>,
        target: &str,
        limit: i64,
    ) -> Result<Vec<Entry>, Problem> {
        let organization = self.organization().await?;
        Ok(table::audit::about(&self.0.store, organization.id, target, limit).await?)
    }

    /// S4.8: the person's own newest entries.
    pub async fn own_activity(
        &self,
        me: &crate::session::SignedIn,
        limit: i64,
    ) -> Result<Vec<Entry>, Problem> {
        let organization = self.organization().await?;
        Ok(table::audit::about(&self.0.store, organization.id, &me.account.id.to_string(), limit).await?)
    }
}

fn links(entry: &Entry, before: &Link, sequence: i64, link: &Link) -> bool {
    entry.link(before, sequence) == *link
}
