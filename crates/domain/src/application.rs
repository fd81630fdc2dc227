//! Applications that people reach through the User Portal (S10).

pub mod address;
pub mod certificate;
pub mod door;
pub mod oidc;
pub mod release;
pub mod saml;

use crate::{
    device::words,
    field::{FieldError, Presence, line, number},
    id::ApplicationId,
    time::{Span, Timestamp},
};
use serde::{Deserialize, Serialize};

/// An application as loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Which.
    pub id: ApplicationId,
    /// Counts what administrators change.
    pub revision: i64,
    /// What it is called.
    pub name: Name,
    /// What it is for, on its tile.
    pub description: String,
    /// Whether anybody gets in.
    pub access: Access,
    /// Whether the User Portal shows it.
    pub tile: Tile,
    /// Whether it asks for a code of its own.
    pub fresh_code: FreshCode,
    /// How it speaks.
    pub protocol: Protocol,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How an application speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// SAML 2.0.
    Saml(saml::Settings),
    /// OpenID Connect.
    Oidc(oidc::Settings),
}

impl Protocol {
    /// The word in the database, in the API and in the log.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Saml(_) => "saml",
            Self::Oidc(_) => "oidc",
        }
    }

    /// Whether people can begin at the User Portal.
    pub const fn can_begin_here(&self) -> bool {
        match self {
            Self::Saml(_) => true,
            Self::Oidc(settings) => settings.start.is_some(),
        }
    }
}

/// An application's name: 1 to 100 characters, one of a kind whatever its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// The name as entered.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        line(field, "Application name", text, 100, Presence::Required).map(Self)
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

/// An application's description as entered.
pub fn parse_description(text: &str) -> Result<String, FieldError> {
    line("description", "Description", text, 300, Presence::Optional)
}

/// Whether anybody gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever is assigned.
    Enabled,
    /// Nobody.
    Disabled,
}
words!(Access { Enabled => "enabled", Disabled => "disabled" });

/// Whether the User Portal shows an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// With a tile.
    Shown,
    /// Not at all: people begin at the application.
    Hidden,
}
words!(Tile { Shown => "shown", Hidden => "hidden" });

/// The longest that a code can be good for at an application: a day.
const MOST_MINUTES: i64 = 24 * 60;

/// Whether an application asks for a code of its own (S10.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshCode {
    /// The one at the User Portal will do.
    NotAsked,
    /// A new one each time.
    EveryTime,
    /// A new one where the last is older.
    OlderThan(Span),
}

impl FreshCode {
    /// As entered: `not_asked`, `every_time`, or `older_than` with minutes from 1 to 1,440.
    pub fn parse(kind: &str, minutes: &str) -> Result<Self, FieldError> {
        match kind {
            "not_asked" => Ok(Self::NotAsked),
            "every_time" => Ok(Self::EveryTime),
            "older_than" => number("fresh_code_minutes", "Minutes", minutes, 1, MOST_MINUTES)
                .map(|n| Self::OlderThan(Span::minutes(n))),
            _ => Err(FieldError::new("fresh_code", "Choose whether the application asks for a fresh code.")),
        }
    }

    /// The word in the database and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotAsked => "not_asked",
            Self::EveryTime => "every_time",
            Self::OlderThan(_) => "older_than",
        }
    }

    /// From the word and the minutes that were kept.
    pub fn from_key(key: &str, minutes: Option<i64>) -> Option<Self> {
        match (key, minutes) {
            ("not_asked", None) => Some(Self::NotAsked),
            ("every_time", None) => Some(Self::EveryTime),
            ("older_than", Some(minutes)) => Some(Self::OlderThan(Span::minutes(minutes))),
            _ => None,
        }
    }

    /// After how many minutes a code is old, where that matters.
    pub const fn minutes(self) -> Option<i64> {
        match self {
            Self::NotAsked | Self::EveryTime => None,
            Self::OlderThan(span) => Some(span.micros() / 60_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_code_is_asked_for_as_entered_and_within_a_day() {
        for (kind, minutes, expected) in [
            ("not_asked", "", Some((FreshCode::NotAsked, None))),
            ("every_time", "7", Some((FreshCode::EveryTime, None))),
            ("older_than", "1", Some((FreshCode::OlderThan(Span::minutes(1)), Some(1)))),
            ("older_than", "1440", Some((FreshCode::OlderThan(Span::minutes(1440)), Some(1440)))),
            ("older_than", "0", None),
            ("older_than", "1441", None),
            ("older_than", "", None),
            ("sometimes", "5", None),
        ] {
            let parsed = FreshCode::parse(kind, minutes).ok();
            assert_eq!(parsed.map(|fresh| (fresh, fresh.minutes())), expected, "{kind} {minutes}");
            if let Some(fresh) = parsed {
                assert_eq!(fresh.key(), kind);
            }
        }
    }
}
