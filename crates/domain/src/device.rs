//! Devices: what is laid down for one, and what is known of it (S8).

mod account_name;
pub mod ask_once;
pub mod forecast;
mod known;
mod proof;
mod ssh;
mod status;
mod touched;

pub use account_name::AccountName;
pub use known::{AccountState, Device, NAME, SshServer, parse_name, told};
pub use proof::{Proof, Revert, Stage};
pub use ssh::{FirstFactor, Ssh, SshChange, SshConflict, Switch};
pub use status::{Applied, Blocked, MfaStatus, Standing};
pub use touched::{Touched, touched};

use crate::time::Span;
use serde::{Deserialize, Serialize};

/// The words of an enum in the database, in the API and in messages.
macro_rules! words {
    ($name:ident { $($variant:ident => $key:literal),* $(,)? }) => {
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the database, in the API and in messages.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),* }
            }

            /// What that word means.
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.key() == key)
            }
        }
    };
}
pub(crate) use words;

/// What a device runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    Macos,
}
words!(Platform { Linux => "linux", Windows => "windows", Macos => "macos" });

impl Platform {
    /// The word on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
            Self::Macos => "macOS",
        }
    }

    /// Whether the agent asks for codes at SSH, sudo and su there, and lays down who gets in (S8.9, S8.11). Elsewhere it
    /// asks at the system's own login alone (S8.15, S8.18).
    pub const fn has_ssh_rules(self) -> bool {
        match self {
            Self::Linux => true,
            Self::Windows | Self::Macos => false,
        }
    }
}

/// S8.14: what happens to enrolled users while the agent can't be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenDown {
    /// They are refused.
    #[default]
    Closed,
    /// They get in with the first factor alone, and the journal says so.
    Open,
}
words!(WhenDown { Closed => "closed", Open => "open" });

/// S8.7b: what happens to bound users who are not enrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotEnrolled {
    /// S8.4: they sign in with the first factor alone.
    #[default]
    FirstFactorAlone,
    /// They are refused.
    Refused,
}
words!(NotEnrolled { FirstFactorAlone => "first_factor_alone", Refused => "refused" });

/// S8.12: what a bound user may do as root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sudo {
    /// Nothing.
    #[default]
    None,
    /// Everything, with their password.
    WithPassword,
    /// Everything, without being asked.
    WithoutPassword,
}
words!(Sudo { None => "none", WithPassword => "with_password", WithoutPassword => "without_password" });

/// S8.12: whether an account that is there already may be taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakeOver {
    /// Not before an administrator has confirmed it.
    #[default]
    Ask,
    /// An administrator has confirmed it.
    Confirmed,
}
words!(TakeOver { Ask => "ask", Confirmed => "confirmed" });

/// What an administrator lays down for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The device's own switch (S8.3).
    pub mfa: Switch,
    /// S8.9.
    pub ssh: Ssh,
    /// Whether sudo and su ask for a code, too.
    pub sudo_asks: Switch,
    /// S8.14.
    pub when_down: WhenDown,
    /// S8.7b.
    pub not_enrolled: NotEnrolled,
    /// S8.13b: whether a login at SSH shows how to set MFA up, to those who have to by a date.
    #[serde(default)]
    pub invites: Switch,
}

impl Rules {
    /// As a device of that platform is found. Where SSH is not looked after nobody asks which way in to keep (S8.9).
    pub fn found_on(platform: Platform) -> Self {
        let ssh = match platform.has_ssh_rules() {
            true => Ssh::default(),
            false => Ssh { both_chosen: Switch::On, ..Ssh::default() },
        };
        Self { ssh, ..Self::default() }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            mfa: Switch::Off,
            ssh: Ssh::default(),
            sudo_asks: Switch::Off,
            when_down: WhenDown::default(),
            not_enrolled: NotEnrolled::default(),
            invites: Switch::Off,
        }
    }
}

/// S8.7a: how long a device waits for somebody to prove that codes work before it takes MFA back.
pub const PROOF_DEFAULT: Span = Span::minutes(30);
/// S8.5: wrong codes for one user and day that a device judges without the server.
pub const OFFLINE_FAILURES: u32 = 10;
/// S8.5: from so many days before the offline window ends a login says until when codes work.
pub const WINDOW_WARNING: Span = Span::days(5);
