//! Files of the system that are there whole or not at all.

use crate::platform::system::storage;
use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}", path = path.display())]
pub struct Failed {
    /// Which.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

fn at(path: &Path) -> impl Fn(io::Error) -> Failed {
    let path = path.to_owned();
    move |source| Failed { path: path.clone(), source }
}

/// What a file holds; nothing if it isn't there.
pub fn read(path: &Path) -> Result<Option<String>, Failed> {
    match fs::read(path) {
        // A byte that is no text is somebody else's, and nothing that is looked for.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// Writes what is to become the file `path` beside it, under a name with a dot in front and at its end another one than
/// those that sshd and sudo read.
pub fn beside(path: &Path, content: impl AsRef<[u8]>, mode: u32) -> Result<PathBuf, Failed> {
    written_beside(path, mode, |file| file.write_all(content.as_ref()))
}

fn written_beside(
    path: &Path,
    mode: u32,
    write: impl FnOnce(&mut fs::File) -> io::Result<()>,
) -> Result<PathBuf, Failed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    let written = remove_now(&new).and_then(|()| {
        let mut file = storage::private().create_new(true).open(&new)?;
        write(&mut file)?;
        storage::set_mode(&file, mode)?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(new),
        Err(error) => {
            // What is left of it takes room that may be what is missing.
            let _ = fs::remove_file(&new);
            Err(at(&new)(error))
        }
    }
}

/// Puts what [`beside`] wrote in the place of `path`.
pub fn swap_in(new: &Path, path: &Path) -> Result<(), Failed> {
    storage::rename(new, path).and_then(|()| sync_folder(path)).map_err(at(path))
}

/// Makes `path` hold `content`.
pub fn replace(path: &Path, content: impl AsRef<[u8]>, mode: u32) -> Result<(), Failed> {
    let new = beside(path, content, mode)?;
    swap_in(&new, path)
}

/// Makes `path` hold `text` for us alone: sealed, where the system can.
pub fn replace_private(path: &Path, text: &str) -> Result<(), Failed> {
    let write = |file: &mut fs::File| storage::fill(file, |to| to.write_all(text.as_bytes()));
    let new = written_beside(path, 0o600, write)?;
    swap_in(&new, path)
}

/// What [`replace_private`] wrote; nothing if it isn't there.
pub fn read_private(path: &Path) -> Result<Option<Zeroizing<String>>, Failed> {
    match storage::Filled::all(path) {
        Ok(bytes) => Ok(Some(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

/// Removes a file that may be there.
pub fn remove(path: &Path) -> Result<(), Failed> {
    if !path.exists() {
        return Ok(());
    }
    remove_now(path).and_then(|()| sync_folder(path)).map_err(at(path))
}

/// Makes a folder of this mode, whoever may have made it before.
pub fn make_folder(path: &Path, mode: u32) -> Result<(), Failed> {
    storage::make_folder(path, mode).map_err(at(path))
}

fn remove_now(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes what is in a folder, and the folder itself, outlive a power cut.
pub fn sync(folder: &Path) -> Result<(), Failed> {
    storage::sync_names(folder).and_then(|()| sync_folder(folder)).map_err(at(folder))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), storage::sync_names)
}
