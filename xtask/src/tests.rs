//! The tests: those of the crates on both databases, and the browser's.

use crate::{
    packages, passed,
    postgres::Postgres,
    run::{cargo, cargo_with, root, say, step, succeed},
};
use anyhow::{Context, Result};
use std::{path::PathBuf, process::Command};

/// The crates' own tests.
pub(crate) fn rust() -> Result<()> {
    packages::install()?;
    let postgres = Postgres::start()?;
    rust_with(&postgres)
}

fn rust_with(postgres: &Postgres) -> Result<()> {
    cargo_with(&["test", "--workspace", "--locked"], &[("CLAVIGER_TEST_POSTGRES", &postgres.url())])
}

/// Every test.
pub(crate) fn all() -> Result<()> {
    step("packages", packages::install)?;
    let postgres = Postgres::start()?;
    step("tests on both databases", || {
        if passed::take() {
            say("They passed on exactly these files in `cargo xtask check`, just before.");
            return Ok(());
        }
        rust_with(&postgres)
    })?;
    step("the program", || cargo(&["build", "--package", "claviger", "--locked"]))?;
    step("browsers and kills", || end_to_end(&postgres))
}

/// Where a test run puts its pictures.
fn pictures() -> PathBuf {
    root().join("target").join("images")
}

/// Takes the pictures of the last test run into the docs.
pub(crate) fn images() -> Result<()> {
    let to = root().join("docs").join("images");
    std::fs::create_dir_all(&to)?;
    let made = std::fs::read_dir(pictures()).context("there are no pictures yet: run `cargo xtask test`")?;
    for picture in made {
        let picture = picture?;
        // Pictures of all components are for comparing, not for the docs.
        if picture.file_type()?.is_dir() {
            continue;
        }
        std::fs::copy(picture.path(), to.join(picture.file_name()))?;
    }
    Ok(())
}

fn end_to_end(postgres: &Postgres) -> Result<()> {
    let folder = root().join("tests").join("e2e");
    succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
            .arg(&folder),
    )?;
    let mut files: Vec<_> = std::fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec"]).args(files);
    node.env("CLAVIGER_BINARY", root().join("target").join("debug").join("claviger"));
    node.env("CLAVIGER_TEST_POSTGRES", postgres.url());
    node.env("CLAVIGER_IMAGES", pictures());
    node.env("CLAVIGER_SCHEMATHESIS", packages::schemathesis()?);
    succeed(&mut node)
}
