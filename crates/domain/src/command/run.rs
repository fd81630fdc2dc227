//! One run of a command on one device.

use crate::{device::words, time::Timestamp};
use serde::{Deserialize, Serialize};

/// How a device says that it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// By itself, with an exit code.
    Exited,
    /// It took too long and was ended.
    TimedOut,
    /// It was ended because an administrator said so.
    Stopped,
    /// It never began: too late, or canceled before.
    NotStarted,
    /// The device went down while it ran; it is not run again.
    Interrupted,
    /// It could not be started; the detail says why.
    Failed,
}

/// What a device says of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It goes on.
    Running,
    /// It is over.
    Ended(Outcome),
}

/// A run on one device, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The device hasn't said anything of it.
    Waiting,
    /// It goes on there.
    Running,
    /// It ended by itself.
    Exited,
    /// It took too long.
    TimedOut,
    /// It was ended by an administrator.
    Stopped,
    /// It never began.
    NotStarted,
    /// The device went down meanwhile.
    Interrupted,
    /// It could not be started.
    Failed,
}
words!(State {
    Waiting => "waiting", Running => "running", Exited => "exited", TimedOut => "timed_out", Stopped => "stopped",
    NotStarted => "not_started", Interrupted => "interrupted", Failed => "failed",
});

impl From<Stage> for State {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Running => Self::Running,
            Stage::Ended(Outcome::Exited) => Self::Exited,
            Stage::Ended(Outcome::TimedOut) => Self::TimedOut,
            Stage::Ended(Outcome::Stopped) => Self::Stopped,
            Stage::Ended(Outcome::NotStarted) => Self::NotStarted,
            Stage::Ended(Outcome::Interrupted) => Self::Interrupted,
            Stage::Ended(Outcome::Failed) => Self::Failed,
        }
    }
}

impl State {
    /// Whether nothing follows.
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// What came of it, as a device says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// How far it is.
    pub stage: Stage,
    /// Its exit code, if it ended by itself; negative for a signal.
    pub exit_code: Option<i32>,
    /// What is shown of its output.
    pub output: String,
    /// In words; may be empty.
    pub detail: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// How a run on one device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The device hasn't taken it up yet, and may.
    Waiting,
    /// It was not taken up in time, and won't be.
    Expired,
    /// It was canceled; the device hasn't said yet that it stopped.
    Stopping,
    /// As the device says.
    Said(State),
}

impl Progress {
    /// The words in the API.
    pub const KEYS: [&'static str; 10] = [
        "waiting",
        "expired",
        "stopping",
        "running",
        "exited",
        "timed_out",
        "stopped",
        "not_started",
        "interrupted",
        "failed",
    ];

    /// How it stands at `now`, from what is stored. A deadline that passes is no event: nobody has to write it down.
    pub fn of(
        state: State,
        (expires_at, canceled_at): (Timestamp, Option<Timestamp>),
        now: Timestamp,
    ) -> Self {
        match (state, canceled_at) {
            (State::Waiting, _) if expires_at <= now => Self::Expired,
            (State::Waiting | State::Running, Some(_)) => Self::Stopping,
            (State::Waiting, None) => Self::Waiting,
            (State::Running, None) => Self::Said(State::Running),
            (
                State::Exited
                | State::TimedOut
                | State::Stopped
                | State::NotStarted
                | State::Interrupted
                | State::Failed,
                _,
            ) => Self::Said(state),
        }
    }

    /// The word in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Expired => "expired",
            Self::Stopping => "stopping",
            Self::Said(state) => state.key(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_nobody_took_up_in_time_is_over() {
        let at = |n| Timestamp::from_seconds(n);
        let of = |state, canceled, now| Progress::of(state, (at(100), canceled), at(now)).key();
        assert_eq!(of(State::Waiting, None, 99), "waiting");
        assert_eq!(of(State::Waiting, None, 100), "expired");
        assert_eq!(of(State::Waiting, Some(at(50)), 99), "stopping");
        assert_eq!(of(State::Waiting, Some(at(50)), 100), "expired");
        assert_eq!(of(State::Running, None, 200), "running");
        assert_eq!(of(State::Running, Some(at(50)), 200), "stopping");
        assert_eq!(of(State::Exited, Some(at(50)), 200), "exited");
        for state in State::ALL {
            assert!(Progress::KEYS.contains(&state.key()));
        }
    }
}
