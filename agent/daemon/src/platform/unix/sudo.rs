//! What users may do as root: one file of ours beside sudo's own.

use super::command;
use crate::{
    files,
    platform::system::{Paths, Trouble},
};
use claviger_agent_core::plan::files::HEADER;
use std::path::PathBuf;

/// The file.
pub fn path(paths: &Paths) -> PathBuf {
    paths.sudoers.join("claviger")
}

/// Makes the file hold `text`, if sudo finds nothing wrong with it; without text it is removed.
pub fn put(paths: &Paths, text: Option<&str>) -> Result<(), Trouble> {
    let path = path(paths);
    let found = files::read(&path)?;
    let Some(text) = text else {
        return match found {
            Some(found) if found.starts_with(HEADER) => Ok(files::remove(&path)?),
            _ => Ok(()),
        };
    };
    if found.as_deref() == Some(text) {
        return Ok(());
    }
    let new = files::beside(&path, text, 0o440)?;
    let checked = command::run("visudo", &["-cf", &new.to_string_lossy()]);
    if let Err(error) = checked {
        files::remove(&new)?;
        return Err(error.into());
    }
    Ok(files::swap_in(&new, &path)?)
}
