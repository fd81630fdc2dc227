//! Lines for the event log, where somebody should look at them, and for a file, where all of them are.

use crate::{
    logs::Level,
    platform::log_file::{self, Written},
};
use claviger_win32::event_log;
use std::path::Path;

/// Lines go there from now on, and not to standard error any more.
pub fn into(file: &Path) {
    log_file::into(file);
}

/// Writes a line without control characters.
pub(crate) fn write(level: Level, line: &str) {
    if log_file::write(level, line) == Written::ToFile && level == Level::Warning {
        let _ = event_log::write(event_log::Level::Warning, line);
    }
}

/// Whom somebody is sent to who wonders why the agent doesn't run.
pub const AWAY: &str = "the agent does not run: see `sc query claviger-agent`";
