//! A log of our own, where the system has no journal that takes every line.

use crate::{clock::wall, logs::Level};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// A file that is larger makes room for the next one.
const MOST: u64 = 1 << 20;

static FILE: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Where a line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// To the file.
    ToFile,
    /// To standard error, because there is no file yet.
    ToTerminal,
}

/// Lines go there from now on, and not to standard error any more.
pub(crate) fn into(file: &Path) {
    *FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(file.to_owned());
}

/// Writes a line without control characters.
pub(crate) fn write(level: Level, line: &str) -> Written {
    let file = FILE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(path) = file.as_ref() else {
        let _ = writeln!(io::stderr(), "{line}");
        return Written::ToTerminal;
    };
    let word = match level {
        Level::Note => "note",
        Level::Warning => "WARNING",
    };
    // A log that can't be written stops nobody.
    let _ = append(path, &format!("{} {word} {line}\n", wall().seconds()));
    Written::ToFile
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|found| found.len() > MOST) {
        fs::rename(path, path.with_extension("old.log"))?;
    }
    OpenOptions::new().append(true).create(true).open(path)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_log_makes_room_and_the_last_one_is_kept() {
        let file = std::env::temp_dir().join(format!("claviger-agent-{}.log", std::process::id()));
        append(&file, "first\n").unwrap();
        append(&file, &"x".repeat(usize::try_from(MOST).unwrap())).unwrap();
        append(&file, "second\n").unwrap();
        let old = file.with_extension("old.log");
        assert_eq!(fs::read_to_string(&file).unwrap(), "second\n");
        assert!(fs::read_to_string(&old).unwrap().starts_with("first\nx"));
        [file, old].iter().for_each(|path| fs::remove_file(path).unwrap());
    }
}
