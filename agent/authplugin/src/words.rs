//! What is said where the agent can't say it.

/// What is asked for.
#[cfg(target_os = "macos")]
pub(crate) const CODE: &str = "Verification code";
/// The agent can't be asked.
pub(crate) const AWAY: &str = "Codes can't be checked on this Mac at the moment. Ask an administrator.";
/// The agent was there, and is gone.
pub(crate) const BROKEN_OFF: &str = "The code could not be checked. Sign in again.";
/// Without a word of the agent.
pub(crate) const REFUSED: &str = "You can't sign in on this Mac. Ask an administrator.";
