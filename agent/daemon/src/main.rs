//! The agent of a device: `claviger-agent`.

#[cfg(all(unix, not(mac)))]
#[path = "commands/linux.rs"]
mod commands;
#[cfg(mac)]
#[path = "commands/macos.rs"]
mod commands;
#[cfg(windows)]
#[path = "commands/windows.rs"]
mod commands;

use claviger_agent::logs::complain;
use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run() {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
