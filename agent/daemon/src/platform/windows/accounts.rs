//! Local accounts. Their numbers are the last part of their security identifiers.

use super::{Paths, Trouble, trouble};
use crate::entropy;
use claviger_agent_core::plan::{Existing, Expiry, Found, Held, NewAccount, Password, Sessions, Step};
use claviger_domain::device::AccountName;
use claviger_win32::{
    account::{self, Group, New, Standing},
    logon::{self, Verdict},
    session, system,
};
use claviger_wire::server::{Access, State, User};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// The number of an account whose identifier the system can't tell. It is one of people's, and nobody's.
const UNTOLD: u32 = i32::MAX.cast_unsigned();

/// The state as this system means it: UID, GID and shell are of Unix.
pub fn meant(state: State) -> State {
    let user = |user| User { uid: None, gid: None, shell: String::new(), ..user };
    State { users: state.users.into_iter().map(user).collect(), ..state }
}

/// What is there of everything that `state` names or that we hold.
pub fn find(_: &Paths, state: &State, held: &Held) -> Result<Found, Trouble> {
    let names: BTreeSet<&str> = (state.users.iter().map(|user| user.name.as_str()))
        .chain(held.values().map(|account| account.name.as_str()))
        .filter(|name| AccountName::parse(name).is_some())
        .collect();
    let is_open =
        |name: &str| state.users.iter().any(|user| user.access == Access::Open && user.name == name);
    let mut accounts = BTreeMap::new();
    for name in names {
        let Some(found) = account::find(name).map_err(trouble(name))? else { continue };
        // Of those who may not sign in it matters who is in; of nobody else.
        let sessions =
            if is_open(name) || sessions_of(name)?.is_empty() { Sessions::None } else { Sessions::Running };
        let expiry = match found.standing {
            Standing::Open => Expiry::NotOurs,
            Standing::Disabled => Expiry::DayOne,
        };
        let existing = Existing {
            uid: number_beside(name, held)?,
            comment: String::new(),
            shell: String::new(),
            // A disabled account is locked whatever its password is.
            password: Password::None,
            expiry,
            sessions,
        };
        accounts.insert(name.to_owned(), existing);
    }
    // Whoever is to be noted as asked is added to these.
    let members = claviger_agent_ipc::away::asked().unwrap_or_default();
    Ok(Found { accounts, members, ..Found::default() })
}

/// The number of an account that is there. One that was held without a number stays so: a number that turns up later must
/// not make a stranger of it, who is asked for nothing.
fn number_beside(name: &str, held: &Held) -> Result<u32, Trouble> {
    let known = held.values().find(|account| account.name == name).and_then(|account| account.uid);
    match known {
        Some(UNTOLD) => Ok(UNTOLD),
        known => Ok(number(name)?.or(known).unwrap_or(UNTOLD)),
    }
}

fn sessions_of(name: &str) -> Result<Vec<session::Session>, Trouble> {
    let domain = system::account_domain().map_err(trouble("the machine's name"))?;
    let all = session::all().map_err(trouble("sessions"))?;
    let is_theirs = |session: &session::Session| {
        session.user.eq_ignore_ascii_case(name) && session.domain.eq_ignore_ascii_case(&domain)
    };
    Ok(all.into_iter().filter(is_theirs).collect())
}

/// The number of a local account.
pub fn number_of(_: &Paths, name: &str) -> Result<Option<u32>, Trouble> {
    number(name)
}

fn number(name: &str) -> Result<Option<u32>, Trouble> {
    let domain = system::account_domain().map_err(trouble("the machine's name"))?;
    let found = account::resolve(&format!(r"{domain}\{name}")).map_err(trouble(name))?;
    Ok(found.and_then(|found| found.identifier.rsplit('-').next()?.parse().ok()))
}

/// Makes one change. [`Step::Hold`] is the caller's own.
pub fn make(step: &Step) -> Result<(), Trouble> {
    match step {
        // Groups and shells are of Unix; a full name is given once.
        Step::Hold { .. } | Step::MakeGroup { .. } | Step::Change { .. } => Ok(()),
        Step::Make(new) => add(new),
        Step::Rename { from, to } => account::rename(from, to).map_err(trouble(from)),
        Step::Lock { name } => account::stand(name, Standing::Disabled).map_err(trouble(name)),
        Step::EndSessions { name, .. } => {
            sessions_of(name)?.iter().try_for_each(|session| session::end(session).map_err(trouble(name)))
        }
        Step::Unlock { name, .. } => account::stand(name, Standing::Open).map_err(trouble(name)),
    }
}

/// An account with a password that nobody knows, until somebody signs in with the directory's.
fn add(new: &NewAccount) -> Result<(), Trouble> {
    let password = Zeroizing::new(format!("{}-aA1", entropy::nonce()));
    let account = New { name: &new.name, full_name: &new.comment, password: &password };
    account::add(&account).map_err(trouble(&new.name))?;
    for group in [Group::Users, Group::RemoteDesktop] {
        account::join(group, &new.name).map_err(trouble(format!("{}: its groups", new.name)))?;
    }
    Ok(())
}

/// Gives an account this password, unless it has it: another one makes what Windows keeps for the account under the old
/// one unreadable.
pub fn set_password(name: &str, password: &str) -> Result<(), Trouble> {
    let domain = system::account_domain().map_err(trouble("the machine's name"))?;
    match logon::check(&domain, name, password) {
        Ok(Verdict::Right) => Ok(()),
        Ok(Verdict::Wrong | Verdict::LockedOut) | Err(_) => {
            account::set_password(name, password).map_err(trouble(name))
        }
    }
}

/// Makes an account an administrator's, or takes that back.
pub fn administer(name: &str, is_administrator: Administers) -> Result<(), Trouble> {
    let done = match is_administrator {
        Administers::Yes => account::join(Group::Administrators, name),
        Administers::No => account::leave(Group::Administrators, name),
    };
    done.map_err(trouble(format!("{name}: administrators")))
}

/// Whether somebody is an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Administers {
    /// They are.
    Yes,
    /// They aren't.
    No,
}
