//! S8.14: notes that the PAM module left of whom it let in while the agent could not be asked.

use crate::{files, logs};
use claviger_wire::login::{Hello, LET_IN_NOTES, PACKET};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
    time::UNIX_EPOCH,
};

const FOLDER: &str = "let-in";

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// What its file is called.
    pub name: String,
    /// When, in microseconds, by the machine's wall clock.
    pub at: i64,
    /// The name that was given.
    pub user: String,
    /// The PAM service.
    pub service: String,
    /// Where they came from; may be empty.
    pub from: String,
}

/// Makes the folder that the PAM module writes to, and sweeps out what it began and never finished.
pub(super) fn prepare(folder: &Path) -> Result<(), files::Failed> {
    let folder = folder.join(FOLDER);
    files::make_folder(&folder, 0o700)?;
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b".")) {
        files::remove(&entry.path())?;
    }
    Ok(())
}

/// Removes the notes of these names, and reads those that are left, the oldest first. One that can't be read is no
/// note, and is removed.
pub(super) fn notes(folder: &Path, taken: &[String]) -> io::Result<Vec<Note>> {
    let folder = folder.join(FOLDER);
    for name in taken.iter().filter(|name| is_name(name)) {
        remove(&folder.join(name))?;
    }
    let mut notes = Vec::new();
    for name in names(&folder)? {
        match read(&folder, &name) {
            Ok(note) => notes.push(note),
            Err(error) => {
                logs::warn(&format!("a note of somebody who was let in can't be read: {error}"));
                remove(&folder.join(&name))?;
            }
        }
    }
    notes.sort_by_key(|note| note.at);
    Ok(notes)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| is_name(name)).take(LET_IN_NOTES).collect())
}

/// The number of a process and a count. One that begins with a dot is being written.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn read(folder: &Path, name: &str) -> io::Result<Note> {
    let path = folder.join(name);
    if !fs::symlink_metadata(&path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    let written = file.metadata()?.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    let mut packet = Vec::new();
    file.take(PACKET as u64 + 1).read_to_end(&mut packet)?;
    let hello = Hello::parse(&packet).map_err(io::Error::other)?;
    Ok(Note {
        name: name.to_owned(),
        at: i64::try_from(written.as_micros()).unwrap_or(i64::MAX),
        user: hello.user,
        service: hello.service,
        from: hello.rhost,
    })
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_wire::login::{Phase, Shown};

    fn hello(user: &str) -> Hello {
        Hello {
            phase: Phase::Code,
            user: user.into(),
            service: "sshd".into(),
            rhost: "192.0.2.7".into(),
            tty: "ssh".into(),
            shown: Shown::Nothing,
            key: None,
        }
    }

    #[test]
    fn notes_are_read_until_they_are_taken_and_nothing_else_is_touched() {
        let data = std::env::temp_dir().join(format!("claviger-let-in-{}", std::process::id()));
        assert!(notes(&data, &[]).unwrap().is_empty(), "nobody was let in before the folder was made");
        prepare(&data).unwrap();
        let folder = data.join(FOLDER);
        fs::write(data.join("book.json"), "{}").unwrap();
        fs::write(folder.join("41-0"), hello("alice").packet()).unwrap();
        fs::write(folder.join("42-0"), "nonsense").unwrap();
        fs::write(folder.join(".43"), "half of").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(data.join("book.json"), folder.join("44-0")).unwrap();
        let found = notes(&data, &[]).unwrap();
        let told: Vec<_> = found.iter().map(|note| (note.user.as_str(), note.from.as_str())).collect();
        assert_eq!(told, [("alice", "192.0.2.7")]);
        assert!(found[0].at > 0 && notes(&data, &[]).unwrap() == found, "until they are taken");
        let names = ["../book.json", "", ".43", "41-0", "41-0"].map(str::to_owned);
        assert!(notes(&data, &names).unwrap().is_empty());
        assert!(data.join("book.json").exists() && folder.join(".43").exists());
        assert!(!folder.join("42-0").exists() && fs::symlink_metadata(folder.join("44-0")).is_err());
        prepare(&data).unwrap();
        assert!(!folder.join(".43").exists(), "whoever began it is gone");
        fs::remove_dir_all(&data).unwrap();
    }
}
