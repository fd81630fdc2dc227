//! What ID tokens are signed with, from one key to the next without a gap. Which key signs is computed from when each
//! begins to, so that a turn is no event that a server could miss.

use crate::time::{Span, Timestamp};

/// How long before it signs a key is published: applications keep the key set for a while.
pub const PUBLISHED_BEFORE: Span = Span::days(1);
/// How long a key signs until the next one does.
pub const SIGNS_FOR: Span = Span::days(90);
/// How long after its last signature a key stays published; longer than anything it signed is good for.
pub const PUBLISHED_AFTER: Span = Span::days(1);

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// It is published, and signs from its time on.
    Next,
    /// It signs.
    Signs,
    /// It is published for what it signed.
    Retired,
    /// It is no longer published.
    Gone,
}

impl Duty {
    /// The word in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signs => "current",
            Self::Retired => "retired",
            Self::Gone => "gone",
        }
    }
}

/// The duties of keys of one kind that begin to sign at these times, the earliest first.
pub fn duties(begins: &[Timestamp], now: Timestamp) -> Vec<Duty> {
    let duty = |(place, begin): (usize, &Timestamp)| match begins.get(place + 1) {
        _ if *begin > now => Duty::Next,
        Some(next) if next.plus(PUBLISHED_AFTER) <= now => Duty::Gone,
        Some(next) if *next <= now => Duty::Retired,
        Some(_) | None => Duty::Signs,
    };
    begins.iter().enumerate().map(duty).collect()
}

/// Whether it is time to make the key after the last one, which begins to sign then.
pub fn is_due(last: Timestamp, now: Timestamp) -> bool {
    now.since(last).micros() >= SIGNS_FOR.micros() - PUBLISHED_BEFORE.micros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_signs_at_a_time_and_its_neighbors_are_published() {
        use Duty::{Gone, Next, Retired, Signs};
        let day = |n: i64| Timestamp::from_seconds(n * 86_400);
        let begins = [day(0), day(90), day(180)];
        for (now, expected) in [
            (day(89), [Signs, Next, Next]),
            (day(90), [Retired, Signs, Next]),
            (Timestamp(day(91).0 - 1), [Retired, Signs, Next]),
            (day(91), [Gone, Signs, Next]),
            (day(180), [Gone, Retired, Signs]),
            (day(900), [Gone, Gone, Signs]),
        ] {
            assert_eq!(duties(&begins, now), expected, "{now:?}");
        }
        assert_eq!(duties(&[], day(0)), []);
    }

    #[test]
    fn the_next_key_is_made_a_day_before_it_signs() {
        let last = Timestamp::from_seconds(0);
        assert!(!is_due(last, last.plus(Span::days(88))));
        assert!(is_due(last, last.plus(Span::days(89))));
        assert!(is_due(last, last.plus(Span::days(400))), "however long the server stood still");
    }
}
