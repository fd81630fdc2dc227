//! Replacing and removing one's own authenticator (S4.8): the password and a current code, in the card of a sign-in.

use super::{REMOVE, REPLACE};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    flash,
    form::{Errors, Field, Posted},
    signin::Portal,
    theme::Theme,
    view::{filters, page, unprocessable},
    visit::Me,
};
use askama::Template;
use axum::{
    Extension,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{mfa::Enrollment, secret::Secret};

/// A question that is answered with what the person knows and has.
#[derive(Template)]
#[template(path = "signin/own_factor.html")]
pub(super) struct Question {
    pub(super) chrome: Chrome,
    pub(super) words: &'static Wording,
    pub(super) action: String,
    pub(super) back: String,
    pub(super) account: String,
    pub(super) current_password: Field,
    pub(super) code: Field,
}

/// What a question says, and what it asks for.
pub(super) struct Wording {
    pub(super) path: &'static str,
    pub(super) heading: &'static str,
    pub(super) text: &'static str,
    pub(super) verb: &'static str,
    pub(super) kind: &'static str,
    pub(super) asks_password: bool,
}

const REPLACING: Wording = Wording {
    path: REPLACE,
    heading: "Replace your authenticator",
    text: "Your present one keeps working until the new one is confirmed. Your recovery codes are replaced, too.",
    verb: "Continue",
    kind: "primary",
    asks_password: true,
};
const REMOVING: Wording = Wording {
    path: REMOVE,
    heading: "Remove MFA",
    text: "From then on your password alone signs you in. Your recovery codes are deleted and your other sessions end.",
    verb: "Remove MFA",
    kind: "danger",
    asks_password: true,
};

impl Question {
    pub(super) async fn new(
        web: &Web,
        (portal, me): (Portal, &SignedIn),
        theme: Theme,
        words: &'static Wording,
        errors: &Errors,
    ) -> Result<Self, PageError> {
        Ok(Self {
            chrome: Chrome::new(web, theme).await?,
            words,
            action: portal.own(words.path),
            back: portal.own(""),
            account: me.account.email.to_string(),
            current_password: Field::secret("current_password", errors),
            code: Field::secret("code", errors),
        })
    }

    /// The question, or the page that it belongs to for someone without a factor.
    pub(super) async fn show(
        web: &Web,
        who: (Portal, &SignedIn),
        theme: Theme,
        words: &'static Wording,
    ) -> Result<Response, PageError> {
        match who.1.account.mfa.enrollment {
            Enrollment::NotEnrolled => Ok(Redirect::to(&who.0.own("")).into_response()),
            Enrollment::Enrolled(_) => {
                Ok(page(&Self::new(web, who, theme, words, &Errors::default()).await?))
            }
        }
    }

    /// The question again where the answer was wrong.
    pub(super) async fn again(
        web: &Web,
        who: (Portal, &SignedIn),
        theme: Theme,
        words: &'static Wording,
        refusal: Refusal,
    ) -> Result<Response, PageError> {
        match refusal {
            Refusal::Fields(errors) => {
                Ok(unprocessable(&Self::new(web, who, theme, words, &errors.into()).await?))
            }
            other => Err(other.into()),
        }
    }
}

pub(super) async fn show_replace(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
) -> Result<Response, PageError> {
    Question::show(&web, (portal, &me), theme, &REPLACING).await
}

pub(super) async fn replace(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
    form: Posted,
) -> Result<Response, PageError> {
    let password = Secret::from(form.text("current_password"));
    match web.app().start_replacement(&me, &password, form.text("code")).await {
        Ok(()) => Ok(Redirect::to(&portal.path("/enroll/scan")).into_response()),
        Err(refusal) => Question::again(&web, (portal, &me), theme, &REPLACING, refusal).await,
    }
}

pub(super) async fn show_remove(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
) -> Result<Response, PageError> {
    Question::show(&web, (portal, &me), theme, &REMOVING).await
}

pub(super) async fn remove(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
    form: Posted,
) -> Result<Response, PageError> {
    let password = Secret::from(form.text("current_password"));
    match web.app().remove_own_factor(&me, &password, form.text("code")).await {
        Ok(()) => Ok(flash::redirect(&portal.own(""), "own_mfa_removed")),
        Err(refusal) => Question::again(&web, (portal, &me), theme, &REMOVING, refusal).await,
    }
}
