//! What a device judged while the server could not be asked, as it is taken up afterwards (S8.5).

use crate::{
    factor::Factor,
    lockout::{Consequence, Failures, Lock, LockoutRules},
    time::Timestamp,
    totp::Step,
};

/// A device's clock is trusted to be ahead of ours by at most so many steps: ten minutes. A step further ahead would
/// only keep its owner out.
const AHEAD: i64 = 20;

/// What a code that a device accepted means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Its step is used up here, too.
    UsedUp,
    /// A later step was used here meanwhile, so that it is dead already.
    Dead,
    /// This very step was used here.
    Twice,
    /// Its step lies so far ahead that no code of it can have been typed.
    Implausible,
}

/// A device accepted the code of `step` at its time `at`. Nothing is to be written unless it is [`Late::UsedUp`].
pub fn accepted(factor: &Factor, step: Step, at: Timestamp, now: Timestamp) -> (Late, Factor) {
    let mut after = factor.clone();
    let latest = Step::at(now).0.saturating_add(factor.drift.resynced).saturating_add(AHEAD);
    let late = match step {
        step if step.0 > latest => Late::Implausible,
        step if step == factor.last_step => Late::Twice,
        step if step < factor.last_step => Late::Dead,
        step => {
            after.last_step = step;
            after.last_used_at = factor.last_used_at.max(at.min(now));
            // What was locked here stays so: the device knew nothing of it.
            if factor.failures.lock_at(now) == Lock::Open {
                after.failures = Failures::default();
            }
            Late::UsedUp
        }
    };
    (late, after)
}

/// A device saw a wrong code at its time `at`: it counts like any other, and never shortens a lock.
pub fn wrong(factor: &Factor, rules: &LockoutRules, at: Timestamp, now: Timestamp) -> (Factor, Consequence) {
    let before = factor.failures.lock_at(now);
    let (mut failures, consequence) = factor.failures.clone().wrong(rules, at.min(now));
    failures.lock = stronger(before, failures.lock);
    let consequence = match consequence {
        Consequence::Locked(until) if until <= now || failures.lock != Lock::Until(until) => {
            Consequence::Counted
        }
        Consequence::Closed if before == Lock::Closed => Consequence::Counted,
        told @ (Consequence::Counted | Consequence::Locked(_) | Consequence::Closed) => told,
    };
    (Factor { failures, ..factor.clone() }, consequence)
}

fn stronger(one: Lock, other: Lock) -> Lock {
    match (one, other) {
        (Lock::Closed, _) | (_, Lock::Closed) => Lock::Closed,
        (Lock::Until(one), Lock::Until(other)) => Lock::Until(one.max(other)),
        (Lock::Until(until), Lock::Open) | (Lock::Open, Lock::Until(until)) => Lock::Until(until),
        (Lock::Open, Lock::Open) => Lock::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{AccountId, FactorId},
        time::Span,
        totp::Drift,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_015);

    fn factor(last: i64) -> Factor {
        let mut factor =
            Factor::confirmed(FactorId::new(NOW, [1; 10]), AccountId::new(NOW, [2; 10]), Step(last), NOW);
        factor.last_used_at = NOW.minus(Span::days(9));
        factor.failures.in_row = 3;
        factor
    }

    #[test]
    fn a_step_that_was_used_at_a_device_is_used_here() {
        let (step, at) = (Step::at(NOW).0 - 100, NOW.minus(Span::minutes(50)));
        for (last, expected) in [(step - 1, Late::UsedUp), (step, Late::Twice), (step + 1, Late::Dead)] {
            let (late, after) = accepted(&factor(last), Step(step), at, NOW);
            assert_eq!((late, after.last_step), (expected, Step(last.max(step))));
        }
        let (_, after) = accepted(&factor(1), Step(step), at, NOW);
        assert_eq!((after.last_used_at, after.failures.in_row), (at, 0));
    }

    #[test]
    fn a_step_of_the_far_future_keeps_nobody_out() {
        let center = Step::at(NOW).0;
        let late = |step| accepted(&factor(1), Step(step), NOW.plus(Span::days(1)), NOW);
        assert_eq!(late(center + AHEAD).0, Late::UsedUp);
        assert_eq!(late(center + AHEAD).1.last_used_at, NOW);
        assert_eq!(late(center + AHEAD + 1), (Late::Implausible, factor(1)));
        assert_eq!(late(i64::MAX).0, Late::Implausible);
        let slow = Factor { drift: Drift { resynced: -15, learned: 0 }, ..factor(1) };
        assert_eq!(accepted(&slow, Step(center + AHEAD), NOW, NOW).0, Late::Implausible);
    }

    #[test]
    fn a_code_that_a_device_accepted_opens_no_lock() {
        let mut locked = factor(1);
        locked.failures.lock = Lock::Closed;
        let (late, after) = accepted(&locked, Step(5), NOW, NOW);
        assert_eq!((late, after.failures), (Late::UsedUp, locked.failures));
    }

    #[test]
    fn wrong_codes_at_a_device_count_here_at_their_own_time() {
        let rules = LockoutRules::default();
        let count = |at: Timestamp| {
            (0..10).fold((factor(1), Consequence::Counted), |(factor, _), _| wrong(&factor, &rules, at, NOW))
        };
        let (today, told) = count(NOW);
        assert_eq!(told, Consequence::Locked(NOW.plus(Span::minutes(15))));
        assert_eq!((today.failures.in_row, today.failures.locks), (13, 1));
        // Days ago they led to a lock that is long over.
        let (earlier, told) = count(NOW.minus(Span::days(3)));
        assert_eq!((told, earlier.failures.lock_at(NOW)), (Consequence::Counted, Lock::Open));
        assert_eq!(earlier.failures.in_row, 13);
        // A device whose clock is ahead doesn't lock for longer.
        assert_eq!(count(NOW.plus(Span::days(3))).0.failures.lock, today.failures.lock);
    }

    #[test]
    fn a_late_wrong_code_shortens_no_lock() {
        let rules = LockoutRules::default();
        for lock in [Lock::Closed, Lock::Until(NOW.plus(Span::hours(24)))] {
            let mut locked = factor(1);
            locked.failures.lock = lock;
            locked.failures.recent = vec![NOW; 9];
            let (after, told) = wrong(&locked, &rules, NOW, NOW);
            assert_eq!((after.failures.lock, told), (lock, Consequence::Counted));
        }
        let mut last = factor(1);
        last.failures.in_row = rules.close_at - 1;
        assert_eq!(wrong(&last, &rules, NOW, NOW).1, Consequence::Closed);
    }
}
