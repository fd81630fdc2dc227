//! macOS: where things are, and the programs of the system that change them.

pub mod accounts;
pub mod clock;
pub mod journal;
pub mod logins;
pub mod machine;
pub mod people;
pub mod processes;
pub mod service;
pub(crate) mod storage;

pub use super::unix::{Trouble, command, policies, script, ssh, sudo};

use claviger_agent_ipc::away;
use std::path::PathBuf;

/// Where root's home is.
pub(super) const HOME_OF_ROOT: &str = "/var/root";

/// Where things are. The flags of `claviger-agent` don't change them; tests do.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The file that says who is asked while the agent is away.
    pub away: PathBuf,
    /// The plug-in of the login window.
    pub plug_in: PathBuf,
    /// macOS's own plug-ins.
    pub apples: PathBuf,
    /// The folder of sudo's drop-ins.
    pub sudoers: PathBuf,
    /// The folder of sshd.
    pub ssh: PathBuf,
    /// The server's program.
    pub sshd: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            away: PathBuf::from(away::FOLDER).join(away::FILE),
            plug_in: "/Library/Security/SecurityAgentPlugins/Claviger.bundle/Contents/MacOS/Claviger".into(),
            apples: "/System/Library/CoreServices/SecurityAgentPlugins".into(),
            sudoers: "/etc/sudoers.d".into(),
            ssh: "/etc/ssh".into(),
            sshd: "/usr/sbin/sshd".into(),
        }
    }
}

fn trouble(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Trouble {
    |error| command::Failed { program: what.into(), why: error.to_string() }.into()
}
