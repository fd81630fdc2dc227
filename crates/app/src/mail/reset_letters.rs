//! What mails say about the MFA of administrators: resets and who may stop them (S6.8, S6.9).

use super::{
    Letter,
    letters::{NOT_YOU, text},
    told::Told,
};

pub(super) fn link(organization: &str) -> Letter {
    Letter::new(
        "Set up MFA again",
        [
            format!(
                "A link was asked for to set up multi-factor authentication (MFA) again, for your administrator account \
                 at {organization}."
            ),
            "The link works once and for 30 minutes. It asks for your e-mail and password. Your present authenticator \
             works until the new one is confirmed."
                .into(),
            "If you didn't ask for it, somebody knows your password: choose a new one at once.".into(),
        ],
    )
    .button("Reset or enroll")
}

pub(super) fn delayed(told: &Told) -> Letter {
    let (person, ready) = (text(&told.person), text(&told.deadline));
    Letter::new(
        format!("{person} asked to reset their MFA"),
        [
            format!(
                "{person} asked to set up multi-factor authentication (MFA) again at {}, with a mailed link and their \
                 password. They can do so from {ready} on, for 24 hours.",
                told.organization
            ),
            "Until then every administrator who manages administrators can cancel it. If it wasn't them, cancel it and \
             make them choose a new password."
                .into(),
        ],
    )
    .button("Show resets")
}

pub(super) fn approval(told: &Told) -> Letter {
    let (actor, person) = (text(&told.actor), text(&told.person));
    Letter::new(
        format!("Approve a reset of the MFA of {person}"),
        [
            format!(
                "{actor} asks to reset the multi-factor authentication (MFA) of {person}. It takes a second administrator."
            ),
            format!(
                "Approve or cancel it until {}; after that nothing happens. Make sure that it is right, by another way \
                 than mail.",
                text(&told.deadline)
            ),
        ],
    )
    .button("Show resets")
}

pub(super) fn canceled(told: &Told) -> Letter {
    let (actor, person) = (text(&told.actor), text(&told.person));
    Letter::new(
        format!("The reset of the MFA of {person} was canceled"),
        [format!(
            "{actor} canceled the reset of the multi-factor authentication (MFA) of {person}. The present authenticator \
             goes on working, and links that were mailed for it are dead."
        )],
    )
}

pub(super) fn done(organization: &str) -> Letter {
    Letter::new(
        "MFA reset was successful",
        [
            format!(
                "A new authenticator was just set up for your administrator account at {organization}. The one before no \
                 longer works, and your other sessions were signed out."
            ),
            NOT_YOU.into(),
        ],
    )
}

pub(super) fn another(told: &Told) -> Letter {
    let (actor, person) = (text(&told.actor), text(&told.person));
    Letter::new(
        format!("The MFA of {person} was reset"),
        [
            format!(
                "The multi-factor authentication (MFA) of the administrator {person} was reset at {}, by {actor}.",
                told.organization
            ),
            "If you don't expect it, ask them by another way than mail.".into(),
        ],
    )
}

pub(super) fn created(told: &Told) -> Letter {
    let (actor, person) = (text(&told.actor), text(&told.person));
    Letter::new(
        format!("{person} is an administrator now"),
        [
            format!("{person} was made an administrator of {}, by {actor}.", told.organization),
            "If you don't expect it, find out who has access to the server.".into(),
        ],
    )
}
