//! Lints of the sources, and of what is written about them.

use crate::run::{cargo, cargo_with, output};
use anyhow::Result;
use std::process::Command;

/// How `cargo clippy` hands on `-D warnings`, which makes what it has looked at its own.
const ARGUMENTS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

pub(crate) fn check() -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

/// The docs, from what clippy has just looked at: otherwise cargo would look at every crate once more.
pub(crate) fn docs() -> Result<()> {
    let toolchain = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let clippy = format!("{}/bin/clippy-driver", toolchain.trim_end());
    let variables =
        [("RUSTDOCFLAGS", "-D warnings"), ("RUSTC_WORKSPACE_WRAPPER", &clippy), ("CLIPPY_ARGS", ARGUMENTS)];
    cargo_with(&["doc", "--workspace", "--no-deps", "--locked"], &variables)
}
