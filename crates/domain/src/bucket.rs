//! Rates: a bucket that fills evenly and holds what flows in within a minute, kept as the time at which it is full.

use crate::time::{Span, Timestamp};
use std::{collections::HashMap, hash::Hash, num::NonZeroU32};

const WINDOW: Span = Span::minutes(1);

/// How many times a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

/// What came of a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// There was something.
    Drawn {
        /// When the bucket is full again: all that is to be remembered of it.
        full_at: Timestamp,
        /// How much is left.
        left: i64,
        /// How long until it is full.
        full_in: Span,
    },
    /// There was nothing.
    Empty {
        /// How long until there is something.
        wait: Span,
    },
}

impl Rate {
    /// The largest: one every millisecond.
    pub const MOST: u32 = 60_000;

    /// Between one and [`Self::MOST`] times a minute.
    pub fn per_minute(times: u32) -> Option<Self> {
        NonZeroU32::new(times).filter(|times| times.get() <= Self::MOST).map(Self)
    }

    /// How many times a minute.
    pub const fn times(self) -> u32 {
        self.0.get()
    }

    fn pause(self) -> Span {
        Span::from_micros(WINDOW.micros() / i64::from(self.0.get()))
    }

    /// Draws one from a bucket that is full at `full_at`.
    pub fn draw(self, full_at: Timestamp, now: Timestamp) -> Drawn {
        // A clock that was set back makes no bucket emptier than empty.
        let full_at = full_at.max(now).min(now.plus(WINDOW));
        let after = full_at.plus(self.pause());
        let full_in = after.since(now);
        if full_in > WINDOW {
            return Drawn::Empty { wait: Span::from_micros(full_in.micros() - WINDOW.micros()) };
        }
        let left = (WINDOW.micros() - full_in.micros()) / self.pause().micros();
        Drawn::Drawn { full_at: after, left, full_in }
    }
}

/// Callers that are remembered.
const REMEMBERED: usize = 10_000;

/// The buckets of those who called lately.
#[derive(Debug)]
pub struct Buckets<K>(HashMap<K, Timestamp>);

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Buckets<K> {
    /// Draws one from the bucket of `who`. Where too many call, those are forgotten first whose bucket is full.
    pub fn draw(&mut self, rate: Rate, who: K, now: Timestamp) -> Drawn {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, full_at| *full_at > now);
        }
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
        let full_at = self.0.entry(who).or_insert(now);
        let drawn = rate.draw(*full_at, now);
        if let Drawn::Drawn { full_at: after, .. } = drawn {
            *full_at = after;
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000);

    fn drawn(rate: Rate, full_at: Timestamp, now: Timestamp) -> (Timestamp, i64) {
        match rate.draw(full_at, now) {
            Drawn::Drawn { full_at, left, .. } => (full_at, left),
            Drawn::Empty { wait } => panic!("empty for {wait:?}"),
        }
    }

    #[test]
    fn a_full_bucket_gives_a_minutes_worth_and_then_one_at_a_time() {
        for times in [1, 7, 30, 600, Rate::MOST] {
            let rate = Rate::per_minute(times).unwrap();
            let mut full_at = Timestamp(0);
            for left in (0..i64::from(times)).rev() {
                let (after, now_left) = drawn(rate, full_at, START);
                assert_eq!(now_left, left, "{times}");
                full_at = after;
            }
            let Drawn::Empty { wait } = rate.draw(full_at, START) else { panic!("{times}") };
            assert!(wait > Span::ZERO && wait <= rate.pause(), "{times}: {wait:?}");
            let (full_at, left) = drawn(rate, full_at, START.plus(wait));
            assert_eq!(left, 0);
            assert!(matches!(rate.draw(full_at, START.plus(wait)), Drawn::Empty { .. }));
        }
    }

    #[test]
    fn a_clock_that_was_set_back_shuts_nobody_out_for_longer_than_a_pause() {
        let rate = Rate::per_minute(6).unwrap();
        let far = START.plus(Span::days(400));
        let Drawn::Empty { wait } = rate.draw(far, START) else { panic!() };
        assert_eq!(wait, Span::seconds(10));
    }

    #[test]
    fn each_caller_has_a_bucket_and_what_is_remembered_is_bounded() {
        let rate = Rate::per_minute(1).unwrap();
        let mut buckets = Buckets::default();
        let is_empty = |drawn| matches!(drawn, Drawn::Empty { .. });
        assert!(!is_empty(buckets.draw(rate, 0, START)) && is_empty(buckets.draw(rate, 0, START)));
        for who in 1..REMEMBERED + 2 {
            assert!(!is_empty(buckets.draw(rate, who, START)));
        }
        assert!(buckets.0.len() <= REMEMBERED);
    }

    #[test]
    fn no_rate_is_none_or_faster_than_it_can_be_told() {
        assert_eq!(Rate::per_minute(0), None);
        assert_eq!(Rate::per_minute(Rate::MOST + 1), None);
    }
}
