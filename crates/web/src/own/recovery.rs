//! Recovery codes: making new ones, and the page that shows codes once (S4.9).

use super::{
    RECOVERY_CODES,
    factor::{Question, Wording},
};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    form::Posted,
    signin::Portal,
    theme::Theme,
    view::{filters, page},
    visit::Me,
};
use askama::Template;
use axum::{Extension, extract::State, response::Response};
use claviger_domain::{account::Account, recovery::RecoveryCode};

const MAKING: Wording = Wording {
    path: RECOVERY_CODES,
    heading: "Make new recovery codes",
    text: "You get ten codes for when your phone is not at hand. Those that you have stop working.",
    verb: "Make new codes",
    kind: "primary",
    asks_password: false,
};

/// The only page that shows codes: it answers the form that made them and can't be asked for again.
#[derive(Template)]
#[template(path = "signin/recovery_codes.html")]
struct CodesPage {
    chrome: Chrome,
    in_wizard: bool,
    heading: &'static str,
    text: &'static str,
    account: String,
    codes: Vec<String>,
    href: String,
}

impl CodesPage {
    async fn new(
        web: &Web,
        theme: Theme,
        account: &Account,
        codes: &[RecoveryCode],
    ) -> Result<Self, PageError> {
        Ok(Self {
            chrome: Chrome::new(web, theme).await?,
            in_wizard: false,
            heading: "Your recovery codes",
            text: "Each gets you in once without your phone. Save them now: they are not shown again.",
            account: account.email.to_string(),
            codes: codes.iter().map(|code| code.shown().expose().clone()).collect(),
            href: String::new(),
        })
    }
}

/// The end of the wizard.
pub(crate) async fn codes_page(
    web: &Web,
    (portal, theme): (Portal, Theme),
    heading: &'static str,
    account: &Account,
    codes: &[RecoveryCode],
) -> Result<Response, PageError> {
    Ok(page(&CodesPage {
        in_wizard: true,
        heading,
        text: "Save these recovery codes: each gets you in once without your phone. They are not shown again.",
        href: portal.path(""),
        ..CodesPage::new(web, theme, account, codes).await?
    }))
}

pub(super) async fn show(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
) -> Result<Response, PageError> {
    Question::show(&web, (portal, &me), theme, &MAKING).await
}

pub(super) async fn make(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Me(me): Me,
    theme: Theme,
    form: Posted,
) -> Result<Response, PageError> {
    match web.app().make_recovery_codes(&me, form.text("code")).await {
        Ok(codes) => {
            let fresh = CodesPage::new(&web, theme, &me.account, &codes).await?;
            Ok(page(&CodesPage { href: portal.own(""), ..fresh }))
        }
        Err(refusal) => Question::again(&web, (portal, &me), theme, &MAKING, refusal).await,
    }
}
