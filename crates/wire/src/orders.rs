//! Policies and commands as they cross between server and agent (S9).
//!
//! Both travel in the state, so that its signature, its device and its revision hold for them as well. An agent that
//! doesn't know them skips them; what it doesn't answer stays pending.

use claviger_domain::{
    command::{Shell, Stage},
    id::{PolicyId, RunId},
    policy::{Corrected, Effect, State},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// How often an agent looks whether policies are still as laid down.
pub const CYCLE_SECONDS: i64 = 60;

/// A policy that is bound to the device and made for its system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyOrder {
    /// Which.
    pub id: PolicyId,
    /// Counts what administrators change.
    pub revision: i64,
    /// What it is called, for what is said of it.
    pub name: String,
    /// What to see to: all of it, or nothing.
    pub effects: Vec<Effect>,
}

/// What became of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySaid {
    /// Of which.
    pub policy: PolicyId,
    /// Of which revision of it.
    pub revision: i64,
    /// What became of it.
    pub state: State,
    /// In words; may be empty.
    pub detail: String,
    /// What was found otherwise and put right since this revision was applied.
    pub corrected: Corrected,
}

/// A run that the device has not ended. It begins once, whatever happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOrder {
    /// Which.
    pub id: RunId,
    /// What to do about it.
    pub wish: Wish,
    /// What runs the script.
    pub shell: Shell,
    /// The script; empty where it is not to begin.
    pub script: String,
    /// After how many seconds it is ended.
    pub timeout_seconds: i64,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// From when on it doesn't begin any more.
    pub expires_at: Timestamp,
}

/// What to do about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// Begin it, unless it was begun.
    Begin,
    /// End it if it goes on, and say what became of it.
    End,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSaid {
    /// Of which.
    pub run: RunId,
    /// How far it is.
    pub stage: Stage,
    /// If it ended by itself; negative for the signal that ended it.
    pub exit_code: Option<i32>,
    /// What is kept of its output, as text; empty while it goes on.
    pub output: String,
    /// In words; may be empty.
    pub detail: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}
