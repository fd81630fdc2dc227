//! Files that are there whole or not at all.

use super::Error;
use crate::platform::system::storage;
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// An error of the system with the file it is about.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Disk { path: path.clone(), source }
}

/// Makes a directory that nobody else can look into.
pub(super) fn make_private(directory: &Path) -> Result<(), Error> {
    storage::make_private(directory).map_err(at(directory))
}

/// Holds the directory until the file is dropped, or the process ends in any way.
pub(super) fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join("lock");
    let file = private().truncate(false).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy(directory.to_owned())),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// A file to write that only we can read.
pub(super) fn private() -> OpenOptions {
    let mut options = storage::private();
    options.read(true).create(true);
    options
}

/// Puts a file of these parts in the place of the one before: either is there whole, whatever happens meanwhile.
pub(super) fn replace(directory: &Path, name: &str, parts: &[&[u8]]) -> Result<(), Error> {
    replace_by(directory, name, |file| parts.iter().try_for_each(|part| file.write_all(part)))
}

/// The same with whatever `fill` writes, sealed where the system can: [`storage::Filled`] reads it.
pub(super) fn replace_with(
    directory: &Path,
    name: &str,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    replace_by(directory, name, |file| storage::fill(file, fill))
}

fn replace_by(
    directory: &Path,
    name: &str,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Error> {
    let path = directory.join(name);
    let new = directory.join(format!("{name}.new"));
    let written = private().truncate(true).open(&new).and_then(|mut file| {
        fill(&mut file)?;
        file.sync_all()?;
        storage::rename(&new, &path)?;
        storage::sync_names(directory)
    });
    written.map_err(|error| {
        // What is left of it takes room that may be what is missing.
        let _ = fs::remove_file(&new);
        at(&path)(error)
    })
}

/// Removes a file that may be there, durably.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => path.parent().map_or(Ok(()), storage::sync_names).map_err(at(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(path)(error)),
    }
}

/// The files of a directory whose names end in `.ending`, with what stands before it.
pub(super) fn ending_in(directory: &Path, ending: &str) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(at(directory))? {
        let path = entry.map_err(at(directory))?.path();
        if path.extension().is_some_and(|extension| extension == ending)
            && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
        {
            found.push((stem.to_owned(), path.clone()));
        }
    }
    Ok(found)
}
