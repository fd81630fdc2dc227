//! How a policy stands on a device (S9.1).

use super::Systems;
use crate::{
    device::{Platform, words},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What a device last said of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Everything is as laid down.
    Applied,
    /// Nothing of it is; the detail says why.
    Failed,
}
words!(State { Applied => "applied", Failed => "failed" });

/// How often a device found something else and put it right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// How often, since this revision of the policy was applied.
    pub count: i64,
    /// When it did so last.
    pub at: Option<Timestamp>,
}

/// What a device last said of a policy, and of which revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// Of the policy.
    pub revision: i64,
    /// What became of it.
    pub state: State,
    /// In words; may be empty.
    pub detail: String,
    /// What it put right.
    pub corrected: Corrected,
    /// When it said so.
    pub at: Timestamp,
}

/// How a policy stands on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The device runs another system.
    OtherSystem,
    /// The device hasn't said yet what became of it.
    Pending,
    /// It is as laid down.
    Applied,
    /// It is as laid down, and was not in between.
    Corrected(Corrected),
    /// It is not applied.
    Failed(String),
}

impl Standing {
    /// The words in the API.
    pub const KEYS: [&'static str; 5] = ["other_system", "pending", "applied", "corrected", "failed"];

    /// How it stands, from what the device last said of it.
    pub fn of((template, device): (Systems, Platform), revision: i64, reported: Option<&Reported>) -> Self {
        match reported.filter(|reported| reported.revision == revision) {
            _ if !template.has(device) => Self::OtherSystem,
            None => Self::Pending,
            Some(Reported { state: State::Failed, detail, .. }) => Self::Failed(detail.clone()),
            Some(Reported { state: State::Applied, corrected, .. }) if corrected.count > 0 => {
                Self::Corrected(*corrected)
            }
            Some(Reported { state: State::Applied, .. }) => Self::Applied,
        }
    }

    /// The word in the API.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::OtherSystem => "other_system",
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Corrected(_) => "corrected",
            Self::Failed(_) => "failed",
        }
    }
}
