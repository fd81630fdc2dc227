//! A confirmed TOTP factor: everything an attempt is judged on but the secret.

use crate::{
    id::{AccountId, FactorId},
    lockout::Failures,
    time::Timestamp,
    totp::{Drift, Step},
};

/// A factor as it was loaded, with the revision that a change is guarded on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// Which factor.
    pub id: FactorId,
    /// Whose.
    pub account: AccountId,
    /// Counts every change of the factor.
    pub revision: i64,
    /// The latest step that was accepted; it and every earlier one are dead.
    pub last_step: Step,
    /// How far its clock is from ours.
    pub drift: Drift,
    /// Wrong codes since the last right one.
    pub failures: Failures,
    /// When it was set up.
    pub confirmed_at: Timestamp,
    /// When a code of it was last accepted.
    pub last_used_at: Timestamp,
}

impl Factor {
    /// A factor that was confirmed at `now` by the code of `step`, which is used up.
    pub fn confirmed(id: FactorId, account: AccountId, step: Step, now: Timestamp) -> Self {
        Self {
            id,
            account,
            revision: 1,
            last_step: step,
            drift: Drift::default(),
            failures: Failures::default(),
            confirmed_at: now,
            last_used_at: now,
        }
    }
}
