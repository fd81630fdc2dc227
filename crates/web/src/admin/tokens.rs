//! Hardware Tokens: the stock and who has what (S4.6).

use super::{
    address::{Address, Hidden, Segmented},
    confirm::Confirm,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::Again,
    view::{Link, Pager, When, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use claviger_app::{
    session::SignedIn,
    stored::{Held, ListedToken, TokenFilter, token_cursor},
    words,
};
use claviger_domain::{
    id::TokenId,
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
    token::{HardwareToken, Whereabouts},
};
use std::collections::BTreeMap;

const PAGE: i64 = 50;
const HERE: &str = "/admin/tokens";

#[derive(Template)]
#[template(path = "admin/tokens.html")]
struct Tokens {
    chrome: AdminChrome,
    may_edit: bool,
    no_tokens: bool,
    search: String,
    kept_filters: Vec<Hidden>,
    halves: Vec<Segmented>,
    rows: Vec<TokenRow>,
    pager: Pager,
}

struct TokenRow {
    serial: String,
    model: String,
    place: &'static str,
    user: Option<Link>,
    since: Option<When>,
    imported: When,
    action: Option<Link>,
}

fn filter(address: &Address) -> TokenFilter {
    TokenFilter {
        search: address.search(),
        held: match address.get("held") {
            "stock" => Some(Held::InStock),
            "assigned" => Some(Held::Assigned),
            _ => None,
        },
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let address = Address::new(HERE, &["held"], query);
    let filter = filter(&address);
    let found = web.app().tokens(&granted, &filter, &address.page(), PAGE).await?;
    let matching = web.app().count_tokens(&granted, &filter).await?;
    let organization = web.app().organization().await?;
    let (zone, now) = (&organization.settings.time_zone, web.app().now());
    let may_edit = me.actor.granted::<ManageUsers>().is_ok();
    let newer = found.tokens.first().filter(|_| found.has_newer);
    let older = found.tokens.last().filter(|_| found.has_older);
    let beside = |listed: Option<&ListedToken>| listed.map(|listed| token_cursor(&listed.token));
    Ok(page(&Tokens {
        chrome: AdminChrome::new(&web, &me, frame, "tokens").await?,
        may_edit,
        no_tokens: matching == 0 && filter == TokenFilter::default(),
        search: filter.search.clone(),
        kept_filters: address.kept(),
        halves: address.segments("held", &[("", "All"), ("stock", "In stock"), ("assigned", "Assigned")]),
        rows: found.tokens.iter().map(|listed| row(listed, now, zone)).collect(),
        pager: address.pager(beside(newer), beside(older), words::counted(matching, "token")),
    }))
}

fn row(listed: &ListedToken, now: Timestamp, zone: &str) -> TokenRow {
    let ListedToken { token, email, .. } = listed;
    let holder = token.whereabouts.holder();
    let action = match token.whereabouts {
        Whereabouts::Stock => Some(("delete", "Delete…")),
        Whereabouts::Waiting { .. } => Some(("return", "Take back…")),
        Whereabouts::InUse { .. } => None,
    };
    TokenRow {
        serial: token.serial.as_str().to_owned(),
        model: token.model.clone(),
        place: token.whereabouts.key(),
        user: holder.map(|(account, _)| Link {
            href: format!("/admin/users/{account}"),
            label: email.clone().unwrap_or_default(),
        }),
        since: holder.map(|(_, since)| When::new(since, now, zone)),
        imported: When::new(token.imported_at, now, zone),
        action: action
            .map(|(path, label)| Link { href: format!("{HERE}/{}/{path}", token.id), label: label.into() }),
    }
}

/// What is done to one token.
#[derive(Clone, Copy)]
enum Verb {
    Delete,
    TakeBack,
}

impl Verb {
    fn at(path: &str) -> Result<Self, PageError> {
        match path {
            "delete" => Ok(Self::Delete),
            "return" => Ok(Self::TakeBack),
            _ => Err(PageError::NotFound("page")),
        }
    }
}

fn token_id(text: &str) -> Result<TokenId, PageError> {
    text.parse().map_err(|_| PageError::NotFound("token"))
}

async fn confirmation(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    verb: Verb,
    token: &HardwareToken,
) -> Result<Confirm, PageError> {
    let serial = token.serial.as_str();
    let (heading, path, button, effects) = match verb {
        Verb::Delete => (
            format!("Delete token {serial}"),
            "delete",
            "Delete token",
            vec!["Its secret is gone for good. To use the token again, import its file again.".to_owned()],
        ),
        Verb::TakeBack => (
            format!("Take token {serial} back"),
            "return",
            "Take back",
            vec![
                "The token is in stock again and can be assigned to somebody else.".to_owned(),
                "Its user is no longer asked for its first code. Their requirement stays.".to_owned(),
            ],
        ),
    };
    let chrome = AdminChrome::new(web, me, frame, "tokens").await?;
    let trail = vec![Link { href: HERE.into(), label: "Hardware Tokens".into() }];
    Ok(Confirm {
        heading,
        effects,
        danger: matches!(verb, Verb::Delete),
        verb: button.into(),
        ..Confirm::new(chrome, trail, format!("{HERE}/{}/{path}", token.id), HERE.into())
    })
}

pub(super) async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): Path<(String, String)>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    let verb = Verb::at(&action)?;
    if let Verb::TakeBack = verb {
        web.app().require_fresh_code(&me.actor)?;
    }
    let token = web.app().token(&me.actor.granted::<ViewUsers>()?, token_id(&id)?).await?;
    Ok(page(&confirmation(&web, &me, frame, verb, &token).await?))
}

pub(super) async fn act(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let (verb, id) = (Verb::at(&action)?, token_id(&id)?);
    let token = web.app().token(&me.actor.granted::<ViewUsers>()?, id).await?;
    let (done, word) = match verb {
        Verb::Delete => (web.app().delete_token(&granted, id).await, "token_deleted"),
        Verb::TakeBack => (web.app().take_token_back(&granted, id).await, "token_returned"),
    };
    match done {
        Ok(()) => Ok(flash::redirect(HERE, word)),
        Err(refusal) => {
            let Again { status, problem, .. } = Again::after(refusal)?;
            let asked = confirmation(&web, &me, frame, verb, &token).await?;
            Ok(render(status, &Confirm { problem, ..asked }))
        }
    }
}
