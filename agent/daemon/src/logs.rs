//! Lines for the journal on standard error, with the level that systemd reads in front; answers of commands on
//! standard output.

use claviger_agent_core::port::Log;
use std::io::Write;

/// What happens every day.
pub fn note(line: &str) {
    write("<6>", line);
}

/// What somebody should look at.
pub fn warn(line: &str) {
    write("<4>", line);
}

/// A line for the person at the terminal. A closed terminal is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line for the person at the terminal about what went wrong.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "claviger-agent: {line}");
}

fn write(level: &str, line: &str) {
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    // In one piece: standard error has no buffer, and others write there, too.
    let _ = std::io::stderr().write_all(format!("{level}{line}\n").as_bytes());
}

/// The journal, for those who ask for a port.
#[derive(Clone, Copy, Debug, Default)]
pub struct Journal;

impl Log for Journal {
    fn note(&self, line: &str) {
        note(line);
    }

    fn warn(&self, line: &str) {
        warn(line);
    }
}
