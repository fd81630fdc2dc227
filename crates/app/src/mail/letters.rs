//! What each mail says.

use super::{Facts, Letter};
use crate::words;
use claviger_domain::mail::Kind;

const NOT_YOU: &str = "If that wasn't you, tell your administrator at once.";

/// The mail's words. `zone` is the time zone that dates are told in.
pub(super) fn letter(kind: Kind, facts: &Facts, organization: &str, zone: &str) -> Letter {
    let until = facts.until.map(|until| words::date(until, zone));
    match kind {
        Kind::Registration => registration(organization),
        Kind::MfaRequired => required(facts, organization, until),
        Kind::Reminder => reminder(&until.unwrap_or_default()),
        Kind::PeriodChanged => period_changed(organization, &until.unwrap_or_default()),
        Kind::MfaReset => reset(facts, organization, until),
        Kind::MfaSetUp => set_up(organization),
        Kind::MfaRemoved => Letter::new(
            "MFA was removed",
            [
                format!("The authenticator of your {organization} account was removed. You sign in with your password alone now."),
                NOT_YOU.into(),
            ],
        ),
        Kind::RecoveryCodeUsed => Letter::new(
            "A recovery code was used",
            [
                format!("Somebody signed in to your {organization} account with a recovery code."),
                format!("You have {} left.", words::counted(facts.left.unwrap_or_default(), "recovery code")),
                NOT_YOU.into(),
            ],
        ),
        Kind::FactorLocked => locked(facts, until),
        Kind::PasswordReset => password_reset(organization),
        Kind::PasswordChanged => password_changed(organization),
        Kind::TotpDisabled => totp_disabled(facts, organization),
        Kind::Test => Letter::new(
            format!("Test mail from {organization}"),
            ["Mail from Claviger arrives. Nothing needs to be done.".into()],
        ),
    }
}

fn registration(organization: &str) -> Letter {
    Letter::new(
        format!("Your {organization} account"),
        [
            format!("An account was made for you at {organization}."),
            "Choose a password to start using it. The link works once and for 7 days.".into(),
        ],
    )
    .button("Choose a password")
}

fn required(facts: &Facts, organization: &str, until: Option<String>) -> Letter {
    let required = format!("{organization} now requires multi-factor authentication (MFA) for your account.");
    let subject = "MFA is now required";
    let letter = match until {
        Some(until) => Letter::new(
            subject,
            [
                required,
                format!(
                    "You have {} to set it up, until {until}. It takes about two minutes: you need your phone and an \
                     authenticator app.",
                    words::days(facts.days.unwrap_or_default())
                ),
                "After that you can't sign in until an administrator gives you more time.".into(),
            ],
        ),
        None => Letter::new(
            subject,
            [
                required,
                "You are asked for a code from your authenticator app at your next sign-in. If you haven't set MFA up \
                 yet, you are led through it there: you need your phone and an authenticator app."
                    .into(),
            ],
        ),
    };
    letter.button("Sign in and set up MFA")
}

fn reminder(until: &str) -> Letter {
    Letter::new(
        "Set up MFA by tomorrow",
        [
            format!("Your time to set up multi-factor authentication (MFA) ends on {until}."),
            "After that you can't sign in until an administrator gives you more time. It takes about two minutes.".into(),
        ],
    )
    .button("Set up MFA now")
}

fn period_changed(organization: &str, until: &str) -> Letter {
    Letter::new(
        "Your time to set up MFA has changed",
        [format!(
            "You now have until {until} to set up multi-factor authentication (MFA) at {organization}."
        )],
    )
    .button("Set up MFA now")
}

fn reset(facts: &Facts, organization: &str, until: Option<String>) -> Letter {
    let again = match until {
        Some(until) => {
            format!(
                "Please set it up again within {}, until {until}.",
                words::days(facts.days.unwrap_or_default())
            )
        }
        None => "Please set it up again at your next sign-in.".into(),
    };
    Letter::new(
        "Your MFA was reset",
        [
            format!(
                "An administrator of {organization} reset your multi-factor authentication (MFA). The codes of your \
                 authenticator app no longer work; you can delete the entry there."
            ),
            again,
        ],
    )
    .button("Sign in and set up MFA")
}

fn set_up(organization: &str) -> Letter {
    Letter::new(
        "MFA was set up for your account",
        [
            format!(
                "Multi-factor authentication (MFA) was just set up for your account at {organization}. From now on you \
                 are asked for a code when you sign in."
            ),
            NOT_YOU.into(),
        ],
    )
}

fn locked(facts: &Facts, until: Option<String>) -> Letter {
    let when = until.unwrap_or_else(|| "an administrator unlocks the account".to_owned());
    match &facts.person {
        Some(person) => Letter::new(
            format!("Too many wrong codes for {person}"),
            [
                format!(
                    "Someone who knows the password of {person} typed too many wrong codes. Codes are refused until {when}."
                ),
                "If it wasn't them, make them choose a new password.".into(),
            ],
        ),
        None => Letter::new(
            "Too many wrong codes for your account",
            [
                format!(
                    "Someone who knows your password typed too many wrong codes. Codes are refused until {when}."
                ),
                "If that wasn't you, change your password at once and tell your administrator.".into(),
            ],
        ),
    }
}

fn password_reset(organization: &str) -> Letter {
    Letter::new(
        "Choose a new password",
        [
            format!("A new password was asked for, for your account at {organization}."),
            "The link works once and for one hour. You are asked for your code all the same. If you didn't ask for it, \
             you can ignore this mail."
                .into(),
        ],
    )
    .button("Choose a new password")
}

fn password_changed(organization: &str) -> Letter {
    Letter::new(
        "Your password was changed",
        [
            format!(
                "The password of your account at {organization} was just changed, and your other sessions were signed out."
            ),
            NOT_YOU.into(),
        ],
    )
}

fn totp_disabled(facts: &Facts, organization: &str) -> Letter {
    let actor = facts.actor.as_deref().unwrap_or("An administrator");
    Letter::new(
        format!("TOTP was disabled for {organization}"),
        [
            format!(
                "{actor} disabled time-based one-time passwords for {organization}. Users and devices are no longer asked \
                 for a code."
            ),
            "Factors, requirements and device switches are kept and come into force again when it is enabled.".into(),
        ],
    )
}
