//! S8.14: a note of somebody who was let in because the agent could not be asked. The half of the agent that changes the
//! system picks it up when it is back, and the server hears of it. No login hangs on that.

use claviger_wire::login::{Hello, LET_IN_NOTES};
use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    path::Path,
    process,
};

/// Leaves a note in a folder that the agent made, and that root or the system alone writes. When it happened is when the
/// file was written. An error if there are too many already, if the disk is full, or if this process may not.
pub fn leave(folder: &Path, hello: &Hello) -> io::Result<()> {
    must_be_private(folder)?;
    if fs::read_dir(folder)?.take(LET_IN_NOTES).count() >= LET_IN_NOTES {
        return Err(io::Error::other("too many notes wait"));
    }
    let number = process::id();
    let unfinished = folder.join(format!(".{number}"));
    let left = write(&unfinished, &hello.packet()).and_then(|()| publish(&unfinished, folder, number));
    let removed = fs::remove_file(&unfinished);
    left.and(removed)
}

/// Whether nobody else could have put anything in its place.
#[cfg(unix)]
fn must_be_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let there = fs::symlink_metadata(folder)?;
    if !there.is_dir() || there.uid() != 0 || there.mode() & 0o022 != 0 {
        return Err(io::Error::other("not a folder that root alone writes"));
    }
    Ok(())
}

/// The folder above it is closed to others by its own rights.
#[cfg(windows)]
const fn must_be_private(_: &Path) -> io::Result<()> {
    Ok(())
}

/// One that somebody else of this number left unfinished makes room.
fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text)
}

/// Gives it a name that is not taken; whole, as nothing else has a name without a dot.
fn publish(unfinished: &Path, folder: &Path, number: u32) -> io::Result<()> {
    let mut names = (0..LET_IN_NOTES).map(|nth| folder.join(format!("{number}-{nth}")));
    let linked = names.find_map(|name| match fs::hard_link(unfinished, name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        linked => Some(linked),
    });
    linked.unwrap_or_else(|| Err(io::Error::other("too many notes wait")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_wire::login::Phase;

    fn hello() -> Hello {
        Hello::at("login", Phase::Code, "alice")
    }

    #[test]
    fn each_note_is_whole_and_there_are_not_too_many() {
        let folder = std::env::temp_dir().join(format!("claviger-notes-{}", process::id()));
        assert!(leave(&folder, &hello()).is_err(), "the agent makes the folder");
        fs::create_dir_all(&folder).unwrap();
        let unfinished = folder.join(format!(".{}", process::id()));
        fs::write(&unfinished, "half of one").unwrap();
        for _ in 0..LET_IN_NOTES - 1 {
            leave(&folder, &hello()).unwrap();
        }
        assert!(!unfinished.exists());
        let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left.len(), LET_IN_NOTES - 1);
        assert!(
            left.iter().all(|path| Hello::parse(&fs::read(path).unwrap()).is_ok_and(|read| read == hello()))
        );
        fs::write(folder.join("of-others"), "").unwrap();
        assert!(leave(&folder, &hello()).is_err(), "those of others count");
        fs::remove_file(&left[0]).unwrap();
        leave(&folder, &hello()).unwrap();
        assert!(leave(&folder, &hello()).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    /// A folder that others write, or a link to one, is none.
    #[cfg(unix)]
    #[test]
    fn a_note_is_left_in_a_folder_of_root_alone() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = std::env::temp_dir().join(format!("claviger-notes-open-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let link = folder.with_extension("link");
        symlink(&folder, &link).unwrap();
        assert!(leave(&link, &hello()).is_err());
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(leave(&folder, &hello()).is_err());
        fs::remove_file(&link).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }
}
