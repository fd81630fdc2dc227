//! The time that a required person has (S4.1, S4.4).

use crate::{field::FieldError, time::Span};
use serde::{Deserialize, Serialize};

/// S4.1: 1 to 365 days to set MFA up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub struct EnrollmentDays(u16);

impl From<EnrollmentDays> for i64 {
    fn from(days: EnrollmentDays) -> Self {
        days.get()
    }
}

impl TryFrom<i64> for EnrollmentDays {
    type Error = FieldError;

    fn try_from(days: i64) -> Result<Self, FieldError> {
        Self::new("enrollment_days", days)
    }
}

impl EnrollmentDays {
    const MESSAGE: &str = "Days must be between 1 and 365.";

    /// From a form's field.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        text.trim()
            .parse()
            .map_err(|_| FieldError::new(field, Self::MESSAGE))
            .and_then(|days| Self::new(field, days))
    }

    /// From a number.
    pub fn new(field: &'static str, days: i64) -> Result<Self, FieldError> {
        match u16::try_from(days) {
            Ok(days @ 1..=365) => Ok(Self(days)),
            _ => Err(FieldError::new(field, Self::MESSAGE)),
        }
    }

    /// As a number.
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }

    /// Exactly N × 24 hours (S4.2).
    pub fn span(self) -> Span {
        Span::days(self.get())
    }
}

/// How long a newly required person has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// That many days from the start.
    Days(EnrollmentDays),
    /// No time: at the next sign-in.
    None,
}

/// Whether a running period may be made longer by requiring again (S4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunningPeriod {
    /// The earlier deadline stands.
    Keep,
    /// The period starts anew.
    Restart,
}
