//! Settings › API Keys: made and shown once, listed, revoked (S6.10).

use super::{
    address::newest_first,
    confirm::{Asks, Confirm},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Errors, Field, Posted},
    routing::{Routes, get},
    view::{Link, Pager, When, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
};
use claviger_app::{
    api_keys::{KeyForm, Standing, may_revoke},
    session::SignedIn,
    stored::OwnedKey,
};
use claviger_domain::{
    account::Kind,
    api_key::NETWORKS,
    id::ApiKeyId,
    permission::{Actor, ManageAdministrators, Role},
    time::Timestamp,
};
use std::collections::BTreeMap;

const PATH: &str = "/admin/api-keys";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/api-keys", get(list))
        .at("/admin/api-keys/new", get(ask_new).post(create))
        .at("/admin/api-keys/{id}/revoke", get(ask_revoke).post(revoke))
}

#[derive(Template)]
#[template(path = "admin/api_keys.html")]
struct KeysPage {
    chrome: AdminChrome,
    everybodys: bool,
    rows: Vec<KeyRow>,
    pager: Pager,
}

struct KeyRow {
    name: String,
    owner: String,
    role: &'static str,
    lowered_to: Option<&'static str>,
    problem: Option<&'static str>,
    expires: Option<When>,
    from: String,
    used: Option<Used>,
    revoke: Option<String>,
}

struct Used {
    at: When,
    address: String,
}

fn row(owned: &OwnedKey, me: &Actor, now: Timestamp, zone: &str) -> KeyRow {
    let terms = &owned.key.terms;
    let lowered = terms.role.within(owned.owner_role).filter(|role| *role != terms.role);
    KeyRow {
        name: owned.key.name.clone(),
        owner: owned.email.clone(),
        role: terms.role.words(),
        lowered_to: lowered.map(Role::words),
        problem: match Standing::of(owned, now) {
            Standing::Works => None,
            Standing::Expired => Some("Expired"),
            Standing::OwnerBarred => Some("Administrator not active"),
            Standing::Powerless => Some("Its administrator's role allows nothing of this"),
        },
        expires: terms.expires_at.map(|at| When::new(at, now, zone)),
        from: terms.addresses.to_string(),
        used: owned
            .key
            .last_used
            .as_ref()
            .map(|(at, address)| Used { at: When::new(*at, now, zone), address: address.clone() }),
        revoke: may_revoke(me, owned).is_ok().then(|| format!("{PATH}/{}/revoke", owned.key.id)),
    }
}

async fn list(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let before: Option<ApiKeyId> = query.get("older").and_then(|id| id.parse().ok());
    let found = web.app().api_keys(&me.actor, before, PAGE).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let last = found.keys.last().filter(|_| found.has_older);
    Ok(page(&KeysPage {
        chrome: AdminChrome::new(&web, &me, frame, "api-keys").await?,
        everybodys: me.actor.granted::<ManageAdministrators>().is_ok(),
        rows: found.keys.iter().map(|owned| row(owned, &me.actor, now, zone)).collect(),
        pager: newest_first(PATH, before.is_some(), last.map(|owned| owned.key.id)),
    }))
}

#[derive(Template)]
#[template(path = "admin/api_key_new.html")]
struct NewKeyPage {
    chrome: AdminChrome,
    problem: Option<String>,
    name: Field,
    role: Field,
    roles: Vec<Choice>,
    expires: Field,
    expiries: [Choice; 5],
    expires_on: Field,
    addresses: Field,
    networks: usize,
}

const ON_A_DAY: &str = "date";

impl NewKeyPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame) -> Result<Self, PageError> {
        let Kind::Administrator { role } = me.account.kind else {
            return Err(PageError::NotFound("administrator"));
        };
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "api-keys").await?,
            problem: None,
            name: Field::default(),
            role: Field::of(role.key()),
            roles: role.lendable().map(|role| Choice::new(role.key(), role.words())).collect(),
            expires: Field::of("90"),
            expiries: [
                Choice::new(30, "In 30 days"),
                Choice::new(90, "In 90 days"),
                Choice::new(365, "In 365 days"),
                Choice::new(ON_A_DAY, "On the day below"),
                Choice::new("never", "Never"),
            ],
            expires_on: Field::default(),
            addresses: Field::default(),
            networks: NETWORKS,
        })
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.name = form.field("name", errors);
        self.role = form.field("role", errors);
        self.expires = form.field("expires", errors);
        self.expires_on = form.field("expires_on", errors);
        self.addresses = form.field("addresses", errors);
        if form.text("expires") == ON_A_DAY {
            self.expires_on.error = self.expires.error.take();
        }
        self
    }
}

async fn ask_new(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&NewKeyPage::new(&web, &me, frame).await?))
}

#[derive(Template)]
#[template(path = "admin/api_key_shown.html")]
struct ShownKeyPage {
    chrome: AdminChrome,
    name: String,
    secret: String,
}

async fn create(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let expires = match form.text("expires") {
        ON_A_DAY => form.owned("expires_on"),
        days_or_never => days_or_never.to_owned(),
    };
    let asked = KeyForm {
        name: form.owned("name"),
        role: form.owned("role"),
        expires,
        addresses: form.owned("addresses"),
    };
    let Again { status, errors, problem } = match web.app().create_own_api_key(&me, &asked).await {
        // Nothing that can be kept may hold the secret: it is in this page, and in no address or cookie.
        Ok(made) => {
            let name = made.key.key.name.clone();
            let secret = made.token.expose().to_owned();
            let chrome = AdminChrome::new(&web, &me, frame, "api-keys").await?;
            return Ok(page(&ShownKeyPage { chrome, name, secret }));
        }
        Err(refusal) => Again::after(refusal)?,
    };
    let again = NewKeyPage::new(&web, &me, frame).await?.typed(&form, &errors);
    Ok(render(status, &NewKeyPage { problem, ..again }))
}

fn key_id(text: &str) -> Result<ApiKeyId, PageError> {
    text.parse().map_err(|_| PageError::NotFound("API key"))
}

const REVOKE: Asks = Asks {
    path: "revoke",
    heading: "Revoke",
    verb: "Revoke key",
    effects: &[
        "Programs that use it are refused from now on; on other servers, within five seconds.",
        "It can't be brought back. Make a new one instead.",
    ],
};

async fn ask_revoke(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let owned = web.app().api_key(&me.actor, key_id(&id)?).await?;
    web.app().require_fresh_code(&me.actor)?;
    let chrome = AdminChrome::new(&web, &me, frame, "api-keys").await?;
    let trail = vec![Link { href: PATH.into(), label: "API Keys".into() }];
    let action = format!("{PATH}/{}/{}", owned.key.id, REVOKE.path);
    let blank = Confirm::new(chrome, trail, action, PATH.into());
    let text = format!("It is a key of {}.", owned.email);
    Ok(page(&Confirm { text, ..blank.asking(&REVOKE, &owned.key.name) }))
}

async fn revoke(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    web.app().revoke_api_key(&me.actor, key_id(&id)?).await?;
    Ok(flash::redirect(PATH, "key_revoked"))
}
