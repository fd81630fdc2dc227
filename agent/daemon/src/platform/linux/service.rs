//! The units, as the package brought them.

use super::command;
use anyhow::Result;
use std::path::Path;

/// What runs from now on.
const UNITS: &[&str] = &[
    "claviger-agent.socket",
    "claviger-agent-tasks.socket",
    "claviger-agent-tasks.service",
    "claviger-agent.service",
];

/// What came of starting them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// They run.
    Running,
    /// Somebody has to start the agent by hand.
    ByHand,
}

/// What to do by hand.
pub const BY_HAND: &str = "Start `claviger-agent tasks` as root and `claviger-agent run` as claviger.";

/// Starts what the package brought, where systemd runs the machine.
pub fn start() -> Result<Started> {
    if !Path::new("/run/systemd/system").exists() {
        return Ok(Started::ByHand);
    }
    let mut arguments = vec!["enable", "--now"];
    arguments.extend(UNITS);
    command::run("systemctl", &arguments)?;
    Ok(Started::Running)
}

/// Stops it again.
pub fn stop() -> Result<()> {
    if Path::new("/run/systemd/system").exists() {
        let mut arguments = vec!["disable", "--now"];
        arguments.extend(UNITS.iter().rev());
        command::run("systemctl", &arguments)?;
    }
    Ok(())
}
