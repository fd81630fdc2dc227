//! The activity log (section 12).

use super::{
    body::Query,
    key::May,
    listing::{cursor, page_size},
    path::OneEntry,
    problem::{Absent, ApiError, BadQuery, Refused},
    schema::EventGroupWord,
};
use crate::Web;
use axum::{Json, extract::State};
use claviger_app::activity::{Asked, Event, GROUP, Place};
use claviger_domain::{
    field::{FieldError, Fields},
    id::AuditId,
    permission::ViewUsers,
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An entry of the activity log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// UUID.
    id: String,
    /// Its number in the chain, from 1; null until it is sealed, within a second.
    sequence: Option<i64>,
    /// RFC 3339 with microseconds, UTC.
    at: String,
    /// `administrator`, `api_key`, `user`, `visitor`, `host` or `system`.
    actor_kind: String,
    /// UUID of the actor's account; empty without one.
    actor_id: String,
    /// The actor's name.
    actor: String,
    /// The address it came from.
    address: String,
    /// What was done, such as `user.mfa.reset`.
    action: String,
    /// To whom or what, by id.
    target_id: String,
    /// The target's name.
    target: String,
    /// How it ended, such as `success` or `wrong_code`.
    outcome: String,
    /// Further facts, such as the old and the new deadline.
    #[schema(value_type = Object)]
    details: serde_json::Value,
    /// SHA-256 that links it to the entry before, in hexadecimal; null until it is sealed.
    link: Option<String>,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id,
            sequence: event.sequence,
            at: event.at,
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            actor: event.actor,
            address: event.address,
            action: event.action,
            target_id: event.target_id,
            target: event.target,
            outcome: event.outcome,
            details: event.details,
            link: event.link,
        }
    }
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The entries, the newest first. There can be fewer than asked for, even none, before the last page: a page looks
    /// through 10,000 entries at most.
    items: Vec<EventView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which entries to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventListing {
    /// Not before: RFC 3339, or a day such as `2026-11-28` in the organization's time zone.
    from: Option<String>,
    /// Before that point in time, or up to the end of that day.
    to: Option<String>,
    /// An account's e-mail, login name or id; or a part of the actor's name.
    #[param(max_length = 200)]
    actor: Option<String>,
    /// Such as `user.mfa.reset`.
    #[param(max_length = 200)]
    action: Option<String>,
    /// `sign_in`, `mfa`, `passwords`, `users`, `devices`, `administrators`, `organization` or `other`; not together with `action`.
    #[param(value_type = Option<EventGroupWord>, inline)]
    group: Option<String>,
    /// Such as `success` or `wrong_code`; `failed` for all but success.
    #[param(max_length = 200)]
    outcome: Option<String>,
    /// As `actor`, for whom or what it was done to.
    #[param(max_length = 200)]
    target: Option<String>,
    /// The whole address it came from.
    #[param(max_length = 200)]
    address: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl EventListing {
    fn parse(self) -> Result<(Asked, Place, i64), Vec<FieldError>> {
        let mut fields = Fields::new();
        let limit = fields.take(page_size(self.limit));
        let older = fields.take(cursor(self.cursor.as_deref(), decode));
        let place = older.map(|id| id.map_or(Place::Newest, Place::Older));
        let action = fields.take(match (self.action, self.group) {
            (Some(_), Some(_)) => Err(FieldError::new("group", "Pass either an action or a group.")),
            (action, None) => Ok(action.unwrap_or_default()),
            (None, Some(group)) => Ok(format!("{GROUP}{group}")),
        });
        let ((action, place), limit) = fields.finish(action.zip(place).zip(limit))?;
        let asked = Asked {
            from: self.from.unwrap_or_default(),
            to: self.to.unwrap_or_default(),
            actor: self.actor.unwrap_or_default(),
            action,
            outcome: self.outcome.unwrap_or_default(),
            target: self.target.unwrap_or_default(),
            address: self.address.unwrap_or_default(),
        };
        Ok((asked, place, limit))
    }
}

fn encode(id: AuditId) -> String {
    BASE64URL_NOPAD.encode(id.to_string().as_bytes())
}

fn decode(text: &str) -> Option<AuditId> {
    String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?.parse().ok()
}

#[utoipa::path(get, path = "/api/v1/events", tag = "events", operation_id = "listEvents", params(EventListing),
    extensions(("x-permission" = json!("ViewUsers"))),
    description = "Permission: view users.",
    responses((status = 200, body = EventPage), Refused, BadQuery))]
pub(crate) async fn list(
    State(web): State<Web>,
    May(granted): May<ViewUsers>,
    Query(listing): Query<EventListing>,
) -> Result<Json<EventPage>, ApiError> {
    let (asked, place, limit) = listing.parse()?;
    let by_group = asked.action.starts_with(GROUP);
    let found = web.app().activity_page(&granted, &asked, place, limit).await;
    let found = found.map_err(|refusal| {
        let error = ApiError::from(refusal);
        if by_group { error.renamed("action", "group") } else { error }
    })?;
    Ok(Json(EventPage {
        items: found.entries.iter().map(|listed| Event::from(listed).into()).collect(),
        next_cursor: found.older.map(encode),
    }))
}

#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", operation_id = "getEvent",
    params(("id" = String, Path, description = "UUID")),
    extensions(("x-permission" = json!("ViewUsers"))),
    description = "Permission: view users.",
    responses((status = 200, body = EventView), Refused, Absent))]
pub(crate) async fn show(
    State(web): State<Web>,
    May(granted): May<ViewUsers>,
    OneEntry(id): OneEntry,
) -> Result<Json<EventView>, ApiError> {
    let listed = web.app().activity_entry(&granted, id).await?;
    Ok(Json(Event::from(&listed).into()))
}
