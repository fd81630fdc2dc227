//! The job of launchd, as the package brought it.

use super::command;
use anyhow::Result;
use std::path::Path;

const JOB: &str = "/Library/LaunchDaemons/io.claviger.agent.plist";
const NAME: &str = "system/io.claviger.agent";
/// What launchd says of a job that it doesn't know.
const UNKNOWN: i32 = 113;

/// What came of starting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Running,
    /// Somebody has to start the agent by hand.
    ByHand,
}

/// What to do by hand.
pub const BY_HAND: &str = "The package is not installed: start `claviger-agent run` as root.";

/// Starts what the package brought, and whenever the machine starts.
pub fn start() -> Result<Started> {
    if !Path::new(JOB).exists() {
        return Ok(Started::ByHand);
    }
    command::run("launchctl", &["enable", NAME])?;
    // One that is there already waits for nothing but the device's enrollment.
    if command::ask("launchctl", &["print", NAME], b"")?.code == Some(UNKNOWN) {
        command::run("launchctl", &["bootstrap", "system", JOB])?;
    }
    command::run("launchctl", &["kickstart", NAME])?;
    Ok(Started::Running)
}

/// Stops it again.
pub fn stop() -> Result<()> {
    if Path::new(JOB).exists() && command::ask("launchctl", &["print", NAME], b"")?.code == Some(0) {
        command::run("launchctl", &["bootout", NAME])?;
        command::run("launchctl", &["disable", NAME])?;
    }
    Ok(())
}
