//! Lines for the event log, where somebody should look at them, and for a file, where all of them are.

use crate::{clock::wall, logs::Level};
use claviger_win32::event_log;
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A file that is larger makes room for the next one.
const MOST: u64 = 1 << 20;

static FILE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Lines go there from now on, and not to standard error any more.
pub fn into(file: &Path) {
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(file.to_owned());
}

/// Writes a line without control characters.
pub(crate) fn write(level: Level, line: &str) {
    let file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(path) = file.as_ref() else {
        let _ = writeln!(io::stderr(), "{line}");
        return;
    };
    let word = match level {
        Level::Note => "note",
        Level::Warning => "WARNING",
    };
    // A log that can't be written stops nobody.
    let _ = append(path, &format!("{} {word} {line}\n", wall().seconds()));
    if level == Level::Warning {
        let _ = event_log::write(event_log::Level::Warning, line);
    }
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.len() > MOST) {
        fs::rename(path, path.with_extension("old.log"))?;
    }
    OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes())
}

/// Whom somebody is sent to who wonders why the agent doesn't run.
pub const AWAY: &str = "the agent does not run: see `sc query claviger-agent`";
