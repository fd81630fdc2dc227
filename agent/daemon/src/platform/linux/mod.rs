//! Linux: where things are, and the programs of the system that change them.

pub mod accounts;
pub mod clock;
pub mod group;
pub mod journal;
pub mod logins;
pub mod machine;
pub mod pam;
pub mod people;
pub mod processes;
pub mod service;
pub(crate) mod storage;

pub use super::unix::{Trouble, command, policies, script, ssh, sudo};

use std::path::PathBuf;

/// Where the agent's own files are, unless a flag says otherwise.
pub const FOLDER: &str = "/etc/claviger-agent";
/// Where root's home is.
pub(super) const HOME_OF_ROOT: &str = "/root";
/// Where it is written down how things are.
pub const STANDING: &str = "/run/claviger-agent/sync/standing.json";

/// Where things are. The flags of `claviger-agent` don't change them; tests do.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The accounts.
    pub passwd: PathBuf,
    /// Their passwords.
    pub shadow: PathBuf,
    /// The groups.
    pub group: PathBuf,
    /// The folder of sudo's drop-ins.
    pub sudoers: PathBuf,
    /// The folder of sshd.
    pub ssh: PathBuf,
    /// The server's program.
    pub sshd: PathBuf,
    /// The stacks of PAM.
    pub pam: PathBuf,
    /// The keys that [`crate::tasks`] hands to sshd.
    pub keys: PathBuf,
    /// This program, as sshd runs it.
    pub program: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            passwd: "/etc/passwd".into(),
            shadow: "/etc/shadow".into(),
            group: "/etc/group".into(),
            sudoers: "/etc/sudoers.d".into(),
            ssh: "/etc/ssh".into(),
            sshd: "/usr/sbin/sshd".into(),
            pam: "/etc/pam.d".into(),
            keys: "/etc/claviger-agent/authorized_keys".into(),
            program: "/usr/sbin/claviger-agent".into(),
        }
    }
}
