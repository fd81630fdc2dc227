//! Debian's compiler, for systems other than this one: the sources of its standard library lie beside it, and are built with
//! the rest, because no package has it built for them.

use crate::lints;
use std::{path::Path, process::Command};

/// Debian's cargo with its own compiler, whatever else is installed. `standard` are the parts of the standard library:
/// tests are named among them, so that they share it with what they test.
pub(crate) fn cargo(words: &[&str], standard: &str, target: &str, folder: &Path) -> Command {
    let mut cargo = Command::new("sh");
    cargo.args(["-c", "PATH=/usr/bin:$PATH && exec cargo \"$@\"", "cargo"]);
    cargo.args(words).args(["--locked", "--target", target]).arg(format!("-Zbuild-std={standard}"));
    cargo.env("CARGO_TARGET_DIR", folder).env("RUSTC_BOOTSTRAP", "1");
    for variable in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTDOC", "CARGO", "RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    cargo
}

/// What is built is linted as it is compiled: `cargo clippy` would read the standard library and everything else a second
/// time. No debugger looks at it.
pub(crate) fn linting(cargo: &mut Command) -> &mut Command {
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "/usr/bin/clippy-driver").env("CLIPPY_ARGS", lints::DENY_WARNINGS);
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "none").env("CARGO_INCREMENTAL", "0")
}
