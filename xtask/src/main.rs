//! The gate: `cargo xtask check | test | prepare | devices | applications | windows | macos | arrows | sizes`; beside it `booted` and `desktop`, and `images` for the docs.

mod arrows;
mod compiler;
mod debians;
mod macos;
mod packages;
mod passed;
mod postgres;
mod rootfs;
mod run;
mod scratch;
mod sizes;
mod tests;
mod windows;

use anyhow::{Result, bail};
use run::{cargo, step};
use std::process::ExitCode;

const HELP: &str =
    "cargo xtask check    formatting, lints, arrows, sizes, licences, docs, and the tests on both databases
cargo xtask test     every test, browsers included; installs from Debian's packages what is missing
cargo xtask prepare  only: fetches what `test` needs, without building anything
cargo xtask devices  only: the tests of devices, in throw-away machines
cargo xtask applications  only: single sign-on with service providers that are not ours
cargo xtask booted   only: the agent under systemd, its memory and wake-ups; no part of the gate
cargo xtask desktop  only: logins at GDM, LightDM and SDDM, or at those named; no part of the gate
cargo xtask windows  only: the agent for Windows, built and run under wine; `windows release` makes its MSI
cargo xtask macos    only: the agent for macOS, built and looked at; `macos release` makes what its installer is made of
cargo xtask arrows   only: which crate may use which
cargo xtask sizes    only: how long files may be
cargo xtask images   takes the pictures of the last test run into docs/images";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let done = compiler::called().unwrap_or_else(|| dispatch(&command).map(|()| ExitCode::SUCCESS));
    scratch::clear();
    match done {
        Ok(exit) => exit,
        Err(error) => {
            run::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str) -> Result<()> {
    match command {
        "check" => check(),
        "test" => tests::all(),
        "prepare" => tests::prepare(),
        "devices" => tests::devices(),
        "applications" => tests::applications(),
        "booted" => tests::booted(),
        "desktop" => tests::desktop(&std::env::args().skip(2).collect::<Vec<_>>()),
        "windows" => match std::env::args().nth(2).as_deref() {
            Some("release") => windows::release(),
            _ => windows::all(),
        },
        "macos" => match std::env::args().nth(2).as_deref() {
            Some("release") => macos::release(),
            _ => macos::all(),
        },
        "arrows" => arrows::check(),
        "sizes" => sizes::check(),
        "images" => tests::images(),
        _ => bail!("say what to do:\n{HELP}"),
    }
}

fn check() -> Result<()> {
    step("formatting", || cargo(&["fmt", "--all", "--check"]))?;
    step("arrows", arrows::check)?;
    step("sizes", sizes::check)?;
    step("lints and docs, as the tests are built", tests::build)?;
    // Before, it would wait for what `prepare` fetches meanwhile.
    step("licences and sources", packages::deny)?;
    step("tests on both databases", tests::rust)?;
    passed::remember()
}
