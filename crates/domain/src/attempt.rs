//! Judging a code against a factor: the only way to "accepted" (S4.17, S4.19).

pub mod offline;

use crate::{
    factor::Factor,
    lockout::{Consequence, Failures, Lock, LockoutRules},
    time::Timestamp,
    totp::{Around, Code, Drift, Match, Step, TotpSecret, Window},
};

/// What the person or program at the other end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The code is right and its step is now used up.
    Accepted(Step),
    /// The code's step was used before, or a later one was.
    AlreadyUsed,
    /// The code is wrong, and this is what it led to.
    Wrong(Consequence),
    /// The factor takes no codes at present; the code was not looked at.
    Locked(Lock),
}

/// What an organization lays down for codes.
#[derive(Clone, Copy, Debug)]
pub struct CodeRules {
    /// When wrong codes lock a factor.
    pub lockout: LockoutRules,
    /// Which steps are accepted.
    pub window: Window,
}

/// An outcome and the factor as it is after it. It counts only once it is committed on `revision`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What to tell.
    pub outcome: Outcome,
    /// The factor afterwards; unchanged where nothing is to be written but the log.
    pub after: Factor,
}

/// Judges `code` as of `now`. The result must not be told before it is committed, guarded on the
/// revision of `factor`: a thousand guesses at once then reveal no more than one after the other.
pub fn judge(factor: &Factor, secret: &TotpSecret, code: &Code, rules: &CodeRules, now: Timestamp) -> Judged {
    let drift = factor.drift.faded(now.since(factor.last_used_at));
    let around = Around { now, window: rules.window, drift };
    let find = || secret.matching(code, around, factor.last_step);
    admit(factor, rules, now, find, |step| drift.learn(step, now))
}

/// The door that codes and resyncs go through: `find` looks for what was typed, which a locked factor doesn't
/// allow; `drift` tells what is known of the clock once a step was accepted.
pub(crate) fn admit(
    factor: &Factor,
    rules: &CodeRules,
    now: Timestamp,
    find: impl FnOnce() -> Match,
    drift: impl FnOnce(Step) -> Drift,
) -> Judged {
    let mut after = factor.clone();
    let lock = factor.failures.lock_at(now);
    if lock != Lock::Open {
        return Judged { outcome: Outcome::Locked(lock), after };
    }
    let outcome = match find() {
        Match::Fresh(step) => {
            after.last_step = step;
            after.drift = drift(step);
            after.failures = Failures::default();
            after.last_used_at = now;
            Outcome::Accepted(step)
        }
        Match::Used => Outcome::AlreadyUsed,
        Match::None => {
            let (failures, consequence) = factor.failures.clone().wrong(&rules.lockout, now);
            after.failures = failures;
            Outcome::Wrong(consequence)
        }
    };
    Judged { outcome, after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{AccountId, FactorId},
        time::Span,
    };
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_015);

    fn factor() -> Factor {
        Factor {
            id: FactorId::new(NOW, [1; 10]),
            account: AccountId::new(NOW, [2; 10]),
            revision: 1,
            last_step: Step::NONE,
            drift: Drift::default(),
            failures: Failures::default(),
            confirmed_at: NOW,
            last_used_at: NOW,
        }
    }

    fn secret() -> TotpSecret {
        TotpSecret::new((0..20).collect())
    }

    fn typed(step: Step) -> Code {
        Code::parse("code", &format!("{:06}", secret().code(step))).unwrap()
    }

    fn judge_at(factor: &Factor, code: &Code, now: Timestamp) -> Judged {
        judge(
            factor,
            &secret(),
            code,
            &CodeRules { lockout: LockoutRules::default(), window: Window::Tolerant },
            now,
        )
    }

    #[test]
    fn a_right_code_uses_its_step_up_and_forgets_the_failures() {
        let mut before = factor();
        before.failures.in_row = 7;
        let judged = judge_at(&before, &typed(Step::at(NOW)), NOW);
        assert_eq!(judged.outcome, Outcome::Accepted(Step::at(NOW)));
        assert_eq!(judged.after.last_step, Step::at(NOW));
        assert_eq!(judged.after.failures, Failures::default());
    }

    #[test]
    fn the_same_code_again_is_already_used_and_not_counted() {
        let code = typed(Step::at(NOW));
        let used = judge_at(&factor(), &code, NOW).after;
        let again = judge_at(&used, &code, NOW.plus(Span::seconds(5)));
        assert_eq!(again.outcome, Outcome::AlreadyUsed);
        assert_eq!(again.after, used);
    }

    #[test]
    fn a_later_step_kills_the_earlier_one() {
        let later = judge_at(&factor(), &typed(Step(Step::at(NOW).0 + 1)), NOW).after;
        assert_eq!(judge_at(&later, &typed(Step::at(NOW)), NOW).outcome, Outcome::AlreadyUsed);
    }

    #[test]
    fn a_locked_or_closed_factor_looks_at_no_code() {
        let until = NOW.plus(Span::minutes(1));
        for lock in [Lock::Until(until), Lock::Closed] {
            let mut locked = factor();
            locked.failures.lock = lock;
            let judged = judge_at(&locked, &typed(Step::at(NOW)), NOW);
            assert_eq!((judged.outcome, &judged.after), (Outcome::Locked(lock), &locked));
        }
    }

    #[test]
    fn a_lock_that_has_passed_lets_the_right_code_in() {
        let mut locked = factor();
        locked.failures.lock = Lock::Until(NOW);
        assert_eq!(judge_at(&locked, &typed(Step::at(NOW)), NOW).outcome, Outcome::Accepted(Step::at(NOW)));
    }

    #[test]
    fn wrong_codes_count_and_the_tenth_locks() {
        let wrong = typed(Step(5));
        let mut factor = factor();
        for n in 1..=10 {
            let judged = judge_at(&factor, &wrong, NOW);
            assert_eq!(judged.after.failures.in_row, n);
            assert_eq!(matches!(judged.outcome, Outcome::Wrong(Consequence::Locked(_))), n == 10);
            factor = judged.after;
        }
        assert!(matches!(judge_at(&factor, &typed(Step::at(NOW)), NOW).outcome, Outcome::Locked(_)));
    }

    proptest! {
        #[test]
        fn no_step_is_ever_accepted_twice(moves in prop::collection::vec((0_i64..90, -3_i64..4), 1..80)) {
            let mut factor = factor();
            let mut now = NOW;
            let mut accepted = Vec::new();
            for (seconds, offset) in moves {
                now = now.plus(Span::seconds(seconds));
                let judged = judge_at(&factor, &typed(Step(Step::at(now).0 + offset)), now);
                if let Outcome::Accepted(step) = judged.outcome {
                    prop_assert!(accepted.last().is_none_or(|last| step > *last));
                    accepted.push(step);
                }
                factor = judged.after;
            }
        }
    }
}
