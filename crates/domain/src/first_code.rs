//! The codes that confirm a new factor (S4.6): the one that shows now, or two in a row.

use crate::{
    diagnosis::{Finding, Shown, Typed, diagnose},
    totp::{Around, Code, Match, Step},
};

/// Which of the typed codes is not right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The first, or the only one, and what was found about it.
    First(Finding),
    /// The first is right, and the second is not the one after it.
    Second,
}

/// The last step that the typed codes use up. Of two codes the second must be accepted as every code is; the
/// first need only be the one before it, however long somebody waited for the second.
pub fn confirm(
    first: &Typed,
    second: Option<&Code>,
    shown: Shown<'_>,
    around: Around,
) -> Result<Step, Wrong> {
    let wrong = || Wrong::First(diagnose(first, shown, around.now));
    let Typed::Six(code) = first else { return Err(wrong()) };
    let find = |code: &Code| match shown.secret.matching(code, around, Step::NONE) {
        Match::Fresh(step) => Some(step),
        Match::Used | Match::None => None,
    };
    let Some(second) = second else { return find(code).ok_or_else(wrong) };
    match (find(second), find(code)) {
        (Some(next), _) if shown.secret.makes(code, Step(next.0.saturating_sub(1))) => Ok(next),
        (_, Some(_)) => Err(Wrong::Second),
        (_, None) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        diagnosis::Clock,
        time::Timestamp,
        totp::{Drift, TotpSecret, Window},
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_020);

    fn secret() -> TotpSecret {
        TotpSecret::new((0..20).collect())
    }

    fn at(offset: i64) -> Step {
        Step(Step::at(NOW).0 + offset)
    }

    fn text(offset: i64) -> String {
        format!("{:06}", secret().code(at(offset)))
    }

    fn confirmed(first: &str, second: Option<i64>, window: Window) -> Result<Step, Wrong> {
        let secret = secret();
        let shown = Shown { secret: &secret, earlier: None };
        let second = second.map(|offset| Code::parse("code_2", &text(offset)).unwrap());
        let around = Around { now: NOW, window, drift: Drift::default() };
        confirm(&Typed::parse("code", first).unwrap(), second.as_ref(), shown, around)
    }

    #[test]
    fn one_code_is_taken_within_the_window_and_diagnosed_outside() {
        let one = |offset, window| confirmed(&text(offset), None, window);
        assert_eq!(one(-1, Window::Strict), Ok(at(-1)));
        assert_eq!(one(0, Window::Strict), Ok(at(0)));
        assert_eq!(one(1, Window::Tolerant), Ok(at(1)));
        let off = |seconds, clock| Err(Wrong::First(Finding::ClockOff { seconds, clock }));
        assert_eq!(one(1, Window::Strict), off(25, Clock::Fast));
        assert_eq!(one(-3, Window::Tolerant), off(95, Clock::Slow));
        let eight = confirmed("12345678", None, Window::Tolerant);
        assert_eq!(eight, Err(Wrong::First(Finding::EightDigits)));
    }

    #[test]
    fn eight_digits_that_end_in_the_right_six_are_not_accepted() {
        let (step, secret) = (at(0).0.cast_unsigned(), secret());
        let eight = crate::totp::hotp(crate::totp::Digest::Sha1, secret.expose(), step, 8);
        let eight = format!("{eight:08}");
        assert!(eight.ends_with(&text(0)));
        assert_eq!(confirmed(&eight, None, Window::Tolerant), Err(Wrong::First(Finding::EightDigits)));
    }

    #[test]
    fn two_codes_are_one_after_the_other_and_the_first_may_be_old() {
        let two = |first, second| confirmed(&text(first), Some(second), Window::Tolerant);
        for (first, second) in [(-2, -1), (-1, 0), (0, 1)] {
            assert_eq!(two(first, second), Ok(at(second)));
        }
        for (first, second) in [(0, 0), (-1, 1), (1, 0), (1, 2), (0, 9)] {
            assert_eq!(two(first, second), Err(Wrong::Second), "{first} {second}");
        }
        let slow = Finding::ClockOff { seconds: 95, clock: Clock::Slow };
        assert_eq!(two(-3, -2), Err(Wrong::First(slow)));
    }
}
