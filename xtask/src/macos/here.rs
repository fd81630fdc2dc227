//! What runs on this system of the agent for macOS: everything but what needs a framework of Apple's.

use crate::{
    compiler,
    run::{root, succeed},
    scratch,
    tests::Profile,
};
use anyhow::Result;
use std::{fs, path::PathBuf, process::Command};

const FEATURES: &str =
    "--features=claviger-agent/macos-here,claviger-agent-ipc/macos-here,claviger-authplugin/macos-here";
const PACKAGES: [&str; 5] = [
    "--package=claviger-agent",
    "--package=claviger-agent-ipc",
    "--package=claviger-authplugin",
    "--package=claviger-mac",
    "--package=claviger-loginwindow",
];
const PROGRAMS: [&str; 3] = ["claviger-agent", "claviger-loginwindow", "libclaviger_authplugin.so"];

/// Where its programs are.
pub(crate) fn folder() -> PathBuf {
    Profile::Debug.packages().join("macos")
}

/// Its lints and tests.
pub(crate) fn tests() -> Result<Command> {
    let mut tests = cargo("test")?;
    tests.env("TMPDIR", scratch::folder()?);
    Ok(tests)
}

/// Its programs, beside the packages of the others: under their own names they would take the place of this system's.
pub(crate) fn build() -> Result<()> {
    succeed(&mut cargo("build")?)?;
    fs::create_dir_all(folder())?;
    for program in PROGRAMS {
        fs::copy(root().join("target").join("debug").join(program), folder().join(program))?;
    }
    Ok(())
}

fn cargo(verb: &str) -> Result<Command> {
    let mut cargo = compiler::cargo(&[verb, FEATURES])?;
    cargo.args(PACKAGES);
    Ok(cargo)
}
