//! Lines for a file: the system's own log shows none of a program that doesn't link it.

use crate::{logs::Level, platform::log_file};
use std::path::Path;

/// Where the daemon's lines go.
pub const FILE: &str = "/Library/Logs/claviger-agent.log";

/// Lines go there from now on, and not to standard error any more.
pub fn into(file: &Path) {
    log_file::into(file);
}

/// Writes a line without control characters.
pub(crate) fn write(level: Level, line: &str) {
    let _ = log_file::write(level, line);
}

/// Whom somebody is sent to who wonders why the agent doesn't run.
pub const AWAY: &str = "the agent does not run: see `sudo launchctl print system/io.claviger.agent`";
