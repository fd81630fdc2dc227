//! The service, as the installer made it.

use anyhow::{Context, Result};
use claviger_win32::service::{self, Standing};

/// Its name.
pub const NAME: &str = "claviger-agent";

/// What came of starting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Running,
    /// Somebody has to start the agent by hand.
    ByHand,
}

/// What to do by hand.
pub const BY_HAND: &str = "The service claviger-agent is not installed: install the agent's MSI.";

/// Starts what the installer brought.
pub fn start() -> Result<Started> {
    if service::standing(NAME)? == Standing::Missing {
        return Ok(Started::ByHand);
    }
    service::start(NAME).context("the service claviger-agent could not be started")?;
    Ok(Started::Running)
}

/// Stops it again.
pub fn stop() -> Result<()> {
    service::stop(NAME).context("the service claviger-agent could not be stopped")
}
