//! What is shown before a login (S9.1).

use super::{Effect, FileContent, Mode, file::as_linked, sshd};
use crate::{device::Platform, field::FieldError};

/// The most characters of a banner.
pub const BANNER: usize = 4_000;
/// What sshd shows.
const ISSUE_NET: &str = "/etc/issue.net";
/// What the consoles of Linux show.
const ISSUE: &str = "/etc/issue";
/// What macOS shows in front of its login window.
const POLICY_BANNER: &str = "/Library/Security/PolicyBanner.txt";

/// Whether the template of banners lays a file down there, at a path that is closed to all others. An agent asks with
/// every link in the path followed.
pub fn is_banner(path: &str) -> bool {
    [ISSUE, ISSUE_NET, POLICY_BANNER].contains(&as_linked(path))
}

/// What a banner comes to there: a file for sshd, and one for whoever sits at the machine.
pub(super) fn effects(text: &str, platform: Platform) -> Vec<Effect> {
    let file = |path: &str, content: String| {
        Effect::File(FileContent { path: path.to_owned(), content, mode: Mode::Everybody })
    };
    let at_the_machine = match platform {
        Platform::Linux => file(ISSUE, format!("{text}\n\n")),
        Platform::Macos => file(POLICY_BANNER, format!("{text}\n")),
        Platform::Windows => return Vec::new(),
    };
    let shown = sshd::Setting { keyword: sshd::BANNER.to_owned(), value: ISSUE_NET.to_owned() };
    vec![at_the_machine, file(ISSUE_NET, format!("{text}\n")), Effect::Sshd(shown)]
}

/// A banner as entered: what terminals, login windows and `agetty` show as it stands.
pub(super) fn parse(text: &str) -> Result<String, FieldError> {
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
