//! A local way between a login program and the agent: one packet is one message, both ends know who is at the other
//! one, and nothing waits for ever. On Unix it is a socket, on Windows a named pipe.
//!
//! A login program trusts only what root, or LocalSystem, offers: with socket activation that is systemd or launchd,
//! whoever serves it afterwards. The agent trusts what the system says of who connected.

#[cfg(windows)]
pub mod away;
#[cfg(mac)]
#[path = "mac/away.rs"]
pub mod away;
mod gate;
#[cfg(mac)]
mod mac;
pub mod note;
pub mod talk;
#[cfg(all(unix, not(mac)))]
mod unix;
#[cfg(windows)]
mod windows;

pub use gate::{Gate, Limits, Place};
#[cfg(mac)]
pub use mac::{Connection, Listener, reach};
#[cfg(all(unix, not(mac)))]
pub use unix::{Connection, Listener, reach};
#[cfg(windows)]
pub use windows::{Connection, Listener, PIPE, reach};

#[cfg(all(unix, not(mac)))]
type Cause = rustix::io::Errno;
#[cfg(any(mac, windows))]
type Cause = std::io::ErrorKind;

/// Why nothing can be sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody listens, or the system refuses.
    #[error("{0}: {1}")]
    System(&'static str, Cause),
    /// Somebody else than root, or LocalSystem, listens.
    #[error("the listener is {0}, not the system")]
    Squatter(Peer),
    /// Somebody called whose business this is not: on Windows anybody but LogonUI.
    #[error("the caller, process {0}, is not the system's logon")]
    Stranger(u32),
    /// The other end closed the connection.
    #[error("the other end closed the connection")]
    Closed,
    /// The other end is silent.
    #[error("no answer in time")]
    Silent,
    /// A packet that is too large.
    #[error("a packet that is too large")]
    TooLarge,
}

/// Who is at the other end, as the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user's number; on Windows 0 for whoever the service itself runs as, which is LocalSystem, and for anybody
    /// else the last part of their security identifier.
    pub uid: u32,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "user {}", self.uid)
    }
}
