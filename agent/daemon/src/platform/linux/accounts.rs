//! Accounts: what stands in the system's files, and the programs that change them. The files are never written here.

use super::{Paths, Trouble, command, group, processes};
use crate::files;
use claviger_agent_core::plan::{
    Existing, Expiry, Found, Held, NewAccount, Numbers, Password, PrimaryGroup, Sessions, Step,
};
use claviger_wire::server::{Access, State};
use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// The state as this system means it: as it came.
pub const fn meant(state: State) -> State {
    state
}

/// What is there of everything that `state` names or that we hold.
pub fn find(paths: &Paths, state: &State, held: &Held) -> Result<Found, Trouble> {
    let text = |path: &Path| files::read(path).map(Option::unwrap_or_default);
    let mut accounts = existing(&text(&paths.passwd)?, &text(&paths.shadow)?);
    let is_open =
        |name: &str| state.users.iter().any(|user| user.access == Access::Open && user.name == name);
    // Of those who may not sign in it matters what runs; of nobody else.
    let watched: Vec<&str> =
        held.values().map(|account| account.name.as_str()).filter(|name| !is_open(name)).collect();
    let running = if watched.is_empty() { BTreeSet::new() } else { processes::owners() };
    for name in watched {
        if let Some(account) = accounts.get_mut(name).filter(|account| running.contains(&account.uid)) {
            account.sessions = Sessions::Running;
        }
    }
    let missing: Vec<&str> = state
        .users
        .iter()
        .filter(|user| user.access == Access::Open && !accounts.contains_key(&user.name))
        .map(|user| user.name.as_str())
        .filter(|name| claviger_domain::device::AccountName::parse(name).is_some())
        .collect();
    let shells: BTreeSet<&str> = state.users.iter().map(|user| user.shell.as_str()).collect();
    let groups = text(&paths.group)?;
    Ok(Found {
        elsewhere: elsewhere(&missing),
        shells: shells.into_iter().filter(|shell| can_be_run(shell)).map(str::to_owned).collect(),
        members: group::members(&groups),
        groups: group::numbers(&groups),
        numbers: Numbers::OfLinux,
        accounts,
    })
}

fn existing(passwd: &str, shadow: &str) -> BTreeMap<String, Existing> {
    let shadow: BTreeMap<&str, Vec<&str>> = shadow
        .lines()
        .filter_map(|line| Some((line.split_once(':')?.0, line.split(':').collect())))
        .collect();
    let mut accounts = BTreeMap::new();
    for line in passwd.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, _, comment, _, shell] = fields.as_slice() else { continue };
        let Ok(uid) = uid.parse() else { continue };
        let of =
            |index: usize| shadow.get(name).and_then(|fields| fields.get(index)).copied().unwrap_or_default();
        let password = match of(1).trim_start_matches('!') {
            "" | "*" => Password::None,
            _ if of(1).starts_with('!') => Password::BehindLock,
            _ => Password::Usable,
        };
        let expiry = if matches!(of(7), "0" | "1") { Expiry::DayOne } else { Expiry::NotOurs };
        let account = Existing {
            uid,
            comment: (*comment).trim_end_matches(',').to_owned(),
            shell: (*shell).to_owned(),
            password,
            expiry,
            sessions: Sessions::None,
        };
        accounts.insert((*name).to_owned(), account);
    }
    accounts
}

/// Names that are known here, but not from the system's own files.
fn elsewhere(names: &[&str]) -> BTreeSet<String> {
    if names.is_empty() {
        return BTreeSet::new();
    }
    let mut arguments = vec!["passwd", "--"];
    arguments.extend(names);
    // A directory that can't be reached names nobody; useradd would refuse a name that it knows.
    let said = command::ask("getent", &arguments, b"").map(|said| said.output).unwrap_or_default();
    said.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.to_owned()).collect()
}

fn can_be_run(shell: &str) -> bool {
    let is_plain = shell.starts_with('/') && !shell.chars().any(|c| c.is_control() || c == ':' || c == ' ');
    let metadata = is_plain.then(|| std::fs::metadata(shell).ok()).flatten();
    metadata.is_some_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// The number of an account in the system's own files.
pub fn number_of(paths: &Paths, name: &str) -> Result<Option<u32>, Trouble> {
    let passwd = files::read(&paths.passwd)?.unwrap_or_default();
    Ok(existing(&passwd, "").get(name).map(|account| account.uid))
}

/// Makes one change. [`Step::Hold`] is the caller's own.
pub fn make(step: &Step) -> Result<(), Trouble> {
    match step {
        Step::Hold { .. } => {}
        Step::MakeGroup { name, gid } => {
            command::run("groupadd", &["-g", &gid.to_string(), name])?;
        }
        Step::Make(new) => add(new)?,
        Step::Rename { from, to } => {
            command::run("usermod", &["-l", to, from])?;
        }
        Step::Change { name, comment, shell } => {
            let mut arguments = vec!["-c", comment.as_str()];
            if let Some(shell) = shell {
                arguments.extend(["-s", shell.as_str()]);
            }
            arguments.push(name);
            command::run("usermod", &arguments)?;
        }
        // The password alone would leave keys; the day alone would leave what doesn't look at it.
        Step::Lock { name } => {
            command::run("usermod", &["-L", "-e", "1", name])?;
        }
        Step::EndSessions { name, uid } => processes::end(name, *uid)?,
        Step::Unlock { name, password: Password::BehindLock } => {
            command::run("usermod", &["-U", "-e", "", name])?;
        }
        Step::Unlock { name, password: Password::Usable | Password::None } => {
            command::run("usermod", &["-e", "", name])?;
        }
    }
    Ok(())
}

fn add(new: &NewAccount) -> Result<(), Trouble> {
    let uid = new.uid.map(|uid| uid.to_string());
    let mut arguments = vec!["-m", "-c", new.comment.as_str()];
    if let Some(uid) = &uid {
        arguments.extend(["-u", uid.as_str()]);
    }
    if let Some(shell) = &new.shell {
        arguments.extend(["-s", shell.as_str()]);
    }
    let gid;
    match new.group {
        PrimaryGroup::Own => arguments.push("-U"),
        PrimaryGroup::Numbered(number) => {
            gid = number.to_string();
            arguments.extend(["-N", "-g", gid.as_str()]);
        }
    }
    arguments.push(&new.name);
    command::run("useradd", &arguments)?;
    Ok(())
}

/// Gives an account this password: the system makes a hash of its own for it.
pub fn set_password(name: &str, password: &str) -> Result<(), Trouble> {
    let line = zeroize::Zeroizing::new(format!("{name}:{password}\n"));
    command::feed("chpasswd", &[], line.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nalice:x:1001:1001:Alice A,,,:/home/alice:/bin/sh\n\
                          bob:x:1002:1002::/home/bob:/bin/sh\ncarol:x:1003:1003::/home/carol:/bin/sh\nbroken:x\n";
    const SHADOW: &str = "root:*:1:0:99999:7:::\nalice:$y$j9T$x:1:0:99999:7:::\nbob:!$y$j9T$x:1:0:99999:7::1:\n\
                          carol:!:1:0:99999:7::20000:\n";

    #[test]
    fn the_systems_files_are_understood() {
        let found = existing(PASSWD, SHADOW);
        assert_eq!(found.len(), 4);
        let (alice, bob, carol) = (&found["alice"], &found["bob"], &found["carol"]);
        assert_eq!((alice.uid, alice.comment.as_str(), alice.shell.as_str()), (1001, "Alice A", "/bin/sh"));
        assert_eq!((alice.password, alice.expiry), (Password::Usable, Expiry::NotOurs));
        assert_eq!((bob.password, bob.expiry), (Password::BehindLock, Expiry::DayOne));
        assert_eq!((carol.password, carol.expiry), (Password::None, Expiry::NotOurs));
        assert_eq!(found["root"].password, Password::None);
    }

    #[test]
    fn only_programs_are_shells() {
        assert!(can_be_run("/bin/sh"));
        for not in ["sh", "/etc/passwd", "/bin", "/bin/sh -x", ""] {
            assert!(!can_be_run(not), "{not}");
        }
    }
}
