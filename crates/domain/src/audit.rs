//! Entries of the activity log and the hash chain that seals them (section 12).

use crate::{
    id::{AuditId, OrganizationId},
    permission::{Actor, Who},
    time::Timestamp,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// One thing that happened. Never holds a password, code, secret or token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which entry.
    pub id: AuditId,
    /// Whose log.
    pub organization: OrganizationId,
    /// When.
    pub at: Timestamp,
    /// `administrator`, `api_key`, `user`, `device`, `visitor`, `host` or `system`.
    pub actor_kind: String,
    /// The actor's account, if it has one.
    pub actor_id: String,
    /// The actor's name.
    pub actor_name: String,
    /// The address it came from.
    pub address: String,
    /// What was done, such as `user.mfa.reset`.
    pub action: String,
    /// To whom or what, by id.
    pub target_id: String,
    /// The target's name.
    pub target_name: String,
    /// How it ended, such as `success` or `wrong_code`.
    pub outcome: String,
    /// Further facts as JSON.
    pub details: String,
}

/// The words for an actor in the log.
pub fn actor_words(actor: &Actor) -> (&'static str, String) {
    match actor.who {
        Who::Administrator { id, .. } => ("administrator", id.to_string()),
        Who::ApiKey { owner, .. } => ("api_key", owner.to_string()),
        Who::User(id) => ("user", id.to_string()),
        Who::Device(id) => ("device", id.to_string()),
        Who::Visitor => ("visitor", String::new()),
        Who::Host => ("host", String::new()),
        Who::System => ("system", String::new()),
    }
}

/// A link of the chain: SHA-256 over the link before and this entry.
pub type Link = [u8; 32];

/// The link before the first entry.
pub const GENESIS: Link = [0; 32];

impl Entry {
    /// The next link: SHA-256(before ‖ sequence ‖ every field with its length before it).
    pub fn link(&self, before: &Link, sequence: i64) -> Link {
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update(sequence.to_be_bytes());
        hash.update(self.id.0.as_bytes());
        hash.update(self.organization.0.as_bytes());
        hash.update(self.at.0.to_be_bytes());
        let texts = [
            &self.actor_kind,
            &self.actor_id,
            &self.actor_name,
            &self.address,
            &self.action,
            &self.target_id,
            &self.target_name,
            &self.outcome,
            &self.details,
        ];
        for text in texts {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().into()
    }
}

impl AuditId {
    /// When it was made, to the millisecond.
    pub fn made_at(self) -> Timestamp {
        let millis = self.0.as_u128() >> 80;
        Timestamp(i64::try_from(millis).unwrap_or_default().saturating_mul(1_000))
    }
}

/// The id right before this one.
pub const fn right_before(id: AuditId) -> AuditId {
    AuditId(Uuid::from_u128(id.0.as_u128().saturating_sub(1)))
}

/// The id right after this one.
pub const fn right_after(id: AuditId) -> AuditId {
    AuditId(Uuid::from_u128(id.0.as_u128().saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            id: AuditId::new(Timestamp(1), [1; 10]),
            organization: OrganizationId::new(Timestamp(1), [2; 10]),
            at: Timestamp(1),
            actor_kind: "user".into(),
            actor_id: "a".into(),
            actor_name: "b".into(),
            address: "c".into(),
            action: "d".into(),
            target_id: "e".into(),
            target_name: "f".into(),
            outcome: "g".into(),
            details: "{}".into(),
        }
    }

    #[test]
    fn every_field_and_its_place_change_the_link() {
        let original = entry().link(&GENESIS, 1);
        type Change = fn(&mut Entry);
        let changes: [Change; 11] = [
            |e| e.at = Timestamp(2),
            |e| e.id = AuditId::new(Timestamp(1), [9; 10]),
            |e| e.actor_kind.push('x'),
            |e| e.actor_id.push('x'),
            |e| e.actor_name.push('x'),
            |e| e.address.push('x'),
            |e| e.action.push('x'),
            |e| e.target_id.push('x'),
            |e| e.target_name.push('x'),
            |e| e.outcome.push('x'),
            |e| e.details.push('x'),
        ];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.link(&GENESIS, 1), original);
        }
        let mut moved = entry();
        moved.actor_id = String::new();
        moved.actor_name = "ab".into();
        assert_ne!(moved.link(&GENESIS, 1), original);
        assert_ne!(entry().link(&GENESIS, 2), original);
        assert_ne!(entry().link(&original, 1), original);
    }
}
