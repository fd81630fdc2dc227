//! Who is asked for a code on macOS: a file that says who, and our mechanisms at the login window; and the files of sudo.

use super::{Accounts, Root, not_switched};
use crate::{
    logs,
    platform::macos::{
        Trouble,
        logins::{self, Refused},
        sudo,
    },
};
use anyhow::Result;
use claviger_agent_core::plan;
use claviger_agent_ipc::away::{self, Away};
use claviger_domain::device::{Applied, Blocked, WhenDown};
use claviger_wire::server::{Codes, State};
use std::collections::BTreeSet;

impl Root {
    /// S8.12: the file of sudo. What can't be written is told, and stops nothing else.
    pub(super) fn files(&mut self, state: &State, accounts: &mut Accounts) {
        let wanted = plan::files::sudoers(state, &accounts.ready);
        if let Err(error) = sudo::put(&self.settings.paths, wanted.as_deref()) {
            accounts.notes.push(format!("sudo: {error}"));
        }
    }

    /// Notes exactly these as asked for a code.
    pub(super) fn announce(&self, members: &BTreeSet<String>) -> Result<()> {
        let paths = &self.settings.paths;
        // A file that can't be read keeps everybody out while the agent is away: it is written anew.
        let known = Away::read(&paths.away).unwrap_or_default();
        Ok(logins::put_away(paths, &Away { asked: members.clone(), ..known })?)
    }

    /// S8.3: makes the login window ask, or not. What was in force stays, even if it could not be changed.
    pub(super) fn logins(&mut self, state: &State, codes: Codes, accounts: &mut Accounts) -> Applied {
        let state = State { codes, ..state.clone() };
        match (codes, self.put_in_force(&state, accounts)) {
            (codes, Ok(())) => self.switched(codes),
            (codes, Err(refused)) => not_switched(codes, (why(&refused), refused.to_string()), accounts),
        }
    }

    /// Those who are asked are known before the login window asks, and until after it doesn't any more. Ours are there for
    /// passwords, too (S8.12); without anybody who is bound the login window is left alone.
    fn put_in_force(&self, state: &State, accounts: &Accounts) -> Result<(), Refused> {
        let paths = &self.settings.paths;
        let away = Away {
            asked: plan::members(state, &accounts.ready),
            when_down: match state.rules.when_down {
                WhenDown::Closed => away::WhenDown::Closed,
                WhenDown::Open => away::WhenDown::Open,
            },
        };
        let is_anybody_here = plan::users(state, &accounts.ready).next().is_some();
        match (state.codes, is_anybody_here) {
            (Codes::Asked, _) | (Codes::NotAsked, true) => {
                let known = Away::read(&paths.away).unwrap_or_default();
                let asked = away.asked.union(&known.asked).cloned().collect();
                logins::put_away(paths, &Away { asked, ..away.clone() })?;
                let done = logins::put_in(paths);
                logins::put_away(paths, &away)?;
                // Without MFA nobody has to pass ours: the Mac's own passwords go on.
                match (state.codes, done) {
                    (Codes::NotAsked, Err(refused)) => {
                        logs::warn(&format!("the directory's passwords are not taken: {refused}"));
                        Ok(())
                    }
                    (_, done) => done,
                }
            }
            (Codes::NotAsked, false) => {
                logins::take_out()?;
                Ok(logins::put_away(paths, &away)?)
            }
        }
    }
}

/// A word for what kind of reason it is that something can't be done.
fn why(refused: &Refused) -> Blocked {
    match refused {
        Refused::NoPlugIn | Refused::Foreign(_) | Refused::Unfit(_) | Refused::NotTaken => {
            Blocked::LoginWindow
        }
        Refused::Trouble(Trouble::File(_)) => Blocked::Disk,
        Refused::Trouble(Trouble::Program(_)) => Blocked::Other,
    }
}
