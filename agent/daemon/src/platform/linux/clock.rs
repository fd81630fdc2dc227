//! The clocks of the machine, as Linux has them.

use crate::clock::wall;
use claviger_agent_core::{
    clock::{Clocks, Uptime},
    port::Clock,
};
use claviger_domain::time::Span;
use rustix::time::{ClockId, clock_gettime};

const BOOT: &str = "/proc/sys/kernel/random/boot_id";

/// The clocks of the machine.
#[derive(Clone, Debug)]
pub struct SystemClocks {
    boot: String,
}

impl SystemClocks {
    /// The clocks since this boot.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { boot: std::fs::read_to_string(BOOT)?.trim().to_owned() })
    }
}

impl Clock for SystemClocks {
    fn clocks(&self) -> Clocks {
        let since = clock_gettime(ClockId::Boottime);
        let micros = since.tv_sec.saturating_mul(1_000_000).saturating_add(since.tv_nsec / 1_000);
        Clocks { wall: wall(), uptime: Uptime { boot: self.boot.clone(), since: Span::from_micros(micros) } }
    }
}
