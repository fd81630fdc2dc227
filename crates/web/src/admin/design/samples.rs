//! What the components show on the page of components.

use super::{
    super::charts::{self, AreaChart, BarChart, Donut},
    Filling, HERE,
};
use crate::{
    chrome::AdminChrome,
    theme::Theme,
    view::{Fact, Link, Padlock, Pager, SessionRow, When},
};
use claviger_app::report::Statuses;
use claviger_domain::{
    status::Status,
    time::{Span, Timestamp},
};

/// The secret of RFC 6238's examples.
pub(super) const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const ZONE: &str = "UTC";

pub(super) struct Chip {
    pub(super) href: &'static str,
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) count: &'static str,
    pub(super) selected: bool,
}

pub(super) struct Segment {
    pub(super) href: &'static str,
    pub(super) label: &'static str,
    pub(super) selected: bool,
}

pub(super) struct Row {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    pub(super) state: &'static str,
    pub(super) state_words: &'static str,
    pub(super) padlock: Padlock,
}

pub(super) struct Line {
    pub(super) position: i64,
    pub(super) label: &'static str,
    pub(super) reason: &'static str,
}

pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) href: &'static str,
    pub(super) time: &'static str,
    pub(super) at: When,
    pub(super) who: &'static str,
    pub(super) action: &'static str,
    pub(super) key: &'static str,
    pub(super) target: &'static str,
    pub(super) outcome: &'static str,
    pub(super) is_success: bool,
    pub(super) address: &'static str,
}

pub(super) struct UserHeader {
    pub(super) base: &'static str,
    pub(super) name: &'static str,
    pub(super) initials: &'static str,
    pub(super) email: &'static str,
    pub(super) username: &'static str,
    pub(super) state: &'static str,
    pub(super) state_words: &'static str,
    pub(super) padlock: Padlock,
    pub(super) tab: &'static str,
    pub(super) can_require: bool,
    pub(super) can_extend: bool,
    pub(super) can_assign: bool,
    pub(super) can_reset: bool,
    pub(super) can_remove: bool,
    pub(super) can_unlock: bool,
    pub(super) can_forget_drift: bool,
    pub(super) can_activate: bool,
    pub(super) can_suspend: bool,
    pub(super) can_resend: bool,
    pub(super) can_set_password: bool,
    pub(super) can_reset_password: bool,
    pub(super) can_delete: bool,
}

pub(super) struct Own {
    pub(super) mfa: Mfa,
    pub(super) recovery: Option<Recovery>,
    pub(super) sessions: Vec<SessionRow>,
    pub(super) end_others: Option<&'static str>,
    pub(super) sign_ins: Vec<SignIn>,
}

pub(super) struct Mfa {
    pub(super) key: &'static str,
    pub(super) words: &'static str,
    pub(super) text: &'static str,
    pub(super) facts: Vec<Fact>,
    pub(super) set_up: Option<&'static str>,
    pub(super) replace: Option<&'static str>,
    pub(super) remove: Option<&'static str>,
    pub(super) resync: Option<&'static str>,
}

pub(super) struct Recovery {
    pub(super) few: bool,
    pub(super) text: &'static str,
    pub(super) href: &'static str,
}

pub(super) struct SignIn {
    pub(super) ok: bool,
    pub(super) words: &'static str,
    pub(super) address: &'static str,
    pub(super) at: When,
}

pub(super) struct OpenSessions {
    pub(super) rows: Vec<OpenSession>,
    pub(super) end_all: Option<&'static str>,
}

pub(super) struct OpenSession {
    pub(super) row: SessionRow,
    pub(super) since: When,
}

fn ago(span: Span) -> When {
    When::new(NOW.minus(span), NOW, ZONE)
}

/// In the frame of somebody who may do everything.
pub(super) fn chrome(theme: Theme) -> AdminChrome {
    AdminChrome {
        organization: "Design".into(),
        theme: theme.key(),
        path: HERE.into(),
        person: "Ada Admin".into(),
        email: "ada@acme.test".into(),
        nav: "users",
        users: "1,204".into(),
        expired: 3,
        totp_enabled: true,
        sees_usage: true,
        manages_administrators: true,
        ..AdminChrome::default()
    }
}

pub(super) fn crumbs() -> Vec<Link> {
    let link = |label: &str| Link { href: HERE.into(), label: label.into() };
    vec![link("Users"), link("Alice Example"), link("Activity")]
}

fn padlock(part: &str, key: &'static str) -> Padlock {
    Padlock {
        id: format!("{part}-{key}"),
        key,
        words: Status::words(key),
        detail: Some("3 days left".into()),
        at: Some("Until Tue 4 Dec, 14:05".into()),
    }
}

/// One of each status.
pub(super) fn padlocks(part: &str) -> Vec<Padlock> {
    Status::KEYS.into_iter().map(|key| padlock(part, key)).collect()
}

pub(super) fn chips() -> Vec<Chip> {
    let chip =
        |key| Chip { href: HERE, key, label: Status::words(key), count: "1,204", selected: key == "expired" };
    Status::KEYS.into_iter().map(chip).collect()
}

pub(super) fn segments() -> Vec<Segment> {
    let labels = ["All", "Staged", "Activated", "Suspended"];
    labels.map(|label| Segment { href: HERE, label, selected: label == "Activated" }).into()
}

pub(super) fn rows() -> Vec<Row> {
    let row = |id, name, email, state, state_words, key| Row {
        id,
        name,
        email,
        state,
        state_words,
        padlock: padlock("row", key),
    };
    vec![
        row("1", "Alice Example", "alice@acme.test", "activated", "Activated", "active"),
        row("2", "Bo Li", "bo@acme.test", "staged", "Staged", "enrolling"),
        row("3", "Carl Carlsson-Featherstonehaugh", "carl@acme.test", "suspended", "Suspended", "expired"),
    ]
}

pub(super) fn report() -> Vec<Line> {
    vec![
        Line { position: 1, label: "alice@acme.test", reason: "" },
        Line { position: 2, label: "bo@acme.test", reason: "Line 3: There is no group Sales." },
    ]
}

pub(super) fn pagers() -> Vec<(&'static str, Pager)> {
    let pager = |newer: bool, older: bool, position: &str| Pager {
        newer: newer.then(|| HERE.to_owned()),
        older: older.then(|| HERE.to_owned()),
        newer_label: "Previous",
        older_label: "Next",
        position: position.to_owned(),
    };
    vec![
        ("The first page", pager(false, true, "1,204 users")),
        ("A page between", pager(true, true, "1,204 users")),
        ("The last page", pager(true, false, "")),
        ("The only page", pager(false, false, "12 users")),
    ]
}

pub(super) fn pictures() -> (Donut, AreaChart, BarChart) {
    let counts = [("active", 640), ("enrolling", 210), ("expired", 12), ("optional", 95), ("none", 247)];
    let statuses: Statuses = counts.into_iter().map(|(key, count)| (key.to_owned(), count)).collect();
    let by_day = [3, 0, 14, 40, 80, 120, 60, 30, 44, 100, 95, 60, 20, 69];
    let hour = |index: usize| format!("{index:02}:00");
    (
        charts::donut(&statuses),
        charts::enrollment(&statuses, &by_day, NOW, ZONE),
        charts::bars(&[0, 2, 1, 0, 7, 12, 3, 0, 1, 4, 2, 0], hour, &[0, 6, 11], "32 in all".into()),
    )
}

pub(super) fn facts() -> Vec<Fact> {
    vec![
        Fact::new("Serial number", "1000130"),
        Fact::at("Imported", NOW.minus(Span::days(2)), NOW, ZONE),
        Fact::new("Model", "Example C200"),
    ]
}

/// Three squares in a quiet zone stand for a code: there is nothing to scan here.
pub(super) fn qr_svg() -> String {
    let square = |x: u8, y: u8| format!("M{x} {y}h7v7h-7zM{} {}h5v5h-5z", x + 1, y + 1);
    let path = [square(4, 4), square(18, 4), square(4, 18), "M20 20h4v1h-4zM18 14h1v3h-1z".into()].concat();
    format!(
        "<svg viewBox=\"0 0 29 29\" shape-rendering=\"crispEdges\"><path fill-rule=\"evenodd\" d=\"{path}\"/></svg>"
    )
}

pub(super) fn key_groups() -> Vec<String> {
    KEY.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect()
}

pub(super) fn entries() -> Vec<Entry> {
    let entry = |id, action, key, target, is_success| Entry {
        id,
        href: HERE,
        time: "14:05:07",
        at: ago(Span::minutes(3)),
        who: "ada@acme.test",
        action,
        key,
        target,
        outcome: if is_success { "Done" } else { "Refused" },
        is_success,
        address: if is_success { "192.0.2.7" } else { "" },
    };
    vec![
        entry("entry-1", "MFA was reset", "user.mfa.reset", "alice@acme.test", true),
        entry("entry-2", "Sign-in", "sign_in.password", "", false),
    ]
}

/// With every verb, or none.
pub(super) fn header(filling: Filling) -> UserHeader {
    let can = matches!(filling, Filling::Full);
    UserHeader {
        base: HERE,
        name: "Alice Example",
        initials: "AE",
        email: "alice@acme.test",
        username: "alice",
        state: "activated",
        state_words: "Activated",
        padlock: padlock("header", "enrolling"),
        tab: if can { "details" } else { "activity" },
        can_require: can,
        can_extend: can,
        can_assign: can,
        can_reset: can,
        can_remove: can,
        can_unlock: can,
        can_forget_drift: can,
        can_activate: can,
        can_suspend: can,
        can_resend: can,
        can_set_password: can,
        can_reset_password: can,
        can_delete: can,
    }
}

fn session(device: &str, mobile: bool, current: bool) -> SessionRow {
    SessionRow {
        mobile,
        device: device.into(),
        current,
        address: "192.0.2.7".into(),
        active: "active 3 minutes ago".into(),
        end: (!current).then(|| HERE.to_owned()),
    }
}

/// Somebody who is enrolled, with everything there is to do.
pub(super) fn own() -> Own {
    let sign_in = |ok, words| SignIn { ok, words, address: "192.0.2.7", at: ago(Span::hours(2)) };
    Own {
        mfa: Mfa {
            key: "active",
            words: "MFA active",
            text: "You are asked for a code at each sign-in.",
            facts: facts(),
            set_up: None,
            replace: Some(HERE),
            remove: Some(HERE),
            resync: Some(HERE),
        },
        recovery: Some(Recovery { few: true, text: "3 recovery codes are left.", href: HERE }),
        sessions: vec![session("Firefox on Linux", false, true), session("Safari on iPhone", true, false)],
        end_others: Some(HERE),
        sign_ins: vec![sign_in(true, "Signed in"), sign_in(false, "Wrong code")],
    }
}

/// Somebody who has done nothing yet.
pub(super) fn own_of_nobody() -> Own {
    Own {
        mfa: Mfa {
            key: "none",
            words: "MFA not set up",
            text: "Set it up to be asked for a code.",
            facts: Vec::new(),
            set_up: Some(HERE),
            replace: None,
            remove: None,
            resync: None,
        },
        recovery: None,
        sessions: Vec::new(),
        end_others: None,
        sign_ins: Vec::new(),
    }
}

pub(super) fn sessions(filling: Filling) -> OpenSessions {
    if matches!(filling, Filling::Bare) {
        return OpenSessions { rows: Vec::new(), end_all: None };
    }
    let open = |row| OpenSession { row, since: ago(Span::days(1)) };
    OpenSessions {
        rows: vec![
            open(session("Edge on Windows", false, false)),
            open(session("Chrome on Android", true, false)),
        ],
        end_all: Some(HERE),
    }
}
