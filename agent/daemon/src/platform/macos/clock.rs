//! The clocks of the machine, as macOS has them.

use crate::clock::wall;
use claviger_agent_core::{
    clock::{Clocks, Uptime},
    port::Clock,
};
use claviger_domain::time::Span;
use rustix::time::{ClockId, clock_gettime};

/// The clock that nobody can set, and that goes on while the machine sleeps.
#[cfg(target_os = "macos")]
const STEADY: ClockId = ClockId::Monotonic;
#[cfg(not(target_os = "macos"))]
const STEADY: ClockId = ClockId::Boottime;

/// The clocks of the machine.
#[derive(Clone, Debug)]
pub struct SystemClocks {
    boot: String,
}

impl SystemClocks {
    /// The clocks since this boot.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { boot: claviger_mac::boot::session()? })
    }
}

impl Clock for SystemClocks {
    fn clocks(&self) -> Clocks {
        let since = clock_gettime(STEADY);
        let micros = since.tv_sec.saturating_mul(1_000_000).saturating_add(since.tv_nsec / 1_000);
        Clocks { wall: wall(), uptime: Uptime { boot: self.boot.clone(), since: Span::from_micros(micros) } }
    }
}
