//! The clocks of the machine, as Windows has them.

use crate::{clock::wall, entropy};
use claviger_agent_core::{
    clock::{Clocks, Uptime},
    port::Clock,
};
use claviger_domain::time::Span;
use claviger_win32::system;

/// The clocks of the machine.
#[derive(Clone, Debug)]
pub struct SystemClocks {
    boot: String,
}

impl SystemClocks {
    /// The clocks since this boot.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { boot: system::boot(&entropy::nonce())? })
    }
}

impl Clock for SystemClocks {
    fn clocks(&self) -> Clocks {
        let micros = i64::try_from(system::uptime().as_micros()).unwrap_or(i64::MAX);
        Clocks { wall: wall(), uptime: Uptime { boot: self.boot.clone(), since: Span::from_micros(micros) } }
    }
}
