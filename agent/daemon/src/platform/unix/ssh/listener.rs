//! The sshd that listens: told to read its configuration again, and tried afterwards.

use super::{Refused, refused};
use crate::{files, platform::system::processes};
use claviger_agent_core::plan::sshd::Effective;
use claviger_domain::device::Blocked;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::Read,
    net::{SocketAddr, TcpStream},
    path::Path,
    thread,
    time::Duration,
};

/// A sshd that waits for connections; there may be none, where systemd starts one for each.
#[derive(Debug)]
pub(super) struct Listener {
    process: Option<i32>,
    addresses: Vec<SocketAddr>,
    /// Whether it answered before anything was changed: what didn't before proves nothing afterwards.
    answers: Answers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Before,
    Never,
}

impl Listener {
    /// The one that the configuration before the change tells of.
    pub(super) fn find(effective: Option<&Effective>) -> Self {
        let pid_file = effective.and_then(|settings| settings.get("pidfile")).unwrap_or("/run/sshd.pid");
        let text = files::read(Path::new(pid_file)).ok().flatten().unwrap_or_default();
        let process = text.trim().parse().ok().filter(|process| processes::is_named(*process, "sshd"));
        let addresses: Vec<SocketAddr> = effective
            .map(|settings| settings.all("listenaddress"))
            .unwrap_or_default()
            .iter()
            .filter_map(|address| over_loopback(address))
            .collect();
        let answers = if addresses.iter().any(answers) { Answers::Before } else { Answers::Never };
        Self { process, addresses, answers }
    }

    /// Makes it read its configuration, and waits until it answers again.
    pub(super) fn reload(&self) -> Result<(), Refused> {
        let Some(pid) = self.process.and_then(Pid::from_raw) else { return Ok(()) };
        if kill_process(pid, Signal::HUP).is_err() {
            return Err(refused(Blocked::SshRefused, "sshd could not be told to read its configuration"));
        }
        // It starts itself anew, under the same number; a broken configuration ends it.
        for attempt in 1..=20 {
            thread::sleep(Duration::from_millis(50 * attempt.min(10)));
            let is_back = self.answers == Answers::Never || self.addresses.iter().any(answers);
            if attempt >= 4
                && is_back
                && self.process.is_some_and(|process| processes::is_named(process, "sshd"))
            {
                return Ok(());
            }
        }
        Err(refused(Blocked::SshRefused, "sshd did not answer after it had read its configuration"))
    }
}

/// Where an address that sshd listens at is reached on this machine; nothing if not over the loopback.
fn over_loopback(address: &str) -> Option<SocketAddr> {
    let address: SocketAddr = address.parse().ok()?;
    let ip = address.ip();
    match ip {
        _ if ip.is_loopback() => Some(address),
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => {
            Some(SocketAddr::from(([127, 0, 0, 1], address.port())))
        }
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => {
            Some(SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, address.port())))
        }
        _ => None,
    }
}

/// Whether a SSH server answers there: each connection is served with the configuration of that moment.
fn answers(address: &SocketAddr) -> bool {
    let patience = Duration::from_secs(2);
    let Ok(mut stream) = TcpStream::connect_timeout(address, patience) else { return false };
    let mut banner = [0; 4];
    stream.set_read_timeout(Some(patience)).is_ok()
        && stream.read_exact(&mut banner).is_ok()
        && &banner == b"SSH-"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_tried_over_the_loopback_alone() {
        let table = [
            ("0.0.0.0:22", Some("127.0.0.1:22")),
            ("[::]:2222", Some("[::1]:2222")),
            ("127.0.0.1:5", Some("127.0.0.1:5")),
            ("192.0.2.1:22", None),
            ("x", None),
        ];
        for (listens, reached) in table {
            assert_eq!(over_loopback(listens), reached.map(|text| text.parse().unwrap()), "{listens}");
        }
    }

    #[test]
    fn only_a_banner_is_an_answer() {
        use std::{io::Write, net::TcpListener};
        for (banner, expected) in [("SSH-2.0-x\r\n", true), ("HTTP/1.1", false), ("", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = thread::spawn(move || listener.accept().unwrap().0.write_all(banner.as_bytes()));
            assert_eq!(answers(&address), expected, "{banner:?}");
            server.join().unwrap().unwrap();
        }
        assert!(!answers(&"127.0.0.1:1".parse().unwrap()));
    }
}
