//! S8.9: which first factor goes before the code at SSH.

use super::words;
use serde::{Deserialize, Serialize};

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Off.
    #[default]
    Off,
    /// On.
    On,
}
words!(Switch { Off => "off", On => "on" });

/// What goes before the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstFactor {
    /// A password.
    Password,
    /// A key.
    PublicKey,
    /// Either of them; only ever chosen in so many words.
    Both,
}
words!(FirstFactor { Password => "password", PublicKey => "public_key", Both => "both" });

/// The SSH settings of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ssh {
    /// Allow SSH Password Login.
    pub password_login: Switch,
    /// Enable Public Key Authentication.
    pub public_keys: Switch,
    /// Allow root login.
    pub root_login: Switch,
    /// Whether both of the first two were chosen in so many words, each followed by the code.
    pub both_chosen: Switch,
}

impl Default for Ssh {
    /// As a server is found.
    fn default() -> Self {
        Self {
            password_login: Switch::On,
            public_keys: Switch::On,
            root_login: Switch::On,
            both_chosen: Switch::Off,
        }
    }
}

/// Why MFA can't be switched on, or a way to sign in added, before somebody has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Password login and public keys are both on. Choose which one goes before the code: password, public key, or both."
)]
pub struct SshConflict;

/// How the settings change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SshChange {
    /// Allow SSH Password Login.
    pub password_login: Option<Switch>,
    /// Enable Public Key Authentication.
    pub public_keys: Option<Switch>,
    /// Allow root login.
    pub root_login: Option<Switch>,
    /// The answer to the question of S8.9.
    pub first_factor: Option<FirstFactor>,
}

impl Ssh {
    /// The settings after `change` on a device whose MFA will be `mfa`.
    pub fn changed(self, change: &SshChange, mfa: Switch) -> Result<Self, SshConflict> {
        let mut after = Self {
            password_login: change.password_login.unwrap_or(self.password_login),
            public_keys: change.public_keys.unwrap_or(self.public_keys),
            root_login: change.root_login.unwrap_or(self.root_login),
            both_chosen: self.both_chosen,
        };
        match change.first_factor {
            Some(FirstFactor::Password) => {
                (after.password_login, after.public_keys) = (Switch::On, Switch::Off);
            }
            Some(FirstFactor::PublicKey) => {
                (after.password_login, after.public_keys) = (Switch::Off, Switch::On);
            }
            Some(FirstFactor::Both) => {
                (after.password_login, after.public_keys) = (Switch::On, Switch::On);
                after.both_chosen = Switch::On;
            }
            None => {}
        }
        match (after.are_both(), after.both_chosen, mfa) {
            (true, Switch::Off, Switch::On) => Err(SshConflict),
            (false, _, _) => Ok(Self { both_chosen: Switch::Off, ..after }),
            (true, _, _) => Ok(after),
        }
    }

    const fn are_both(&self) -> bool {
        matches!((self.password_login, self.public_keys), (Switch::On, Switch::On))
    }

    /// What goes before the code at SSH; nothing if SSH lets nobody in.
    pub const fn first_factor(&self) -> Option<FirstFactor> {
        match (self.password_login, self.public_keys) {
            (Switch::On, Switch::On) => Some(FirstFactor::Both),
            (Switch::On, Switch::Off) => Some(FirstFactor::Password),
            (Switch::Off, Switch::On) => Some(FirstFactor::PublicKey),
            (Switch::Off, Switch::Off) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(first_factor: FirstFactor) -> SshChange {
        SshChange { first_factor: Some(first_factor), ..SshChange::default() }
    }

    #[test]
    fn enabling_mfa_with_both_ways_asks_which_one_to_keep() {
        let found = Ssh::default();
        assert_eq!(found.changed(&SshChange::default(), Switch::On), Err(SshConflict));
        assert_eq!(found.changed(&SshChange::default(), Switch::Off), Ok(found));
        for answer in [FirstFactor::Password, FirstFactor::PublicKey, FirstFactor::Both] {
            let after = found.changed(&choose(answer), Switch::On).unwrap();
            assert_eq!(after.first_factor(), Some(answer));
        }
    }

    #[test]
    fn with_one_way_nobody_is_asked() {
        let keys = Ssh { password_login: Switch::Off, ..Ssh::default() };
        assert_eq!(keys.changed(&SshChange::default(), Switch::On), Ok(keys));
    }

    #[test]
    fn switching_the_other_way_on_while_mfa_is_on_asks_the_same() {
        let keys = Ssh { password_login: Switch::Off, ..Ssh::default() };
        let on = SshChange { password_login: Some(Switch::On), ..SshChange::default() };
        assert_eq!(keys.changed(&on, Switch::On), Err(SshConflict));
        let both = SshChange { first_factor: Some(FirstFactor::Both), ..on };
        let after = keys.changed(&both, Switch::On).unwrap();
        assert_eq!(after.first_factor(), Some(FirstFactor::Both));
        // It was chosen, and stays until one of them goes.
        assert_eq!(after.changed(&SshChange::default(), Switch::On), Ok(after));
        let off = SshChange { public_keys: Some(Switch::Off), ..SshChange::default() };
        let single = after.changed(&off, Switch::On).unwrap();
        let again = SshChange { public_keys: Some(Switch::On), ..SshChange::default() };
        assert_eq!(single.changed(&again, Switch::On), Err(SshConflict));
    }
}
