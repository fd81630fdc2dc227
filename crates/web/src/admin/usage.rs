//! Settings › Usage: who was active, month by month (section 7).

use super::charts::{self, BarChart};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    routing::{Routes, get},
    view::{filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::words;
use claviger_domain::{
    permission::SeeUsage,
    usage::{SHOWN, Usage},
};

pub(super) fn routes() -> Router<Web> {
    Router::new().at("/admin/usage", get(show)).at("/admin/usage.csv", get(csv))
}

#[derive(Template)]
#[template(path = "admin/usage.html")]
struct UsagePage {
    chrome: AdminChrome,
    users: BarChart,
    rows: Vec<UsageRow>,
}

struct UsageRow {
    month: String,
    users: String,
    devices: String,
    is_present: bool,
}

const TICKS: [usize; 4] = [0, 4, 8, SHOWN - 1];

async fn show(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    let months = web.app().usage(&me.actor.granted::<SeeUsage>()?).await?;
    let present = months.last().map(|usage| usage.month);
    let rows = months.iter().rev().map(|usage| UsageRow {
        month: usage.month.words(),
        users: words::number(usage.users),
        devices: words::number(usage.devices),
        is_present: Some(usage.month) == present,
    });
    Ok(page(&UsagePage {
        chrome: AdminChrome::new(&web, &me, frame, "usage").await?,
        users: bars(&months),
        rows: rows.collect(),
    }))
}

fn bars(months: &[Usage]) -> BarChart {
    let counts: Vec<_> = months.iter().map(|usage| usage.users).collect();
    let label = |index: usize| months.get(index).map(|usage| usage.month.words()).unwrap_or_default();
    let present = counts.last().copied().unwrap_or(0);
    charts::bars(&counts, label, &TICKS, format!("{} this month", words::counted(present, "user")))
}

async fn csv(State(web): State<Web>, Admin(me): Admin) -> Result<Response, PageError> {
    let text = web.app().usage_csv(&me.actor.granted::<SeeUsage>()?).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"usage.csv\""),
    ];
    Ok((headers, text).into_response())
}
