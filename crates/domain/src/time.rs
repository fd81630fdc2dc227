//! Points in time as microseconds since the Unix epoch, UTC, and spans between them.

use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A length of time in microseconds; never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

const MICROS_PER_SECOND: i64 = 1_000_000;

impl Timestamp {
    /// The point `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// `span` later; stays at the end of time on overflow.
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// `span` earlier; stays at the beginning of time on overflow.
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; nothing if it is not later.
    pub const fn since(self, earlier: Timestamp) -> Span {
        Span::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of `micros` microseconds; negative becomes zero.
    pub const fn from_micros(micros: i64) -> Self {
        Self(if micros < 0 { 0 } else { micros })
    }

    /// A span of `seconds`.
    pub const fn seconds(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// A span of `minutes`.
    pub const fn minutes(minutes: i64) -> Self {
        Self::seconds(minutes.saturating_mul(60))
    }

    /// A span of `hours`.
    pub const fn hours(hours: i64) -> Self {
        Self::minutes(hours.saturating_mul(60))
    }

    /// A span of `days` of 24 hours.
    pub const fn days(days: i64) -> Self {
        Self::hours(days.saturating_mul(24))
    }

    /// The length in microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded up: what a person is told to wait.
    pub const fn seconds_rounded_up(self) -> i64 {
        (self.0.saturating_add(MICROS_PER_SECOND - 1)) / MICROS_PER_SECOND
    }

    /// Days, rounded up: "3 days left" until less than two days are left.
    pub const fn days_rounded_up(self) -> i64 {
        (self.seconds_rounded_up() + 86_399) / 86_400
    }

    /// Twice as long, `times` times over.
    pub const fn doubled(self, times: u32) -> Self {
        if times >= 40 {
            return Self(i64::MAX);
        }
        Self(self.0.saturating_mul(1 << times))
    }

    /// The shorter of the two.
    pub fn at_most(self, cap: Span) -> Self {
        self.min(cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_left_count_up_to_the_last_started_day() {
        assert_eq!(Span::days(3).days_rounded_up(), 3);
        assert_eq!(Span::from_micros(Span::days(2).micros() + 1).days_rounded_up(), 3);
        assert_eq!(Span::seconds(1).days_rounded_up(), 1);
        assert_eq!(Span::ZERO.days_rounded_up(), 0);
    }

    #[test]
    fn spans_are_never_negative_and_never_overflow() {
        assert_eq!(Span::seconds(-5), Span::ZERO);
        assert_eq!(Timestamp(5).since(Timestamp(9)), Span::ZERO);
        assert_eq!(Timestamp(i64::MAX).plus(Span::days(1)), Timestamp(i64::MAX));
        assert_eq!(Span::days(1).doubled(64), Span::from_micros(i64::MAX));
    }

    #[test]
    fn seconds_before_the_epoch_round_down() {
        assert_eq!(Timestamp(-1).seconds(), -1);
    }
}
