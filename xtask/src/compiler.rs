//! What compiles our own crates in the gate, in rustc's place. What is built for tests is compiled by clippy, which lints it
//! as it does, and then rustdoc looks at its docs; what is built to run is compiled by rustc, because all its text is
//! in the tests, too. What has no tests of its own is compiled once, as it runs, by clippy. `cargo clippy` and `cargo doc`
//! would read everything that they depend on once more, and our own crates up to four times.

use crate::run::root;
use anyhow::{Context, Result};
use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::OnceLock,
};

/// How `cargo clippy` hands on `-D warnings`, which makes what it has looked at its own.
pub(crate) const DENY_WARNINGS: (&str, &str) =
    ("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");

const NAME: &str = "compiler";

/// Cargo, with this as the compiler of our own crates.
pub(crate) fn cargo(words: &[&str]) -> Result<Command> {
    let mut cargo = Command::new("cargo");
    cargo.args(words).arg("--locked").env("RUSTC_WORKSPACE_WRAPPER", itself()?);
    cargo.env(DENY_WARNINGS.0, DENY_WARNINGS.1);
    Ok(cargo)
}

/// This program under a name that no build of it takes away. It goes there before the first build, which may take away
/// the one that runs.
fn itself() -> Result<PathBuf> {
    static THERE: OnceLock<PathBuf> = OnceLock::new();
    if let Some(there) = THERE.get() {
        return Ok(there.clone());
    }
    let name = root().join("target").join("xtask").join(NAME);
    let fresh = name.with_extension(std::process::id().to_string());
    fs::create_dir_all(name.with_file_name(""))?;
    fs::copy(env::current_exe()?, &fresh).context("this program can't be copied")?;
    fs::rename(fresh, &name)?;
    Ok(THERE.get_or_init(|| name).clone())
}

/// The compiler's exit, where cargo has called this program as one.
pub(crate) fn called() -> Option<Result<ExitCode>> {
    env::current_exe().is_ok_and(|program| program.ends_with(NAME)).then(|| {
        let words: Vec<_> = env::args_os().skip(1).collect();
        compile(&words)
    })
}

/// The words are those of cargo: rustc's path, and what rustc is told.
fn compile(words: &[OsString]) -> Result<ExitCode> {
    let mut passes = match Built::of(words) {
        Built::Plain => vec![plain(words)],
        Built::Linted => vec![clippy(words)],
        Built::LintedAndRead(source) => vec![clippy(words), rustdoc(words, source)],
    };
    for pass in &mut passes {
        let status = pass.status().with_context(|| format!("{pass:?} can't be started"))?;
        if !status.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is built, by the words that rustc is told.
enum Built {
    /// A library or a program with tests of its own; or cargo asks about the compiler.
    Plain,
    /// An integration test or a build script.
    Linted,
    /// A library or a program without tests of its own; or these tests, with all that they are tests of.
    LintedAndRead(Source),
}

#[derive(Clone, Copy)]
enum Source {
    Library,
    Program,
}

impl Source {
    /// Whether the manifest beside the folder of `source` says that there are no tests of its own.
    fn is_untested(self, source: &Path) -> bool {
        let manifest = source.ancestors().nth(2).map(|package| package.join("Cargo.toml"));
        let manifest = manifest.and_then(|manifest| fs::read_to_string(manifest).ok());
        let section = match self {
            Self::Library => "[lib]",
            Self::Program => "[[bin]]",
        };
        let mut inside = false;
        manifest.unwrap_or_default().lines().any(|line| {
            inside = if line.starts_with('[') { line == section } else { inside };
            inside && line == "test = false"
        })
    }
}

impl Built {
    fn of(words: &[OsString]) -> Self {
        let is_rust = |word: &&Path| word.extension().is_some_and(|end| end == "rs");
        let Some(source) = words.iter().map(Path::new).find(is_rust) else { return Self::Plain };
        let is_test = words.iter().any(|word| word == "--test");
        if !source.components().any(|part| part.as_os_str() == "src") {
            return Self::Linted;
        }
        let kind = if source.ends_with("lib.rs") { Source::Library } else { Source::Program };
        if is_test || kind.is_untested(source) { Self::LintedAndRead(kind) } else { Self::Plain }
    }
}

fn plain(words: &[OsString]) -> Command {
    let (rustc, told) =
        words.split_first().map_or((OsStr::new("rustc"), words), |(rustc, told)| (rustc.as_os_str(), told));
    let mut command = Command::new(rustc);
    command.args(told).args(["-D", "warnings"]);
    command
}

fn clippy(words: &[OsString]) -> Command {
    let mut command = Command::new("clippy-driver");
    command.args(words);
    command
}

fn rustdoc(words: &[OsString], source: Source) -> Command {
    let target = root().join("target");
    let (how, folder) = match source {
        Source::Library => (["--crate-type", "lib"].as_slice(), target.join("doc")),
        // Some have the name of a library.
        Source::Program => (["--document-private-items"].as_slice(), target.join("xtask").join("doc")),
    };
    let mut command = Command::new("rustdoc");
    command.args(for_rustdoc(words)).args(how).args(["-D", "warnings", "--out-dir"]).arg(folder);
    command
}

/// What rustdoc is told of what rustc was told: not that it is a test, and nothing of what to write.
fn for_rustdoc(words: &[OsString]) -> impl Iterator<Item = &OsString> {
    let mut follows = false;
    words.iter().skip(1).filter(move |word| {
        if follows {
            follows = false;
            return false;
        }
        let word = word.to_string_lossy();
        follows = word == "--out-dir";
        !(follows || word == "--test" || word.starts_with("--emit="))
    })
}
