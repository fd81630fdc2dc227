//! The report of factors whose clocks are off by a step or more (S4.18).

use super::address::Address;
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
use claviger_app::{stored::Drifting, words};
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

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let address = Address::new("/admin/report/drift", &[], query);
    let found = web.app().drifting(&granted, &address.page(), PAGE).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let newer = found.factors.first().filter(|_| found.has_newer).map(Drifting::cursor);
    let older = found.factors.last().filter(|_| found.has_older).map(Drifting::cursor);
    Ok(page(&DriftPage {
        chrome: AdminChrome::new(&web, &me, frame, "report").await?,
        rows: found.factors.iter().map(|row| drift_row(row, now, zone)).collect(),
        pager: address.pager(newer, older, String::new()),
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
