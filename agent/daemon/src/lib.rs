//! The agent of a device.
//!
//! - [`vault`]: what it keeps on disk.
//! - [`login`]: whom it answers at the login socket.
//! - [`clock`]: the clocks of the machine.
//! - [`sync`]: what keeps it and its server together; [`server`], [`trust`], [`identity`]: how they know each other.
//! - [`tasks`]: the half that is root; [`platform`]: the system that it changes; [`script`]: what runs of commands.
//! - [`enroll`], [`run`], [`status`], [`doctor`], [`uninstall`]: what `claviger-agent` does when it is told to.

pub mod bell;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod enroll;
pub mod entropy;
pub mod files;
pub mod identity;
pub mod login;
pub mod logs;
mod patience;
pub mod platform;
mod resolve;
pub mod run;
pub mod script;
pub mod server;
pub mod status;
pub mod sync;
pub mod tasks;
pub mod trust;
pub mod uninstall;
pub mod vault;
