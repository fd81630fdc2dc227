//! What whoever resets MFA must say (S4.12).

use super::EnrollmentDays;
use crate::field::{FieldError, Fields, Presence, line};

/// Why: at most 500 characters, kept in the log.
pub fn reset_reason(text: &str) -> Result<String, FieldError> {
    line("reason", "Reason", text, 500, Presence::Required)
}

/// Within how many days it is to be set up again, and why; what is wrong with either is told at once.
pub fn reset_terms(
    days: Result<EnrollmentDays, FieldError>,
    reason: &str,
) -> Result<(EnrollmentDays, String), Vec<FieldError>> {
    let mut fields = Fields::new();
    let days = fields.take(days);
    let reason = fields.take(reset_reason(reason));
    fields.finish(days.zip(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_reason_are_judged_together() {
        let days = |text| EnrollmentDays::parse("enrollment_days", text);
        let fields = |terms: Result<_, Vec<FieldError>>| {
            terms.err().map(|errors| errors.iter().map(|error| error.field).collect::<Vec<_>>())
        };
        for (text, reason, wrong) in [
            ("7", " lost phone ", None),
            ("0", "lost phone", Some(vec!["enrollment_days"])),
            ("7", " ", Some(vec!["reason"])),
            ("366", "", Some(vec!["enrollment_days", "reason"])),
        ] {
            assert_eq!(fields(reset_terms(days(text), reason)), wrong, "{text} {reason:?}");
        }
        assert_eq!(reset_terms(days("7"), " lost phone ").unwrap().1, "lost phone");
        assert!(reset_reason(&"x".repeat(500)).is_ok() && reset_reason(&"x".repeat(501)).is_err());
    }
}
