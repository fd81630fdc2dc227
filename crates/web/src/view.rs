//! Pieces that several pages show, and how a page becomes an answer.

pub(crate) use crate::assets::filters;
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::stored::Session;
use claviger_app::words;
use claviger_domain::{
    account::{Account, Password, State},
    status::Status,
    time::Timestamp,
};

/// One sentence on top of a page.
#[derive(Clone, Debug)]
pub(crate) struct Flash {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Flash {
    pub(crate) fn danger(text: impl Into<String>) -> Self {
        Self { kind: "danger", text: text.into() }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) label: String,
}

/// A point in time, three ways.
#[derive(Clone, Debug)]
pub(crate) struct When {
    pub(crate) relative: String,
    pub(crate) full: String,
    pub(crate) iso: String,
}

impl When {
    pub(crate) fn new(time: Timestamp, now: Timestamp, zone: &str) -> Self {
        Self { relative: words::relative(time, now), full: words::date(time, zone), iso: words::iso(time) }
    }
}

/// A line of a list of facts.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) term: String,
    pub(crate) value: String,
    pub(crate) title: String,
}

impl Fact {
    pub(crate) fn new(term: &str, value: impl Into<String>) -> Self {
        Self { term: term.into(), value: value.into(), title: String::new() }
    }

    pub(crate) fn at(term: &str, time: Timestamp, now: Timestamp, zone: &str) -> Self {
        Self { term: term.into(), value: words::relative(time, now), title: words::date(time, zone) }
    }
}

/// S4.14 as a padlock.
#[derive(Clone, Debug)]
pub(crate) struct Padlock {
    pub(crate) id: String,
    pub(crate) key: &'static str,
    pub(crate) words: &'static str,
    pub(crate) detail: Option<String>,
    pub(crate) at: Option<String>,
}

impl Padlock {
    pub(crate) fn of(account: &Account, now: Timestamp, zone: &str) -> Self {
        let status = account.mfa.status(now);
        let (detail, at) = match status {
            Status::Enrolling { left, until: Some(until) } => (
                Some(format!("{} left", words::span(left))),
                Some(format!("Until {}", words::date(until, zone))),
            ),
            Status::Enrolling { left, until: None } => {
                let start = if account.state == State::Staged {
                    "starts at activation"
                } else {
                    "goes on at activation"
                };
                (Some(format!("{} left; {start}", words::span(left))), None)
            }
            Status::Expired { since } => {
                (Some("Locked out".into()), Some(format!("Since {}", words::date(since, zone))))
            }
            Status::RequiredWithoutPeriod => (Some("Must be set up at the next sign-in".into()), None),
            Status::Active | Status::Optional | Status::None => (None, None),
        };
        Self {
            id: format!("mfa-{}", account.id),
            key: status.key(),
            words: Status::words(status.key()),
            detail,
            at,
        }
    }
}

/// "Activated, password pending".
pub(crate) fn state_words(account: &Account) -> String {
    let state = match account.state {
        State::Staged => "Staged",
        State::Activated => "Activated",
        State::Suspended => "Suspended",
    };
    match (&account.password, account.state) {
        (Password::Pending, State::Activated) => format!("{state}, password pending"),
        (Password::Expired(_), State::Activated) => format!("{state}, password expired"),
        _ => state.into(),
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Pager {
    pub(crate) newer: Option<String>,
    pub(crate) older: Option<String>,
    pub(crate) newer_label: &'static str,
    pub(crate) older_label: &'static str,
    pub(crate) position: String,
}

impl Pager {
    /// Everything is on the page.
    pub(crate) const NONE: Pager = Pager {
        newer: None,
        older: None,
        newer_label: "Newer",
        older_label: "Older",
        position: String::new(),
    };
}

/// One of the person's own sessions.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) mobile: bool,
    pub(crate) device: String,
    pub(crate) current: bool,
    pub(crate) address: String,
    pub(crate) active: String,
    pub(crate) end: Option<String>,
}

impl SessionRow {
    pub(crate) fn of(session: &Session, current: bool, end: Option<String>, now: Timestamp) -> Self {
        Self {
            mobile: ["Mobile", "Android", "iPhone"].iter().any(|sign| session.user_agent.contains(sign)),
            device: words::device(&session.user_agent),
            current,
            address: session.address.clone(),
            active: format!("active {}", words::relative(session.last_seen_at, now)),
            end,
        }
    }
}

/// The page as HTML.
pub(crate) fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong. It was logged.").into_response()
        }
    }
}

pub(crate) fn page(page: &impl Template) -> Response {
    render(StatusCode::OK, page)
}

/// The page again, with what is wrong in it.
pub(crate) fn unprocessable(page: &impl Template) -> Response {
    render(StatusCode::UNPROCESSABLE_ENTITY, page)
}
