//! Where tests keep what they throw away: a folder of this run's own, which goes when it ends. Each commit of theirs is waited for until it is on the disk: in memory that
//! costs nothing, so it is there wherever the machine has room for it.

use crate::run::output;
use anyhow::{Context, Result};
use std::{fs, path::PathBuf, process::Command, sync::OnceLock};

const MEMORY: &str = "/dev/shm";
/// What all tests together need, KiB.
const ROOM: u64 = 4 * 1024 * 1024;

static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// The folder that temporary files go to.
pub(crate) fn folder() -> Result<&'static PathBuf> {
    if let Some(made) = FOLDER.get() {
        return Ok(made);
    }
    let place = if is_roomy() && !is_barred() { PathBuf::from(MEMORY) } else { std::env::temp_dir() };
    let folder = place.join(format!("claviger-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    Ok(FOLDER.get_or_init(|| folder))
}

/// Throws away what was left in it.
pub(crate) fn clear() {
    if let Some(made) = FOLDER.get() {
        let _ = fs::remove_dir_all(made);
    }
}

fn is_roomy() -> bool {
    let free = output(Command::new("df").args(["--output=avail", "--block-size=1K", MEMORY]));
    let free = free.ok().and_then(|told| told.lines().last()?.trim().parse::<u64>().ok());
    free.is_some_and(|free| free >= ROOM)
}

/// Whether programs can't be run from there, as some tests do.
fn is_barred() -> bool {
    let options = output(Command::new("findmnt").args(["--noheadings", "--output", "OPTIONS", MEMORY]));
    options.is_ok_and(|options| options.trim().split(',').any(|option| option == "noexec"))
}
