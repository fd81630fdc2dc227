//! Connect Keys: made and shown once, listed, rotated, revoked (S8.1).

use super::{
    address::newest_first,
    change::{Change, named},
    confirm::{Asks, Confirm},
    device_groups,
    devices::Install,
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
use claviger_app::{device_admin::NewConnectKey, session::SignedIn, words};
use claviger_domain::{
    connect_key::{ConnectKey, Form, Standing},
    id::ConnectKeyId,
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
};
use std::collections::BTreeMap;

const PATH: &str = "/admin/connect-keys";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/connect-keys", get(list))
        .at("/admin/connect-keys/new", get(ask_new).post(create))
        .at("/admin/connect-keys/{id}/rotate", get(ask_rotate).post(rotate))
        .at("/admin/connect-keys/{id}/revoke", get(ask_revoke).post(revoke))
}

#[derive(Template)]
#[template(path = "admin/connect_keys.html")]
struct KeysPage {
    chrome: AdminChrome,
    may_edit: bool,
    rows: Vec<KeyRow>,
    pager: Pager,
}

struct KeyRow {
    name: String,
    works: bool,
    state: &'static str,
    uses: String,
    group: Option<Link>,
    expires: Option<When>,
    rotate: Option<String>,
    revoke: Option<String>,
}

fn row(key: &ConnectKey, group: Option<Link>, may_edit: bool, now: Timestamp, zone: &str) -> KeyRow {
    let standing = key.standing(now);
    let can_change = may_edit && standing != Standing::Revoked;
    let left = key.uses_left.map(|left| format!(", {} left", words::number(left))).unwrap_or_default();
    KeyRow {
        name: key.name.clone(),
        works: standing == Standing::Works,
        state: standing.words(),
        uses: format!("{}{left}", words::counted(key.uses, "device")),
        group,
        expires: key.expires_at.map(|at| When::new(at, now, zone)),
        rotate: can_change.then(|| format!("{PATH}/{}/rotate", key.id)),
        revoke: can_change.then(|| format!("{PATH}/{}/revoke", key.id)),
    }
}

async fn list(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let before: Option<ConnectKeyId> = query.get("older").and_then(|id| id.parse().ok());
    let found = web.app().connect_keys(&granted, before, PAGE).await?;
    let groups = web.app().device_groups(&granted).await?;
    let group_of = |key: &ConnectKey| {
        let counted = groups.iter().find(|counted| Some(counted.group.id) == key.device_group)?;
        let href = format!("/admin/device-groups/{}", counted.group.id);
        Some(Link { href, label: counted.group.name.as_str().to_owned() })
    };
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let may_edit = me.actor.granted::<ManageUsers>().is_ok();
    let last = found.keys.last().filter(|_| found.has_older);
    Ok(page(&KeysPage {
        chrome: AdminChrome::new(&web, &me, frame, "connect-keys").await?,
        may_edit,
        rows: found.keys.iter().map(|key| row(key, group_of(key), may_edit, now, zone)).collect(),
        pager: newest_first(PATH, before.is_some(), last.map(|key| key.id)),
    }))
}

#[derive(Template)]
#[template(path = "admin/connect_key_new.html")]
struct NewKeyPage {
    chrome: AdminChrome,
    problem: Option<String>,
    name: Field,
    expires: Field,
    expiries: [Choice; 5],
    uses: Field,
    device_group: Field,
    groups: Vec<Choice>,
}

impl NewKeyPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame) -> Result<Self, PageError> {
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "connect-keys").await?,
            problem: None,
            name: Field::default(),
            expires: Field::of("30"),
            expiries: [
                Choice::new(1, "In one day"),
                Choice::new(7, "In 7 days"),
                Choice::new(30, "In 30 days"),
                Choice::new(365, "In 365 days"),
                Choice::new("never", "Never"),
            ],
            uses: Field::default(),
            device_group: Field::default(),
            groups: device_groups::choices(web, me).await?,
        })
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.name = form.field("name", errors);
        self.expires = form.field("expires", errors);
        self.uses = form.field("uses", errors);
        self.device_group = form.field("device_group", errors);
        self
    }
}

async fn ask_new(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&NewKeyPage::new(&web, &me, frame).await?))
}

#[derive(Template)]
#[template(path = "admin/connect_key_shown.html")]
struct ShownKeyPage {
    chrome: AdminChrome,
    name: String,
    secret: String,
    install: Install,
}

/// Nothing that can be kept may hold the key: it is in this page, and in no address or cookie.
async fn shown(web: &Web, me: &SignedIn, frame: Frame, made: &NewConnectKey) -> Result<Response, PageError> {
    Ok(page(&ShownKeyPage {
        chrome: AdminChrome::new(web, me, frame, "connect-keys").await?,
        name: made.key.name.clone(),
        secret: made.text.expose().clone(),
        install: Install::new(web.app().public_url(), made.text.expose()),
    }))
}

async fn create(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let asked = Form {
        name: form.owned("name"),
        expires: form.owned("expires"),
        uses: form.owned("uses"),
        device_group: form.owned("device_group"),
    };
    let Again { status, errors, problem } = match web.app().create_connect_key(&granted, &asked).await {
        Ok(made) => return shown(&web, &me, frame, &made).await,
        Err(refusal) => Again::after(refusal)?,
    };
    let again = NewKeyPage::new(&web, &me, frame).await?.typed(&form, &errors);
    Ok(render(status, &NewKeyPage { problem, ..again }))
}

const ROTATE: Asks = Asks {
    path: "rotate",
    heading: "Rotate",
    verb: "Rotate key",
    effects: &[
        "It gets another text, which you see once. The old one enrolls no device any more.",
        "Devices that it has enrolled stay as they are.",
    ],
};

const REVOKE: Asks = Asks {
    path: "revoke",
    heading: "Revoke",
    verb: "Revoke key",
    effects: &[
        "It enrolls no device any more, and can't be brought back. Make a new one instead.",
        "Devices that it has enrolled stay as they are.",
    ],
};

async fn confirmation(
    (web, me, frame): (&Web, &SignedIn, Frame),
    id: &str,
    asks: &Asks,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let key = web.app().connect_key(&me.actor.granted::<ViewUsers>()?, named(id)?).await?;
    let chrome = AdminChrome::new(web, me, frame, "connect-keys").await?;
    let trail = vec![Link { href: PATH.into(), label: "Connect Keys".into() }];
    let action = format!("{PATH}/{}/{}", key.id, asks.path);
    Ok(page(&Confirm::new(chrome, trail, action, PATH.into()).asking(asks, &key.name)))
}

async fn ask_rotate(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    confirmation((&web, &me, frame), &id, &ROTATE).await
}

async fn rotate(change: Change<ConnectKeyId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, .. } = change;
    let made = web.app().rotate_connect_key(&granted, id).await?;
    shown(&web, &me, frame, &made).await
}

async fn ask_revoke(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    confirmation((&web, &me, frame), &id, &REVOKE).await
}

async fn revoke(Change { web, granted, id, .. }: Change<ConnectKeyId>) -> Result<Response, PageError> {
    web.app().revoke_connect_key(&granted, id).await?;
    Ok(flash::redirect(PATH, "connect_key_revoked"))
}
