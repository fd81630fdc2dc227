//! Giving a hardware token to one user (S4.6).

use super::change::{Change, named};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field},
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::{
    session::SignedIn,
    stored::{Held, TokenFilter, user_list::Page},
    tokens::FirstCode,
    words,
};
use claviger_domain::{
    account::Account,
    id::AccountId,
    mfa::Requirement,
    permission::{ManageUsers, ViewUsers},
};

/// Serial numbers that the field proposes; any other can be typed.
const PROPOSED: i64 = 100;

#[derive(Template)]
#[template(path = "admin/token_assign.html")]
struct TokenAssign {
    chrome: AdminChrome,
    trail: Vec<Link>,
    name: String,
    action: String,
    cancel: String,
    problem: Option<String>,
    stock: String,
    proposed: Vec<String>,
    held: Option<String>,
    is_prompted: bool,
    serial: Field,
    code: Field,
}

async fn form(web: &Web, me: &SignedIn, frame: Frame, account: &Account) -> Result<TokenAssign, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let base = format!("/admin/users/{}", account.id);
    let name = account.name.shown(account.email.as_str());
    let filter = TokenFilter { held: Some(Held::InStock), ..TokenFilter::default() };
    let stock = web.app().tokens(&granted, &filter, &Page::First, PROPOSED).await?;
    let held = web.app().token_of(&granted, account.id).await?;
    let count = web.app().count_tokens(&granted, &filter).await?;
    Ok(TokenAssign {
        chrome: AdminChrome::new(web, me, frame, "users").await?,
        trail: vec![
            Link { href: "/admin/users".into(), label: "Users".into() },
            Link { href: base.clone(), label: name.clone() },
        ],
        name,
        action: format!("{base}/mfa/token"),
        cancel: base,
        problem: None,
        stock: words::counted(count, "token"),
        proposed: stock.tokens.iter().map(|listed| listed.token.serial.as_str().to_owned()).collect(),
        serial: Field::of(held.as_ref().map(|token| token.serial.as_str()).unwrap_or_default()),
        held: held.map(|token| {
            let serial = token.serial.as_str();
            format!(
                "Token {serial} waits for its first code. Another one takes its place; it goes back to stock."
            )
        }),
        is_prompted: account.mfa.requirement != Requirement::NotRequired,
        code: Field::default(),
    })
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let account = web.app().user(&me.actor.granted::<ViewUsers>()?, named(&id)?).await?;
    Ok(page(&form(&web, &me, frame, &account).await?))
}

pub(super) async fn assign(
    Change { web, me, frame, granted, id, form: posted }: Change<AccountId>,
) -> Result<Response, PageError> {
    let (code, done) = match posted.text("confirm") {
        "later" => (FirstCode::Later, "token_waits"),
        _ => (FirstCode::Now(posted.text("code")), "token_assigned"),
    };
    let assigned = web.app().assign_token(&granted, id, posted.text("serial"), code).await;
    let Again { status, errors, problem } = match assigned {
        Ok(_) => return Ok(flash::redirect(&format!("/admin/users/{id}"), done)),
        Err(refusal) => Again::after(refusal)?,
    };
    let account = web.app().user(&me.actor.granted::<ViewUsers>()?, id).await?;
    let again = form(&web, &me, frame, &account).await?;
    let (serial, code) = (posted.field("serial", &errors), Field::secret("code", &errors));
    Ok(render(status, &TokenAssign { serial, code, problem, ..again }))
}
