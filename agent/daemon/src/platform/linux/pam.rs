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

/// The profiles in force: in Debian's stacks, or in Fedora's, where the code is asked for in `postlogin`.
pub fn found(paths: &Paths) -> Result<BTreeSet<Profile>, Trouble> {
    let read = |name: &str| files::read(&paths.pam.join(name));
    if let Some(auth) = read("common-auth")? {
        return Ok(in_force(&auth, &read("common-account")?.unwrap_or_default()));
    }
    let stack = read("password-auth")?.unwrap_or_default();
    let after = read("postlogin")?.unwrap_or_default();
    Ok(in_force(&format!("{stack}\n{after}"), &stack))
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

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_agent_core::plan::pam::Profile::{Code, Password, PublicKey};
    use std::fs;

    const REST: &str = "auth required pam_deny.so\n";
    const CODE: &str = "[success=ok ignore=ignore module_unknown=ignore default=bad] pam_claviger.so";

    #[test]
    fn fedoras_stacks_ask_for_the_code_in_postlogin() {
        let folder = std::env::temp_dir().join(format!("claviger-pam-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let paths = Paths { pam: folder.clone(), ..Paths::default() };
        let first = "auth [success=done default=ignore] pam_claviger.so first_factor_done\n\
                     auth [success=done ignore=ignore default=die] pam_claviger.so password\n";
        fs::write(folder.join("password-auth"), format!("{first}{REST}account {CODE} require_mfa\n"))
            .unwrap();
        assert_eq!(found(&paths).unwrap(), BTreeSet::from([PublicKey, Password]));
        fs::write(folder.join("postlogin"), format!("auth {CODE}\n")).unwrap();
        assert_eq!(found(&paths).unwrap(), BTreeSet::from([PublicKey, Password, Code]));
        fs::write(folder.join("common-auth"), REST).unwrap();
        assert_eq!(found(&paths).unwrap(), BTreeSet::new());
        fs::remove_dir_all(folder).unwrap();
    }
}
