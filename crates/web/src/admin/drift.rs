//! The report of factors whose clocks are off by a step or more (S4.18).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    view::{Pager, When, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use claviger_app::{
    stored::{
        Drifting,
        user_list::{Cursor, Page},
    },
    words,
};
use claviger_domain::{permission::ViewUsers, time::Timestamp};
use std::collections::BTreeMap;

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "admin/drift.html")]
struct DriftPage {
    chrome: AdminChrome,
    rows: Vec<DriftRow>,
    pager: Pager,
}

struct DriftRow {
    href: String,
    name: String,
    email: String,
    clock: String,
    last_used: When,
}

/// The row's id, a dot, and how far its clock is off.
fn cursor(text: &str) -> Option<Cursor> {
    let (id, value) = text.split_once('.')?;
    Some(Cursor { value: value.to_owned(), id: id.parse().ok()? })
}

fn asked(query: &BTreeMap<String, String>) -> Page {
    let side = |name: &str| query.get(name).and_then(|text| cursor(text));
    match (side("after"), side("before")) {
        (Some(after), _) => Page::After(after),
        (None, Some(before)) => Page::Before(before),
        (None, None) => Page::First,
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let found = web.app().drifting(&granted, &asked(&query), PAGE).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let beside = |row: Option<&Drifting>, side: &str, is_there: bool| {
        row.filter(|_| is_there).map(|row| {
            let Cursor { value, id } = row.cursor();
            format!("/admin/report/drift?{side}={id}.{value}")
        })
    };
    Ok(page(&DriftPage {
        chrome: AdminChrome::new(&web, &me, frame, "report").await?,
        rows: found.factors.iter().map(|row| drift_row(row, now, zone)).collect(),
        pager: Pager {
            newer: beside(found.factors.first(), "before", found.has_newer),
            older: beside(found.factors.last(), "after", found.has_older),
            newer_label: "Previous",
            older_label: "Next",
            ..Pager::NONE
        },
    }))
}

fn drift_row(row: &Drifting, now: Timestamp, zone: &str) -> DriftRow {
    let account = &row.account;
    DriftRow {
        href: format!("/admin/users/{}", account.id),
        name: account.name.shown(account.username().map_or("", |name| name.as_str())),
        email: account.email.to_string(),
        clock: words::clock(row.drift),
        last_used: When::new(row.last_used_at, now, zone),
    }
}
