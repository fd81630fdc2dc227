//! What the device says of itself.

use super::Paths;
use claviger_domain::device::Platform;
use claviger_win32::system;
use claviger_wire::server::{Machine, Presence};

/// Name, system and agent.
pub fn describe() -> Machine {
    Machine {
        hostname: system::host_name().unwrap_or_default(),
        platform: Platform::Windows,
        system: system::version(),
        agent_version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// SSH is not looked after here.
pub const fn ssh_server(_: &Paths) -> Presence {
    Presence::Missing
}
