//! What happened to a user and what they did (S4.13, section 12).

use super::{
    change::named,
    user::{UserHeader, header},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    view::{Pager, When, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::words;
use claviger_domain::{
    activity,
    audit::Entry,
    permission::ViewUsers,
    time::{Span, Timestamp},
};

#[derive(Template)]
#[template(path = "admin/user_activity.html")]
struct UserActivity {
    chrome: AdminChrome,
    header: UserHeader,
    entries: Vec<ActivityRow>,
    pager: Pager,
}

struct ActivityRow {
    kind: &'static str,
    text: String,
    at: When,
    origin: String,
}

const SHOWN: i64 = 100;

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let holder = web.app().user_with_factor(&granted, named(&id)?).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let entries = web.app().activity(&granted, &id, SHOWN).await?;
    Ok(page(&UserActivity {
        chrome: AdminChrome::new(&web, &me, frame, "users").await?,
        header: header(&holder, &me, organization.totp, (now, zone), "activity"),
        entries: entries.iter().map(|entry| activity_row(entry, now, zone)).collect(),
        pager: Pager::NONE,
    }))
}

fn activity_row(entry: &Entry, now: Timestamp, zone: &str) -> ActivityRow {
    let action = activity::words(&entry.action);
    let (kind, result) = match entry.outcome.as_str() {
        "success" => ("success", ""),
        "refused" => ("danger", ": refused"),
        "wrong_code" => ("danger", ": wrong code"),
        "already_used" => ("warning", ": code already used"),
        "locked" | "closed" => ("danger", ": refused, too many wrong codes"),
        "locked_out" => ("warning", ": refused, the time to set up MFA has ended"),
        "barred" => ("warning", ": refused, not activated"),
        "not_assigned" => ("warning", ": refused, not assigned"),
        "application_disabled" => ("warning", ": refused, switched off"),
        "no_factor" | "no_such_context" => ("warning", ": refused, it asks for MFA"),
        "other_person" | "name_not_given" => ("warning", ": refused, it asks for what it isn't given"),
        "repeated" => ("warning", ": refused, answered before"),
        _ => ("", ""),
    };
    let by = if entry.actor_name.is_empty() { String::new() } else { format!("by {}", entry.actor_name) };
    let from = if entry.address.is_empty() { String::new() } else { format!("from {}", entry.address) };
    ActivityRow {
        kind,
        text: format!("{action}{result}{}", details(entry, zone)),
        at: When::new(entry.at, now, zone),
        origin: [by, from].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "),
    }
}

/// S4.13: the old and the new deadline, and the reason, where the entry has them.
fn details(entry: &Entry, zone: &str) -> String {
    let Ok(details) = serde_json::from_str::<serde_json::Value>(&entry.details) else { return String::new() };
    let period = |key: &str| -> Option<String> {
        let period = details.get(key)?;
        if let Some(deadline) = period.get("deadline").and_then(serde_json::Value::as_i64) {
            return Some(format!("until {}", words::date(Timestamp(deadline), zone)));
        }
        if let Some(left) = period.get("left_seconds").and_then(serde_json::Value::as_i64) {
            return Some(format!("{} from activation", words::span(Span::seconds(left))));
        }
        match period.as_str()? {
            "not_required" => Some("not required".into()),
            "at_once" => Some("at the next sign-in".into()),
            _ => None,
        }
    };
    let change = match (period("before"), period("after")) {
        (Some(before), Some(after)) if before != after => format!(": {after} (before: {before})"),
        _ => String::new(),
    };
    let reason =
        details.get("reason").and_then(serde_json::Value::as_str).map(|reason| format!(". Reason: {reason}"));
    let application = details
        .get("application")
        .and_then(serde_json::Value::as_str)
        .map(|application| format!(" ({application})"));
    change + &application.unwrap_or_default() + &reason.unwrap_or_default()
}
