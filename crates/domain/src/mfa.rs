//! The demand that a person use MFA, whether they do, and what follows from both (S4.1–S4.14).

mod period;
mod reset;

pub use period::{EnrollmentDays, Period, RunningPeriod};
pub use reset::{reset_reason, reset_terms};

use crate::{
    account::State,
    id::FactorId,
    status::Status,
    time::{Span, Timestamp},
};

/// An administrator's demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// No demand.
    NotRequired,
    /// Demanded at the next sign-in.
    AtOnce,
    /// Demanded from then on.
    By(Timestamp),
    /// Demanded after that much more time; the clock stands while the account is not activated (S4.2).
    Paused(Span),
}

impl Requirement {
    fn starting(period: Period, state: State, now: Timestamp) -> Self {
        match (period, state) {
            (Period::None, _) => Self::AtOnce,
            (Period::Days(days), State::Activated) => Self::By(now.plus(days.span())),
            (Period::Days(days), State::Staged | State::Suspended) => Self::Paused(days.span()),
        }
    }

    /// The requirement once the account is activated.
    pub fn resumed(self, now: Timestamp) -> Self {
        match self {
            Self::Paused(left) => Self::By(now.plus(left)),
            other @ (Self::NotRequired | Self::AtOnce | Self::By(_)) => other,
        }
    }

    /// The requirement once the account is suspended. A period that has passed stays so.
    pub fn paused(self, now: Timestamp) -> Self {
        match self {
            Self::By(deadline) if deadline > now => Self::Paused(deadline.since(now)),
            other @ (Self::NotRequired | Self::AtOnce | Self::By(_) | Self::Paused(_)) => other,
        }
    }
}

/// Whether the person has a confirmed factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrollment {
    /// None.
    NotEnrolled,
    /// This one.
    Enrolled(FactorId),
}

/// A requirement and an enrollment: all that a person's MFA is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mfa {
    /// The demand.
    pub requirement: Requirement,
    /// The fact.
    pub enrollment: Enrollment,
}

/// What a transition brought about; the log entry and the mail follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// MFA is required from now on (S4.3).
    Required(Requirement),
    /// The demand is withdrawn.
    RequirementRemoved,
    /// The period ends at another time than before.
    PeriodChanged(Requirement),
    /// The factor was deleted and a new period started (S4.12).
    FactorReset(Requirement),
}

/// Why a transition was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no period to extend.
    #[error("There is no enrollment period to extend.")]
    NoPeriod,
    /// Whoever is enrolled has no period.
    #[error("MFA is set up already, so there is no enrollment period.")]
    AlreadyEnrolled,
    /// There is no factor to reset.
    #[error("MFA is not set up, so there is nothing to reset.")]
    NotEnrolled,
    /// The period would be longer than a year.
    #[error("The enrollment period can end at most 365 days from now.")]
    TooLong,
}

impl Refused {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoPeriod => "no_period",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::NotEnrolled => "not_enrolled",
            Self::TooLong => "too_long",
        }
    }
}

impl Mfa {
    /// No demand, no factor: a new account.
    pub const NONE: Mfa = Mfa { requirement: Requirement::NotRequired, enrollment: Enrollment::NotEnrolled };

    /// S4.1, S4.4: demands MFA. Whoever is enrolled gets no period; a running one keeps its earlier
    /// deadline unless it is restarted; one that has passed starts anew.
    pub fn require(
        self,
        period: Period,
        running: RunningPeriod,
        state: State,
        now: Timestamp,
    ) -> (Self, Option<Event>) {
        let asked = Requirement::starting(period, state, now);
        let requirement = match (self.enrollment, self.requirement, running) {
            (Enrollment::Enrolled(_), _, _) => Requirement::AtOnce,
            (_, Requirement::By(deadline), RunningPeriod::Keep) if deadline > now => match asked {
                Requirement::By(new) if new >= deadline => self.requirement,
                Requirement::NotRequired
                | Requirement::AtOnce
                | Requirement::By(_)
                | Requirement::Paused(_) => asked,
            },
            (_, Requirement::Paused(left), RunningPeriod::Keep) => match asked {
                Requirement::Paused(new) if new >= left => self.requirement,
                Requirement::NotRequired
                | Requirement::AtOnce
                | Requirement::By(_)
                | Requirement::Paused(_) => asked,
            },
            _ => asked,
        };
        let event = match self.requirement {
            before if before == requirement => None,
            Requirement::NotRequired => Some(Event::Required(requirement)),
            Requirement::AtOnce | Requirement::By(_) | Requirement::Paused(_) => {
                Some(Event::PeriodChanged(requirement))
            }
        };
        (Self { requirement, ..self }, event)
    }

    /// Withdraws the demand; a factor stays.
    pub fn remove_requirement(self) -> (Self, Option<Event>) {
        let event = (self.requirement != Requirement::NotRequired).then_some(Event::RequirementRemoved);
        (Self { requirement: Requirement::NotRequired, ..self }, event)
    }

    /// S4.12: a later deadline for someone not enrolled: `days` after the deadline, or after now if that
    /// has passed. Deletes nothing.
    pub fn extend(
        self,
        days: EnrollmentDays,
        state: State,
        now: Timestamp,
    ) -> Result<(Self, Event), Refused> {
        let requirement = match (self.enrollment, self.requirement) {
            (Enrollment::Enrolled(_), _) => return Err(Refused::AlreadyEnrolled),
            (_, Requirement::NotRequired | Requirement::AtOnce) => return Err(Refused::NoPeriod),
            (_, Requirement::By(deadline)) => match state {
                State::Activated => Requirement::By(deadline.max(now).plus(days.span())),
                State::Staged | State::Suspended => Requirement::Paused(days.span()),
            },
            (_, Requirement::Paused(left)) => {
                Requirement::Paused(Span::from_micros(left.micros().saturating_add(days.span().micros())))
            }
        };
        let length = match requirement {
            Requirement::By(deadline) => deadline.since(now),
            Requirement::Paused(left) => left,
            Requirement::NotRequired | Requirement::AtOnce => Span::ZERO,
        };
        if length > Span::days(365) {
            return Err(Refused::TooLong);
        }
        Ok((Self { requirement, ..self }, Event::PeriodChanged(requirement)))
    }

    /// S4.12: forgets the factor and starts a new period from now.
    pub fn reset(self, days: EnrollmentDays, state: State, now: Timestamp) -> Result<(Self, Event), Refused> {
        match self.enrollment {
            Enrollment::NotEnrolled => Err(Refused::NotEnrolled),
            Enrollment::Enrolled(_) => {
                let requirement = Requirement::starting(Period::Days(days), state, now);
                Ok((
                    Self { requirement, enrollment: Enrollment::NotEnrolled },
                    Event::FactorReset(requirement),
                ))
            }
        }
    }

    /// S4.6: a factor was confirmed; a period has done its work and is gone (S4.2).
    pub fn enrolled(self, factor: FactorId) -> Self {
        let requirement = match self.requirement {
            Requirement::NotRequired => Requirement::NotRequired,
            Requirement::AtOnce | Requirement::By(_) | Requirement::Paused(_) => Requirement::AtOnce,
        };
        Self { requirement, enrollment: Enrollment::Enrolled(factor) }
    }

    /// S4.14 as of `now`.
    pub fn status(self, now: Timestamp) -> Status {
        Status::of(self.requirement, self.enrollment, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn factor() -> FactorId {
        FactorId::new(NOW, [3; 10])
    }

    fn days(n: i64) -> EnrollmentDays {
        EnrollmentDays::new("enrollment_days", n).unwrap()
    }

    fn mfa(requirement: Requirement) -> Mfa {
        Mfa { requirement, enrollment: Enrollment::NotEnrolled }
    }

    fn by(n: i64) -> Requirement {
        Requirement::By(NOW.plus(Span::days(n)))
    }

    fn required(
        from: Requirement,
        n: i64,
        running: RunningPeriod,
        state: State,
    ) -> (Requirement, Option<Event>) {
        let (after, event) = mfa(from).require(Period::Days(days(n)), running, state, NOW);
        (after.requirement, event)
    }

    #[test]
    fn days_are_between_1_and_365() {
        for (text, taken) in [
            ("1", true),
            ("365", true),
            (" 7 ", true),
            ("0", false),
            ("366", false),
            ("abc", false),
            ("", false),
            ("-1", false),
            ("1.5", false),
            ("99999999999999999999", false),
        ] {
            assert_eq!(EnrollmentDays::parse("enrollment_days", text).is_ok(), taken, "{text:?}");
        }
    }

    #[test]
    fn a_period_starts_when_saved_or_waits_for_activation() {
        let fresh = Requirement::NotRequired;
        assert_eq!(
            required(fresh, 7, RunningPeriod::Keep, State::Activated),
            (by(7), Some(Event::Required(by(7))))
        );
        let waiting = Requirement::Paused(Span::days(7));
        for state in [State::Staged, State::Suspended] {
            assert_eq!(required(fresh, 7, RunningPeriod::Keep, state).0, waiting);
        }
        assert_eq!(waiting.resumed(NOW), by(7));
        assert_eq!(by(7).paused(NOW.plus(Span::days(2))), Requirement::Paused(Span::days(5)));
        assert_eq!(by(7).paused(NOW.plus(Span::days(7))), by(7));
        for unmoved in [Requirement::NotRequired, Requirement::AtOnce] {
            assert_eq!((unmoved.paused(NOW), unmoved.resumed(NOW)), (unmoved, unmoved));
        }
        assert_eq!(by(1).resumed(NOW), by(1));
        assert_eq!(waiting.paused(NOW), waiting);
    }

    #[test]
    fn requiring_again_keeps_the_earlier_deadline_unless_restarted() {
        let table = [
            (by(3), 7, RunningPeriod::Keep, by(3)),
            (by(3), 2, RunningPeriod::Keep, by(2)),
            (by(3), 7, RunningPeriod::Restart, by(7)),
            (Requirement::By(NOW), 7, RunningPeriod::Keep, by(7)),
            (Requirement::AtOnce, 7, RunningPeriod::Keep, by(7)),
        ];
        for (from, n, running, expected) in table {
            let (requirement, event) = required(from, n, running, State::Activated);
            assert_eq!(requirement, expected, "{from:?} {n} {running:?}");
            assert_eq!(event, (from != expected).then_some(Event::PeriodChanged(expected)));
        }
        let paused = Requirement::Paused(Span::days(3));
        assert_eq!(required(paused, 7, RunningPeriod::Keep, State::Suspended).0, paused);
        assert_eq!(
            required(paused, 2, RunningPeriod::Keep, State::Suspended).0,
            Requirement::Paused(Span::days(2))
        );
        assert_eq!(
            required(paused, 7, RunningPeriod::Restart, State::Suspended).0,
            Requirement::Paused(Span::days(7))
        );
        let at_once = mfa(by(3)).require(Period::None, RunningPeriod::Keep, State::Activated, NOW).0;
        assert_eq!(at_once.requirement, Requirement::AtOnce);
    }

    #[test]
    fn whoever_is_enrolled_never_gets_a_period() {
        let enrolled = Mfa::NONE.enrolled(factor());
        assert_eq!(enrolled.requirement, Requirement::NotRequired);
        let (after, event) =
            enrolled.require(Period::Days(days(7)), RunningPeriod::Restart, State::Activated, NOW);
        assert_eq!(after.requirement, Requirement::AtOnce);
        assert_eq!(event, Some(Event::Required(Requirement::AtOnce)));
        for requirement in [by(7), Requirement::AtOnce, Requirement::Paused(Span::days(1))] {
            assert_eq!(mfa(requirement).enrolled(factor()).requirement, Requirement::AtOnce);
        }
    }

    #[test]
    fn removing_the_requirement_keeps_the_factor() {
        let active = mfa(by(7)).enrolled(factor());
        let (after, event) = active.remove_requirement();
        assert_eq!((after.status(NOW), event), (Status::Optional, Some(Event::RequirementRemoved)));
        assert_eq!(Mfa::NONE.remove_requirement(), (Mfa::NONE, None));
    }

    #[test]
    fn extending_adds_to_what_is_left() {
        let extended = |requirement, n| {
            mfa(requirement).extend(days(n), State::Activated, NOW).map(|(after, _)| after.requirement)
        };
        assert_eq!(extended(by(2), 3), Ok(by(5)));
        assert_eq!(extended(Requirement::By(NOW.minus(Span::days(9))), 3), Ok(by(3)));
        assert_eq!(extended(Requirement::Paused(Span::days(1)), 3), Ok(Requirement::Paused(Span::days(4))));
        assert_eq!(extended(Requirement::NotRequired, 3), Err(Refused::NoPeriod));
        assert_eq!(extended(Requirement::AtOnce, 3), Err(Refused::NoPeriod));
        assert_eq!(extended(by(10), 356), Err(Refused::TooLong));
        assert_eq!(extended(by(10), 355), Ok(by(365)));
        let suspended = mfa(Requirement::By(NOW)).extend(days(3), State::Suspended, NOW).unwrap().0;
        assert_eq!(suspended.requirement, Requirement::Paused(Span::days(3)));
        assert_eq!(
            mfa(by(1)).enrolled(factor()).extend(days(1), State::Activated, NOW),
            Err(Refused::AlreadyEnrolled)
        );
    }

    #[test]
    fn a_reset_forgets_the_factor_and_starts_a_period() {
        let active = mfa(by(1)).enrolled(factor());
        let (after, event) = active.reset(days(7), State::Activated, NOW).unwrap();
        assert_eq!((after, event), (mfa(by(7)), Event::FactorReset(by(7))));
        assert_eq!(
            active.reset(days(7), State::Suspended, NOW).unwrap().0,
            mfa(Requirement::Paused(Span::days(7)))
        );
        assert_eq!(mfa(by(1)).reset(days(7), State::Activated, NOW), Err(Refused::NotEnrolled));
    }

    proptest! {
        #[test]
        fn suspending_and_activating_keeps_what_is_left(n in 1_i64..=365, used in 0_i64..365, pause in 0_i64..1000) {
            let suspended_at = NOW.plus(Span::days(used));
            let resumed_at = suspended_at.plus(Span::days(pause));
            let left = |requirement: Requirement, now| match requirement {
                Requirement::By(deadline) => deadline.since(now),
                Requirement::Paused(left) => left,
                Requirement::NotRequired | Requirement::AtOnce => Span::ZERO,
            };
            let before = left(by(n), suspended_at);
            let after = left(by(n).paused(suspended_at).resumed(resumed_at), resumed_at);
            prop_assert_eq!(before, after);
        }
    }

    #[test]
    fn each_refusal_has_a_word_for_programs() {
        let words = [Refused::NoPeriod, Refused::AlreadyEnrolled, Refused::NotEnrolled, Refused::TooLong]
            .map(Refused::code);
        assert_eq!(words, ["no_period", "already_enrolled", "not_enrolled", "too_long"]);
    }
}
