//! The activity log: filtered, a page at a time, with the newest as they come (section 12).

use super::{
    activity_entry,
    activity_row::ActivityRow,
    activity_settings,
    charts::{self, BarChart},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Errors, Field},
    routing::{Routes, get},
    view::{Pager, filters, page, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::{
    Refusal,
    activity::{ActivityPage, Asked, ChainState, Choices, FAILED, Format, GROUP, Place},
    words,
};
use claviger_domain::{
    activity,
    id::AuditId,
    permission::{ManageOrganization, ViewUsers},
};
use std::collections::BTreeMap;

const HERE: &str = "/admin/activity";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/activity", get(show))
        .at("/admin/activity/tail", get(tail))
        .at("/admin/activity.csv", get(csv))
        .at("/admin/activity.jsonl", get(json_lines))
        .merge(activity_settings::routes())
        .at("/admin/activity/{id}", get(activity_entry::show))
}

#[derive(Template)]
#[template(path = "admin/activity.html")]
struct ActivityLog {
    chrome: AdminChrome,
    may_set: bool,
    filtered: bool,
    opened: bool,
    fields: Vec<(&'static str, Field)>,
    actions: Vec<ActionGroup>,
    outcomes: Vec<Choice>,
    /// On top of the newest entries, as long as nothing is asked for.
    failed: Option<BarChart>,
    rows: Vec<ActivityRow>,
    looked_to: Option<String>,
    chain: String,
    tail: Option<Tail>,
    here: String,
    csv: String,
    json: String,
    pager: Pager,
}

struct ActionGroup {
    value: String,
    label: &'static str,
    actions: Vec<Choice>,
}

struct Choice {
    value: String,
    label: String,
}

/// Where the newest come from, and after which number.
struct Tail {
    href: String,
    after: i64,
}

#[derive(Template)]
#[template(path = "admin/activity_rows.html")]
struct NewestRows {
    rows: Vec<ActivityRow>,
    after: i64,
}

/// The address's query, of which only known words count.
#[derive(Clone, Debug, Default)]
struct Listing {
    asked: Asked,
    place: Place,
}

impl Listing {
    fn of(query: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| query.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        let id = |name: &str| query.get(name).and_then(|text| text.parse::<AuditId>().ok());
        Self {
            asked: Asked {
                from: text("from"),
                to: text("to"),
                actor: text("actor"),
                action: text("action"),
                outcome: text("outcome"),
                target: text("target"),
                address: text("address"),
            },
            place: match (id("older"), id("newer")) {
                (Some(id), _) => Place::Older(id),
                (None, Some(id)) => Place::Newer(id),
                (None, None) => Place::Newest,
            },
        }
    }

    fn texts(&self) -> [(&'static str, &str); 7] {
        let asked = &self.asked;
        [
            ("from", &asked.from),
            ("to", &asked.to),
            ("actor", &asked.actor),
            ("action", &asked.action),
            ("outcome", &asked.outcome),
            ("target", &asked.target),
            ("address", &asked.address),
        ]
    }

    /// `path` with what is asked for, and `more`.
    fn href(&self, path: &str, more: Option<(&str, String)>) -> String {
        let asked = self.texts().into_iter().map(|(name, text)| (name, text.to_owned()));
        let query: Vec<_> = asked.chain(more).filter(|(_, text)| !text.is_empty()).collect();
        match serde_urlencoded::to_string(&query) {
            Ok(query) if !query.is_empty() => format!("{path}?{query}"),
            _ => path.to_owned(),
        }
    }

    fn pager(&self, found: &ActivityPage) -> Pager {
        let at = |name, id: Option<AuditId>| Some(self.href(HERE, Some((name, id?.to_string()))));
        let older_label = if found.looked_to.is_some() { "Look further back" } else { "Older" };
        Pager { newer: at("newer", found.newer), older: at("older", found.older), older_label, ..Pager::NONE }
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let listing = Listing::of(&query);
    let (found, errors) = match web.app().activity_page(&granted, &listing.asked, listing.place, PAGE).await {
        Ok(found) => (found, None),
        Err(Refusal::Fields(errors)) => (ActivityPage::default(), Some(Errors::from(errors))),
        Err(refusal) => return Err(refusal.into()),
    };
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let (choices, chain) =
        (web.app().activity_choices(&granted).await?, web.app().chain_state(&granted).await?);
    let wrong = errors.is_some();
    let errors = errors.unwrap_or_default();
    let fields =
        listing.texts().map(|(name, text)| (name, Field { error: errors.of(name), ..Field::of(text) }));
    let is_newest = listing.place == Place::Newest && listing.asked.to.is_empty() && !wrong;
    let after = chain.sealed_to.map_or(0, |(sequence, _)| sequence);
    let failed = match is_newest && listing.asked.is_everything() {
        true => Some(charts::failures(&web.app().failed_sign_ins(&granted).await?, now, zone)),
        false => None,
    };
    let log = ActivityLog {
        chrome: AdminChrome::new(&web, &me, frame, "activity").await?,
        may_set: me.actor.granted::<ManageOrganization>().is_ok(),
        filtered: !listing.asked.is_everything(),
        opened: wrong || !listing.asked.is_everything(),
        fields: fields.into(),
        actions: action_groups(&choices, &listing.asked.action),
        outcomes: outcomes(&choices, &listing.asked.outcome),
        failed,
        rows: found.entries.iter().map(|listed| ActivityRow::of(listed, now, zone)).collect(),
        looked_to: found.looked_to.map(|id| looked_words(words::second(id.made_at(), zone))),
        chain: chain_words(chain, zone),
        tail: is_newest.then(|| Tail { href: listing.href("/admin/activity/tail", None), after }),
        here: listing.href(HERE, None),
        csv: listing.href("/admin/activity.csv", None),
        json: listing.href("/admin/activity.jsonl", None),
        pager: listing.pager(&found),
    };
    Ok(if wrong { unprocessable(&log) } else { page(&log) })
}

impl ActivityLog {
    /// What the form shows in the field of that name.
    fn field(&self, name: &str) -> Field {
        self.fields
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, field)| field.clone())
            .unwrap_or_default()
    }
}

/// Why a page has less than it could: it takes another look to find more.
fn looked_words(edge: String) -> String {
    format!(
        "10,000 entries were looked through for this page, up to {edge}. There may be more that match beyond."
    )
}

/// "Sealed to 14:32:07": how far the chain goes.
fn chain_words(chain: ChainState, zone: &str) -> String {
    let sealed = match chain.sealed_to {
        Some((sequence, at)) => {
            format!("Sealed to {}, entry {}.", words::second(at, zone), words::number(sequence))
        }
        None => "Nothing is sealed yet.".into(),
    };
    match chain.removed_to {
        0 => sealed,
        removed => format!("{sealed} It begins at entry {}.", words::number(removed + 1)),
    }
}

fn action_groups(choices: &Choices, asked: &str) -> Vec<ActionGroup> {
    let choice = |action: &String| Choice { value: action.clone(), label: activity::words(action) };
    let mut groups: Vec<_> = choices
        .actions
        .iter()
        .map(|(group, actions)| ActionGroup {
            value: format!("{GROUP}{}", group.key()),
            label: group.words(),
            actions: actions.iter().map(choice).collect(),
        })
        .collect();
    let known = groups
        .iter()
        .any(|group| group.value == asked || group.actions.iter().any(|action| action.value == asked));
    // What an address asks for stays in the form, even if the log has none of it.
    if !known && !asked.is_empty() {
        let asked = vec![choice(&asked.to_owned())];
        groups.push(ActionGroup { value: String::new(), label: "Not in the log", actions: asked });
    }
    groups
}

fn outcomes(choices: &Choices, asked: &str) -> Vec<Choice> {
    let mut keys = vec!["success".to_owned()];
    keys.extend(choices.failures.iter().cloned());
    if ![FAILED, ""].contains(&asked) && !keys.iter().any(|key| key == asked) {
        keys.push(asked.to_owned());
    }
    let all = Choice { value: FAILED.into(), label: "All but success".into() };
    let each = keys.into_iter().map(|key| Choice { label: activity::outcome_words(&key), value: key });
    std::iter::once(all).chain(each).collect()
}

/// What was sealed since, for a page that shows the newest.
async fn tail(
    State(web): State<Web>,
    Admin(me): Admin,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let after = query.get("after").and_then(|after| after.parse::<i64>().ok()).unwrap_or(0).max(0);
    let listing = Listing::of(&query);
    let (entries, after) = web.app().activity_since(&granted, &listing.asked, after).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let rows = entries.iter().map(|listed| ActivityRow::of(listed, now, zone)).collect();
    Ok(page(&NewestRows { rows, after }))
}

async fn file(
    web: &Web,
    Admin(me): Admin,
    query: &BTreeMap<String, String>,
    format: Format,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let export = web.app().export_activity(&granted, &Listing::of(query).asked, format).await?;
    let media_type = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::JsonLines => "application/jsonl; charset=utf-8",
    };
    let name = format!("attachment; filename=\"activity.{}\"", format.extension());
    let headers = [(header::CONTENT_TYPE, media_type.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(export.pieces())).into_response())
}

async fn csv(
    State(web): State<Web>,
    admin: Admin,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    file(&web, admin, &query, Format::Csv).await
}

async fn json_lines(
    State(web): State<Web>,
    admin: Admin,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    file(&web, admin, &query, Format::JsonLines).await
}
