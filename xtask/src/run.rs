//! Running other programs, and saying what is done.

use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    process::Command,
    thread::{self, JoinHandle},
};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}

pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "xtask: {line}");
}

/// One part of the gate, with its name before it.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    say(&format!("── {name}"));
    work().with_context(|| format!("{name} failed"))
}

pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    succeed(Command::new("cargo").args(arguments))
}

/// Runs the command in the repository's root; anything but success is an error.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status =
        command.current_dir(root()).status().with_context(|| format!("{command:?} can't be started"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} ended with {status}") }
}

/// What the command prints.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output =
        command.current_dir(root()).output().with_context(|| format!("{command:?} can't be started"))?;
    if !output.status.success() {
        bail!("{command:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Does the work while no other run of the gate here does work of that name.
pub(crate) fn alone<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let folder = root().join("target").join("xtask");
    std::fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join(name).with_extension("lock"))?;
    lock.lock()?;
    work()
}

/// Commands that run one after another beside others; what they say is kept until those have had their say.
pub(crate) struct Beside {
    name: &'static str,
    /// Nothing once they have had theirs.
    running: Option<JoinHandle<Result<()>>>,
    said: PathBuf,
}

/// Where something else failed first: what they have made is their own to take away, and only what failed is of interest.
impl Drop for Beside {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.wait()
            && let Err(error) = self.tell(Err(error))
        {
            complain(&format!("{error:#}"));
        }
    }
}

impl Beside {
    pub(crate) fn start(name: &'static str, mut commands: Vec<Command>) -> Result<Self> {
        let said = root().join("target").join("xtask").join(name).with_extension("log");
        std::fs::create_dir_all(said.with_file_name(""))?;
        let to = File::create(&said)?;
        for command in &mut commands {
            command.stdout(to.try_clone()?).stderr(to.try_clone()?);
        }
        let running = thread::spawn(move || commands.iter_mut().try_for_each(succeed));
        Ok(Self { name, running: Some(running), said })
    }

    /// Waits for all of them and says what they said, what failed last: whoever reads the end of it sees why. Anything
    /// but success is an error.
    pub(crate) fn end<const COUNT: usize>(mut all: [Self; COUNT]) -> Result<()> {
        let mut ended: Vec<_> = all.iter_mut().filter_map(|one| Some((one.wait()?, &*one))).collect();
        ended.sort_by_key(|(outcome, _)| outcome.is_err());
        let told: Vec<_> = ended.into_iter().map(|(outcome, one)| one.tell(outcome)).collect();
        told.into_iter().collect()
    }

    fn wait(&mut self) -> Option<Result<()>> {
        let running = self.running.take()?;
        Some(running.join().unwrap_or_else(|_| bail!("the thread that waits for it panicked")))
    }

    fn tell(&self, outcome: Result<()>) -> Result<()> {
        say(&format!("── {}, which ran beside", self.name));
        std::io::copy(&mut File::open(&self.said)?, &mut std::io::stdout())?;
        outcome.with_context(|| format!("{} failed", self.name))
    }
}
