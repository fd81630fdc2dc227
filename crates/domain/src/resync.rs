//! Two consecutive codes of an app or token that is out of step (S4.18): the same door as a code, but wider.

use crate::{
    attempt::{CodeRules, Judged, admit},
    factor::Factor,
    field::{FieldError, Fields},
    time::Timestamp,
    totp::{Code, Drift, Match, Step, TotpSecret},
};

/// The farthest step from the server's own that a resync reaches: ten minutes either way (S4.18).
pub const REACH: i64 = 20;

/// Two codes as a person typed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The one shown before.
    pub first: Code,
    /// The one right after it.
    pub second: Code,
}

impl Pair {
    /// Both fields of a form, `code` and `code_2`.
    pub fn parse(first: &str, second: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new();
        let first = fields.take(Code::parse("code", first));
        let second = fields.take(Code::parse("code_2", second));
        fields.finish(first.zip(second).map(|(first, second)| Self { first, second }))
    }
}

/// Judges two codes as of `now`, as [`crate::attempt::judge`] does one: wrong ones count once, a locked factor
/// doesn't look at them, and the step of the second and all before it are used up.
pub fn judge(factor: &Factor, secret: &TotpSecret, pair: &Pair, rules: &CodeRules, now: Timestamp) -> Judged {
    let find = || find(secret, pair, factor.last_step, now);
    admit(factor, rules, now, find, |step| Drift { resynced: moved(step, now), learned: 0 })
}

/// The step of the second code, if both are codes of neighboring steps within reach. Both must be later than
/// `last`; every step is computed, whatever matched before.
fn find(secret: &TotpSecret, pair: &Pair, last: Step, now: Timestamp) -> Match {
    let center = Step::at(now).0;
    (-REACH..REACH).fold(Match::None, |found, offset| {
        let step = Step(center.saturating_add(offset));
        let next = Step(step.0.saturating_add(1));
        let hit = secret.makes(&pair.first, step) & secret.makes(&pair.second, next);
        match (hit, step > last, found) {
            (true, true, Match::None | Match::Used) => Match::Fresh(next),
            (true, false, Match::None) => Match::Used,
            (_, _, found) => found,
        }
    })
}

/// How far the clock is off. One step late is how long people type, not a clock that is slow.
fn moved(step: Step, now: Timestamp) -> i64 {
    match step.0.saturating_sub(Step::at(now).0) {
        -1 => 0,
        offset => offset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        attempt::{self, Outcome},
        id::{AccountId, FactorId},
        lockout::{Consequence, Failures, Lock, LockoutRules},
        time::Span,
        totp::Window,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_015);

    fn rules() -> CodeRules {
        CodeRules { lockout: LockoutRules::default(), window: Window::Tolerant }
    }

    fn factor(last_step: Step) -> Factor {
        Factor {
            id: FactorId::new(NOW, [1; 10]),
            account: AccountId::new(NOW, [2; 10]),
            revision: 1,
            last_step,
            drift: Drift::default(),
            failures: Failures::default(),
            confirmed_at: NOW,
            last_used_at: NOW,
        }
    }

    fn secret() -> TotpSecret {
        TotpSecret::new((0..20).collect())
    }

    /// The code so many steps from now.
    fn code(offset: i64) -> Code {
        Code::parse("code", &format!("{:06}", secret().code(at(offset)))).unwrap()
    }

    fn at(offset: i64) -> Step {
        Step(Step::at(NOW).0 + offset)
    }

    fn judged(factor: &Factor, first: i64, second: i64) -> Judged {
        judge(factor, &secret(), &Pair { first: code(first), second: code(second) }, &rules(), NOW)
    }

    #[test]
    fn both_codes_must_be_within_ten_minutes_and_one_after_the_other() {
        let accepted = |step| Outcome::Accepted(at(step));
        let wrong = Outcome::Wrong(Consequence::Counted);
        let table = [
            (-20, -19, accepted(-19)),
            (-21, -20, wrong),
            (-22, -21, wrong),
            (-10, -9, accepted(-9)),
            (-1, 0, accepted(0)),
            (0, 1, accepted(1)),
            (19, 20, accepted(20)),
            (20, 21, wrong),
            (5, 5, wrong),
            (5, 7, wrong),
            (6, 5, wrong),
            (40, 41, wrong),
        ];
        for (first, second, outcome) in table {
            assert_eq!(judged(&factor(Step::NONE), first, second).outcome, outcome, "{first} {second}");
        }
    }

    #[test]
    fn what_is_used_or_older_is_never_accepted_and_not_counted() {
        for last in [-10, -9, 0, 3] {
            let before = factor(at(last));
            let judged = judged(&before, -10, -9);
            assert_eq!((judged.outcome, judged.after), (Outcome::AlreadyUsed, before), "{last}");
        }
        assert_eq!(judged(&factor(at(-11)), -10, -9).outcome, Outcome::Accepted(at(-9)));
    }

    #[test]
    fn a_resync_uses_up_its_steps_forgets_failures_and_moves_the_window() {
        let mut before = factor(Step::NONE);
        before.failures.in_row = 7;
        before.drift.learned = 1500;
        let after = judged(&before, -11, -10).after;
        assert_eq!(after.last_step, at(-10));
        assert_eq!(after.failures, Failures::default());
        assert_eq!(after.drift, Drift { resynced: -10, learned: 0 });
        let later = NOW.plus(Span::seconds(60));
        let next = attempt::judge(&after, &secret(), &code(-8), &rules(), later);
        assert_eq!(next.outcome, Outcome::Accepted(at(-8)));
        let old = attempt::judge(&after, &secret(), &code(-10), &rules(), NOW);
        assert_eq!(old.outcome, Outcome::AlreadyUsed);
    }

    #[test]
    fn a_slow_typist_is_no_slow_clock() {
        for (second, resynced) in [(-2, -2), (-1, 0), (0, 0), (1, 1)] {
            assert_eq!(judged(&factor(Step::NONE), second - 1, second).after.drift.resynced, resynced);
        }
    }

    #[test]
    fn wrong_pairs_count_as_one_wrong_code_and_the_tenth_locks() {
        let mut factor = factor(Step::NONE);
        for n in 1..=10 {
            let judged = judged(&factor, 30, 31);
            assert_eq!(judged.after.failures.in_row, n);
            assert_eq!(matches!(judged.outcome, Outcome::Wrong(Consequence::Locked(_))), n == 10);
            factor = judged.after;
        }
        let locked = judged(&factor, -1, 0);
        assert!(matches!(locked.outcome, Outcome::Locked(Lock::Until(_))));
        assert_eq!(locked.after, factor);
    }

    #[test]
    fn each_field_that_is_no_code_is_told() {
        let fields = |first, second| {
            let errors = Pair::parse(first, second).unwrap_err();
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields("12345", "12345678"), ["code", "code_2"]);
        assert_eq!(fields("123 456", ""), ["code_2"]);
        assert!(Pair::parse("123 456", "654321").is_ok());
    }
}
