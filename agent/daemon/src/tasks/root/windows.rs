//! Who is asked for a code on Windows, and whether the other credential providers are there (S8.15).

use super::{Accounts, Root, not_switched};
use crate::platform::windows::{
    Trouble,
    accounts::{Administers, administer},
    logins, trouble,
};
use anyhow::Result;
use claviger_agent_core::plan;
use claviger_agent_ipc::away::{self, Others, Tile};
use claviger_domain::{
    device::{Applied, Blocked, NotEnrolled, Sudo, WhenDown},
    id::AccountId,
};
use claviger_wire::server::{Codes, Requirement, State};
use std::collections::{BTreeMap, BTreeSet};

impl Root {
    /// S8.12: who may do everything. Only what was given here is taken again.
    pub(super) fn files(&mut self, state: &State, accounts: &mut Accounts) {
        let wanted: BTreeMap<AccountId, String> = plan::users(state, &accounts.ready)
            .filter(|user| user.sudo != Sudo::None)
            .map(|user| (user.id, user.name.clone()))
            .collect();
        let before = self.book.administrators.clone();
        for (id, name) in before.iter().filter(|(id, _)| !wanted.contains_key(id)) {
            match administer(name, Administers::No) {
                Ok(()) => drop(self.book.administrators.remove(id)),
                Err(error) => accounts.notes.push(error.to_string()),
            }
        }
        for (id, name) in wanted.iter().filter(|(id, _)| !before.contains_key(id)) {
            match administer(name, Administers::Yes) {
                Ok(()) => drop(self.book.administrators.insert(*id, name.clone())),
                Err(error) => accounts.notes.push(error.to_string()),
            }
        }
    }

    /// Notes exactly these as asked for a code.
    pub(super) fn announce(&self, members: &BTreeSet<String>) -> Result<()> {
        if away::asked().ok().as_ref() != Some(members) {
            away::put_asked(members).map_err(trouble("who is asked could not be written down"))?;
        }
        Ok(())
    }

    /// S8.3: makes logons ask, or not. What was in force stays, even if it could not be changed.
    pub(super) fn logins(&mut self, state: &State, codes: Codes, accounts: &mut Accounts) -> Applied {
        let state = State { codes, ..state.clone() };
        match (codes, self.put_in_force(&state, accounts)) {
            (codes, Ok(())) => self.switched(codes),
            (codes, Err(refused)) => not_switched(codes, (refused.why, refused.detail), accounts),
        }
    }

    /// Those who are asked are known before the other ways in are hidden, and after they are shown again.
    fn put_in_force(&self, state: &State, accounts: &Accounts) -> Result<(), Refused> {
        if state.codes == Codes::Asked
            && let Some(detail) = logins::missing()?
        {
            return Err(Refused { why: Blocked::Provider, detail });
        }
        away::put_when_down(match state.rules.when_down {
            WhenDown::Closed => away::WhenDown::Closed,
            WhenDown::Open => away::WhenDown::Open,
        })
        .map_err(trouble("the registry"))?;
        let tile = match plan::users(state, &accounts.ready).next() {
            Some(_) => Tile::Offered,
            None => Tile::Absent,
        };
        away::put_tile(tile).map_err(trouble("the registry"))?;
        let members = plan::members(state, &accounts.ready);
        let put_members = || away::put_asked(&members).map_err(trouble("the registry"));
        match others(state, &accounts.ready) {
            Others::Hidden => {
                put_members()?;
                logins::put_others(Others::Hidden)?;
            }
            Others::Shown => {
                logins::put_others(Others::Shown)?;
                put_members()?;
            }
        }
        Ok(())
    }
}

/// S8.15: whoever must use MFA, or has set it up, could go round the code at any other provider.
fn others(state: &State, ready: &BTreeSet<AccountId>) -> Others {
    let refuses = state.rules.not_enrolled == NotEnrolled::Refused;
    let needs = |user: &claviger_wire::server::User| {
        refuses || user.factor.is_some() || user.requirement == Requirement::Required
    };
    let is_needed = state.codes == Codes::Asked && plan::users(state, ready).any(needs);
    if is_needed { Others::Hidden } else { Others::Shown }
}

/// Why logons don't do what is wanted.
struct Refused {
    why: Blocked,
    detail: String,
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Self { why: Blocked::Other, detail: trouble.to_string() }
    }
}
