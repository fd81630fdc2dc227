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
    /// The person removed their factor.
    MfaRemoved,
    /// A recovery code was used instead of a code.
    RecoveryCodeUsed,
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
    pub const ALL: [Kind; 13] = [
        Self::Registration,
        Self::MfaRequired,
        Self::Reminder,
        Self::PeriodChanged,
        Self::MfaReset,
        Self::MfaSetUp,
        Self::MfaRemoved,
        Self::RecoveryCodeUsed,
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
            Self::MfaRemoved => "mfa_removed",
            Self::RecoveryCodeUsed => "recovery_code_used",
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
            Self::MfaRemoved => "MFA removed",
            Self::RecoveryCodeUsed => "Recovery code used",
            Self::FactorLocked => "Factor locked",
            Self::PasswordReset => "Password reset",
            Self::PasswordChanged => "Password changed",
            Self::TotpDisabled => "TOTP disabled",
            Self::Test => "Test",
        }
    }
}

/// A mail is tried for three days from its first attempt.
pub const GIVE_UP_AFTER: Span = Span::days(3);

/// The pause after the `attempt`-th failure: 1 minute, doubling up to 4 hours.
fn pause(attempt: i64) -> Span {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0);
    Span::minutes(1).doubled(doublings).at_most(Span::hours(4))
}

/// When to try again after `attempts` failures, or never once the pauses add up to three days. The time that a
/// mail waited for a mail server to be set up doesn't count.
pub fn retry(attempts: i64, now: Timestamp) -> Option<Timestamp> {
    let paused: i64 = (1..attempts.min(1_000)).map(|attempt| pause(attempt).micros()).sum();
    (paused < GIVE_UP_AFTER.micros()).then(|| now.plus(pause(attempts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_retried_with_growing_pauses_for_three_days() {
        let mut now = Timestamp(0);
        let mut attempts = 0;
        while let Some(next) = retry(attempts + 1, now) {
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
