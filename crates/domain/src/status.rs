//! S4.14: the status of a person's MFA, computed from requirement, enrollment and now, never stored: a deadline
//! that passes is no event and can't be missed.

use crate::{
    mfa::{Enrollment, Requirement},
    time::{Span, Timestamp},
};

/// S4.14: what the padlock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Required and enrolled.
    Active,
    /// Required, not enrolled, the deadline ahead.
    Enrolling {
        /// What is left, and when it ends if the clock runs.
        left: Span,
        /// The deadline; none while the account is staged or suspended.
        until: Option<Timestamp>,
    },
    /// Required, not enrolled, the deadline passed: locked out.
    Expired {
        /// The deadline.
        since: Timestamp,
    },
    /// Enrolled, not required.
    Optional,
    /// Required, not enrolled, no deadline: must enroll at the next sign-in.
    RequiredWithoutPeriod,
    /// Neither.
    None,
}

impl Status {
    /// The words of the table of S4.14 as the API and filters know them.
    pub const KEYS: [&str; 6] =
        ["active", "enrolling", "expired", "optional", "required_without_period", "none"];

    /// The status of a requirement and an enrollment at `now`.
    pub fn of(requirement: Requirement, enrollment: Enrollment, now: Timestamp) -> Self {
        match (requirement, enrollment) {
            (Requirement::NotRequired, Enrollment::NotEnrolled) => Self::None,
            (Requirement::NotRequired, Enrollment::Enrolled(_)) => Self::Optional,
            (Requirement::AtOnce | Requirement::By(_) | Requirement::Paused(_), Enrollment::Enrolled(_)) => {
                Self::Active
            }
            (Requirement::AtOnce, Enrollment::NotEnrolled) => Self::RequiredWithoutPeriod,
            (Requirement::By(until), Enrollment::NotEnrolled) if now < until => {
                Self::Enrolling { left: until.since(now), until: Some(until) }
            }
            (Requirement::By(since), Enrollment::NotEnrolled) => Self::Expired { since },
            (Requirement::Paused(left), Enrollment::NotEnrolled) => Self::Enrolling { left, until: None },
        }
    }

    /// The word in the API, in filters and in exports (S4.15).
    pub const fn key(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Enrolling { .. } => "enrolling",
            Self::Expired { .. } => "expired",
            Self::Optional => "optional",
            Self::RequiredWithoutPeriod => "required_without_period",
            Self::None => "none",
        }
    }

    /// The words on screens.
    pub fn words(key: &str) -> &'static str {
        match key {
            "active" => "MFA active",
            "enrolling" => "In enrollment period",
            "expired" => "Enrollment period expired",
            "optional" => "MFA set up, not required",
            "required_without_period" => "MFA required, no enrollment period",
            _ => "MFA not set up",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FactorId;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn factor() -> FactorId {
        FactorId::new(NOW, [3; 10])
    }

    fn by(n: i64) -> Requirement {
        Requirement::By(NOW.plus(Span::days(n)))
    }

    #[test]
    fn status_is_the_table_of_s4_14() {
        let enrolled = Enrollment::Enrolled(factor());
        let none = Enrollment::NotEnrolled;
        let past = Requirement::By(NOW);
        let table = [
            (Requirement::NotRequired, none, "none"),
            (Requirement::NotRequired, enrolled, "optional"),
            (Requirement::AtOnce, none, "required_without_period"),
            (Requirement::AtOnce, enrolled, "active"),
            (by(1), none, "enrolling"),
            (by(1), enrolled, "active"),
            (past, none, "expired"),
            (past, enrolled, "active"),
            (Requirement::Paused(Span::days(1)), none, "enrolling"),
            (Requirement::Paused(Span::days(1)), enrolled, "active"),
        ];
        for (requirement, enrollment, key) in table {
            let status = Status::of(requirement, enrollment, NOW);
            assert_eq!(status.key(), key, "{requirement:?} {enrollment:?}");
            assert!(Status::KEYS.contains(&key));
        }
        let words: std::collections::HashSet<_> = Status::KEYS.into_iter().map(Status::words).collect();
        assert_eq!(words.len(), Status::KEYS.len());
    }

    #[test]
    fn the_deadline_itself_is_too_late() {
        let until = NOW.plus(Span::days(7));
        let before = Timestamp(until.0 - 1);
        assert_eq!(Status::of(by(7), Enrollment::NotEnrolled, before).key(), "enrolling");
        assert_eq!(Status::of(by(7), Enrollment::NotEnrolled, until), Status::Expired { since: until });
    }
}
