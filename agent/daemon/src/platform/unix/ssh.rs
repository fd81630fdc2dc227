//! sshd's drop-in, changed as one transaction (S8.13): written beside, swapped in, checked for syntax and effect,
//! loaded, tried; put back at the first thing that is not right.

mod listener;
mod policies;

use super::command;
use crate::{
    files,
    platform::system::{Paths, Trouble},
};
use claviger_agent_core::plan::sshd::{Effective, Wanted, has_other_keys_command, reads_drop_ins};
use claviger_domain::device::Blocked;
use listener::Listener;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Why sshd doesn't do what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What kind of reason.
    pub why: Blocked,
    /// In words.
    pub detail: String,
}

fn refused(why: Blocked, detail: impl Into<String>) -> Refused {
    Refused { why, detail: detail.into() }
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        let why = match &trouble {
            Trouble::Program(_) => Blocked::SshRefused,
            Trouble::File(_) => Blocked::Disk,
        };
        refused(why, trouble.to_string())
    }
}

impl From<files::Failed> for Refused {
    fn from(failed: files::Failed) -> Self {
        Trouble::from(failed).into()
    }
}

impl From<command::Failed> for Refused {
    fn from(failed: command::Failed) -> Self {
        Trouble::from(failed).into()
    }
}

fn write(path: &Path, text: Option<&str>) -> Result<(), Refused> {
    match text {
        Some(text) => Ok(files::replace(path, text, 0o644)?),
        None => Ok(files::remove(path)?),
    }
}

/// sshd and its configuration.
#[derive(Clone, Debug)]
pub struct Ssh {
    program: String,
    main: PathBuf,
    folder: PathBuf,
}

impl Ssh {
    /// The system's.
    pub fn new(paths: &Paths) -> Self {
        Self {
            program: paths.sshd.to_string_lossy().into_owned(),
            main: paths.ssh.join("sshd_config"),
            folder: paths.ssh.join("sshd_config.d"),
        }
    }

    /// Our drop-in: the first of all, because sshd takes the first value that it reads.
    pub fn drop_in(&self) -> PathBuf {
        self.folder.join("00-claviger.conf")
    }

    /// Whether somebody else's command looks keys up.
    pub fn has_other_keys_command(&self) -> Result<bool, Trouble> {
        let mut texts = vec![files::read(&self.main)?.unwrap_or_default()];
        for path in self.others() {
            texts.extend(files::read(&path)?);
        }
        Ok(has_other_keys_command(texts.iter().map(String::as_str)))
    }

    /// The drop-ins of others.
    fn others(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "conf") && *path != self.drop_in())
            .collect();
        paths.sort();
        paths
    }

    /// Everything that a check of `wanted` depends on, to know when to check again.
    pub fn facts(&self, wanted: &Wanted, member: Option<&str>) -> Result<String, Trouble> {
        self.facts_of(format!("{wanted:?}\n{}\n", if member.is_some() { "somebody" } else { "nobody" }))
    }

    fn facts_of(&self, mut facts: String) -> Result<String, Trouble> {
        for path in [vec![self.main.clone(), self.drop_in()], self.others()].concat() {
            facts.push_str(&files::read(&path)?.unwrap_or_default());
            facts.push('\0');
        }
        Ok(data_encoding::HEXLOWER.encode(&crate::identity::hash(facts.as_bytes())))
    }

    /// Puts `wanted` in force, or leaves everything as it was. `member` is somebody who is asked for a code.
    pub fn put(&self, wanted: &Wanted, member: Option<&str>) -> Result<(), Refused> {
        let text = wanted.text();
        let before = files::read(&self.drop_in())?;
        if before == text {
            return if text.is_some() { self.check(wanted, member) } else { Ok(()) };
        }
        if text.is_some() {
            let main = files::read(&self.main)?.unwrap_or_default();
            if !reads_drop_ins(&main, &self.folder.to_string_lossy()) {
                return Err(refused(
                    Blocked::SshIgnoresDropIns,
                    format!("{} has no Include for {}", self.main.display(), self.folder.display()),
                ));
            }
        }
        self.swap((&self.drop_in(), before.as_deref()), text.as_deref(), || self.check(wanted, member))
    }

    /// Puts `text` in the place of what a drop-in held `before`, checks it and has sshd read it; or leaves everything as
    /// it was.
    fn swap(
        &self,
        (path, before): (&Path, Option<&str>),
        text: Option<&str>,
        check: impl Fn() -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let listener = Listener::find(self.effective("nobody").ok().as_ref());
        write(path, text)?;
        if let Err(why) = check() {
            // It was not told to read anything yet.
            write(path, before)?;
            return Err(why);
        }
        if let Err(why) = listener.reload() {
            write(path, before)?;
            // One that is told to read what it can't understand ends.
            if self.test().is_ok() {
                let _ = listener.reload();
            }
            return Err(why);
        }
        Ok(())
    }

    /// Syntax, and then what sshd makes of it for somebody who is asked and for somebody who isn't: `sshd -t` doesn't
    /// see what an earlier line overrules.
    fn check(&self, wanted: &Wanted, member: Option<&str>) -> Result<(), Refused> {
        self.test()?;
        let differs = |user: &str, expected: &[(String, String)]| -> Result<(), Refused> {
            match self.effective(user)?.differs_from(expected) {
                Some(detail) => Err(refused(Blocked::SshOverruled, format!("for {user}, {detail}"))),
                None => Ok(()),
            }
        };
        differs("nobody", &wanted.expected_of_others())?;
        member.map_or(Ok(()), |member| differs(member, &wanted.expected_of_members()))
    }

    fn test(&self) -> Result<(), Refused> {
        let main = self.main.to_string_lossy();
        let arguments = ["-t", "-f", &main];
        let mut said = command::ask(&self.program, &arguments, b"")?;
        // The folder is there while sshd runs; without it sshd wouldn't even look at the file.
        if let Some((_, folder)) = said.errors.split_once("Missing privilege separation directory: ") {
            files::make_folder(folder.trim().as_ref(), 0o755)?;
            said = command::ask(&self.program, &arguments, b"")?;
        }
        match said.code {
            Some(0) => Ok(()),
            _ => Err(refused(Blocked::SshRefused, said.errors.lines().next().unwrap_or("sshd -t failed"))),
        }
    }

    /// What sshd makes of its configuration for a user.
    pub fn effective(&self, user: &str) -> Result<Effective, Trouble> {
        self.effective_from(user, "127.0.0.1")
    }

    /// What sshd makes of its configuration for a user from an address.
    pub fn effective_from(&self, user: &str, address: &str) -> Result<Effective, Trouble> {
        let connection = format!("user={user},host={address},addr={address},laddr=127.0.0.1,lport=22");
        let main = self.main.to_string_lossy();
        Ok(Effective::parse(&command::run(&self.program, &["-T", "-f", &main, "-C", &connection])?))
    }
}
