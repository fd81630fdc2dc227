//! One entry of the log with all its facts.

use super::activity_row::ActivityRow;
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    view::{Fact, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::{activity::Event, words};
use claviger_domain::permission::ViewUsers;

#[derive(Template)]
#[template(path = "admin/activity_entry.html")]
struct EntryPage {
    chrome: AdminChrome,
    row: ActivityRow,
    facts: Vec<Fact>,
    details: Vec<Fact>,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let id = id.parse().map_err(|_| PageError::NotFound("entry"))?;
    let listed = web.app().activity_entry(&granted, id).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let event = Event::from(&listed);
    Ok(page(&EntryPage {
        chrome: AdminChrome::new(&web, &me, frame, "activity").await?,
        row: ActivityRow::of(&listed, now, zone),
        facts: facts(&event),
        details: details(&event),
    }))
}

fn facts(event: &Event) -> Vec<Fact> {
    let kind = match event.actor_kind.as_str() {
        "administrator" => "Administrator",
        "api_key" => "API key",
        "user" => "User",
        "device" => "Device",
        "visitor" => "Somebody not signed in",
        "host" => "Command line on the server",
        "system" => "The server by itself",
        other => other,
    };
    let sequence = event.sequence.map_or_else(|| "not sealed yet".to_owned(), words::number);
    [
        ("Time, UTC", event.at.as_str()),
        ("Who", &event.actor),
        ("Kind", kind),
        ("Account of who", &event.actor_id),
        ("Address", &event.address),
        ("Action", &event.action),
        ("Target", &event.target),
        ("Target's id", &event.target_id),
        ("Outcome", &event.outcome),
        ("Entry", &event.id),
        ("Number in the chain", &sequence),
        ("Link of the chain", event.link.as_deref().unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(term, value)| Fact::new(term, value))
    .collect()
}

/// The details, a line each; what is in something is told with a dot between.
fn details(event: &Event) -> Vec<Fact> {
    fn gather(name: &str, value: &serde_json::Value, facts: &mut Vec<Fact>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    gather(&name, value, facts);
                }
            }
            serde_json::Value::Null => {}
            serde_json::Value::String(text) if text.is_empty() => {}
            serde_json::Value::String(text) => facts.push(Fact::new(name, text.clone())),
            other => facts.push(Fact::new(name, other.to_string())),
        }
    }
    let mut facts = Vec::new();
    gather("", &event.details, &mut facts);
    facts
}
