//! S8.12: an account for everybody who is bound; never one that isn't ours, never one of the system.

use super::{
    Existing, Expiry, Found, Held, HeldAccount, NewAccount, Numbers, Password, Planned, PrimaryGroup,
    Sessions, Step,
};
use claviger_domain::device::{AccountName, TakeOver};
use claviger_wire::server::{Access, AccountState, State, User};

const LEFT_ALONE: &str = "the account of this name is not ours and was left alone";

/// What must change for everybody: first for those who are locked, so that a name that goes from one user to another
/// ends open. Accounts that are ours and of which the state says nothing any more are locked, too.
pub fn accounts(state: &State, held: &Held, found: &Found) -> Vec<Planned> {
    let known = |id| state.users.iter().any(|user| user.id == id);
    let left = held.iter().filter(|(id, _)| !known(**id)).map(|(id, account)| Planned {
        user: *id,
        name: account.name.clone(),
        steps: standing_of(account, found).map(|there| locked(&account.name, there)).unwrap_or_default(),
        state: AccountState::Locked,
        note: String::new(),
    });
    let of = |access| {
        state.users.iter().filter(move |user| user.access == access).map(|user| planned(user, held, found))
    };
    left.chain(of(Access::Locked)).chain(of(Access::Open)).collect()
}

/// Whose account stands behind a user's name.
enum Account<'a> {
    /// The user's, made or taken over by us.
    Ours(&'a Existing),
    /// The user's, but under the name that they had before.
    Under(&'a str, &'a Existing),
    /// Somebody's.
    Foreign(&'a Existing),
    /// Somebody's of another directory.
    Elsewhere,
    /// There is none.
    Missing,
}

/// The account that we hold, if it still is the one that we held.
fn standing_of<'a>(held: &HeldAccount, found: &'a Found) -> Option<&'a Existing> {
    let there = found.accounts.get(&held.name)?;
    (held.uid.is_none_or(|uid| uid == there.uid) && found.numbers.has(there.uid)).then_some(there)
}

fn account<'a>(user: &User, held: &'a Held, found: &'a Found) -> Account<'a> {
    if let Some(mine) = held.get(&user.id) {
        // The number is what makes it the same one: a crash may have left the name behind.
        let named = found.accounts.get(&user.name).filter(|there| mine.uid == Some(there.uid));
        if let Some(there) = named.filter(|there| found.numbers.has(there.uid)) {
            return Account::Ours(there);
        }
        if let Some(there) = standing_of(mine, found) {
            let is_same = mine.name == user.name;
            return if is_same { Account::Ours(there) } else { Account::Under(&mine.name, there) };
        }
    }
    match found.accounts.get(&user.name) {
        Some(there) => Account::Foreign(there),
        None if found.elsewhere.contains(&user.name) => Account::Elsewhere,
        None => Account::Missing,
    }
}

fn planned(user: &User, held: &Held, found: &Found) -> Planned {
    let plan = |state, steps, note: &str| Planned {
        user: user.id,
        name: user.name.clone(),
        steps,
        state,
        note: if note.is_empty() { String::new() } else { format!("{}: {note}", user.name.escape_debug()) },
    };
    if AccountName::parse(&user.name).is_none() {
        return plan(AccountState::NameRefused, Vec::new(), "this can't be the name of an account");
    }
    match (user.access, account(user, held, found)) {
        (Access::Locked, Account::Ours(there)) => plan(AccountState::Locked, locked(&user.name, there), ""),
        (Access::Locked, Account::Under(name, there)) => plan(AccountState::Locked, locked(name, there), ""),
        (Access::Locked, Account::Foreign(_)) => plan(AccountState::NeedsTakeOver, Vec::new(), LEFT_ALONE),
        (Access::Locked, Account::Elsewhere) => plan(AccountState::NameRefused, Vec::new(), LEFT_ALONE),
        (Access::Locked, Account::Missing) => plan(AccountState::Locked, Vec::new(), ""),
        (Access::Open, Account::Ours(there)) => {
            let hold = Step::Hold { name: user.name.clone(), uid: Some(there.uid) };
            let is_noted =
                held.get(&user.id).is_some_and(|mine| mine.name == user.name && mine.uid.is_some());
            let steps = if is_noted { Vec::new() } else { vec![hold] };
            plan(AccountState::Ready, [steps, opened(user, there, found)].concat(), "")
        }
        (Access::Open, Account::Under(old, there)) => renamed(user, old, there, found, plan),
        (Access::Open, Account::Foreign(there)) if !found.numbers.has(there.uid) => {
            plan(AccountState::NameRefused, Vec::new(), "this is an account of the system")
        }
        (Access::Open, Account::Foreign(there)) => match user.take_over {
            TakeOver::Ask => {
                plan(AccountState::NeedsTakeOver, Vec::new(), "an account of this name was there before")
            }
            TakeOver::Confirmed => {
                let mut steps = vec![Step::Hold { name: user.name.clone(), uid: Some(there.uid) }];
                steps.extend(opened(user, there, found));
                plan(AccountState::Ready, steps, "")
            }
        },
        (Access::Open, Account::Elsewhere) => {
            plan(AccountState::NameRefused, Vec::new(), "another directory of this device has the name")
        }
        (Access::Open, Account::Missing) => match made(user, found) {
            Ok(steps) => plan(AccountState::Ready, steps, ""),
            Err(why) => plan(AccountState::NameRefused, Vec::new(), why),
        },
    }
}

/// The user has another name on the server: so has the account, if that name is free here.
fn renamed(
    user: &User,
    old: &str,
    there: &Existing,
    found: &Found,
    plan: impl Fn(AccountState, Vec<Step>, &str) -> Planned,
) -> Planned {
    if found.accounts.contains_key(&user.name) || found.elsewhere.contains(&user.name) {
        return plan(
            AccountState::NameRefused,
            locked(old, there),
            "the new name belongs to another account here",
        );
    }
    let mut steps = vec![Step::Rename { from: old.to_owned(), to: user.name.clone() }];
    steps.push(Step::Hold { name: user.name.clone(), uid: Some(there.uid) });
    steps.extend(opened(user, there, found));
    plan(AccountState::Ready, steps, "")
}

fn locked(name: &str, there: &Existing) -> Vec<Step> {
    let mut steps = Vec::new();
    if there.expiry != Expiry::DayOne || there.password == Password::Usable {
        steps.push(Step::Lock { name: name.to_owned() });
    }
    if there.sessions == Sessions::Running {
        steps.push(Step::EndSessions { name: name.to_owned(), uid: there.uid });
    }
    steps
}

fn opened(user: &User, there: &Existing, found: &Found) -> Vec<Step> {
    let mut steps = Vec::new();
    let shell = shell(user, found).filter(|shell| *shell != there.shell);
    let comment = comment(&user.full_name);
    if shell.is_some() || comment != there.comment {
        steps.push(Step::Change { name: user.name.clone(), comment, shell });
    }
    if there.expiry == Expiry::DayOne {
        steps.push(Step::Unlock { name: user.name.clone(), password: there.password });
    }
    steps
}

fn made(user: &User, found: &Found) -> Result<Vec<Step>, &'static str> {
    if let Some(uid) = user.uid {
        if !found.numbers.has(uid) {
            return Err("its number belongs to the system");
        }
        if found.accounts.values().any(|other| other.uid == uid) {
            return Err("its number belongs to another account here");
        }
    }
    let mut steps = vec![Step::Hold { name: user.name.clone(), uid: None }];
    let group = match (user.gid, found.groups.get(&user.name)) {
        (Some(gid), _) if !found.numbers.has(gid) => return Err("its group's number belongs to the system"),
        (Some(gid), _) if found.groups.values().any(|taken| *taken == gid) => PrimaryGroup::Numbered(gid),
        (Some(gid), None) => {
            steps.push(Step::MakeGroup { name: user.name.clone(), gid });
            PrimaryGroup::Numbered(gid)
        }
        (Some(_), Some(_)) => return Err("a group of this name has another number here"),
        (None, Some(gid)) if !found.numbers.has(*gid) => return Err("a group of the system has this name"),
        (None, Some(gid)) => PrimaryGroup::Numbered(*gid),
        (None, None) => PrimaryGroup::Own,
    };
    steps.push(Step::Make(NewAccount {
        name: user.name.clone(),
        uid: user.uid,
        group,
        comment: comment(&user.full_name),
        shell: shell(user, found),
    }));
    Ok(steps)
}

impl Numbers {
    /// Whether it is one of people's. Those of `nobody` and of errors are nobody's.
    const fn has(self, number: u32) -> bool {
        let first = match self {
            Self::OfLinux => 1_000,
            Self::OfMacos => 501,
        };
        number >= first && matches!(number, 0..=65_533 | 65_536..=2_147_483_647)
    }
}

fn shell(user: &User, found: &Found) -> Option<String> {
    found.shells.contains(&user.shell).then(|| user.shell.clone())
}

/// What may stand in the comment of `/etc/passwd`: no colon, comma, or anything unseen.
fn comment(full_name: &str) -> String {
    full_name
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, ':' | ',' | '\\' | '='))
        .take(100)
        .collect::<String>()
        .trim()
        .to_owned()
}
