//! What is different on each system, behind the same names.
//!
//! - `accounts`, `machine`, `clock`, `journal`, `storage`: what the agent asks of a system.
//! - `people`: who may ask at the login socket, and who is asked while the state is lost.
//! - `service`: what runs after enrolling.

#[cfg(all(unix, not(mac)))]
pub mod linux;
#[cfg(any(windows, mac))]
mod log_file;
#[cfg(mac)]
pub mod macos;
#[cfg(any(windows, mac))]
mod sealed;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[cfg(all(unix, not(mac)))]
pub use linux as system;
#[cfg(mac)]
pub use macos as system;
#[cfg(windows)]
pub use windows as system;

/// Whether a caller may ask for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Itself,
    /// Nobody of that name has an account of this machine, so they are none of ours.
    Nobody,
    /// Somebody else has it.
    Other,
}
