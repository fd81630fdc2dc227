//! For which systems a template is (S9.1).

use crate::device::Platform;

/// The systems of a template. Linux and macOS have theirs in common: files of root's, and sshd, which reads its drop-ins
/// at the same place on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Systems {
    /// Windows.
    Windows,
    /// Linux and macOS.
    Unix,
}

impl Systems {
    /// What a device of theirs runs on.
    pub const fn platforms(self) -> &'static [Platform] {
        match self {
            Self::Windows => &[Platform::Windows],
            Self::Unix => &[Platform::Linux, Platform::Macos],
        }
    }

    /// Whether that is one of them.
    pub fn has(self, platform: Platform) -> bool {
        self.platforms().contains(&platform)
    }

    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Unix => "Linux, macOS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_and_macos_share_their_templates_and_windows_has_its_own() {
        for (systems, expected) in
            [(Systems::Windows, [false, true, false]), (Systems::Unix, [true, false, true])]
        {
            let has = [Platform::Linux, Platform::Windows, Platform::Macos].map(|one| systems.has(one));
            assert_eq!(has, expected, "{systems:?}");
            let words: Vec<_> = systems.platforms().iter().map(|one| one.words()).collect();
            assert_eq!(systems.words(), words.join(", "));
        }
    }
}
