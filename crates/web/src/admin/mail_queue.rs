//! Settings › E-mail › Queue: what waits, what failed and what went out (section 11).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    view::{Pager, When, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use claviger_app::stored::{Delivery, MailListing, MailPage, MailState};
use claviger_app::{email::QueuedMail, words};
use claviger_domain::{id::MailId, permission::ManageOrganization, time::Timestamp};
use std::collections::BTreeMap;

const PATH: &str = "/admin/settings/email/queue";
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "admin/mail_queue.html")]
struct MailQueue {
    chrome: AdminChrome,
    smtp: bool,
    filtered: bool,
    states: Vec<Segment>,
    rows: Vec<MailRow>,
    pager: Pager,
}

struct Segment {
    href: String,
    label: String,
    selected: bool,
}

struct MailRow {
    kind: String,
    to: String,
    state: &'static str,
    state_words: String,
    attempts: i64,
    written: When,
    next_try: Option<When>,
    last_error: Option<String>,
    link: Option<String>,
    retry: Option<String>,
}

/// The address's query, of which only known words count.
#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    state: Option<MailState>,
    page: MailPage,
}

impl Asked {
    fn of(query: &BTreeMap<String, String>) -> Self {
        let id = |name: &str| query.get(name).and_then(|text| text.parse::<MailId>().ok());
        Self {
            state: query.get("state").and_then(|key| MailState::from_key(key)),
            page: match (id("older"), id("newer")) {
                (Some(id), _) => MailPage::Older(id),
                (None, Some(id)) => MailPage::Newer(id),
                (None, None) => MailPage::Newest,
            },
        }
    }

    /// The query again, with its question mark; nothing for the newest mails of every state.
    fn query(self) -> String {
        let state = self.state.map(|state| format!("state={}", state.key()));
        let page = match self.page {
            MailPage::Newest => None,
            MailPage::Older(id) => Some(format!("older={id}")),
            MailPage::Newer(id) => Some(format!("newer={id}")),
        };
        match (state, page) {
            (None, None) => String::new(),
            (Some(only), None) | (None, Some(only)) => format!("?{only}"),
            (Some(state), Some(page)) => format!("?{state}&{page}"),
        }
    }

    fn href(self) -> String {
        format!("{PATH}{}", self.query())
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let asked = Asked::of(&query);
    let listing = MailListing { state: asked.state, page: asked.page, limit: PAGE };
    let found = web.app().mail_page(&granted, &listing).await?;
    let (waiting, failed) = web.app().mail_counts(&granted).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let smtp = web.app().delivery().await? == Delivery::On;
    let beside = |mail: Option<&QueuedMail>, is_there: bool, side: fn(MailId) -> MailPage| {
        mail.filter(|_| is_there).map(|queued| Asked { page: side(queued.mail.id), ..asked }.href())
    };
    let pager = Pager {
        newer: beside(found.mails.first(), found.has_newer, MailPage::Newer),
        older: beside(found.mails.last(), found.has_older, MailPage::Older),
        ..Pager::NONE
    };
    Ok(page(&MailQueue {
        chrome: AdminChrome::new(&web, &me, frame, "email").await?,
        smtp,
        filtered: asked.state.is_some(),
        states: segments(asked, waiting, failed),
        rows: found.mails.into_iter().map(|queued| row(queued, smtp, asked, (now, zone))).collect(),
        pager,
    }))
}

fn segments(asked: Asked, waiting: i64, failed: i64) -> Vec<Segment> {
    let counted = |label: &str, count: i64| match count {
        0 => label.to_owned(),
        count => format!("{label} ({})", words::number(count)),
    };
    let segment = |state: Option<MailState>, label: String| Segment {
        href: Asked { state, page: MailPage::Newest }.href(),
        label,
        selected: asked.state == state,
    };
    vec![
        segment(None, "All".into()),
        segment(Some(MailState::Queued), counted("Waiting", waiting)),
        segment(Some(MailState::Failed), counted("Given up", failed)),
        segment(Some(MailState::Sent), "Sent".into()),
    ]
}

fn row(queued: QueuedMail, smtp: bool, asked: Asked, (now, zone): (Timestamp, &str)) -> MailRow {
    let QueuedMail { mail, link } = queued;
    let (state, state_words) = match mail.state {
        MailState::Queued => ("waiting", "Waiting"),
        MailState::Sent => ("sent", "Sent"),
        MailState::Failed => ("failed", "Given up"),
    };
    MailRow {
        kind: mail.kind.words().into(),
        to: mail.recipient,
        state,
        state_words: state_words.into(),
        attempts: mail.attempts,
        written: When::new(mail.created_at, now, zone),
        next_try: (smtp && mail.state == MailState::Queued)
            .then(|| When::new(mail.next_attempt_at, now, zone)),
        last_error: (!mail.last_error.is_empty()).then_some(mail.last_error),
        link,
        retry: (smtp && mail.state != MailState::Sent)
            .then(|| format!("{PATH}/{}/retry{}", mail.id, asked.query())),
    }
}

pub(super) async fn retry(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let id = id.parse().map_err(|_| PageError::NotFound("mail"))?;
    web.app().retry_mail(&granted, id).await?;
    Ok(flash::redirect(&Asked::of(&query).href(), "mail_retried"))
}
