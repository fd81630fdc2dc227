//! Policies: what is laid down for a device beside its logins, as templates for each system (S9.1).
//!
//! Every template comes to effects: single values, each with one place. Agents know effects alone, so that a new
//! template needs no new agent.

mod conflict;
mod file;
mod form;
mod registry;
pub mod sshd;
mod standing;

pub use conflict::{Bound, Conflict, conflicts};
pub use file::{CONTENT, FileContent, Mode, closed, parse_path};
pub use form::{PolicyForm, ValueForm, ValuePart};
pub use registry::{Data, Kind, RegistryValue, VALUES};
pub use standing::{Corrected, Reported, Standing, State};

use crate::{
    device::Platform,
    field::{FieldError, Presence, line},
    id::PolicyId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most characters of a banner.
pub const BANNER: usize = 4_000;
/// What sshd shows before a login, and consoles beside them.
const ISSUE_NET: &str = "/etc/issue.net";
const ISSUE: &str = "/etc/issue";
const SYSTEM_POLICIES: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";

/// A policy as loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Which.
    pub id: PolicyId,
    /// Counts what administrators change.
    pub revision: i64,
    /// What it is called.
    pub name: PolicyName,
    /// What it is for.
    pub description: String,
    /// What it lays down.
    pub template: Template,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A policy's name: 1 to 100 characters, one of a kind whatever its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyName(String);

impl PolicyName {
    /// The name as entered.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        line(field, "Policy name", text, 100, Presence::Required).map(Self)
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

/// What a policy lays down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Windows: values under `HKEY_LOCAL_MACHINE`.
    Registry(Vec<RegistryValue>),
    /// Windows: S8.17.
    DisableArso,
    /// Windows: S8.16.
    BlockSafeMode,
    /// Linux: settings of sshd for everybody.
    Sshd(Vec<sshd::Setting>),
    /// Linux: what a file holds.
    File(FileContent),
    /// Linux: what is shown before a login, at consoles and by sshd.
    Banner(String),
}

impl Template {
    /// The words of all templates, in the order of the list of choices.
    pub const KEYS: [&'static str; 6] =
        ["registry", "disable_arso", "block_safe_mode", "sshd", "file", "banner"];

    /// The word in the database, in the API and in the log.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Registry(_) => "registry",
            Self::DisableArso => "disable_arso",
            Self::BlockSafeMode => "block_safe_mode",
            Self::Sshd(_) => "sshd",
            Self::File(_) => "file",
            Self::Banner(_) => "banner",
        }
    }

    /// What a word is called on screens; nothing if it is no template's.
    pub fn words(key: &str) -> Option<&'static str> {
        Some(match key {
            "registry" => "Registry values",
            "disable_arso" => "Disable ARSO (automatic restart sign-on)",
            "block_safe_mode" => "Block safe mode for non-administrators",
            "sshd" => "sshd settings",
            "file" => "File content",
            "banner" => "Banner before the login",
            _ => return None,
        })
    }

    /// For which system a template of that word is.
    pub fn platform_of(key: &str) -> Platform {
        match key {
            "registry" | "disable_arso" | "block_safe_mode" => Platform::Windows,
            _ => Platform::Linux,
        }
    }

    /// For which system it is.
    pub fn platform(&self) -> Platform {
        Self::platform_of(self.key())
    }

    /// What a device has to see to, each at a place of its own.
    pub fn effects(&self) -> Vec<Effect> {
        let flag = |name: &str| {
            let (location, name) = (SYSTEM_POLICIES.to_owned(), name.to_owned());
            vec![Effect::Registry(RegistryValue { location, name, data: Data::Dword(1) })]
        };
        match self {
            Self::Registry(values) => values.iter().cloned().map(Effect::Registry).collect(),
            Self::DisableArso => flag("DisableAutomaticRestartSignOn"),
            Self::BlockSafeMode => flag("SafeModeBlockNonAdmins"),
            Self::Sshd(settings) => settings.iter().cloned().map(Effect::Sshd).collect(),
            Self::File(file) => vec![Effect::File(file.clone())],
            Self::Banner(text) => banner(text),
        }
    }
}

fn banner(text: &str) -> Vec<Effect> {
    let file = |path: &str, content: String| {
        Effect::File(FileContent { path: path.to_owned(), content, mode: Mode::Everybody })
    };
    let shown = sshd::Setting { keyword: sshd::BANNER.to_owned(), value: ISSUE_NET.to_owned() };
    vec![file(ISSUE, format!("{text}\n\n")), file(ISSUE_NET, format!("{text}\n")), Effect::Sshd(shown)]
}

/// One value at one place of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Effect {
    /// A value of the registry, in its 64-bit view.
    Registry(RegistryValue),
    /// A setting of sshd.
    Sshd(sshd::Setting),
    /// A file of root's.
    File(FileContent),
}

impl Effect {
    /// Where it is.
    pub fn place(&self) -> Place {
        match self {
            Self::Registry(value) => {
                Place::Registry { location: value.location.to_lowercase(), name: value.name.to_lowercase() }
            }
            Self::Sshd(setting) => Place::Sshd { keyword: setting.keyword.to_lowercase() },
            Self::File(file) => Place::File { path: file.path.clone() },
        }
    }

    /// Where it is, as an administrator reads it.
    pub fn place_words(&self) -> String {
        match self {
            Self::Registry(value) => {
                let name = if value.name.is_empty() { "(Default)" } else { &value.name };
                format!(r"HKLM\{}\{name}", value.location)
            }
            Self::Sshd(setting) => format!("{} of sshd", setting.keyword),
            Self::File(file) => file.path.clone(),
        }
    }
}

/// A place that one value can have at a time; names that Windows and sshd don't tell apart are the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Place {
    /// A value of the registry, in small letters.
    Registry {
        /// Under `HKEY_LOCAL_MACHINE`.
        location: String,
        /// Empty for the key's default value.
        name: String,
    },
    /// A setting of sshd, in small letters.
    Sshd {
        /// Its keyword.
        keyword: String,
    },
    /// A file.
    File {
        /// Its absolute path.
        path: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry { location, name } => write!(f, r"HKLM\{location}\{name}"),
            Self::Sshd { keyword } => write!(f, "{keyword} of sshd"),
            Self::File { path } => f.write_str(path),
        }
    }
}

/// A banner as entered: what terminals and `agetty` show as it stands.
fn parse_banner(text: &str) -> Result<String, FieldError> {
    let refused = |message: &str| Err(FieldError::new("text", message));
    let text = text.replace("\r\n", "\n");
    let text = text.trim_end();
    if text.trim().is_empty() {
        return refused("Say what people are to read before they sign in.");
    }
    if text.chars().count() > BANNER {
        return refused("The banner can have at most 4000 characters.");
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return refused("The banner can't contain control characters.");
    }
    // agetty would put the machine's name, kernel or addresses in its place.
    if text.contains('\\') {
        return refused("The banner can't contain a backslash.");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests;
