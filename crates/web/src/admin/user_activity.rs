//! What happened to a user and what they did (S4.13, section 12).

use super::{
    user::{UserHeader, header},
    user_id,
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
    let holder = web.app().user_with_factor(&granted, user_id(&id)?).await?;
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
    let action = match entry.action.as_str() {
        "user.create" => "User created",
        "user.edit" => "Details changed",
        "user.activate" => "Activated",
        "user.suspend" => "Suspended",
        "user.register" => "Password chosen by the activation link",
        "user.resend_activation" => "Activation e-mail sent again",
        "user.unlock" => "Unlocked",
        "user.password.expire" => "Made to choose a new password",
        "user.mfa.require" => "MFA required",
        "user.mfa.requirement.remove" => "MFA requirement removed",
        "user.mfa.extend" => "Enrollment period extended",
        "user.mfa.reset" => "MFA reset",
        "user.mfa.set_up" => "MFA set up",
        "user.mfa.replace" => "Authenticator replaced",
        "user.mfa.remove" => "MFA removed by themselves",
        "mfa.replace.start" => "Replacing the authenticator",
        "recovery_codes.make" => "New recovery codes",
        "mfa.set_up.start" => "MFA set-up started",
        "factor.lock" => "Locked after too many wrong codes",
        "sign_in" => "Signed in",
        "sign_in.password" => "Sign-in, password",
        "sign_in.code" => "Sign-in, code",
        "sign_in.resync" => "Sign-in, two codes of a token out of step",
        "mfa.resync" => "Clock resynced",
        "user.mfa.forget_drift" => "Clock drift forgotten",
        "sign_in.recovery_code" => "Sign-in, recovery code",
        "sign_out" => "Signed out",
        "session.end" => "A session signed out from elsewhere",
        "session.end_all" => "All sessions signed out",
        "session.end_others" => "All other sessions signed out",
        "verify" => "Code checked for another program",
        "password.change" => "Password changed",
        "password.reset" => "Password reset by mailed link",
        "password.forgot" => "New password asked for",
        "profile.change" => "Profile changed",
        "account.not_me" => "Locked: a change was reported as not theirs",
        other => other,
    };
    let (kind, result) = match entry.outcome.as_str() {
        "success" => ("success", ""),
        "refused" => ("danger", ": refused"),
        "wrong_code" => ("danger", ": wrong code"),
        "already_used" => ("warning", ": code already used"),
        "locked" | "closed" => ("danger", ": refused, too many wrong codes"),
        "locked_out" => ("warning", ": refused, the time to set up MFA has ended"),
        "barred" => ("warning", ": refused, not activated"),
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
    change + &reason.unwrap_or_default()
}
