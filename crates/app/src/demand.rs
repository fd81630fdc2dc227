//! What a form or a program wants of a user's requirement (S4.1).

use claviger_domain::{
    account::Account,
    field::FieldError,
    mfa::{Enrollment, EnrollmentDays, Mfa, Period, Requirement},
    sign_in::TotpSwitch,
    status::Status,
    time::Timestamp,
};

/// What is wanted.
#[derive(Clone, Debug)]
pub enum Demand {
    /// As it is.
    Keep,
    /// No demand.
    NotRequired,
    /// MFA within a period, or at once. An error is told with those of the other fields.
    Required(Result<Period, FieldError>),
    /// What the user's form says.
    Form(Form),
}

/// The checkbox with its days.
#[derive(Clone, Debug)]
pub struct Form {
    /// The checkbox.
    pub requirement: Ticked,
    /// The days as typed; nothing where the form has no such field.
    pub days: Option<String>,
    /// The days that the form was filled with.
    pub days_shown: String,
}

/// A checkbox as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    /// With a tick.
    Yes,
    /// Without.
    No,
}

/// The days that a user's form is filled with: what is left of a running period, or the default for a new one.
/// Nothing where there is no period to speak of: the verbs of the MFA menu are for that.
pub fn days_to_show(account: &Account, default: EnrollmentDays, now: Timestamp) -> Option<i64> {
    match account.mfa.status(now) {
        Status::Enrolling { left, .. } => Some(left.days_rounded_up()),
        Status::None => Some(default.get()),
        Status::Active | Status::Optional | Status::Expired { .. } | Status::RequiredWithoutPeriod => None,
    }
}

impl Demand {
    /// What it comes to for a user with this `mfa`: [`Demand::Form`] becomes one of the others. While TOTP is
    /// disabled no requirement can be switched on (S2.3); a form, whose checkbox is disabled then, changes nothing.
    pub(crate) fn on(&self, mfa: &Mfa, totp: TotpSwitch) -> Self {
        let asked = match self {
            Self::Form(form) => form.demand(mfa, totp),
            other => other.clone(),
        };
        match (asked, totp) {
            (Self::Required(_), TotpSwitch::Disabled) => Self::Required(Err(FieldError::new(
                "require_mfa",
                "Enable TOTP under MFA Configurations first.",
            ))),
            (asked, _) => asked,
        }
    }
}

impl Form {
    /// A number that is still what the form showed changes nothing, however long ago that was.
    fn demand(&self, mfa: &Mfa, totp: TotpSwitch) -> Demand {
        let required = mfa.requirement != Requirement::NotRequired;
        let enrolled = mfa.enrollment != Enrollment::NotEnrolled;
        match (self.requirement, required, &self.days) {
            _ if required && totp == TotpSwitch::Disabled => Demand::Keep,
            (Ticked::No, false, _) => Demand::Keep,
            (Ticked::No, true, _) => Demand::NotRequired,
            (Ticked::Yes, true, None) => Demand::Keep,
            (Ticked::Yes, true, Some(_)) if enrolled => Demand::Keep,
            (Ticked::Yes, true, Some(days)) if days.trim() == self.days_shown => Demand::Keep,
            (Ticked::Yes, false, _) if enrolled => Demand::Required(Ok(Period::None)),
            (Ticked::Yes, _, days) => {
                let days = EnrollmentDays::parse("enrollment_days", days.as_deref().unwrap_or_default());
                Demand::Required(days.map(Period::Days))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::id::FactorId;

    fn mfa(requirement: Requirement, enrollment: Enrollment) -> Mfa {
        Mfa { requirement, enrollment }
    }

    fn asked(requirement: Ticked, days: Option<&str>, mfa: Mfa, totp: TotpSwitch) -> String {
        let form = Form { requirement, days: days.map(str::to_owned), days_shown: "5".into() };
        match Demand::Form(form).on(&mfa, totp) {
            Demand::Keep => "keep".into(),
            Demand::NotRequired => "not required".into(),
            Demand::Required(Ok(Period::None)) => "at once".into(),
            Demand::Required(Ok(Period::Days(days))) => format!("{} days", days.get()),
            Demand::Required(Err(error)) => error.field.to_owned(),
            Demand::Form(_) => "form".into(),
        }
    }

    #[test]
    fn a_form_asks_for_what_it_shows() {
        use Ticked::{No, Yes};
        let enrolled = Enrollment::Enrolled(FactorId::new(Timestamp(0), [0; 10]));
        let none = mfa(Requirement::NotRequired, Enrollment::NotEnrolled);
        let running = mfa(Requirement::By(Timestamp(9)), Enrollment::NotEnrolled);
        let active = mfa(Requirement::By(Timestamp(9)), enrolled);
        let optional = mfa(Requirement::NotRequired, enrolled);
        for (ticked, days, mfa, expected) in [
            (No, Some("7"), none, "keep"),
            (Yes, Some("7"), none, "7 days"),
            (Yes, Some("0"), none, "enrollment_days"),
            (Yes, None, none, "enrollment_days"),
            (No, Some("5"), running, "not required"),
            (Yes, Some(" 5 "), running, "keep"),
            (Yes, Some("6"), running, "6 days"),
            (Yes, Some("abc"), running, "enrollment_days"),
            (Yes, None, running, "keep"),
            (No, None, active, "not required"),
            (Yes, Some("6"), active, "keep"),
            (Yes, None, optional, "at once"),
            (No, None, optional, "keep"),
        ] {
            assert_eq!(
                asked(ticked, days, mfa, TotpSwitch::Enabled),
                expected,
                "{ticked:?} {days:?} {mfa:?}"
            );
        }
    }

    #[test]
    fn while_totp_is_disabled_nothing_can_be_switched_on() {
        let none = mfa(Requirement::NotRequired, Enrollment::NotEnrolled);
        let running = mfa(Requirement::By(Timestamp(9)), Enrollment::NotEnrolled);
        assert_eq!(asked(Ticked::Yes, Some("7"), none, TotpSwitch::Disabled), "require_mfa");
        assert_eq!(asked(Ticked::No, None, none, TotpSwitch::Disabled), "keep");
        for ticked in [Ticked::Yes, Ticked::No] {
            assert_eq!(asked(ticked, Some("7"), running, TotpSwitch::Disabled), "keep");
        }
    }
}
