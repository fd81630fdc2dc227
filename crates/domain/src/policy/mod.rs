//! Policies: what is laid down for a device beside its logins, as templates for each system (S9.1).
//!
//! Every template comes to effects: single values, each with one place. Agents know effects alone, so that a new
//! template needs no new agent.

mod banner;
mod conflict;
mod file;
mod form;
mod registry;
pub mod sshd;
mod standing;
mod systems;

pub use banner::{BANNER, is_banner};
pub use conflict::{Bound, Conflict, conflicts};
pub use file::{CONTENT, FileContent, Mode, closed, parse_path};
pub use form::{PolicyForm, ValueForm, ValuePart};
pub use registry::{Data, Kind, RegistryValue, VALUES};
pub use standing::{Corrected, Reported, Standing, State};
pub use systems::Systems;

use crate::{
    device::Platform,
    field::{FieldError, Presence, line},
    id::PolicyId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// Linux and macOS: settings of sshd for everybody.
    Sshd(Vec<sshd::Setting>),
    /// Linux and macOS: what a file holds.
    File(FileContent),
    /// Linux and macOS: what is shown before a login, at the machine itself and by sshd.
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

    /// For which systems a template of that word is.
    pub fn systems_of(key: &str) -> Systems {
        match key {
            "registry" | "disable_arso" | "block_safe_mode" => Systems::Windows,
            _ => Systems::Unix,
        }
    }

    /// For which systems it is.
    pub fn systems(&self) -> Systems {
        Self::systems_of(self.key())
    }

    /// What a device of that system has to see to, each at a place of its own; nothing if it isn't for that system.
    pub fn effects_on(&self, platform: Platform) -> Vec<Effect> {
        if !self.systems().has(platform) {
            return Vec::new();
        }
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
            Self::Banner(text) => banner::effects(text, platform),
        }
    }

    /// Where it lays something down, as an administrator reads it; with the system of a place that not all of its systems
    /// have.
    pub fn places(&self) -> Vec<(String, Option<Platform>)> {
        let platforms = self.systems().platforms();
        let on = |place: &str| {
            let mut having = platforms.iter().copied().filter(|platform| {
                self.effects_on(*platform).iter().any(|effect| effect.place_words() == place)
            });
            match (having.next(), having.next()) {
                (Some(only), None) if platforms.len() > 1 => Some(only),
                _ => None,
            }
        };
        let effects = platforms.iter().flat_map(|platform| self.effects_on(*platform));
        let mut places: Vec<(String, Option<Platform>)> = Vec::new();
        for place in effects.map(|effect| effect.place_words()) {
            if !places.iter().any(|(known, _)| *known == place) {
                places.push((place.clone(), on(&place)));
            }
        }
        places
    }
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

impl Place {
    /// As policies are compared with each other: on a Mac two paths that differ in case alone are one file.
    fn folded(self) -> Self {
        match self {
            Self::File { path } => Self::File { path: path.to_ascii_lowercase() },
            Self::Registry { .. } | Self::Sshd { .. } => self,
        }
    }
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

#[cfg(test)]
mod tests;
