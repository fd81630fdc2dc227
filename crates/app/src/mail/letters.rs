//! What each mail says.

use super::{Letter, administrator_letters, reset_letters, told::Told};
use claviger_domain::mail::Kind;

pub(super) const NOT_YOU: &str = "If that wasn't you, tell your administrator at once.";

/// The mail's built-in words.
pub(super) fn letter(kind: Kind, told: &Told) -> Letter {
    let organization = told.organization.as_str();
    match kind {
        Kind::Registration => registration(organization),
        Kind::MfaRequired => required(told),
        Kind::Reminder => reminder(told),
        Kind::PeriodChanged => period_changed(told),
        Kind::MfaReset => reset(told),
        Kind::MfaSetUp => set_up(organization),
        Kind::MfaRemoved => removed(organization),
        Kind::RecoveryCodeUsed => recovery_code_used(told),
        Kind::FactorLocked => locked(told),
        Kind::ReportedMisuse => reported_misuse(told),
        Kind::PasswordReset => password_reset(organization),
        Kind::PasswordChanged => password_changed(organization),
        Kind::BreakGlass => break_glass(told),
        Kind::MfaResetLink => reset_letters::link(organization),
        Kind::MfaResetDelayed => reset_letters::delayed(told),
        Kind::MfaResetApproval => reset_letters::approval(told),
        Kind::MfaResetCanceled => reset_letters::canceled(told),
        Kind::MfaResetDone => reset_letters::done(organization),
        Kind::AdministratorReset => reset_letters::another(told),
        Kind::AdministratorCreated => reset_letters::created(told),
        Kind::TotpDisabled => totp_disabled(told),
        Kind::AdministratorInvited => administrator_letters::invited(organization),
        Kind::AdministratorMfaRequired => administrator_letters::required(organization),
        Kind::AdministratorMfaReset => administrator_letters::reset(told),
        Kind::Test => Letter::new(
            format!("Test mail from {organization}"),
            ["Mail from Claviger arrives. Nothing needs to be done.".into()],
        ),
    }
}

/// A value that the mail must have; one that is missing leaves a gap, not a mail unsent.
pub(super) fn text(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or_default()
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

fn required(told: &Told) -> Letter {
    let organization = &told.organization;
    let required = format!("{organization} now requires multi-factor authentication (MFA) for your account.");
    let subject = "MFA is now required";
    let letter = match &told.deadline {
        Some(until) => Letter::new(
            subject,
            [
                required,
                format!(
                    "You have {} to set it up, until {until}. It takes about two minutes: you need your phone and an \
                     authenticator app.",
                    text(&told.days)
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

fn reminder(told: &Told) -> Letter {
    Letter::new(
        format!("{} left to set up MFA", text(&told.left)),
        [
            format!(
                "Your time to set up multi-factor authentication (MFA) at {} ends on {}.",
                told.organization,
                text(&told.deadline)
            ),
            "After that you can't sign in until an administrator gives you more time. It takes about two minutes.".into(),
        ],
    )
    .button("Set up MFA now")
}

fn period_changed(told: &Told) -> Letter {
    Letter::new(
        "Your time to set up MFA has changed",
        [format!(
            "You now have until {} to set up multi-factor authentication (MFA) at {}.",
            text(&told.deadline),
            told.organization
        )],
    )
    .button("Set up MFA now")
}

fn reset(told: &Told) -> Letter {
    let again = match &told.deadline {
        Some(until) => format!("Please set it up again within {}, until {until}.", text(&told.days)),
        None => "Please set it up again at your next sign-in.".into(),
    };
    Letter::new(
        "Your MFA was reset",
        [
            format!(
                "An administrator of {} reset your multi-factor authentication (MFA). The codes of your authenticator app \
                 no longer work; you can delete the entry there.",
                told.organization
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

fn removed(organization: &str) -> Letter {
    Letter::new(
        "MFA was removed",
        [
            format!(
                "The authenticator of your {organization} account was removed. You sign in with your password alone now."
            ),
            NOT_YOU.into(),
        ],
    )
}

fn recovery_code_used(told: &Told) -> Letter {
    Letter::new(
        "A recovery code was used",
        [
            format!("Somebody signed in to your {} account with a recovery code.", told.organization),
            format!("You have {} left.", text(&told.left)),
            NOT_YOU.into(),
        ],
    )
}

fn locked(told: &Told) -> Letter {
    let when = text(&told.deadline);
    match &told.person {
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

fn reported_misuse(told: &Told) -> Letter {
    let person = told.person.as_deref().unwrap_or("Somebody");
    let next = match told.page {
        Some(_) => "If MFA was set up or replaced by somebody else, reset it. Then give them a new password.",
        None => {
            "They were mailed a link to choose another password. If MFA was set up or replaced by somebody else, reset \
             it on the server's command line."
        }
    };
    Letter::new(
        format!("{person} reports misuse of their account"),
        [
            format!(
                "{person} says that a change to their account was not theirs. The account is locked: its password is \
                 gone, and its sessions have ended."
            ),
            "Make sure that it is them, by another way than mail, and see in the activity what was done.".into(),
            next.into(),
        ],
    )
    .button("Open the account")
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

fn break_glass(told: &Told) -> Letter {
    let (actor, device) = (text(&told.actor), text(&told.device));
    Letter::new(
        format!("A break-glass code was made for you on {device}"),
        [
            format!(
                "{actor} made a one-time code with which you can sign in to {device} without your authenticator, until {}.",
                text(&told.deadline)
            ),
            "They tell you the code; it is in no mail. It works once, and only on this device.".into(),
            NOT_YOU.into(),
        ],
    )
}

fn totp_disabled(told: &Told) -> Letter {
    let (actor, organization) = (text(&told.actor), told.organization.as_str());
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
