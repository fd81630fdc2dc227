//! The activity log's chain: sealed within a second, and proven on demand (section 12).

use crate::{App, Problem};
use claviger_domain::{
    audit::Entry,
    id::OrganizationId,
    permission::{Granted, ViewUsers},
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        audit::{Head, Sealed},
    },
};

/// Entries sealed in one batch.
pub(crate) const AT_ONCE: usize = 512;
/// Entries verified in one read.
const READ_AT_ONCE: i64 = 2_000;

/// Where the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every sealed entry is as it was written.
    Whole {
        /// How many.
        entries: i64,
        /// How many old ones were removed before them.
        removed: i64,
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

    /// Proves that no sealed entry was changed, removed or moved, from where the retention left the beginning.
    pub async fn verify_log(&self) -> Result<Verdict, Problem> {
        let organization = self.organization().await?.id;
        let head = table::audit::head(&self.0.store, organization).await?;
        let head = head.ok_or_else(|| Problem::Internal("the chain's head is missing".into()))?;
        let mut first = self.chain_begin(organization).await?;
        let mut at = first;
        // What is sealed from here on is not this proof's.
        while at.sequence < head.sequence {
            let mut sealed =
                table::audit::chain(&self.0.store, organization, at.sequence, READ_AT_ONCE).await?;
            sealed.retain(|next| next.sequence <= head.sequence);
            let proof = match sealed.is_empty() {
                true => Proof::Fails { sequence: at.sequence + 1, what: MISSING },
                false => prove(at, &sealed),
            };
            match proof {
                Proof::Holds(end) => at = end,
                Proof::Fails { sequence, what } => {
                    // Old entries may have been removed while they were read.
                    let begin = self.chain_begin(organization).await?;
                    if begin.sequence < sequence {
                        return Ok(Verdict::Broken { sequence, what });
                    }
                    (first, at) = (begin, begin);
                }
            }
        }
        if at != head {
            return Ok(Verdict::Broken { sequence: head.sequence, what: "the end of the chain was changed" });
        }
        Ok(Verdict::Whole { entries: at.sequence - first.sequence, removed: first.sequence })
    }

    /// What the first entry that is kept is linked to.
    async fn chain_begin(&self, organization: OrganizationId) -> Result<Head, Problem> {
        let anchor = table::audit_anchor::load(&self.0.store, organization).await?;
        Ok(anchor.map_or(Head::GENESIS, |anchor| anchor.removed))
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

/// What a look at a part of the chain says.
pub(crate) enum Proof {
    /// Each entry follows from the one before; this is the last.
    Holds(Head),
    /// From this number on it doesn't hold.
    Fails {
        /// The first number at fault.
        sequence: i64,
        /// What is wrong there.
        what: &'static str,
    },
}

const MISSING: &str = "the entry is missing";

/// Whether each of the entries follows from the one before, the first from `at`.
pub(crate) fn prove(mut at: Head, part: &[Sealed]) -> Proof {
    for next in part {
        let sequence = at.sequence + 1;
        if next.sequence != sequence {
            return Proof::Fails { sequence, what: MISSING };
        }
        if next.entry.link(&at.link, sequence) != next.link {
            return Proof::Fails { sequence, what: "the entry was changed or moved" };
        }
        at = Head { sequence, link: next.link };
    }
    Proof::Holds(at)
}
