//! Who may ask at the login pipe, and who is asked for a code while the state is lost.

use crate::platform::Standing;
use claviger_agent_ipc::{Peer, away};

/// The accounts of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct People;

impl People {
    /// Whether that caller may ask for that name: the pipe takes nobody's calls but LogonUI's, which asks for anyone.
    pub const fn standing(&self, peer: Peer, _: &str) -> Standing {
        if peer.uid == 0 { Standing::Itself } else { Standing::Other }
    }

    /// Whether somebody is asked; if that can't be read, everybody may be.
    pub fn is_asked(&self, name: &str) -> bool {
        away::is_asked(name)
    }
}
