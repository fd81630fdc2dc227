//! What is different on each system, behind the same names.
//!
//! - `accounts`, `machine`, `clock`, `journal`, `storage`: what the agent asks of a system.
//! - `people`: who may ask at the login socket, and who is asked while the state is lost.
//! - `service`: what runs after enrolling.

#[cfg(unix)]
pub mod linux;
#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
pub use linux as system;
#[cfg(windows)]
pub use windows as system;
