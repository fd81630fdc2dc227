//! What passed on exactly these files: `cargo xtask test` right after `cargo xtask check` need not run the crates'
//! tests a second time. A mark is good for once, and for nothing but the very same files.

use crate::run::{output, root, succeed};
use anyhow::Result;
use std::{path::PathBuf, process::Command};

fn mark() -> PathBuf {
    root().join("target").join("xtask").join("crates-passed")
}

/// Remembers that the crates' tests passed on what is here now.
pub(crate) fn remember() -> Result<()> {
    let Some(files) = files() else { return Ok(()) };
    Ok(std::fs::write(mark(), files)?)
}

/// Whether they passed on what is here now; forgets it.
pub(crate) fn take() -> bool {
    let Ok(passed) = std::fs::read_to_string(mark()) else { return false };
    let _ = std::fs::remove_file(mark());
    files().is_some_and(|files| files == passed)
}

/// The tree that git would make of all files that it doesn't ignore, changed and new ones among them; nothing where
/// this is no checkout.
fn files() -> Option<String> {
    std::fs::create_dir_all(mark().parent()?).ok()?;
    let index = mark().with_file_name("index");
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(arguments).env("GIT_INDEX_FILE", &index);
        git
    };
    succeed(&mut git(&["add", "--all"])).ok()?;
    output(&mut git(&["write-tree"])).ok()
}
