//! Lines for the journal of the system; answers of commands on standard output.

use crate::platform::system::journal;
use claviger_agent_core::port::Log;
use std::io::Write;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// It happens every day.
    Note,
    /// Somebody should look at it.
    Warning,
}

/// What happens every day.
pub fn note(line: &str) {
    write(Level::Note, line);
}

/// What somebody should look at.
pub fn warn(line: &str) {
    write(Level::Warning, line);
}

/// A line for the person at the terminal. A closed terminal is no reason to stop.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line for the person at the terminal about what went wrong.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "claviger-agent: {line}");
}

fn write(level: Level, line: &str) {
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    journal::write(level, &line);
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
