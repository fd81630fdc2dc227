//! Wrong codes of one factor, and what they lead to (S4.19).

use crate::time::{Span, Timestamp};

/// When wrong codes lock a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRules {
    /// Wrong codes in one sign-in before it starts again with the password.
    pub per_sign_in: i64,
    /// Wrong codes in a row within `within` that lock the factor.
    pub in_row: usize,
    /// The time in which they must fall.
    pub within: Span,
    /// The first lock; each further one is twice as long.
    pub first: Span,
    /// The longest lock.
    pub longest: Span,
    /// Wrong codes in a row, however far apart, that close the factor.
    pub close_at: u32,
}

impl Default for LockoutRules {
    fn default() -> Self {
        Self {
            per_sign_in: 5,
            in_row: 10,
            within: Span::minutes(15),
            first: Span::minutes(15),
            longest: Span::hours(24),
            close_at: 100,
        }
    }
}

/// Whether a factor takes codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lock {
    /// Codes are judged.
    #[default]
    Open,
    /// Codes are refused unseen until then.
    Until(Timestamp),
    /// Codes are refused until an administrator unlocks the factor.
    Closed,
}

/// The wrong codes since the last right one. A password, its reset, or a recovery code don't clear them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// All of them.
    pub in_row: u32,
    /// When the latest ones were, oldest first; only those that can still lead to a lock.
    pub recent: Vec<Timestamp>,
    /// How many locks they have led to.
    pub locks: u32,
    /// The latest lock.
    pub lock: Lock,
}

/// What a wrong code led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing yet.
    Counted,
    /// The factor is locked until then.
    Locked(Timestamp),
    /// The factor is closed until an administrator acts.
    Closed,
}

impl Failures {
    /// The lock as it stands at `now`: one that has passed is open.
    pub fn lock_at(&self, now: Timestamp) -> Lock {
        match self.lock {
            Lock::Until(until) if until <= now => Lock::Open,
            lock @ (Lock::Open | Lock::Until(_) | Lock::Closed) => lock,
        }
    }

    /// Counts a wrong code at `now`.
    pub fn wrong(mut self, rules: &LockoutRules, now: Timestamp) -> (Self, Consequence) {
        self.in_row = self.in_row.saturating_add(1);
        self.recent.retain(|at| now.since(*at) < rules.within);
        self.recent.push(now);
        let consequence = if self.in_row >= rules.close_at {
            self.lock = Lock::Closed;
            Consequence::Closed
        } else if self.recent.len() >= rules.in_row {
            let until = now.plus(rules.first.doubled(self.locks).at_most(rules.longest));
            self.recent.clear();
            self.locks = self.locks.saturating_add(1);
            self.lock = Lock::Until(until);
            Consequence::Locked(until)
        } else {
            Consequence::Counted
        };
        (self, consequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wrong_times(
        mut failures: Failures,
        times: usize,
        every: Span,
        mut now: Timestamp,
    ) -> (Failures, Consequence, Timestamp) {
        let mut consequence = Consequence::Counted;
        for _ in 0..times {
            now = now.plus(every);
            (failures, consequence) = failures.wrong(&LockoutRules::default(), now);
        }
        (failures, consequence, now)
    }

    #[test]
    fn the_tenth_in_a_row_within_fifteen_minutes_locks() {
        let (failures, consequence, now) =
            wrong_times(Failures::default(), 9, Span::seconds(60), Timestamp(0));
        assert_eq!((consequence, failures.lock_at(now)), (Consequence::Counted, Lock::Open));
        let (failures, consequence, now) = wrong_times(failures, 1, Span::seconds(60), now);
        let until = now.plus(Span::minutes(15));
        assert_eq!(consequence, Consequence::Locked(until));
        assert_eq!(failures.lock_at(now), Lock::Until(until));
        assert_eq!(failures.lock_at(Timestamp(until.0 - 1)), Lock::Until(until));
        assert_eq!(failures.lock_at(until), Lock::Open);
    }

    #[test]
    fn ten_spread_over_more_than_fifteen_minutes_do_not_lock() {
        let (failures, consequence, _) =
            wrong_times(Failures::default(), 30, Span::seconds(101), Timestamp(0));
        assert_eq!((failures.in_row, consequence), (30, Consequence::Counted));
    }

    #[test]
    fn a_wrong_code_of_fifteen_minutes_ago_no_longer_counts() {
        let (failures, ..) = wrong_times(Failures::default(), 9, Span::ZERO, Timestamp(0));
        let late = failures.clone().wrong(&LockoutRules::default(), Timestamp(0).plus(Span::minutes(15)));
        assert_eq!(late.1, Consequence::Counted);
        let early = failures.wrong(&LockoutRules::default(), Timestamp(Span::minutes(15).micros() - 1));
        assert!(matches!(early.1, Consequence::Locked(_)));
    }

    #[test]
    fn each_lock_is_twice_the_last_up_to_a_day() {
        let mut failures = Failures::default();
        let mut now = Timestamp(0);
        for minutes in [15, 30, 60, 120, 240, 480, 960, 1440, 1440] {
            let consequence;
            (failures, consequence, now) = wrong_times(failures, 10, Span::seconds(1), now);
            assert_eq!(consequence, Consequence::Locked(now.plus(Span::minutes(minutes))));
            now = now.plus(Span::minutes(minutes));
        }
    }

    #[test]
    fn the_hundredth_closes_for_good() {
        let (failures, consequence, now) = wrong_times(Failures::default(), 99, Span::hours(1), Timestamp(0));
        assert_eq!((consequence, failures.lock_at(now)), (Consequence::Counted, Lock::Open));
        let (failures, consequence, now) = wrong_times(failures, 1, Span::hours(1), now);
        assert_eq!(consequence, Consequence::Closed);
        assert_eq!(failures.lock_at(now.plus(Span::days(4000))), Lock::Closed);
    }

    proptest! {
        #[test]
        fn no_fifteen_minutes_see_more_than_ten_judged(gaps in prop::collection::vec(0_i64..400, 1..200)) {
            let rules = LockoutRules::default();
            let mut failures = Failures::default();
            let mut now = Timestamp(0);
            let mut judged: Vec<Timestamp> = Vec::new();
            for gap in gaps {
                now = now.plus(Span::seconds(gap));
                if failures.lock_at(now) == Lock::Open {
                    (failures, _) = failures.wrong(&rules, now);
                    judged.push(now);
                }
                let within = judged.iter().filter(|at| now.since(**at) < rules.within).count();
                prop_assert!(within <= rules.in_row);
            }
        }
    }
}
