//! Lines on standard error, which launchd writes to the agent's log; macOS makes room in it (newsyslog).

use crate::{clock::wall, logs::Level};
use std::io::Write;

/// Writes a line without control characters, with the second in front of it.
pub(crate) fn write(level: Level, line: &str) {
    let word = match level {
        Level::Note => "note",
        Level::Warning => "WARNING",
    };
    // In one piece: standard error has no buffer, and others write there, too.
    let _ = std::io::stderr().write_all(format!("{} {word} {line}\n", wall().seconds()).as_bytes());
}

/// Whom somebody is sent to who wonders why the agent doesn't run.
pub const AWAY: &str = "the agent does not run: see `sudo launchctl print system/io.claviger.agent`";
