//! Security: the state of MFA, own sessions, own sign-ins (S4.8).

use crate::{
    Web,
    chrome::PortalChrome,
    error::PageError,
    flash::{self, Said},
    theme::Theme,
    view::{Fact, SessionRow, When, filters, page},
    visit::User,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{audit::Entry, id::SessionId, mfa::Enrollment, sign_in::TotpSwitch, status::Status};

#[derive(Template)]
#[template(path = "portal/security.html")]
struct Security {
    chrome: PortalChrome,
    mfa: MfaState,
    password_text: String,
    other_sessions: bool,
    sessions: Vec<SessionRow>,
    sign_ins: Vec<SignInRow>,
}

struct MfaState {
    key: &'static str,
    words: String,
    text: String,
    facts: Vec<Fact>,
    can_set_up: bool,
}

struct SignInRow {
    ok: bool,
    words: String,
    address: String,
    at: When,
}

const SHOWN: usize = 10;
const READ: i64 = 50;

pub(super) async fn show(
    State(web): State<Web>,
    User(me): User,
    theme: Theme,
    said: Said,
) -> Result<Response, PageError> {
    let organization = web.app().organization().await?;
    let zone = &organization.settings.time_zone;
    let now = web.app().now();
    let sessions = web.app().own_sessions(&me).await?;
    let rows: Vec<_> = sessions
        .iter()
        .map(|session| {
            let current = session.id == me.session_id();
            let end = (!current).then(|| format!("/security/sessions/{}/end", session.id));
            SessionRow::of(session, current, end, now)
        })
        .collect();
    let entries = web.app().own_activity(&me, READ).await?;
    let sign_ins = entries.iter().filter_map(|entry| sign_in_row(entry, now, zone)).take(SHOWN).collect();
    Ok(page(&Security {
        chrome: PortalChrome::new(&web, &me, theme, said, "security").await?,
        mfa: mfa_state(&web, &me, organization.totp, zone).await?,
        password_text: "Change it in your profile.".into(),
        other_sessions: rows.len() > 1,
        sessions: rows,
        sign_ins,
    }))
}

async fn mfa_state(web: &Web, me: &SignedIn, totp: TotpSwitch, zone: &str) -> Result<MfaState, PageError> {
    let now = web.app().now();
    let status = me.account.mfa.status(now);
    let text = match (status, totp) {
        (Status::Active | Status::Optional, _) => {
            "You are asked for a code from your authenticator app when you sign in.".into()
        }
        (_, TotpSwitch::Disabled) => {
            "Your organization has not enabled MFA, so it can't be set up at present.".into()
        }
        (Status::Enrolling { left, .. }, _) => format!("You have {} left to set it up.", words::span(left)),
        (Status::Expired { .. } | Status::RequiredWithoutPeriod, _) => {
            "It is required. Set it up now.".into()
        }
        (Status::None, _) => "With MFA, a stolen password is not enough to sign in as you.".into(),
    };
    let facts = match web.app().own_factor(me).await? {
        Some(factor) => {
            let used = Fact::at("Last used", factor.last_used_at, now, zone);
            vec![Fact::new("Set up on", words::short_date(factor.confirmed_at, zone)), used]
        }
        None => Vec::new(),
    };
    let not_enrolled = me.account.mfa.enrollment == Enrollment::NotEnrolled;
    Ok(MfaState {
        key: status.key(),
        words: Status::words(status.key()).into(),
        text,
        facts,
        can_set_up: not_enrolled && totp == TotpSwitch::Enabled,
    })
}

fn sign_in_row(entry: &Entry, now: claviger_domain::time::Timestamp, zone: &str) -> Option<SignInRow> {
    let words = match (entry.action.as_str(), entry.outcome.as_str()) {
        ("sign_in", _) => "Signed in",
        ("sign_in.password", "refused") => "Wrong password",
        ("sign_in.password", "locked_out") => "Refused: the time to set up MFA has ended",
        ("sign_in.code", "wrong_code") => "Wrong code",
        ("sign_in.code", "already_used") => "Code used a second time",
        ("sign_in.code", "locked" | "closed") => "Refused: too many wrong codes",
        ("verify", "success") => "Code used by another program",
        ("verify", _) => "Wrong code in another program",
        _ => return None,
    };
    Some(SignInRow {
        ok: entry.outcome == "success",
        words: words.into(),
        address: entry.address.clone(),
        at: When::new(entry.at, now, zone),
    })
}

pub(super) async fn end_session(
    State(web): State<Web>,
    User(me): User,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let id: SessionId = id.parse().map_err(|_| PageError::NotFound("session"))?;
    web.app().end_session(&me, id).await?;
    Ok(flash::redirect("/security", "session_ended"))
}

pub(super) async fn end_others(State(web): State<Web>, User(me): User) -> Result<Response, PageError> {
    web.app().end_other_sessions(&me).await?;
    Ok(flash::redirect("/security", "sessions_ended"))
}
