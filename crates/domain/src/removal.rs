//! A person takes their own factor away (S4.8).

use crate::mfa::{Enrollment, Mfa, Requirement};

/// S4.8: why a person can't remove their factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRemoved {
    /// MFA is required of them.
    #[error("MFA is required for your account, so it can't be removed. You can replace the authenticator.")]
    Required,
    /// There is none.
    #[error("MFA is not set up, so there is nothing to remove.")]
    NotEnrolled,
}

impl NotRemoved {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "mfa_required",
            Self::NotEnrolled => "not_enrolled",
        }
    }
}

impl Mfa {
    /// S4.8: without the factor, which only someone of whom it isn't required may do.
    pub const fn removed(self) -> Result<Self, NotRemoved> {
        match (self.requirement, self.enrollment) {
            (_, Enrollment::NotEnrolled) => Err(NotRemoved::NotEnrolled),
            (Requirement::AtOnce | Requirement::By(_) | Requirement::Paused(_), _) => {
                Err(NotRemoved::Required)
            }
            (Requirement::NotRequired, Enrollment::Enrolled(_)) => Ok(Self::NONE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::FactorId,
        time::{Span, Timestamp},
    };

    #[test]
    fn a_factor_is_removed_only_where_it_is_not_required() {
        let enrolled = Enrollment::Enrolled(FactorId::new(Timestamp(0), [1; 10]));
        let (none, at_once) = (Requirement::NotRequired, Requirement::AtOnce);
        let (by, paused) = (Requirement::By(Timestamp(9)), Requirement::Paused(Span::days(1)));
        for (requirement, enrollment, expected) in [
            (none, enrolled, Ok(Mfa::NONE)),
            (at_once, enrolled, Err(NotRemoved::Required)),
            (by, enrolled, Err(NotRemoved::Required)),
            (paused, enrolled, Err(NotRemoved::Required)),
            (none, Enrollment::NotEnrolled, Err(NotRemoved::NotEnrolled)),
            (at_once, Enrollment::NotEnrolled, Err(NotRemoved::NotEnrolled)),
        ] {
            assert_eq!(Mfa { requirement, enrollment }.removed(), expected, "{requirement:?}");
        }
    }
}
