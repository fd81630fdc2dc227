//! Debian's compiler, for systems other than this one: the sources of its standard library lie beside it, and are built with
//! the rest, because no package has it built for them.

use crate::{compiler::DENY_WARNINGS, run::root, tests::Profile};
use std::{path::PathBuf, process::Command};

/// Debian's cargo with its own compiler, whatever else is installed. `standard` are the parts of the standard library:
/// tests are named among them, so that they share it with what they test.
pub(crate) fn cargo(words: &[&str], standard: &str, target: &str) -> Command {
    let mut cargo = Command::new("sh");
    cargo.args(["-c", "PATH=/usr/bin:$PATH && exec cargo \"$@\"", "cargo"]);
    cargo.args(words).args(["--locked", "--target", target]).arg(format!("-Zbuild-std={standard}"));
    // Without what tells lines of the source: it is read from what programs are stripped of.
    cargo.arg("-Zbuild-std-features=panic-unwind");
    cargo.env("CARGO_TARGET_DIR", folder()).env("RUSTC_BOOTSTRAP", "1");
    for variable in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "CARGO", "RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    cargo
}

/// What it makes. All systems are built in one folder: what runs while they are is the same for each.
fn folder() -> PathBuf {
    root().join("target").join("debian")
}

/// Where it puts what is for that system.
pub(crate) fn built(target: &str, profile: Profile) -> PathBuf {
    folder().join(target).join(profile.folder())
}

/// What is built is linted as it is compiled: `cargo clippy` would read the standard library and everything else a second
/// time. No debugger looks at it.
pub(crate) fn linting(cargo: &mut Command) -> &mut Command {
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "/usr/bin/clippy-driver").env(DENY_WARNINGS.0, DENY_WARNINGS.1);
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_INCREMENTAL", "0");
    // Nothing here strips what is for a Mac; and what is built once for all must be built alike.
    cargo.env("CARGO_PROFILE_DEV_STRIP", "none")
}
