//! S8.14: a note of somebody who was let in because the agent could not be asked. Its root half picks it up when it is
//! back, and the server hears of it. No login hangs on that.

use claviger_wire::login::{Hello, LET_IN_NOTES};
use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    process,
};

/// Notes that one process leaves at most, or several of the same number.
const OF_ONE: u32 = 8;

/// Leaves a note in a folder that root alone writes. When it happened is when the file was written. An error if there
/// are too many already, if the disk is full, or if this process is not root's.
pub(crate) fn leave(folder: &Path, hello: &Hello) -> io::Result<()> {
    let there = fs::symlink_metadata(folder)?;
    if !there.is_dir() || there.uid() != 0 || there.mode() & 0o022 != 0 {
        return Err(io::Error::other("not a folder that root alone writes"));
    }
    if fs::read_dir(folder)?.take(LET_IN_NOTES).count() >= LET_IN_NOTES {
        return Err(io::Error::other("too many notes wait"));
    }
    let number = process::id();
    let unfinished = folder.join(format!(".{number}"));
    let left = write(&unfinished, &hello.packet()).and_then(|()| publish(&unfinished, folder, number));
    let removed = fs::remove_file(&unfinished);
    left.and(removed)
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    options.open(path)?.write_all(text)
}

/// Gives it a name that is not taken; whole, as nothing else has a name without a dot.
fn publish(unfinished: &Path, folder: &Path, number: u32) -> io::Result<()> {
    let mut names = (0..OF_ONE).map(|nth| folder.join(format!("{number}-{nth}")));
    let linked = names.find_map(|name| match fs::hard_link(unfinished, name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        linked => Some(linked),
    });
    linked.unwrap_or_else(|| Err(io::Error::other("too many notes wait")))
}
