//! Local accounts: what `dscl` tells of them, and the programs that change them. Passwords go through OpenDirectory
//! itself: on a command line everybody could read them.

use super::{Paths, Trouble, command, processes, trouble};
use claviger_agent_core::plan::{
    Existing, Expiry, Found, Held, NewAccount, Numbers, Password, Sessions, Step,
};
use claviger_agent_ipc::away::Away;
use claviger_domain::device::AccountName;
use claviger_mac::{account, directory};
use claviger_wire::server::{Access, State, User};
use std::collections::{BTreeMap, BTreeSet};

/// Where local accounts are.
const NODE: &str = "/Local/Default";
/// What stands among an account's ways to sign in once it is locked.
const DISABLED: &str = ";DisabledUser;";
const PASSWORD: &str = ";ShadowHash;";
/// The group of everybody who has an account, by its number.
const STAFF: &str = "20";
const SHELL: &str = "/bin/zsh";
/// New accounts get numbers from here on, as macOS itself gives them.
const FIRST: u32 = 501;

/// The state as this system means it: groups of one's own, and the shells of Linux, are not the Mac's.
pub fn meant(state: State) -> State {
    let user = |user| User { gid: None, shell: String::new(), ..user };
    State { users: state.users.into_iter().map(user).collect(), ..state }
}

/// What is there of everything that `state` names or that we hold.
pub fn find(paths: &Paths, state: &State, held: &Held) -> Result<Found, Trouble> {
    let mut accounts = existing(&list("UniqueID")?, &list("RealName")?, &list("AuthenticationAuthority")?);
    let is_open =
        |name: &str| state.users.iter().any(|user| user.access == Access::Open && user.name == name);
    // Of those who may not sign in it matters what runs; of nobody else.
    let watched: Vec<&str> =
        held.values().map(|account| account.name.as_str()).filter(|name| !is_open(name)).collect();
    let running = if watched.is_empty() { BTreeSet::new() } else { processes::owners()? };
    for name in watched {
        if let Some(account) = accounts.get_mut(name).filter(|account| running.contains(&account.uid)) {
            account.sessions = Sessions::Running;
        }
    }
    let missing = state.users.iter().filter(|user| user.access == Access::Open).map(|user| &user.name);
    let missing = missing.filter(|name| !accounts.contains_key(*name) && AccountName::parse(name).is_some());
    let mut elsewhere = BTreeSet::new();
    for name in missing {
        if account::by_name(name).map_err(trouble(name))?.is_some() {
            elsewhere.insert(name.clone());
        }
    }
    // Whoever is to be noted as asked is added to these.
    let members = Away::read(&paths.away).unwrap_or_default().asked;
    Ok(Found { accounts, members, elsewhere, numbers: Numbers::OfMacos, ..Found::default() })
}

fn list(attribute: &str) -> Result<String, Trouble> {
    Ok(command::run("dscl", &[NODE, "-list", "/Users", attribute])?)
}

/// A name, blanks, and the value, on each line.
fn values(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let (name, value) = line.split_once(char::is_whitespace)?;
        Some((name, value.trim())).filter(|(name, _)| !name.is_empty())
    })
}

fn existing(numbers: &str, names: &str, authorities: &str) -> BTreeMap<String, Existing> {
    let full_names: BTreeMap<&str, &str> = values(names).collect();
    let authorities: BTreeMap<&str, &str> = values(authorities).collect();
    let account = |name: &str, uid: u32| {
        let ways = authorities.get(name).copied().unwrap_or_default();
        let (is_locked, has_password) = (ways.contains(DISABLED), ways.contains(PASSWORD));
        Existing {
            uid,
            comment: full_names.get(name).copied().unwrap_or_default().to_owned(),
            shell: String::new(),
            password: match (has_password, is_locked) {
                (false, _) => Password::None,
                (true, false) => Password::Usable,
                (true, true) => Password::BehindLock,
            },
            expiry: if is_locked { Expiry::DayOne } else { Expiry::NotOurs },
            sessions: Sessions::None,
        }
    };
    // Those of the system that have negative numbers are none of ours.
    let numbered = values(numbers).filter_map(|(name, uid)| Some((name, uid.parse().ok()?)));
    numbered.map(|(name, uid)| (name.to_owned(), account(name, uid))).collect()
}

/// The number of a local account.
pub fn number_of(_: &Paths, name: &str) -> Result<Option<u32>, Trouble> {
    let numbers = list("UniqueID")?;
    Ok(values(&numbers).find(|(known, _)| *known == name).and_then(|(_, uid)| uid.parse().ok()))
}

/// Makes one change. [`Step::Hold`] is the caller's own.
pub fn make(step: &Step) -> Result<(), Trouble> {
    match step {
        // Everybody is of the one group.
        Step::Hold { .. } | Step::MakeGroup { .. } => Ok(()),
        Step::Make(new) => add(new),
        Step::Rename { from, to } => change("-change", from, &["RecordName", from, to]),
        Step::Change { name, comment, .. } => change("-create", name, &["RealName", comment]),
        Step::Lock { name } => change("-append", name, &["AuthenticationAuthority", DISABLED]),
        Step::EndSessions { name, uid } => processes::end(name, *uid),
        Step::Unlock { name, .. } => change("-delete", name, &["AuthenticationAuthority", DISABLED]),
    }
}

fn change(how: &str, name: &str, values: &[&str]) -> Result<(), Trouble> {
    let record = format!("/Users/{name}");
    command::run("dscl", &[&[NODE, how, record.as_str()], values].concat())?;
    Ok(())
}

/// An account without a password, until somebody signs in with the directory's. Its number comes last: without one it is
/// not there yet, and is made anew.
fn add(new: &NewAccount) -> Result<(), Trouble> {
    let uid = match new.uid {
        Some(uid) => uid,
        None => free(&list("UniqueID")?),
    };
    let home = format!("/Users/{}", new.name);
    change("-create", &new.name, &[])?;
    for (attribute, value) in [
        ("RealName", new.comment.as_str()),
        ("UserShell", SHELL),
        ("NFSHomeDirectory", &home),
        ("PrimaryGroupID", STAFF),
        ("UniqueID", &uid.to_string()),
    ] {
        change("-create", &new.name, &[attribute, value])?;
    }
    command::run("createhomedir", &["-c", "-u", &new.name])?;
    Ok(())
}

fn free(numbers: &str) -> u32 {
    let taken: BTreeSet<u32> = values(numbers).filter_map(|(_, uid)| uid.parse().ok()).collect();
    (FIRST..).find(|uid| !taken.contains(uid)).unwrap_or(FIRST)
}

/// Gives an account this password, unless it has it: another one makes what macOS keeps for the account under the old one
/// unreadable.
pub fn set_password(name: &str, password: &str) -> Result<(), Trouble> {
    if directory::has_password(name, password).unwrap_or(false) {
        return Ok(());
    }
    directory::set_password(name, password).map_err(trouble(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: &str = "_amavisd        83\nalice           501\nbob             502\ncarol           503\n\
                           nobody          -2\nroot            0\n";
    const NAMES: &str = "_amavisd        AMaViS Daemon\nalice           Alice  A\nbob             Bob\nroot  System Administrator\n";
    const WAYS: &str = "alice           ;ShadowHash;HASHLIST:<SALTED-SHA512-PBKDF2,SRP-RFC5054-4096-SHA512-PBKDF2> ;Kerberosv5;;alice@LKDC:SHA1.0;LKDC:SHA1.0;\n\
                        bob             ;ShadowHash;HASHLIST:<SALTED-SHA512-PBKDF2> ;DisabledUser;\n\
                        carol           ;DisabledUser;\n";

    #[test]
    fn what_dscl_tells_is_understood() {
        let found = existing(NUMBERS, NAMES, WAYS);
        assert_eq!(found.len(), 5);
        let of = |name: &str| (found[name].uid, found[name].password, found[name].expiry);
        assert_eq!(of("alice"), (501, Password::Usable, Expiry::NotOurs));
        assert_eq!(of("bob"), (502, Password::BehindLock, Expiry::DayOne));
        assert_eq!(of("carol"), (503, Password::None, Expiry::DayOne));
        assert_eq!(of("root"), (0, Password::None, Expiry::NotOurs));
        assert_eq!((found["alice"].comment.as_str(), found["carol"].comment.as_str()), ("Alice  A", ""));
        assert!(existing("", "", "").is_empty());
    }

    #[test]
    fn a_new_number_is_the_first_that_is_free() {
        assert_eq!(free(NUMBERS), 504);
        assert_eq!(free("root 0\nnobody -2\n"), 501);
        assert_eq!(free("a 501\nb 503\n"), 502);
    }
}
