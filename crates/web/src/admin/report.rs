//! The MFA report: pictures of where the organization stands, and evidence of it (section 7).

use super::charts::{self, AreaChart, BarChart, Donut};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    evidence,
    routing::{Routes, get},
    view::{filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::{evidence::Format, report::Report, words};
use claviger_domain::permission::ViewUsers;
use std::collections::BTreeMap;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/report", get(show))
        .at("/admin/report/evidence.csv", get(csv))
        .at("/admin/report/evidence.html", get(html))
        .at("/admin/report/evidence-key.pem", get(key))
}

#[derive(Template)]
#[template(path = "admin/report.html")]
struct ReportPage {
    chrome: AdminChrome,
    donut: Donut,
    lengths: Vec<Length>,
    enrollment: AreaChart,
    ending: BarChart,
    failed: BarChart,
}

/// How far back enrollment is shown.
struct Length {
    href: String,
    label: String,
    selected: bool,
}

impl Length {
    fn new(days: u8, shown: u8) -> Self {
        Self {
            href: format!("/admin/report?days={days}#enrollment-title"),
            label: words::days(i64::from(days)),
            selected: days == shown,
        }
    }
}

const TICKS: [usize; 4] = [0, 10, 20, 29];

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let report = web.app().report(&me.actor.granted::<ViewUsers>()?).await?;
    let organization = web.app().organization().await?;
    let zone = organization.settings.time_zone.as_str();
    let lengths = [30_u8, 90];
    let asked = query.get("days").and_then(|days| days.parse().ok());
    let days = lengths.into_iter().find(|length| asked == Some(*length)).unwrap_or(30);
    let skipped = report.enrolled_by_day.len().saturating_sub(usize::from(days));
    let shown = report.enrolled_by_day.get(skipped..).unwrap_or_default();
    Ok(page(&ReportPage {
        chrome: AdminChrome::new(&web, &me, frame, "report").await?,
        donut: charts::donut(&report.statuses),
        lengths: lengths.into_iter().map(|length| Length::new(length, days)).collect(),
        enrollment: charts::enrollment(&report.statuses, shown, report.now, zone),
        ending: ending(&report, zone),
        failed: failed(&report, zone),
    }))
}

fn ending(report: &Report, zone: &str) -> BarChart {
    let counts = &report.ending_by_day;
    let note = format!("{} in 30 days", words::number(counts.iter().sum()));
    charts::bars(counts, |index| charts::ahead(report.now, index, zone), &TICKS, note)
}

fn failed(report: &Report, zone: &str) -> BarChart {
    let counts = &report.failed_by_day;
    let note = format!("{} in 30 days", words::number(counts.iter().sum()));
    let day = |index: usize| charts::ago(report.now, counts.len().saturating_sub(index + 1), zone);
    charts::bars(counts, day, &TICKS, note)
}

async fn document(web: &Web, Admin(me): Admin, format: Format) -> Result<Response, PageError> {
    let evidence = web.app().evidence(&me.actor.granted::<ViewUsers>()?, format).await?;
    Ok(evidence::file(evidence, format))
}

async fn csv(State(web): State<Web>, admin: Admin) -> Result<Response, PageError> {
    document(&web, admin, Format::Csv).await
}

async fn html(State(web): State<Web>, admin: Admin) -> Result<Response, PageError> {
    document(&web, admin, Format::Html).await
}

/// What evidence is verified with, on any machine.
async fn key(State(web): State<Web>, Admin(me): Admin) -> Result<Response, PageError> {
    let pem = web.app().evidence_key(&me.actor.granted::<ViewUsers>()?).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/x-pem-file"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mfa-evidence-key.pem\""),
    ];
    Ok((headers, pem).into_response())
}
