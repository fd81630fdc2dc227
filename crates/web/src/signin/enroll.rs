//! The wizard that sets MFA up (S4.5–S4.7), on the way in or from within.

use super::{Portal, enroll_token, other_step};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    flash,
    form::{Errors, Field, Posted},
    own::codes_page,
    routing::{Routes, get, post},
    theme::Theme,
    view::{filters, page, unprocessable},
    visit::{self, Half},
};
use askama::Template;
use axum::{
    Extension, Router,
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::{
    Refusal,
    enrollment::{Aim, Confirmed, Enroller, Shown},
    session::Visit,
    words,
};
use claviger_domain::organization::CodesAtSetup;
use fast_qr::{ECL, QRBuilder};
use std::fmt::Write;

pub(super) fn routes(portal: Portal) -> Router<Web> {
    Router::new()
        .at(&portal.path("/enroll"), get(show_start))
        .at(&portal.path("/enroll/app"), get(show_app))
        .at(&portal.path("/enroll/token"), post(enroll_token::submit))
        .at(&portal.path("/enroll/dismiss"), post(dismiss))
        .at(&portal.path("/enroll/start"), post(start))
        .at(&portal.path("/enroll/scan"), get(show_scan))
        .at(&portal.path("/enroll/code"), get(show_code).post(submit_code))
        .at(&portal.path("/enroll/done"), get(done))
}

/// Someone who may set MFA up.
pub(super) struct Enrolling(pub(super) Enroller);

impl FromRequestParts<Web> for Enrolling {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let portal = Portal::from_request_parts(parts, web).await?;
        if let Visit::Full(me) = visit::visit(web, portal.realm, parts).await? {
            return Ok(Self(Enroller::from_within(&me)));
        }
        let Half(half) = Half::from_request_parts(parts, web).await?;
        Enroller::on_the_way(&half).map(Self).ok_or_else(|| instead(other_step(portal, half.next)))
    }
}

fn instead(response: Response) -> PageError {
    PageError::Instead(Box::new(response))
}

#[derive(Template)]
#[template(path = "signin/enroll_start.html")]
struct EnrollStart {
    chrome: Chrome,
    base: String,
    days_left: Option<String>,
    dismissable: bool,
    problem: Option<String>,
}

async fn show_start(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    said: flash::Said,
    Enrolling(who): Enrolling,
) -> Result<Response, PageError> {
    match web.app().waiting_token(&who).await? {
        Some(serial) => enroll_token::show(&web, (portal, theme), said, &who, &serial).await,
        None => start_page(&web, portal, theme, said, &who).await,
    }
}

/// The same for someone who would rather use an app than the token that they were given.
async fn show_app(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    said: flash::Said,
    Enrolling(who): Enrolling,
) -> Result<Response, PageError> {
    start_page(&web, portal, theme, said, &who).await
}

async fn start_page(
    web: &Web,
    portal: Portal,
    theme: Theme,
    said: flash::Said,
    who: &Enroller,
) -> Result<Response, PageError> {
    if who.aim == Aim::Replacement {
        return Ok(Redirect::to(&portal.own("")).into_response());
    }
    let base = portal.path("/enroll");
    let left = who.dismissable_until.map(|until| until.since(web.app().now()));
    Ok(page(&EnrollStart {
        chrome: Chrome::new(web, theme).await?,
        base,
        days_left: left.map(|left| format!("You have {} left to set up MFA.", words::span(left))),
        dismissable: left.is_some(),
        problem: said.0.map(|said| said.text),
    }))
}

async fn dismiss(State(web): State<Web>, Half(half): Half) -> Result<Response, PageError> {
    let session = web.app().put_off(&half).await?;
    Ok(visit::enter(&web, &session))
}

async fn start(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    Enrolling(who): Enrolling,
) -> Result<Response, PageError> {
    web.app().start_enrollment(&who).await?;
    Ok(Redirect::to(&portal.path("/enroll/scan")).into_response())
}

#[derive(Template)]
#[template(path = "signin/enroll_scan.html")]
struct EnrollScan {
    chrome: Chrome,
    base: String,
    qr_svg: String,
    key_groups: Vec<String>,
    key: String,
    issuer: String,
    account: String,
    uri: String,
}

/// Back to the first step when this wizard's secret is gone.
pub(super) fn start_over(portal: Portal) -> Response {
    flash::redirect(&portal.path("/enroll"), "set_up_again")
}

async fn shown(web: &Web, portal: Portal, who: &Enroller) -> Result<Shown, PageError> {
    match web.app().show_enrollment(who).await {
        Err(Refusal::NotFound(_)) => Err(instead(start_over(portal))),
        other => Ok(other?),
    }
}

async fn show_scan(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Enrolling(who): Enrolling,
) -> Result<Response, PageError> {
    let shown = shown(&web, portal, &who).await?;
    let base = portal.path("/enroll");
    let key = shown.key.expose();
    let letters: Vec<char> = key.chars().collect();
    Ok(page(&EnrollScan {
        chrome: Chrome::new(&web, theme).await?,
        base,
        qr_svg: qr_svg(shown.uri.expose())?,
        key_groups: letters.chunks(4).map(|group| group.iter().collect()).collect(),
        key: key.clone(),
        issuer: shown.issuer,
        account: shown.account,
        uri: shown.uri.expose().clone(),
    }))
}

/// The QR code as one path of horizontal runs, with the quiet zone of four modules that ISO 18004 asks for.
fn qr_svg(text: &str) -> Result<String, PageError> {
    const QUIET: usize = 4;
    let code = QRBuilder::new(text)
        .ecl(ECL::M)
        .build()
        .map_err(|error| PageError::Internal(format!("QR: {error:?}")))?;
    let side = code.size + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.size {
        let row = code.data.get(y * code.size..(y + 1) * code.size).unwrap_or_default();
        let mut x = 0;
        while x < row.len() {
            let run = row.iter().skip(x).take_while(|module| module.value()).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    Ok(format!(
        "<svg viewBox=\"0 0 {side} {side}\" aria-hidden=\"true\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[derive(Template)]
#[template(path = "signin/enroll_code.html")]
struct EnrollCode {
    chrome: Chrome,
    base: String,
    code: Field,
    code_2: Option<Field>,
}

async fn code_page(
    web: &Web,
    portal: Portal,
    theme: Theme,
    errors: &Errors,
) -> Result<EnrollCode, PageError> {
    let base = portal.path("/enroll");
    let settings = &web.app().organization().await?.settings;
    Ok(EnrollCode {
        chrome: Chrome::new(web, theme).await?,
        base,
        code: Field::secret("code", errors),
        code_2: (settings.codes_at_setup == CodesAtSetup::Two).then(|| Field::secret("code_2", errors)),
    })
}

async fn show_code(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Enrolling(who): Enrolling,
) -> Result<Response, PageError> {
    shown(&web, portal, &who).await?;
    Ok(page(&code_page(&web, portal, theme, &Errors::default()).await?))
}

async fn submit_code(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
    Enrolling(who): Enrolling,
    form: Posted,
) -> Result<Response, PageError> {
    match web.app().confirm_enrollment(&who, form.text("code"), form.text("code_2")).await {
        Ok(confirmed) => enrolled(&web, portal, theme, &who, confirmed).await,
        Err(Refusal::Fields(errors)) => {
            Ok(unprocessable(&code_page(&web, portal, theme, &errors.into()).await?))
        }
        Err(Refusal::NotFound(_) | Refusal::Changed) => Ok(start_over(portal)),
        Err(refusal) => Err(refusal.into()),
    }
}

/// The end of every set-up: the recovery codes, or a page that says so.
pub(super) async fn enrolled(
    web: &Web,
    portal: Portal,
    theme: Theme,
    who: &Enroller,
    confirmed: Confirmed,
) -> Result<Response, PageError> {
    let Confirmed { session, codes } = confirmed;
    let heading = match who.aim {
        Aim::First | Aim::Replacement => "MFA setup is complete",
        Aim::Reset => "MFA reset was successful",
    };
    if codes.is_empty() && who.aim == Aim::Reset {
        let next = flash::redirect(&portal.next_page(session.next), "own_mfa_reset");
        return Ok(visit::give(web, &session, next));
    }
    if codes.is_empty() {
        return Ok(visit::enter_at(web, &session, &portal.path("/enroll/done")));
    }
    let shown = codes_page(web, (portal, theme), heading, &who.account, &codes).await?;
    Ok(visit::give(web, &session, shown))
}

#[derive(Template)]
#[template(path = "signin/enroll_done.html")]
struct EnrollDone {
    chrome: Chrome,
    href: String,
}

async fn done(
    State(web): State<Web>,
    Extension(portal): Extension<Portal>,
    theme: Theme,
) -> Result<Response, PageError> {
    let chrome = Chrome::new(&web, theme).await?;
    Ok(page(&EnrollDone { chrome, href: portal.path("") }))
}
