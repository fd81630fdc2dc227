//! What makes the login window ask: our mechanisms in its right, put in and taken out (S8.18).

use super::{Paths, Trouble, command, sudo};
use crate::{files, logs};
use anyhow::Result;
use claviger_agent_core::plan::login_window::{RIGHT, Right, Unfit};
use claviger_agent_ipc::away::{self, Away};
use std::{collections::BTreeSet, fs};

/// Why the login window doesn't do what is wanted.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The plug-in isn't there: a right that names it would let nobody in.
    #[error("the plug-in of the login window is not installed: install the agent's package")]
    NoPlugIn,
    /// Somebody else's plug-in is there (S8.18).
    #[error("the login window has mechanisms of others: {0}")]
    Foreign(String),
    /// The right isn't what macOS has.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// It was written, and stands otherwise.
    #[error("macOS did not take the change of {RIGHT}")]
    NotTaken,
    /// Something else.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

impl From<command::Failed> for Refused {
    fn from(failed: command::Failed) -> Self {
        Trouble::from(failed).into()
    }
}

fn read() -> Result<String, command::Failed> {
    command::run("security", &["authorizationdb", "read", RIGHT])
}

/// Writes the right, and looks whether macOS has it so; if not, what was there before is written again.
fn write(wanted: &str, before: &str) -> Result<(), Refused> {
    let put = |text: &str| command::feed("security", &["authorizationdb", "write", RIGHT], text.as_bytes());
    let stands = || -> Result<bool, Refused> {
        let (found, wanted) = (read()?, Right::parse(wanted)?);
        Ok(Right::parse(&found)?.mechanisms() == wanted.mechanisms())
    };
    let done = put(wanted).map_err(Refused::from).and_then(|_| stands());
    if let Ok(true) = done {
        return Ok(());
    }
    if let Err(error) = put(before) {
        logs::warn(&format!("{RIGHT} could not be put back: {error}"));
    }
    done.and(Err(Refused::NotTaken))
}

/// Whether ours could be put in: why not, if not.
pub fn check(paths: &Paths) -> Result<(), Refused> {
    let text = read()?;
    fit(paths, &text).map(drop)
}

/// The right, if ours may stand in it.
fn fit<'a>(paths: &Paths, text: &'a str) -> Result<Right<'a>, Refused> {
    let right = Right::parse(text)?;
    let foreign = right.foreign(&apples(paths)).join(", ");
    if !foreign.is_empty() {
        return Err(Refused::Foreign(foreign));
    }
    right.with_ours()?;
    Ok(right)
}

/// The plug-ins that macOS brings along.
fn apples(paths: &Paths) -> BTreeSet<String> {
    let entries = fs::read_dir(&paths.apples).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.strip_suffix(".bundle").map(str::to_owned)).collect()
}

/// Puts ours in, if they aren't where they belong; once they are in force, somebody else's beside them don't take them out.
pub fn put_in(paths: &Paths) -> Result<(), Refused> {
    if !paths.plug_in.is_file() {
        return Err(Refused::NoPlugIn);
    }
    let text = read()?;
    if Right::parse(&text)?.has_ours() {
        return Ok(());
    }
    let right = fit(paths, &text)?;
    keep(paths, &right.without_ours())?;
    write(&right.with_ours()?, &text)
}

/// Takes ours out; every other byte stays.
pub fn take_out() -> Result<(), Refused> {
    let text = read()?;
    let without = Right::parse(&text)?.without_ours();
    if without == text { Ok(()) } else { write(&without, &text) }
}

/// Whether ours are in.
pub fn are_in() -> Result<bool, Refused> {
    Ok(Right::parse(&read()?)?.has_ours())
}

/// Keeps the right as it was without us, for a person who has to put it back by hand.
fn keep(paths: &Paths, text: &str) -> Result<(), Trouble> {
    let path = paths.away.with_file_name("system.login.console.plist");
    Ok(files::replace(&path, text, 0o644)?)
}

/// Puts the login window and sudo back as they were.
pub fn put_back(paths: &Paths) -> Result<()> {
    take_out()?;
    sudo::put(paths, None)?;
    away::forget(&paths.away)?;
    files::remove(&paths.away.with_file_name("system.login.console.plist"))?;
    Ok(())
}

/// Writes down who is asked, and what becomes of them while the agent is away.
pub fn put_away(paths: &Paths, away: &Away) -> Result<(), Trouble> {
    let text = away.text();
    if files::read(&paths.away)?.as_deref() != Some(text.as_str()) {
        files::replace(&paths.away, text, 0o644)?;
    }
    Ok(())
}
