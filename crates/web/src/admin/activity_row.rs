//! An entry of the log as a line of a table.

use crate::view::When;
use claviger_app::{stored::Listed, words};
use claviger_domain::{activity, time::Timestamp};

#[derive(Clone, Debug)]
pub(super) struct ActivityRow {
    pub(super) id: String,
    pub(super) href: String,
    /// What the time is shown as: to the second, where the table is read line by line.
    pub(super) time: String,
    pub(super) at: When,
    pub(super) who: String,
    pub(super) action: String,
    pub(super) key: String,
    pub(super) target: String,
    pub(super) outcome: String,
    pub(super) is_success: bool,
    pub(super) address: String,
}

impl ActivityRow {
    pub(super) fn of(listed: &Listed, now: Timestamp, zone: &str) -> Self {
        let entry = &listed.entry;
        let who = match (entry.actor_name.as_str(), entry.actor_kind.as_str()) {
            ("", "visitor") => "Not signed in",
            ("", "host") => "Command line",
            ("", "system") => "The server",
            ("", kind) => kind,
            (name, _) => name,
        };
        Self {
            id: entry.id.to_string(),
            href: format!("/admin/activity/{}", entry.id),
            time: words::second(entry.at, zone),
            at: When::new(entry.at, now, zone),
            who: who.to_owned(),
            action: activity::words(&entry.action),
            key: entry.action.clone(),
            target: entry.target_name.clone(),
            outcome: activity::outcome_words(&entry.outcome),
            is_success: entry.outcome == "success",
            address: entry.address.clone(),
        }
    }
}
