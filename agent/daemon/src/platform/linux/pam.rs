//! The profiles of PAM: switched by the system's own program, and looked at afterwards.

use super::{Paths, Trouble, command};
use crate::files;
use claviger_agent_core::plan::pam::{Profile, in_force};
use std::{collections::BTreeSet, path::Path};

/// Whose program switches profiles.
enum Switcher {
    /// Debian's.
    PamAuthUpdate,
    /// Fedora's; the profile that the package brings is selected when it is installed.
    Authselect,
}

/// Where the module may be, by distribution.
const MODULES: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/security",
    "/usr/lib/aarch64-linux-gnu/security",
    "/lib/x86_64-linux-gnu/security",
    "/lib/aarch64-linux-gnu/security",
    "/usr/lib64/security",
    "/usr/lib/security",
];

/// Whether the module is where PAM looks for it: a profile without it would lock everybody out.
pub fn has_module() -> bool {
    MODULES.iter().any(|folder| Path::new(folder).join("pam_claviger.so").exists())
}

/// The profiles in force.
pub fn found(paths: &Paths) -> Result<BTreeSet<Profile>, Trouble> {
    let read = |names: [&str; 2]| -> Result<String, Trouble> {
        for name in names {
            if let Some(text) = files::read(&paths.pam.join(name))? {
                return Ok(text);
            }
        }
        Ok(String::new())
    };
    Ok(in_force(&read(["common-auth", "password-auth"])?, &read(["common-account", "password-auth"])?))
}

/// What came of switching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Switched {
    /// The stack says what is wanted.
    InForce,
    /// It doesn't, and why.
    Not(String),
}

/// Puts exactly these profiles in force.
pub fn put(paths: &Paths, wanted: &BTreeSet<Profile>) -> Result<Switched, Trouble> {
    let before = found(paths)?;
    if before == *wanted {
        return Ok(Switched::InForce);
    }
    if !wanted.is_empty() && !has_module() {
        return Ok(Switched::Not("pam_claviger.so is not installed where PAM looks for it".into()));
    }
    let Some(switcher) = switcher() else {
        return Ok(Switched::Not("neither pam-auth-update nor authselect is installed".into()));
    };
    let on: Vec<&str> = wanted.iter().map(|profile| profile.name()).collect();
    let off: Vec<&str> = Profile::ALL
        .iter()
        .filter(|profile| !wanted.contains(profile))
        .map(|profile| profile.name())
        .collect();
    let said = match switcher {
        Switcher::PamAuthUpdate => debian(&on, &off),
        Switcher::Authselect => fedora(&on, &off),
    };
    if let Err(error) = said {
        return Ok(Switched::Not(error.to_string()));
    }
    if found(paths)? == *wanted {
        return Ok(Switched::InForce);
    }
    Ok(Switched::Not(
        "the PAM stack does not say what its profiles do: was common-auth changed by hand?".into(),
    ))
}

fn switcher() -> Option<Switcher> {
    match (command::find("pam-auth-update"), command::find("authselect")) {
        (Some(_), _) => Some(Switcher::PamAuthUpdate),
        (None, Some(_)) => Some(Switcher::Authselect),
        (None, None) => None,
    }
}

fn debian(on: &[&str], off: &[&str]) -> Result<(), command::Failed> {
    let mut arguments = vec!["--package"];
    for (flag, names) in [("--enable", on), ("--disable", off)] {
        if !names.is_empty() {
            arguments.push(flag);
            arguments.extend(names);
        }
    }
    command::run("pam-auth-update", &arguments).map(drop)
}

fn fedora(on: &[&str], off: &[&str]) -> Result<(), command::Failed> {
    for (verb, names) in [("disable-feature", off), ("enable-feature", on)] {
        for name in names {
            command::run("authselect", &[verb, &format!("with-{name}")])?;
        }
    }
    Ok(())
}
