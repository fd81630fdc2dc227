//! An entry as programs get it: by the API, in exports and at a webhook, everywhere the same.

use crate::words;
use claviger_domain::audit::Entry;
use claviger_store::table::{audit::Head, audit_list::Listed};
use data_encoding::HEXLOWER;
use serde::Serialize;
use serde_json::Value;

/// One entry of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// UUID.
    pub id: String,
    /// Its number in the chain, from 1; nothing until it is sealed, within a second.
    pub sequence: Option<i64>,
    /// RFC 3339 with microseconds, UTC.
    pub at: String,
    /// `administrator`, `api_key`, `user`, `visitor`, `host` or `system`.
    pub actor_kind: String,
    /// UUID of the actor's account; empty without one.
    pub actor_id: String,
    /// The actor's name.
    pub actor: String,
    /// The address it came from.
    pub address: String,
    /// What was done, such as `user.mfa.reset`.
    pub action: String,
    /// To whom or what, by id.
    pub target_id: String,
    /// The target's name.
    pub target: String,
    /// How it ended, such as `success` or `wrong_code`.
    pub outcome: String,
    /// Further facts.
    pub details: Value,
    /// SHA-256 that links it to the entry before, in hexadecimal; nothing until it is sealed.
    pub link: Option<String>,
}

impl Event {
    pub(crate) fn new(entry: &Entry, sealed: Option<&Head>) -> Self {
        Self {
            id: entry.id.to_string(),
            sequence: sealed.map(|head| head.sequence),
            at: words::iso_micros(entry.at),
            actor_kind: entry.actor_kind.clone(),
            actor_id: entry.actor_id.clone(),
            actor: entry.actor_name.clone(),
            address: entry.address.clone(),
            action: entry.action.clone(),
            target_id: entry.target_id.clone(),
            target: entry.target_name.clone(),
            outcome: entry.outcome.clone(),
            details: serde_json::from_str(&entry.details).unwrap_or(Value::Null),
            link: sealed.map(|head| HEXLOWER.encode(&head.link)),
        }
    }

    /// The cells of a CSV file, in the order of [`Event::HEADINGS`].
    pub(crate) fn cells(&self) -> [String; 13] {
        [
            self.at.clone(),
            self.sequence.map(|sequence| sequence.to_string()).unwrap_or_default(),
            self.actor_kind.clone(),
            self.actor.clone(),
            self.actor_id.clone(),
            self.action.clone(),
            self.target.clone(),
            self.target_id.clone(),
            self.outcome.clone(),
            self.address.clone(),
            self.details.to_string(),
            self.id.clone(),
            self.link.clone().unwrap_or_default(),
        ]
    }

    pub(crate) const HEADINGS: [&str; 13] = [
        "at",
        "sequence",
        "actor_kind",
        "actor",
        "actor_id",
        "action",
        "target",
        "target_id",
        "outcome",
        "address",
        "details",
        "id",
        "link",
    ];
}

impl From<&Listed> for Event {
    fn from(listed: &Listed) -> Self {
        Self::new(&listed.entry, listed.sealed.as_ref())
    }
}
