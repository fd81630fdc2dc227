//! The journal on standard error, with the level that systemd reads in front.

use crate::logs::Level;
use std::io::Write;

/// Writes a line without control characters.
pub(crate) fn write(level: Level, line: &str) {
    let level = match level {
        Level::Note => "<6>",
        Level::Warning => "<4>",
    };
    // In one piece: standard error has no buffer, and others write there, too.
    let _ = std::io::stderr().write_all(format!("{level}{line}\n").as_bytes());
}

/// Whom somebody is sent to who wonders why the agent doesn't run.
pub const AWAY: &str = "the agent does not run: see `systemctl status claviger-agent`";
