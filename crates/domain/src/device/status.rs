//! S8.3: whether MFA is in force on a device, told apart from whether somebody wants it.

use super::{Switch, words};
use crate::sign_in::TotpSwitch;
use serde::{Deserialize, Serialize};

/// Why a device can't do what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blocked {
    /// There is no SSH server, and nothing else that asks.
    NoSshServer,
    /// The configuration of sshd doesn't read drop-ins.
    SshIgnoresDropIns,
    /// sshd refused what was written; it was taken back.
    SshRefused,
    /// Another setting of sshd comes first.
    SshOverruled,
    /// The PAM profile isn't in force.
    PamProfile,
    /// Windows would not load the credential provider.
    Provider,
    /// macOS would not load the authorization plug-in, or another one is there (S8.18); the detail names it.
    LoginWindow,
    /// A file could not be written.
    Disk,
    /// S8.7a: nobody proved in time that codes work; the device took it back.
    Unproven,
    /// Something else; the device's report says what.
    Other,
}
words!(Blocked {
    NoSshServer => "no_ssh_server",
    SshIgnoresDropIns => "ssh_ignores_drop_ins",
    SshRefused => "ssh_refused",
    SshOverruled => "ssh_overruled",
    PamProfile => "pam_profile",
    Provider => "provider",
    LoginWindow => "login_window",
    Disk => "disk",
    Unproven => "unproven",
    Other => "other",
});

impl Blocked {
    /// What to tell an administrator.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoSshServer => "openssh-server is not installed. It is taken up when it appears.",
            Self::SshIgnoresDropIns => {
                "sshd_config has no Include for sshd_config.d. Add it at the top of the file."
            }
            Self::SshRefused => "sshd refused the new settings. The old ones were put back.",
            Self::SshOverruled => "An earlier setting of sshd overrules ours. Remove it.",
            Self::PamProfile => "The PAM profile is not in force. Run pam-auth-update on the device.",
            Self::Provider => "The credential provider is not registered. Repair the agent's installation.",
            Self::LoginWindow => {
                "The login window doesn't ask: the authorization plug-in is missing, or another one is there. \
                 Repair the agent's installation, or remove the other one."
            }
            Self::Disk => "A file could not be written. Free space on the device.",
            Self::Unproven => "Nobody signed in with a code in time, so the device took MFA back.",
            Self::Other => "The device could not apply it. See its last report.",
        }
    }
}

/// What a device last said it has applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mfa", content = "why")]
pub enum Applied {
    /// It asks for no codes.
    #[default]
    Off,
    /// It asks for codes.
    InForce,
    /// It was told to ask and can't.
    Blocked(Blocked),
}

/// S8.3, exactly these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfaStatus {
    /// Nobody asked for it.
    Off,
    /// The device was told, and hasn't answered yet.
    Waiting,
    /// In force.
    On,
    /// The device can't.
    Blocked(Blocked),
    /// The organization's TOTP is off.
    Paused,
}

impl MfaStatus {
    /// Every key, in the order of the table.
    pub const KEYS: [&str; 5] = ["on", "waiting", "blocked", "paused", "off"];

    /// The word in the API and in filters.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Waiting => "waiting",
            Self::On => "on",
            Self::Blocked(_) => "blocked",
            Self::Paused => "paused",
        }
    }

    /// The words on screens for a key.
    pub fn words(key: &str) -> &'static str {
        match key {
            "on" => "On",
            "waiting" => "On, waiting for the device",
            "blocked" => "Blocked",
            "paused" => "Paused",
            _ => "Off",
        }
    }
}

/// What the server knows of a device's MFA.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The device's switch.
    pub switch: Switch,
    /// The revision of the state that the device was to apply.
    pub wanted: i64,
    /// The revision that it last reported as applied.
    pub applied_revision: i64,
    /// What it said then.
    pub applied: Applied,
}

impl Standing {
    /// S8.3.
    pub const fn status(&self, totp: TotpSwitch) -> MfaStatus {
        match (totp, self.switch, self.applied) {
            (_, Switch::Off, _) => MfaStatus::Off,
            (TotpSwitch::Disabled, Switch::On, _) => MfaStatus::Paused,
            (TotpSwitch::Enabled, Switch::On, Applied::Blocked(why)) if self.is_current() => {
                MfaStatus::Blocked(why)
            }
            (TotpSwitch::Enabled, Switch::On, Applied::InForce) => MfaStatus::On,
            (TotpSwitch::Enabled, Switch::On, Applied::Off | Applied::Blocked(_)) => MfaStatus::Waiting,
        }
    }

    const fn is_current(&self) -> bool {
        self.applied_revision >= self.wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(totp: TotpSwitch, switch: Switch, applied: Applied, applied_revision: i64) -> MfaStatus {
        Standing { switch, wanted: 5, applied_revision, applied }.status(totp)
    }

    #[test]
    fn every_reason_has_a_key_and_words_of_its_own() {
        for of in [Blocked::key as fn(Blocked) -> &'static str, Blocked::words] {
            let mut found: Vec<_> = Blocked::ALL.iter().map(|why| of(*why)).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), Blocked::ALL.len());
        }
        for why in Blocked::ALL {
            assert_eq!(Blocked::from_key(why.key()), Some(*why));
        }
        assert_eq!(Blocked::from_key("login_window"), Some(Blocked::LoginWindow));
    }

    #[test]
    fn every_status_has_words_of_its_own() {
        let blocked = MfaStatus::Blocked(Blocked::SshRefused);
        let every = [MfaStatus::On, MfaStatus::Waiting, blocked, MfaStatus::Paused, MfaStatus::Off];
        assert_eq!(every.map(MfaStatus::key), MfaStatus::KEYS);
        let words: std::collections::HashSet<_> = MfaStatus::KEYS.into_iter().map(MfaStatus::words).collect();
        assert_eq!(words.len(), MfaStatus::KEYS.len());
    }

    #[test]
    fn the_table_of_s8_3_holds() {
        use TotpSwitch::{Disabled, Enabled};
        let why = Blocked::SshRefused;
        let table = [
            (Enabled, Switch::Off, Applied::InForce, 5, MfaStatus::Off),
            (Enabled, Switch::On, Applied::Off, 4, MfaStatus::Waiting),
            (Enabled, Switch::On, Applied::Off, 5, MfaStatus::Waiting),
            (Enabled, Switch::On, Applied::InForce, 5, MfaStatus::On),
            // What is in force stays so while the next change is on its way.
            (Enabled, Switch::On, Applied::InForce, 4, MfaStatus::On),
            (Enabled, Switch::On, Applied::Blocked(why), 5, MfaStatus::Blocked(why)),
            (Enabled, Switch::On, Applied::Blocked(why), 4, MfaStatus::Waiting),
            (Disabled, Switch::On, Applied::InForce, 5, MfaStatus::Paused),
            (Disabled, Switch::Off, Applied::Off, 5, MfaStatus::Off),
        ];
        for (totp, switch, applied, revision, expected) in table {
            assert_eq!(
                status(totp, switch, applied, revision),
                expected,
                "{totp:?} {switch:?} {applied:?} {revision}"
            );
        }
    }
}
