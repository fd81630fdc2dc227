//! Files of ours: their folder is the system's and administrators' alone, and what matters in them is sealed for this
//! machine.

pub(crate) use crate::platform::sealed::Filled;

use claviger_win32::{folder, seal};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    os::windows::fs::FileExt,
    path::Path,
    thread,
    time::Duration,
};
use zeroize::Zeroizing;

/// How often, and how long, somebody is waited for who reads a file that is to be replaced.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(10);
/// What the seals of the agent are for.
const PURPOSE: &str = "claviger-agent 1";

/// How a file is opened; its folder says who may read it.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

/// Makes a directory that nobody else can look into.
pub(crate) fn make_private(directory: &Path) -> io::Result<()> {
    folder::make_private(directory)
}

/// Makes a folder; all of ours are private.
pub(crate) fn make_folder(path: &Path, _: u32) -> io::Result<()> {
    folder::make_private(path)
}

/// Files have no modes here.
pub(crate) const fn set_mode(_: &File, _: u32) -> io::Result<()> {
    Ok(())
}

/// NTFS writes changes of names in order, and with the next flush of any file.
pub(crate) const fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives a file another name, in the place of one that may be there. Somebody who reads that one at the moment, such as a
/// virus scanner, is waited for.
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..TRIES {
        match fs::rename(from, to) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => thread::sleep(PAUSE),
            other => return other,
        }
    }
    fs::rename(from, to)
}

/// Writes at a place of a file.
pub(crate) fn write_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = file.seek_write(bytes, offset)?;
        bytes = bytes.get(written..).filter(|_| written > 0).ok_or(ErrorKind::WriteZero)?;
        offset += written as u64;
    }
    Ok(())
}

/// Writes to an empty file what `fill` gives, sealed.
pub(crate) fn fill(file: &mut File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = Zeroizing::new(Vec::new());
    fill(&mut *bytes)?;
    file.write_all(&seal::seal(&bytes, PURPOSE)?)
}

/// What [`fill`] sealed; what was changed since, or sealed on another machine, is invalid.
pub(crate) fn opened(sealed: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    seal::open(sealed, PURPOSE).map_err(|_| io::Error::from(ErrorKind::InvalidData))
}
