//! The agent for Windows, built here and run under wine: with Debian's compiler, whose sources of the standard library
//! lie beside it, and with mingw as the linker.

use crate::{
    debians::{self, linting},
    packages,
    postgres::Postgres,
    run::{root, say, step, succeed},
    scratch,
    tests::{Profile, server_program},
};
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

const TARGET: &str = "x86_64-pc-windows-gnu";
const STANDARD: &str = "std,panic_unwind,test";
const PROGRAMS: [&str; 3] = ["claviger-agent", "claviger-credprov", "claviger-logonui"];
/// The programs and what there is to test on Windows; the rest is the same everywhere. Programs and tests are built with
/// all of them named: with others, what they are made of has other features, and is built a second time.
const PACKAGES: [&str; 6] = [
    "claviger-win32",
    "claviger-agent-ipc",
    "claviger-agent",
    "claviger-credprov",
    "claviger-agent-core",
    "claviger-logonui",
];

/// Builds, tests and drives all of it, and nothing else.
pub(crate) fn all() -> Result<()> {
    step("packages for Windows", packages::install_wine)?;
    programs()?;
    let postgres = Postgres::start()?;
    server_program()?;
    step("tests of the crates, and of a device, under wine", || {
        trials(&postgres)?.iter_mut().try_for_each(succeed)
    })
}

/// The programs, their lints, the MSI, and a Windows to try them in.
pub(crate) fn programs() -> Result<()> {
    step("the programs for Windows, and their lints; and a Windows", || {
        thread::scope(|scope| {
            let made = scope.spawn(make_prefix);
            let built = build(Profile::Debug);
            built.and(made.join().unwrap_or_else(|_| bail!("the thread that makes a Windows panicked")))
        })
    })?;
    step("the MSI", || pack(Profile::Debug).map(drop))
}

/// What tries them: the tests of the crates under wine, and those of a device. They share one Windows: one after the other.
pub(crate) fn trials(postgres: &Postgres) -> Result<Vec<Command>> {
    let mut trials = vec![tests(), end_to_end(postgres)?];
    for trial in &mut trials {
        trial.env("TMPDIR", scratch::folder()?);
    }
    Ok(trials)
}

/// The MSI as it is released.
pub(crate) fn release() -> Result<()> {
    step("packages for Windows", packages::install_wine)?;
    step("the programs for Windows", || build(Profile::Release))?;
    step("the MSI", || {
        let made = pack(Profile::Release)?;
        say(&format!("{} is not signed yet: see docs/windows.md", made.display()));
        Ok(())
    })
}

fn built(profile: Profile) -> PathBuf {
    debians::built(TARGET, profile)
}

fn prefix() -> PathBuf {
    root().join("target").join("wine")
}

fn cargo(words: &[&str]) -> Command {
    debians::cargo(words, STANDARD, TARGET)
}

fn of<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    packages.iter().flat_map(|package| ["--package", package]).collect()
}

fn build(profile: Profile) -> Result<()> {
    match profile {
        Profile::Debug => succeed(linting(&mut cargo(&["build"])).args(of(&PACKAGES))),
        Profile::Release => succeed(cargo(&["build", "--release"]).args(of(&PROGRAMS))),
    }
}

fn tests() -> Command {
    let mut tests = cargo(&["test", "--no-fail-fast"]);
    linting(&mut tests).args(of(&PACKAGES)).env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", "wine");
    in_wine(&mut tests);
    tests
}

/// The variables that wine is run with.
fn in_wine(command: &mut Command) -> &mut Command {
    command.env("WINEPREFIX", prefix()).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
    command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env_remove("DISPLAY");
    command.stdin(Stdio::null())
}

fn wine(words: &[&str]) -> Result<()> {
    let mut wine = Command::new("wine");
    wine.args(words).stdout(Stdio::null()).stderr(Stdio::null());
    succeed(in_wine(&mut wine))
}

/// A Windows without programs, made anew. It lacks one library that every program of Rust asks for, and a PowerShell that
/// does anything.
fn make_prefix() -> Result<()> {
    let system = prefix().join("drive_c").join("windows").join("system32");
    if prefix().exists() {
        fs::remove_dir_all(prefix())?;
    }
    fs::create_dir_all(prefix())?;
    wine(&["wineboot", "-i"])?;
    compile(
        "bcryptprimitives.c",
        &["-shared", "-nostdlib", "-Wl,-e,0"],
        &["-ladvapi32", "-lkernel32"],
        &system.join("bcryptprimitives.dll"),
    )?;
    let powershell = system.join("WindowsPowerShell").join("v1.0").join("powershell.exe");
    compile("powershell.c", &["-municode"], &[], &powershell)?;
    wine(&["winecfg", "-v", "win10"])
}

fn compile(source: &str, flags: &[&str], libraries: &[&str], made: &Path) -> Result<()> {
    let source = root().join("tests").join("e2e").join("windows").join(source);
    let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
    compiler.args(["-Os", "-s", "-Wall", "-Werror"]).args(flags);
    succeed(compiler.arg("-o").arg(made).arg(source).args(libraries))
}

fn pack(profile: Profile) -> Result<PathBuf> {
    let mut pack = Command::new(root().join("packaging").join("msi").join("build"));
    succeed(pack.arg(profile.packages()).env("PROGRAMS", built(profile)))?;
    newest(&profile.packages())
}

fn newest(folder: &Path) -> Result<PathBuf> {
    let made = fs::read_dir(folder)?.filter_map(|entry| entry.ok());
    let ours = made.filter(|entry| entry.path().extension().is_some_and(|found| found == "msi"));
    let newest = ours.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
    Ok(newest.context("packaging/msi/build made no package")?.path())
}

fn end_to_end(postgres: &Postgres) -> Result<Command> {
    let folder = root().join("tests").join("e2e");
    let mut files: Vec<_> = fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            name.starts_with("windows") && name.ends_with(".test.mjs")
        })
        .collect();
    files.sort();
    if files.is_empty() {
        bail!("there are no tests of Windows under {}", folder.display());
    }
    let mut node = Command::new("node");
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).args(files);
    node.env("CLAVIGER_BINARY", root().join("target").join("debug").join("claviger"));
    node.env("CLAVIGER_TEST_POSTGRES", postgres.url());
    node.env("CLAVIGER_AGENT_MSI", newest(&Profile::Debug.packages())?);
    node.env("CLAVIGER_LOGONUI", built(Profile::Debug).join("LogonUI.exe"));
    in_wine(&mut node);
    Ok(node)
}
