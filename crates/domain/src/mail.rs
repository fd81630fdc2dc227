//! The mails that are sent (section 11) and how a failed one is tried again.

use crate::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The account is activated: set a password.
    Registration,
    /// MFA is required, with the number of days.
    MfaRequired,
    /// The enrollment period ends in 24 hours.
    Reminder,
    /// The enrollment period ends at another time.
    PeriodChanged,
    /// An administrator reset the factor.
    MfaReset,
    /// A factor was set up.
    MfaSetUp,
    /// Too many wrong codes.
    FactorLocked,
    /// A link to set a new password.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
    /// Administrators: TOTP was disabled for the organization.
    TotpDisabled,
    /// An administrator's test of the settings.
    Test,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Self::Registration,
        Self::MfaRequired,
        Self::Reminder,
        Self::PeriodChanged,
        Self::MfaReset,
        Self::MfaSetUp,
        Self::FactorLocked,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::TotpDisabled,
        Self::Test,
    ];

    /// The word in the database and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::MfaRequired => "mfa_required",
            Self::Reminder => "reminder",
            Self::PeriodChanged => "period_changed",
            Self::MfaReset => "mfa_reset",
            Self::MfaSetUp => "mfa_set_up",
            Self::FactorLocked => "factor_locked",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::TotpDisabled => "totp_disabled",
            Self::Test => "test",
        }
    }

    /// The kind of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Registration => "Registration",
            Self::MfaRequired => "MFA required",
            Self::Reminder => "Reminder",
            Self::PeriodChanged => "Enrollment period changed",
            Self::MfaReset => "MFA reset",
            Self::MfaSetUp => "MFA set up",
            Self::FactorLocked => "Factor locked",
            Self::PasswordReset => "Password reset",
            Self::PasswordChanged => "Password changed",
            Self::TotpDisabled => "TOTP disabled",
            Self::Test => "Test",
        }
    }
}

/// A mail is tried for three days.
pub const GIVE_UP_AFTER: Span = Span::days(3);

/// When to try again after `attempts` failures, or never: 1 minute, doubling up to 4 hours.
pub fn retry(queued_at: Timestamp, attempts: i64, now: Timestamp) -> Option<Timestamp> {
    if now.since(queued_at) >= GIVE_UP_AFTER {
        return None;
    }
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    Some(now.plus(Span::minutes(1).doubled(doublings).at_most(Span::hours(4))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_retried_with_growing_pauses_for_three_days() {
        let mut now = Timestamp(0);
        let mut attempts = 0;
        while let Some(next) = retry(Timestamp(0), attempts + 1, now) {
            attempts += 1;
            assert!(next.since(now) <= Span::hours(4));
            now = next;
        }
        assert!(now.since(Timestamp(0)) >= GIVE_UP_AFTER);
        assert!((20..40).contains(&attempts), "{attempts}");
    }

    #[test]
    fn every_kind_has_its_own_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_key(kind.key()), Some(kind));
        }
        assert_eq!(Kind::from_key("spam"), None);
    }
}
