//! Who may ask at the login socket, and who is asked for a code while the state is lost.

use super::Paths;
use crate::platform::Standing;
use claviger_agent_ipc::{Peer, away};
use std::path::PathBuf;

/// Under whose number macOS runs what it shows at the login window.
const SECURITY_AGENT: &str = "_securityagent";

/// The accounts of this machine.
#[derive(Clone, Debug)]
pub struct People {
    away: PathBuf,
    login_window: Option<u32>,
}

impl Default for People {
    fn default() -> Self {
        Self::at(Paths::default().away, SECURITY_AGENT)
    }
}

impl People {
    /// Those of the file that says who is asked; the login window runs as `login_window`.
    pub fn at(away: PathBuf, login_window: &str) -> Self {
        let account = claviger_mac::account::by_name(login_window).ok().flatten();
        Self { away, login_window: account.map(|account| account.uid) }
    }

    /// Whether that caller may ask for that name: root and the login window for anyone, and nobody else at all.
    pub fn standing(&self, peer: Peer, _: &str) -> Standing {
        if peer.uid == 0 || Some(peer.uid) == self.login_window { Standing::Itself } else { Standing::Other }
    }

    /// Whether somebody is asked; if that can't be read, everybody but root may be.
    pub fn is_asked(&self, name: &str) -> bool {
        away::is_asked(&self.away, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_login_window_ask_for_anyone() {
        let people = People::at("/nowhere".into(), "daemon");
        let daemon = claviger_mac::account::by_name("daemon").unwrap().unwrap().uid;
        for (uid, expected) in [(0, Standing::Itself), (daemon, Standing::Itself), (1_000, Standing::Other)] {
            assert_eq!(people.standing(Peer { uid }, "alice"), expected);
        }
        assert!(!people.is_asked("alice"), "nobody is, before anything was written down");
        let without = People::at("/nowhere".into(), "no-such-account");
        assert_eq!(without.standing(Peer { uid: u32::MAX }, "alice"), Standing::Other);
    }
}
