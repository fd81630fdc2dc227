//! How far a factor's clock is off, and how that is learned (S4.18).

use super::{REACH, Step};
use crate::time::{Span, Timestamp};

/// How far a factor's clock is from ours (S4.18): where the last resync put it, and what was learned since.
///
/// What is learned is a running mean. A person who types slowly is late by one step now and then, which moves the
/// mean little; a clock that is off moves it all the way. It fades by half in 90 days without use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Whole steps by which the last resync moved what is accepted; negative for a slow clock.
    pub resynced: i64,
    /// The mean since then, in thousandths of a step.
    pub learned: i32,
}

const FADE: Span = Span::days(90);

impl Drift {
    /// From so many thousandths of a step on, either way, a factor is near the edge of what is accepted (S4.18).
    pub const EDGE: i64 = 1000;

    /// Whole steps by which the window is shifted for what was learned: -1, 0 or 1.
    pub const fn steps(self) -> i64 {
        match self.learned {
            ..=-900 => -1,
            900.. => 1,
            _ => 0,
        }
    }

    /// All of it in thousandths of a step; negative for a slow clock.
    pub fn thousandths(self) -> i64 {
        self.resynced.saturating_mul(1000).saturating_add(i64::from(self.learned))
    }

    /// The drift after a code of `step` was accepted at `now`.
    pub fn learn(self, step: Step, now: Timestamp) -> Self {
        let offset = step.0.saturating_sub(Step::at(now).0).saturating_sub(self.resynced);
        let offset = i32::try_from(offset.clamp(-REACH, REACH)).unwrap_or_default() * 1000;
        Self { learned: (self.learned * 3 + offset) / 4, ..self }
    }

    /// The drift after `idle` without use; what a resync found is a fact and stays.
    pub fn faded(self, idle: Span) -> Self {
        let halvings = u32::try_from(idle.micros() / FADE.micros()).unwrap_or(u32::MAX).min(31);
        Self { learned: self.learned / (1 << halvings), ..self }
    }
}
