//! Commands that are ready to be taken over (S8.17).

use super::Shell;

/// A command to begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The word in addresses and in the API.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What runs it.
    pub shell: Shell,
    /// The script.
    pub script: &'static str,
}

macro_rules! arso {
    ($value:literal) => {
        concat!(
            "$ErrorActionPreference = 'Stop'\n",
            "$key = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System'\n",
            "Set-ItemProperty -Path $key -Name DisableAutomaticRestartSignOn -Type DWord -Value ",
            $value,
            "\n(Get-ItemProperty -Path $key).DisableAutomaticRestartSignOn\n"
        )
    };
}

/// All of them.
pub const READY: [Ready; 2] = [
    Ready {
        key: "disable_arso",
        name: "Disable ARSO",
        description: "Windows asks for password and code after an update's restart, too",
        shell: Shell::Powershell,
        script: arso!("1"),
    },
    Ready {
        key: "enable_arso",
        name: "Enable ARSO",
        description: "The reverse: Windows signs the last user in after an update's restart",
        shell: Shell::Powershell,
        script: arso!("0"),
    },
];

impl Ready {
    /// The one of that word.
    pub fn from_key(key: &str) -> Option<&'static Self> {
        READY.iter().find(|ready| ready.key == key)
    }
}
