//! What the device says of itself.

use super::Paths;
use crate::files;
use claviger_domain::device::Platform;
use claviger_wire::server::{Machine, Presence};
use std::path::Path;

/// Name, system and agent.
pub fn describe() -> Machine {
    let uname = rustix::system::uname();
    let release = files::read(Path::new("/etc/os-release")).ok().flatten().unwrap_or_default();
    let system =
        pretty_name(&release).unwrap_or_else(|| format!("Linux {}", uname.release().to_string_lossy()));
    Machine {
        hostname: uname.nodename().to_string_lossy().into_owned(),
        platform: Platform::Linux,
        system,
        agent_version: env!("CARGO_PKG_VERSION").into(),
    }
}

fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches(['"', '\'']).to_owned()).filter(|name| !name.is_empty())
}

/// Whether sshd is there.
pub fn ssh_server(paths: &Paths) -> Presence {
    if paths.sshd.exists() { Presence::Present } else { Presence::Missing }
}

/// Programs at the machine itself that ask for a code, by their PAM services.
const CONSOLES: &[&str] = &["login", "gdm-password", "lightdm", "sddm", "greetd"];

/// Whether anything but sshd could ask for a code.
pub fn console(paths: &Paths) -> Presence {
    let is_there = CONSOLES.iter().any(|service| paths.pam.join(service).exists());
    if is_there { Presence::Present } else { Presence::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_has_a_name() {
        let release = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(pretty_name(release).unwrap(), "Debian GNU/Linux 12 (bookworm)");
        assert_eq!(pretty_name("PRETTY_NAME=\"\"\n"), None);
        assert!(!describe().hostname.is_empty());
    }
}
