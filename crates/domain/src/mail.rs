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
    /// The enrollment period ends soon.
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
    /// Administrators: somebody says that a change to their account was not theirs.
    ReportedMisuse,
    /// A link to set a new password.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
    /// S8.8: an administrator made a break-glass code for the person on a device.
    BreakGlass,
    /// Administrators: a link to set MFA up anew (S6.8).
    MfaResetLink,
    /// Administrators with Billing, and the person: MFA can be set up anew after a delay, unless somebody cancels it.
    MfaResetDelayed,
    /// Administrators: a reset waits for a second one's approval.
    MfaResetApproval,
    /// Administrators: a reset that was asked for was canceled.
    MfaResetCanceled,
    /// Administrators: MFA was set up anew.
    MfaResetDone,
    /// Administrators with Billing: the MFA of another administrator was reset.
    AdministratorReset,
    /// Administrators with Billing: an administrator was made on the server's host (S6.9).
    AdministratorCreated,
    /// Administrators: TOTP was disabled for the organization.
    TotpDisabled,
    /// S6.5: a new administrator: set a password, then MFA.
    AdministratorInvited,
    /// S6.6: MFA is required of an administrator, with what to do.
    AdministratorMfaRequired,
    /// S6.3: another administrator reset an administrator's factor.
    AdministratorMfaReset,
    /// An administrator's test of the settings.
    Test,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 25] = [
        Self::Registration,
        Self::MfaRequired,
        Self::Reminder,
        Self::PeriodChanged,
        Self::MfaReset,
        Self::MfaSetUp,
        Self::MfaRemoved,
        Self::RecoveryCodeUsed,
        Self::FactorLocked,
        Self::ReportedMisuse,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::BreakGlass,
        Self::MfaResetLink,
        Self::MfaResetDelayed,
        Self::MfaResetApproval,
        Self::MfaResetCanceled,
        Self::MfaResetDone,
        Self::AdministratorReset,
        Self::AdministratorCreated,
        Self::TotpDisabled,
        Self::AdministratorInvited,
        Self::AdministratorMfaRequired,
        Self::AdministratorMfaReset,
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
            Self::ReportedMisuse => "reported_misuse",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
            Self::BreakGlass => "break_glass",
            Self::MfaResetLink => "mfa_reset_link",
            Self::MfaResetDelayed => "mfa_reset_delayed",
            Self::MfaResetApproval => "mfa_reset_approval",
            Self::MfaResetCanceled => "mfa_reset_canceled",
            Self::MfaResetDone => "mfa_reset_done",
            Self::AdministratorReset => "administrator_reset",
            Self::AdministratorCreated => "administrator_created",
            Self::TotpDisabled => "totp_disabled",
            Self::AdministratorInvited => "administrator_invited",
            Self::AdministratorMfaRequired => "administrator_mfa_required",
            Self::AdministratorMfaReset => "administrator_mfa_reset",
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
            Self::ReportedMisuse => "Reported misuse",
            Self::PasswordReset => "Password reset",
            Self::PasswordChanged => "Password changed",
            Self::BreakGlass => "Break-glass code made",
            Self::MfaResetLink => "Link to reset MFA",
            Self::MfaResetDelayed => "MFA reset with a delay",
            Self::MfaResetApproval => "MFA reset to approve",
            Self::MfaResetCanceled => "MFA reset canceled",
            Self::MfaResetDone => "MFA reset done",
            Self::AdministratorReset => "Administrator's MFA reset",
            Self::AdministratorCreated => "Administrator created",
            Self::TotpDisabled => "TOTP disabled",
            Self::AdministratorInvited => "Administrator: new account",
            Self::AdministratorMfaRequired => "Administrator: MFA required",
            Self::AdministratorMfaReset => "Administrator: own MFA was reset",
            Self::Test => "Test",
        }
    }

    /// Whether an organization may switch it off: nobody is kept out by a mail that isn't sent, and nobody takes an
    /// administrator's account over, or makes one on the server's host, unseen (S6.8, S6.9).
    pub const fn may_be_off(self) -> bool {
        !matches!(
            self,
            Self::Registration
                | Self::PasswordReset
                | Self::BreakGlass
                | Self::MfaResetLink
                | Self::MfaResetDelayed
                | Self::MfaResetApproval
                | Self::MfaResetDone
                | Self::AdministratorReset
                | Self::AdministratorCreated
                | Self::AdministratorInvited
                | Self::AdministratorMfaReset
                | Self::Test
        )
    }

    /// S4.10: whether it can tell people their deadline, so that no reminder need repeat it at once.
    pub const fn tells_deadline(self) -> bool {
        matches!(self, Self::MfaRequired | Self::Reminder | Self::PeriodChanged | Self::MfaReset)
    }
}

/// Why a mail was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may be taken later.
    Passing,
    /// S4.10: the mail server refused the recipient's address for good.
    AddressRefused,
}

/// A mail is tried for three days from its first attempt.
pub const GIVE_UP_AFTER: Span = Span::days(3);

/// The pause after the `attempt`-th failure: 1 minute, doubling up to 4 hours.
fn pause(attempt: i64) -> Span {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0);
    Span::minutes(1).doubled(doublings).at_most(Span::hours(4))
}

/// How often a mail is tried whose address is refused for good: mail servers have bad moments, too.
const TRIES_OF_A_REFUSED_ADDRESS: i64 = 2;

/// When to try again after `attempts` failures, or never once the pauses add up to three days. The time that a
/// mail waited for a mail server to be set up doesn't count.
pub fn retry(attempts: i64, last: Failure, now: Timestamp) -> Option<Timestamp> {
    let paused: i64 = (1..attempts.min(1_000)).map(|attempt| pause(attempt).micros()).sum();
    let goes_on = match last {
        Failure::Passing => paused < GIVE_UP_AFTER.micros(),
        Failure::AddressRefused => attempts < TRIES_OF_A_REFUSED_ADDRESS,
    };
    goes_on.then(|| now.plus(pause(attempts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_retried_with_growing_pauses_for_three_days() {
        let mut now = Timestamp(0);
        let mut attempts = 0;
        while let Some(next) = retry(attempts + 1, Failure::Passing, now) {
            attempts += 1;
            assert!(next.since(now) <= Span::hours(4));
            now = next;
        }
        assert!(now.since(Timestamp(0)) >= GIVE_UP_AFTER);
        assert!((20..40).contains(&attempts), "{attempts}");
    }

    #[test]
    fn an_address_that_is_refused_for_good_is_tried_once_more() {
        let now = Timestamp(0);
        assert_eq!(retry(1, Failure::AddressRefused, now), retry(1, Failure::Passing, now));
        for attempts in 2..5 {
            assert_eq!(retry(attempts, Failure::AddressRefused, now), None);
        }
    }

    #[test]
    fn a_mail_without_which_somebody_stays_out_is_always_sent() {
        let always: Vec<_> = Kind::ALL.into_iter().filter(|kind| !kind.may_be_off()).collect();
        let people = [Kind::Registration, Kind::PasswordReset, Kind::BreakGlass];
        let resets = [Kind::MfaResetLink, Kind::MfaResetDelayed, Kind::MfaResetApproval, Kind::MfaResetDone];
        let told = [Kind::AdministratorReset, Kind::AdministratorCreated];
        let others = [Kind::AdministratorInvited, Kind::AdministratorMfaReset, Kind::Test];
        assert_eq!(always, [&people[..], &resets, &told, &others].concat());
    }

    #[test]
    fn every_kind_has_its_own_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_key(kind.key()), Some(kind));
        }
        assert_eq!(Kind::from_key("spam"), None);
    }
}
