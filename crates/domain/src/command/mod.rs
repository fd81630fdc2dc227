//! Commands: scripts that run as root or SYSTEM on devices, once or on a schedule (S9.2).

mod form;
mod output;
mod ready;
mod run;
mod schedule;

pub use form::CommandForm;
pub use output::{KEPT, Kept, Tail, shown};
pub use ready::{READY, Ready};
pub use run::{Outcome, Progress, Reported, Stage, State};
pub use schedule::Schedule;

use crate::{
    device::{Platform, words},
    field::{FieldError, Presence, line},
    id::CommandId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The most bytes of a script.
pub const SCRIPT: usize = 64 * 1024;

/// A command as loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Which.
    pub id: CommandId,
    /// Counts what administrators change.
    pub revision: i64,
    /// What it is called.
    pub name: CommandName,
    /// What it is for.
    pub description: String,
    /// What runs the script.
    pub shell: Shell,
    /// The script.
    pub script: String,
    /// After how many seconds it is ended.
    pub timeout_seconds: i64,
    /// For how many hours a device that is away may take it up.
    pub wait_hours: i64,
    /// When it runs by itself.
    pub schedule: Schedule,
    /// When it does so next.
    pub next_run_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A command's name: 1 to 100 characters, one of a kind whatever its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandName(String);

impl CommandName {
    /// The name as entered.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        line(field, "Command name", text, 100, Presence::Required).map(Self)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared and sorted.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What runs a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shell {
    /// `/bin/sh`, or what the script's first line names after `#!`: Linux and macOS.
    Shell,
    /// Windows PowerShell.
    Powershell,
}
words!(Shell { Shell => "shell", Powershell => "powershell" });

impl Shell {
    /// On screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Shell => "Shell (Linux, macOS)",
            Self::Powershell => "PowerShell (Windows)",
        }
    }

    /// Whether devices of that system have it.
    pub const fn runs_on(self, platform: Platform) -> bool {
        matches!(
            (self, platform),
            (Self::Shell, Platform::Linux | Platform::Macos) | (Self::Powershell, Platform::Windows)
        )
    }
}

/// Whether an organization's administrators may run commands at all. They may not until it says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commands {
    /// None runs; what runs is ended.
    #[default]
    Off,
    /// Whoever has the permission runs them.
    On,
}
words!(Commands { Off => "off", On => "on" });

impl Commands {
    /// As entered.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::from_key(text).ok_or_else(|| FieldError::new("commands", "Choose on or off."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S9.2.
    #[test]
    fn a_shell_runs_where_it_is() {
        for (platform, shell, powershell) in
            [(Platform::Linux, true, false), (Platform::Macos, true, false), (Platform::Windows, false, true)]
        {
            let runs = [Shell::Shell, Shell::Powershell].map(|shell| shell.runs_on(platform));
            assert_eq!(runs, [shell, powershell], "{platform:?}");
        }
    }
}
