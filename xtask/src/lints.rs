//! Lints of the sources, and of what is written about them.

use crate::run::{cargo, cargo_with, output};
use anyhow::Result;
use std::process::Command;

/// How `cargo clippy` hands on `-D warnings`, which makes what it has looked at its own.
pub(crate) const DENY_WARNINGS: &str = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";

pub(crate) fn check() -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

/// The docs, from what clippy has just looked at: otherwise cargo would look at every crate once more.
pub(crate) fn docs() -> Result<()> {
    let [wrapper, arguments] = as_it_compiles()?;
    let variables = [("RUSTDOCFLAGS", "-D warnings"), (wrapper.0, &*wrapper.1), (arguments.0, &*arguments.1)];
    cargo_with(&["doc", "--workspace", "--no-deps", "--locked"], &variables)
}

/// The variables that make clippy the compiler of our own crates.
pub(crate) fn as_it_compiles() -> Result<[(&'static str, String); 2]> {
    let toolchain = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let clippy = format!("{}/bin/clippy-driver", toolchain.trim_end());
    Ok([("RUSTC_WORKSPACE_WRAPPER", clippy), ("CLIPPY_ARGS", DENY_WARNINGS.to_owned())])
}
