//! The agent of a device: `claviger-agent`.

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
