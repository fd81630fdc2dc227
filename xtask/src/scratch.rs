//! Where tests keep what they throw away. Each commit of theirs is waited for until it is on the disk: in memory that
//! costs nothing, so it is there wherever the machine has room for it.

use crate::run::output;
use std::{path::PathBuf, process::Command};

const MEMORY: &str = "/dev/shm";
/// What all tests together need, KiB.
const ROOM: u64 = 4 * 1024 * 1024;

/// The folder that temporary files go to.
pub(crate) fn folder() -> PathBuf {
    if is_roomy() && !is_barred() { PathBuf::from(MEMORY) } else { std::env::temp_dir() }
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
