//! Files of the system that are there whole or not at all.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

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
pub fn beside(path: &Path, text: &str, mode: u32) -> Result<PathBuf, Failed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    let written = remove_now(&new).and_then(|()| {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(mode))?;
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
    fs::rename(new, path).and_then(|()| sync_folder(path)).map_err(at(path))
}

/// Makes `path` hold `text`.
pub fn replace(path: &Path, text: &str, mode: u32) -> Result<(), Failed> {
    let new = beside(path, text, mode)?;
    swap_in(&new, path)
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
    fs::create_dir_all(path).map_err(at(path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at(path))
}

fn remove_now(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
