//! What mails say to administrators about their own account: made, MFA required, MFA reset by another (S6.3–S6.6).

use super::{Letter, letters::text, told::Told};

pub(super) fn invited(organization: &str) -> Letter {
    Letter::new(
        format!("Your {organization} administrator account"),
        [
            format!("An administrator account was made for you at {organization}."),
            "Choose a password to start using it. The link works once and for 7 days.".into(),
            "Right after that you are led through setting up multi-factor authentication (MFA), if it is required of you. \
             Have your phone at hand: you need it for an authenticator app."
                .into(),
        ],
    )
    .button("Choose a password")
}

pub(super) fn required(organization: &str) -> Letter {
    Letter::new(
        "MFA is now required for your administrator account",
        [
            format!(
                "{organization} now requires multi-factor authentication (MFA) for your administrator account. It takes \
                 about two minutes: you need your phone."
            ),
            "1. Sign in with your e-mail and password.".into(),
            "2. Get an authenticator app, or choose “I have an app”.".into(),
            "3. Scan the QR code with the app, or type the key into it.".into(),
            "4. Enter the code that the app shows.".into(),
            "Until then the Admin Portal shows you nothing else.".into(),
        ],
    )
    .button("Sign in and set up MFA")
}

pub(super) fn reset(told: &Told) -> Letter {
    let (actor, organization) = (text(&told.actor), told.organization.as_str());
    Letter::new(
        "The MFA of your administrator account was reset",
        [
            format!(
                "{actor} reset the multi-factor authentication (MFA) of your administrator account at {organization}. The \
                 codes of your authenticator app no longer work; you can delete the entry there. Your sessions have ended."
            ),
            "Sign in with your e-mail and password. If MFA is required of you, you set it up again there.".into(),
            "If you know nothing of it, tell another administrator at once.".into(),
        ],
    )
    .button("Sign in")
}
