//! What `claviger-agent` can be told, on each system.

mod common;
#[cfg(all(unix, not(mac)))]
mod linux;
#[cfg(mac)]
mod macos;
#[cfg(any(windows, mac))]
mod single;
#[cfg(windows)]
mod windows;

#[cfg(all(unix, not(mac)))]
pub(crate) use linux::run;
#[cfg(mac)]
pub(crate) use macos::run;
#[cfg(windows)]
pub(crate) use windows::run;
