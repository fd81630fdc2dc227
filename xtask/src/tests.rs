//! The tests: those of the crates on both databases, and the browser's.

use crate::{
    packages, passed,
    postgres::Postgres,
    rootfs,
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
    programs()?;
    step("browsers and kills", || end_to_end(&postgres, Files::Others))?;
    step("devices", || end_to_end(&postgres, Files::Devices))
}

/// The tests of devices alone.
pub(crate) fn devices() -> Result<()> {
    step("packages", packages::install)?;
    let postgres = Postgres::start()?;
    programs()?;
    step("devices", || end_to_end(&postgres, Files::Devices))
}

fn programs() -> Result<()> {
    step("the program", || cargo(&["build", "--package", "claviger", "--locked"]))?;
    step("the agent's package", || {
        cargo(&["build", "--package", "claviger-agent", "--package", "claviger-pam", "--locked"])?;
        let built = root().join("target").join("debug");
        let mut build = Command::new(root().join("packaging").join("deb").join("build"));
        build.arg(packages_folder());
        build.env("PROGRAM", built.join("claviger-agent")).env("MODULE", built.join("libpam_claviger.so"));
        succeed(&mut build)
    })
}

/// Where the package of a test run goes.
fn packages_folder() -> PathBuf {
    root().join("target").join("packages").join("debug")
}

/// The package that was made last.
fn agent_package() -> Result<PathBuf> {
    let made = std::fs::read_dir(packages_folder())?.filter_map(|entry| entry.ok());
    let newest = made.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
    Ok(newest.context("packaging/deb/build made no package")?.path())
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

/// The files whose names begin so.
/// Which of the end-to-end files run. Those of devices make networks, and a browser that sees one come or go drops what
/// it is loading: they run by themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    Devices,
    Others,
}

impl Files {
    fn of(name: &str) -> Self {
        if name.starts_with("devices") { Self::Devices } else { Self::Others }
    }
}

fn end_to_end(postgres: &Postgres, which: Files) -> Result<()> {
    let folder = root().join("tests").join("e2e");
    succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
            .arg(&folder),
    )?;
    let mut files: Vec<_> = std::fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Files::of(&name) == which && name.ends_with(".test.mjs")
        })
        .collect();
    files.sort();
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=2", "--test-reporter=spec"]).args(files);
    node.env("CLAVIGER_BINARY", root().join("target").join("debug").join("claviger"));
    node.env("CLAVIGER_TEST_POSTGRES", postgres.url());
    node.env("CLAVIGER_IMAGES", pictures());
    node.env("CLAVIGER_SCHEMATHESIS", packages::schemathesis()?);
    node.env("CLAVIGER_ROOTFS", rootfs::make()?);
    node.env("CLAVIGER_AGENT_DEB", agent_package()?);
    succeed(&mut node)
}
