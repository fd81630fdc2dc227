//! Jobs: how far they are, what was skipped and why (S3.7).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    view::{Link, Pager, When, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::{
    csv_text, device_admin, jobs,
    stored::{Job, JobState, Line, Part, Which},
    words,
};
use claviger_domain::{
    id::JobId,
    permission::{AssistUsers, ManageUsers, ViewUsers},
};
use std::collections::BTreeMap;

const PAGE: i64 = 100;
/// Lines of a report read at once for a download.
const AT_ONCE: i64 = 5_000;

pub(super) fn job_id(text: &str) -> Result<JobId, PageError> {
    text.parse().map_err(|_| PageError::NotFound("job"))
}

#[derive(Template)]
#[template(path = "admin/jobs.html")]
struct Jobs {
    chrome: AdminChrome,
    rows: Vec<JobRow>,
}

struct JobRow {
    href: String,
    words: &'static str,
    state: &'static str,
    state_words: String,
    created: When,
}

pub(super) async fn list(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    let jobs = web.app().jobs(&me.actor.granted::<ViewUsers>()?).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let rows = jobs.iter().map(|job| JobRow {
        href: format!("/admin/jobs/{}", job.id),
        words: jobs::words(&job.kind),
        state: badge(job.state),
        state_words: state_words(job),
        created: When::new(job.created_at, now, zone),
    });
    let rows = rows.collect();
    Ok(page(&Jobs { chrome: AdminChrome::new(&web, &me, frame, "users").await?, rows }))
}

/// Where a job belongs in the menu, and what its items are.
fn items_of(job: &Job) -> (&'static str, &'static str) {
    match device_admin::Kind::of_job(&job.kind) {
        Some(_) => ("devices", "Device"),
        None => ("users", "User"),
    }
}

/// The badge's color word.
const fn badge(state: JobState) -> &'static str {
    match state {
        JobState::Preview | JobState::Waiting | JobState::Running => "waiting",
        JobState::Done => "sent",
        JobState::Canceled => "failed",
    }
}

fn state_words(job: &Job) -> String {
    match job.state {
        JobState::Preview => "Waits for you".into(),
        JobState::Waiting => "Waiting".into(),
        JobState::Running => format!("{} of {}", words::number(job.position), words::number(job.total)),
        JobState::Done if job.skipped > 0 => format!("Done, {} skipped", words::number(job.skipped)),
        JobState::Done => "Done".into(),
        JobState::Canceled => "Canceled".into(),
    }
}

#[derive(Template)]
#[template(path = "admin/job.html")]
struct JobPage {
    chrome: AdminChrome,
    place: Link,
    /// What its items are.
    of: &'static str,
    id: String,
    words: &'static str,
    state: &'static str,
    state_words: String,
    is_moving: bool,
    preview: Option<Preview>,
    position: i64,
    total: i64,
    progress: String,
    left: String,
    done: String,
    skipped: String,
    remaining: String,
    created: When,
    finished: Option<When>,
    may_steer: bool,
    all: bool,
    lines: Vec<Line>,
    pager: Pager,
}

struct Preview {
    good: String,
    can_start: bool,
    bad: String,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let id = job_id(&id)?;
    let job = web.app().job(&granted, id).await?;
    let all = query.contains_key("all");
    let after = query.get("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let part = Part { of: if all { Which::All } else { Which::Skipped }, after, limit: PAGE + 1 };
    let mut lines = web.app().job_report(&granted, id, part).await?;
    let more = lines.len() > PAGE as usize;
    lines.truncate(PAGE as usize);
    let base = format!("/admin/jobs/{id}?{}", if all { "all=1&" } else { "" });
    let pager = Pager {
        older: lines.last().filter(|_| more).map(|last| format!("{base}after={}", last.position)),
        newer: (after > 0).then(|| base.trim_end_matches(['?', '&']).to_owned()),
        newer_label: "From the start",
        older_label: "Next",
        position: String::new(),
    };
    let preview = match job.state {
        JobState::Preview => {
            let bad = web.app().refused_items(&granted, id).await?;
            Some(Preview {
                good: words::counted(job.total - bad, "user"),
                can_start: job.total > bad,
                bad: words::counted(bad, "row"),
            })
        }
        _ => None,
    };
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let passed = now.since(job.created_at);
    let left = match job.position {
        _ if job.state.has_ended() => String::new(),
        0 => String::new(),
        position => {
            let left = passed.micros() / position * (job.total - position);
            format!("about {} left", words::span(claviger_domain::time::Span::from_micros(left.max(1))))
        }
    };
    let (nav, of) = items_of(&job);
    Ok(page(&JobPage {
        chrome: AdminChrome::new(&web, &me, frame, nav).await?,
        place: Link { href: format!("/admin/{nav}"), label: format!("{of}s") },
        of,
        id: id.to_string(),
        words: jobs::words(&job.kind),
        state: badge(job.state),
        state_words: state_words(&job),
        is_moving: matches!(job.state, JobState::Waiting | JobState::Running),
        preview,
        position: job.position,
        total: job.total,
        progress: format!("{} of {}", words::number(job.position), words::number(job.total)),
        left,
        done: words::number(job.position - job.skipped),
        skipped: words::number(job.skipped),
        remaining: words::number(job.total - job.position),
        created: When::new(job.created_at, now, zone),
        finished: job.finished_at.map(|at| When::new(at, now, zone)),
        may_steer: jobs::may_steer(&me.actor, &job.kind).is_ok(),
        all,
        lines,
        pager,
    }))
}

pub(super) async fn start(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = job_id(&id)?;
    web.app().confirm_job(&me.actor.granted::<ManageUsers>()?, id).await?;
    Ok(flash::redirect(&format!("/admin/jobs/{id}"), "job_started"))
}

pub(super) async fn cancel(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id = job_id(&id)?;
    web.app().cancel_job(&me.actor.granted::<AssistUsers>()?, id).await?;
    Ok(flash::redirect(&format!("/admin/jobs/{id}"), "job_canceled"))
}

/// The whole report as CSV.
pub(super) async fn report(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let id = job_id(&id)?;
    let job = web.app().job(&granted, id).await?;
    let of = items_of(&job).1.to_lowercase();
    let mut text = csv_text::line(["number", &of, "outcome", "reason"]);
    let mut after = 0;
    loop {
        let part = Part { of: Which::All, after, limit: AT_ONCE };
        let lines = web.app().job_report(&granted, id, part).await?;
        let Some(last) = lines.last() else { break };
        after = last.position;
        for line in &lines {
            let outcome = match () {
                () if !line.reason.is_empty() => "skipped",
                () if line.position <= job.position => "done",
                () => "not done",
            };
            let number = line.position.to_string();
            text.push_str(&csv_text::line([number.as_str(), &line.label, outcome, &line.reason]));
        }
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"job-{id}.csv\"")),
    ];
    Ok((headers, text).into_response())
}
