//! How a stream of log entries is doing, and when it is tried again.

use crate::time::{Span, Timestamp};

/// The longest reason that is kept.
const LONGEST: usize = 500;

/// How a stream is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// What was sent last was taken, or nothing was sent yet.
    #[default]
    Well,
    /// Nothing is taken.
    Failing {
        /// Since when.
        since: Timestamp,
        /// Failures in a row.
        attempts: i64,
        /// Not tried again before.
        next_attempt_at: Timestamp,
        /// What went wrong last, in words.
        error: String,
    },
}

impl Health {
    /// After one more failure, for which the other side gave `error`.
    pub fn failed(&self, error: &str, now: Timestamp) -> Self {
        let (since, before) = match self {
            Self::Well => (now, 0),
            Self::Failing { since, attempts, .. } => (*since, *attempts),
        };
        let attempts = before.saturating_add(1);
        let error = error.chars().take(LONGEST).collect();
        Self::Failing { since, attempts, next_attempt_at: now.plus(pause(attempts)), error }
    }

    /// Whether it is time to send something.
    pub fn is_due(&self, now: Timestamp) -> bool {
        match self {
            Self::Well => true,
            Self::Failing { next_attempt_at, .. } => *next_attempt_at <= now,
        }
    }

    /// With nothing to wait for: the other side was just seen to take something.
    pub fn tried_now(self, now: Timestamp) -> Self {
        match self {
            Self::Well => Self::Well,
            Self::Failing { since, attempts, error, .. } => {
                Self::Failing { since, attempts, next_attempt_at: now, error }
            }
        }
    }
}

/// How long a stream waits after so many failures in a row: 5 seconds, doubling up to 15 minutes.
fn pause(attempts: i64) -> Span {
    let times = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    Span::seconds(5).doubled(times).at_most(Span::minutes(15))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn pauses_grow_up_to_a_quarter_of_an_hour() {
        let seconds = [1, 2, 3, 8, 9, 1_000].map(|attempts| pause(attempts).seconds_rounded_up());
        assert_eq!(seconds, [5, 10, 20, 640, 900, 900]);
    }

    #[test]
    fn a_stream_fails_since_the_first_of_its_failures_and_tells_the_last() {
        assert!(Health::Well.is_due(START));
        let once = Health::Well.failed("refused", START);
        let later = START.plus(Span::seconds(5));
        assert!(!once.is_due(START) && once.is_due(later));
        let twice = once.failed(&"x".repeat(600), later);
        let Health::Failing { since, attempts, next_attempt_at, error } = &twice else { panic!("{twice:?}") };
        assert_eq!((*since, *attempts, error.len()), (START, 2, 500));
        assert_eq!(*next_attempt_at, later.plus(Span::seconds(10)));
        assert!(!twice.is_due(later) && twice.clone().tried_now(later).is_due(later));
        assert_eq!(Health::Well.tried_now(later), Health::Well);
    }
}
