//! What the device says of itself.

use super::{Paths, command};
use claviger_domain::device::Platform;
use claviger_wire::server::{Machine, Presence};

/// Name, system and agent.
pub fn describe() -> Machine {
    let said = |program: &str, arguments: &[&str]| {
        let said = command::run(program, arguments).unwrap_or_default();
        Some(said.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let name = said("scutil", &["--get", "ComputerName"]);
    let uname = rustix::system::uname();
    let version = said("sw_vers", &["-productVersion"]);
    Machine {
        hostname: name.unwrap_or_else(|| uname.nodename().to_string_lossy().into_owned()),
        platform: Platform::Macos,
        system: version.map_or_else(|| "macOS".to_owned(), |version| format!("macOS {version}")),
        agent_version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// Whether sshd is there, for policies: no code is asked for at it.
pub fn ssh_server(paths: &Paths) -> Presence {
    if paths.sshd.exists() { Presence::Present } else { Presence::Missing }
}
