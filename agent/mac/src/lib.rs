//! What the agent needs of macOS. Everything that takes or gives a pointer stays in here.
//!
//! - [`launchd`]: the socket that it listens on; [`peer`]: who is at the other end.
//! - [`boot`]: since when the machine runs; [`keychain`]: the key that files are sealed with.
//! - [`account`]: names and numbers; [`directory`]: passwords.
//!
//! On Linux the same names do what comes closest: the rest is built and tested there.

#![cfg(unix)]

pub mod account;
pub mod peer;

#[cfg(target_os = "macos")]
pub mod boot;
#[cfg(target_os = "macos")]
pub mod directory;
#[cfg(target_os = "macos")]
pub mod keychain;
#[cfg(target_os = "macos")]
pub mod launchd;

#[cfg(not(target_os = "macos"))]
mod here;
#[cfg(not(target_os = "macos"))]
pub use here::{boot, directory, keychain, launchd};
