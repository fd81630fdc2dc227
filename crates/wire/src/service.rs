//! The login programs that ask for a code (S8.11), by the names of their PAM services, Windows (S8.15) and the login window
//! of macOS (S8.18). For any other name the agent has no opinion, and the module none either while the agent is away: cron,
//! mail servers and the like are left alone.

/// What the credential provider of Windows says at the machine itself.
pub const WINDOWS: &str = "windows";
/// What it says over Remote Desktop.
pub const REMOTE_DESKTOP: &str = "windows-remote";
/// What the authorization plug-in of macOS says at the login window.
pub const MACOS: &str = "macos-loginwindow";

/// A login program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// SSH.
    Sshd,
    /// The console.
    Login,
    /// The greeter of GNOME, and its lock screen.
    Gdm,
    /// LightDM.
    Lightdm,
    /// SDDM.
    Sddm,
    /// greetd.
    Greetd,
    /// sudo, where a device says so.
    Sudo,
    /// su, where a device says so.
    Su,
    /// Windows, at the machine itself.
    Windows,
    /// Windows, over Remote Desktop.
    RemoteDesktop,
    /// The login window of macOS.
    LoginWindow,
}

impl Service {
    /// The login program of that PAM service.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sshd" => Self::Sshd,
            "login" => Self::Login,
            "gdm-password" => Self::Gdm,
            "lightdm" => Self::Lightdm,
            "sddm" => Self::Sddm,
            "greetd" => Self::Greetd,
            "sudo" | "sudo-i" => Self::Sudo,
            "su" | "su-l" => Self::Su,
            WINDOWS => Self::Windows,
            REMOTE_DESKTOP => Self::RemoteDesktop,
            MACOS => Self::LoginWindow,
            _ => return None,
        })
    }

    /// Whether somebody who is in already changes who they are.
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::Sudo | Self::Su)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_that_are_listed_ask() {
        assert_eq!(Service::parse("sshd"), Some(Service::Sshd));
        assert_eq!(Service::parse("su-l"), Some(Service::Su));
        assert_eq!(Service::parse("windows-remote"), Some(Service::RemoteDesktop));
        assert_eq!(Service::parse("macos-loginwindow"), Some(Service::LoginWindow));
        for name in [
            "",
            "SSHD",
            "sshd ",
            "sshd-test",
            "cron",
            "gdm-fingerprint",
            "other",
            "polkit-1",
            "macos",
            "screensaver",
        ] {
            assert_eq!(Service::parse(name), None, "{name:?}");
        }
    }

    #[test]
    fn only_sudo_and_su_are_asked_for_by_somebody_who_is_in() {
        for (name, expected) in
            [("sudo", true), ("su-l", true), ("sshd", false), (MACOS, false), (WINDOWS, false)]
        {
            assert_eq!(Service::parse(name).map(Service::is_inside), Some(expected), "{name}");
        }
    }
}
