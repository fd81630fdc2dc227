//! Who is asked for a code on Linux, and where: the group, PAM and sshd, in the order in which nobody is locked out; and
//! the files of sudo and of the SSH keys.

use super::{Accounts, Force, Root};
use crate::{
    files, logs,
    platform::linux::{
        Trouble, group, machine,
        pam::{self, Switched},
        ssh::{Refused, Ssh},
        sudo,
    },
};
use anyhow::Result;
use claviger_agent_core::plan::{
    self,
    pam::Passwords,
    sshd::{Keys, Wanted},
};
use claviger_domain::device::{Applied, Blocked};
use claviger_wire::server::{Codes, Presence, State};
use std::collections::BTreeSet;

/// What is wanted of the logins.
struct Wish {
    members: BTreeSet<String>,
    profiles: BTreeSet<plan::pam::Profile>,
    sshd: Wanted,
}

impl Root {
    /// S8.12: the files of sudo and of the keys. What can't be written is told, and stops nothing else.
    pub(super) fn files(&mut self, state: &State, accounts: &mut Accounts) {
        let paths = &self.settings.paths;
        if let Err(error) = sudo::put(paths, plan::files::sudoers(state, &accounts.ready).as_deref()) {
            accounts.notes.push(format!("sudo: {error}"));
        }
        let written = match plan::files::keys(state, &accounts.ready) {
            Some(text) if files::read(&paths.keys).ok().flatten().as_deref() == Some(text.as_str()) => Ok(()),
            Some(text) => files::replace(&paths.keys, &text, 0o644),
            None => files::remove(&paths.keys),
        };
        if let Err(error) = written {
            accounts.notes.push(format!("SSH keys: {error}"));
        }
    }

    /// Puts exactly these into the group of those who are asked.
    pub(super) fn announce(&self, members: &BTreeSet<String>) -> Result<()> {
        Ok(group::put(&self.settings.paths, members)?)
    }

    /// S8.3, S8.13: makes the logins ask, or not. What can't be put in force is taken back whole; what was in force
    /// stays, even if it could not be changed.
    pub(super) fn logins(&mut self, state: &State, codes: Codes, accounts: &mut Accounts) -> Applied {
        let wish = self.wish(state, codes, accounts);
        let done = match codes {
            Codes::Asked => self.ask(&wish),
            Codes::NotAsked => self.stop_asking(&wish),
        };
        match (codes, done) {
            (codes, Ok(())) => self.switched(codes),
            (Codes::Asked, Err(refused)) => {
                logs::warn(&format!("MFA can't be put in force: {}", refused.detail));
                accounts.notes.insert(0, refused.detail);
                if self.book.force == Force::Off {
                    let undone = self.stop_asking(&self.wish(state, Codes::NotAsked, accounts));
                    accounts.notes.extend(undone.err().map(|refused| refused.detail));
                }
                Applied::Blocked(refused.why)
            }
            (Codes::NotAsked, Err(refused)) => {
                logs::warn(&refused.detail);
                accounts.notes.insert(0, refused.detail);
                // As long as the profile is there, the code is asked for.
                match (self.book.force, refused.why) {
                    (Force::On, Blocked::PamProfile) => Applied::InForce,
                    _ => Applied::Off,
                }
            }
        }
    }

    fn wish(&self, state: &State, codes: Codes, accounts: &mut Accounts) -> Wish {
        let paths = &self.settings.paths;
        let passwords = if accounts.ready.is_empty() { Passwords::Left } else { Passwords::Ours };
        let has_keys = plan::files::keys(state, &accounts.ready).is_some();
        let keys = match (has_keys, Ssh::new(paths).has_other_keys_command()) {
            (true, Ok(false)) => Keys::Served { program: paths.program.to_string_lossy().into_owned() },
            (true, Ok(true)) => {
                accounts
                    .notes
                    .push("sshd has another AuthorizedKeysCommand: the users' keys are not served".into());
                Keys::NotServed
            }
            (true, Err(_)) | (false, _) => Keys::NotServed,
        };
        Wish {
            members: plan::members(&State { codes, ..state.clone() }, &accounts.ready),
            profiles: plan::pam::wanted(codes, state.rules.when_down, passwords),
            sshd: Wanted { codes, ssh: state.rules.ssh, keys },
        }
    }

    /// First the group, so that sshd leads everybody to PAM whom PAM will ask; sshd last, because it alone can be seen
    /// to work.
    fn ask(&mut self, wish: &Wish) -> Result<(), Refused> {
        let paths = &self.settings.paths;
        let is_anywhere = |found: Presence| found == Presence::Present;
        if !is_anywhere(machine::ssh_server(paths)) && !is_anywhere(machine::console(paths)) {
            return Err(Refused {
                why: Blocked::NoSshServer,
                detail: "openssh-server is not installed".into(),
            });
        }
        group::put(paths, &wish.members).map_err(other)?;
        self.profiles(wish)?;
        self.sshd(wish)
    }

    fn stop_asking(&mut self, wish: &Wish) -> Result<(), Refused> {
        let sshd = self.sshd(wish);
        self.profiles(wish)?;
        group::put(&self.settings.paths, &wish.members).map_err(other)?;
        sshd
    }

    fn profiles(&self, wish: &Wish) -> Result<(), Refused> {
        match pam::put(&self.settings.paths, &wish.profiles).map_err(other)? {
            Switched::InForce => Ok(()),
            Switched::Not(detail) => Err(Refused { why: Blocked::PamProfile, detail }),
        }
    }

    fn sshd(&mut self, wish: &Wish) -> Result<(), Refused> {
        let paths = &self.settings.paths;
        if machine::ssh_server(paths) == Presence::Missing {
            return Ok(());
        }
        let ssh = Ssh::new(paths);
        let member = wish.members.first().map(String::as_str);
        if ssh.facts(&wish.sshd, member)? == self.book.ssh_facts {
            return Ok(());
        }
        self.book.ssh_facts.clear();
        ssh.put(&wish.sshd, member)?;
        self.book.ssh_facts = ssh.facts(&wish.sshd, member)?;
        Ok(())
    }
}

fn other(trouble: Trouble) -> Refused {
    Refused { why: kind(&trouble), detail: trouble.to_string() }
}

/// A word for what kind of reason it is that something can't be done.
fn kind(trouble: &Trouble) -> Blocked {
    match trouble {
        Trouble::File(_) => Blocked::Disk,
        Trouble::Program(_) => Blocked::Other,
    }
}
