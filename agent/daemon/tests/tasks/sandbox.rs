//! A copy of this machine for one test.

use std::{
    path::Path,
    process::{Command, Output},
};

const MARK: &str = "/run/claviger-sandbox";

/// Runs the test of that name inside.
pub(crate) fn run(name: &str) {
    let program = std::env::current_exe().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tasks/sandbox.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/sandbox")).arg(program.parent().unwrap());
    command.arg(&program).args(["--ignored", "--exact", "--nocapture", &format!("inside::{name}")]);
    let Output { status, stdout, stderr } = command.output().expect("bash");
    let said = format!("{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(
        status.success() && said.contains("1 passed"),
        "{said}\n(this needs root, unshare, overlayfs and apt)"
    );
}

/// Nothing in here may happen to a machine that somebody uses.
pub(crate) fn must_be_inside() {
    assert!(Path::new(MARK).exists(), "this runs only inside the sandbox");
}
