//! The state of a person's MFA, where they are signed in, and their latest sign-ins (S4.8).

use super::{END_OTHERS, REMOVE, RESYNC, recovery_path, replace_path};
use crate::{
    Web,
    error::PageError,
    signin::Portal,
    view::{Fact, SessionRow, When},
};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{audit::Entry, mfa::Enrollment, recovery::is_few, status::Status, time::Timestamp};

const SHOWN: usize = 10;
const READ: i64 = 50;

/// The sections that both portals show.
pub(crate) struct Own {
    pub(crate) mfa: Mfa,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) sessions: Vec<SessionRow>,
    /// Where every other session is ended, if there is one.
    pub(crate) end_others: Option<String>,
    pub(crate) sign_ins: Vec<SignIn>,
}

/// The state of MFA, and where each thing that can be done about it begins.
pub(crate) struct Mfa {
    pub(crate) key: &'static str,
    pub(crate) words: String,
    pub(crate) text: String,
    pub(crate) facts: Vec<Fact>,
    pub(crate) set_up: Option<String>,
    pub(crate) replace: Option<String>,
    pub(crate) remove: Option<String>,
    pub(crate) resync: Option<String>,
}

/// The recovery codes that are left.
pub(crate) struct Recovery {
    pub(crate) few: bool,
    pub(crate) text: String,
    pub(crate) href: String,
}

/// A line of the latest sign-ins.
pub(crate) struct SignIn {
    pub(crate) ok: bool,
    pub(crate) words: String,
    pub(crate) address: String,
    pub(crate) at: When,
}

impl Own {
    pub(crate) async fn of(web: &Web, portal: Portal, me: &SignedIn) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let sessions: Vec<_> = web
            .app()
            .own_sessions(me)
            .await?
            .iter()
            .map(|session| {
                let current = session.id == me.session_id();
                let end = (!current).then(|| portal.own(&format!("/sessions/{}/end", session.id)));
                SessionRow::of(session, current, end, now)
            })
            .collect();
        let entries = web.app().own_activity(me, READ).await?;
        Ok(Self {
            mfa: mfa(web, portal, me, zone).await?,
            recovery: recovery(web, portal, me).await?,
            end_others: (sessions.len() > 1).then(|| portal.own(END_OTHERS)),
            sessions,
            sign_ins: entries.iter().filter_map(|entry| sign_in(entry, now, zone)).take(SHOWN).collect(),
        })
    }
}

async fn in_force(web: &Web, me: &SignedIn) -> Result<bool, PageError> {
    Ok(web.app().organization().await?.totp.is_in_force(me.account.kind.realm()))
}

async fn mfa(web: &Web, portal: Portal, me: &SignedIn, zone: &str) -> Result<Mfa, PageError> {
    let (now, in_force) = (web.app().now(), in_force(web, me).await?);
    let status = me.account.mfa.status(now);
    let text = match (status, in_force) {
        (Status::Active | Status::Optional, true) => {
            "You are asked for a code from your authenticator app when you sign in.".into()
        }
        (Status::Active | Status::Optional, false) => {
            "Your organization has switched MFA off, so you are not asked for codes at present.".into()
        }
        (_, false) => "Your organization has not enabled MFA, so it can't be set up at present.".into(),
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
    let enrolled = me.account.mfa.enrollment != Enrollment::NotEnrolled;
    Ok(Mfa {
        key: status.key(),
        words: Status::words(status.key()).into(),
        text,
        facts,
        set_up: (in_force && !enrolled).then(|| portal.path("/enroll")),
        replace: (in_force && enrolled).then(|| replace_path(portal)),
        remove: me.account.mfa.removed().is_ok().then(|| portal.own(REMOVE)),
        resync: (in_force && enrolled).then(|| portal.own(RESYNC)),
    })
}

async fn recovery(web: &Web, portal: Portal, me: &SignedIn) -> Result<Option<Recovery>, PageError> {
    if !in_force(web, me).await? {
        return Ok(None);
    }
    let left = web.app().recovery_codes_left(me).await?;
    Ok(left.map(|left| Recovery {
        few: is_few(left),
        text: left_in_words(left),
        href: recovery_path(portal),
    }))
}

fn left_in_words(left: i64) -> String {
    match left {
        0 => {
            "You have no recovery codes. Without one, only an administrator can help when your phone is gone."
                .into()
        }
        left if is_few(left) => {
            format!("Only {} left. Make new ones.", words::counted(left, "recovery code"))
        }
        left => format!(
            "{} left. Each gets you in once without your phone.",
            words::counted(left, "recovery code")
        ),
    }
}

fn sign_in(entry: &Entry, now: Timestamp, zone: &str) -> Option<SignIn> {
    let words = match (entry.action.as_str(), entry.outcome.as_str()) {
        ("sign_in", _) => "Signed in",
        ("sign_in.password", "refused") => "Wrong password",
        ("sign_in.password", "locked_out") => "Refused: the time to set up MFA has ended",
        ("sign_in.code" | "sign_in.resync", "wrong_code") => "Wrong code",
        ("sign_in.code" | "sign_in.resync", "already_used") => "Code used a second time",
        ("sign_in.code" | "sign_in.resync" | "sign_in.recovery_code", "locked" | "closed") => {
            "Refused: too many wrong codes"
        }
        ("sign_in.recovery_code", "success") => "Recovery code used",
        ("sign_in.recovery_code", "wrong_code") => "Wrong recovery code",
        ("sign_in.recovery_code", "already_used") => "Recovery code used a second time",
        ("sign_in.application", "success") => "Signed in to an application",
        ("verify", "success") => "Code used by another program",
        ("verify", _) => "Wrong code in another program",
        _ => return None,
    };
    Some(SignIn {
        ok: entry.outcome == "success",
        words: words.into(),
        address: entry.address.clone(),
        at: When::new(entry.at, now, zone),
    })
}
