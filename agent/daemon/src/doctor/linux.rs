//! What is looked at on Linux alone: the PAM stack, sshd, and one login.

mod login;

use super::{
    Finding::{self, Bad, Good, Mind},
    Options,
};
use crate::platform::linux::{Paths, machine, pam, ssh::Ssh};
use claviger_agent_core::plan::pam::Profile;
use claviger_wire::server::Presence;
use std::{os::unix::fs::MetadataExt, path::Path};

/// Where to look when the root half did not do its work.
pub(super) const WHY: &str = "See `systemctl status claviger-agent-tasks`";

pub(super) fn of(options: &Options) -> Vec<Finding> {
    let paths = Paths::default();
    let mut findings = stack(&paths);
    findings.extend(sshd(&paths));
    if let Some(user) = &options.user {
        findings.extend(login::of(&paths, &options.socket, user, &options.address));
    } else {
        findings
            .push(Mind("say --user NAME (and --address IP) to hear what would happen at their login".into()));
    }
    findings
}

pub(super) fn private(path: &Path) -> Finding {
    match std::fs::metadata(path) {
        Ok(found) if found.mode() & 0o077 == 0 && found.uid() == 0 => {
            Good("the device's key is root's alone".into())
        }
        Ok(_) => {
            Bad(format!("the device's key is open to others: chown root {0}; chmod 600 {0}", path.display()))
        }
        Err(error) => Bad(format!("{}: {error}", path.display())),
    }
}

fn stack(paths: &Paths) -> Vec<Finding> {
    let found = match pam::found(paths) {
        Ok(found) => found,
        Err(error) => return vec![Bad(error.to_string())],
    };
    if !pam::has_module() {
        let is_used = !found.is_empty();
        let text = "pam_claviger.so is not where PAM looks for it: install the package again";
        return vec![if is_used { Bad(text.into()) } else { Mind(text.into()) }];
    }
    if found.is_empty() {
        return vec![Mind("PAM asks for no code: none of our profiles is in force".into())];
    }
    let names: Vec<&str> = found.iter().map(|profile| profile.name()).collect();
    let mut findings = vec![Good(format!("in the PAM stack: {}", names.join(", ")))];
    if found.contains(&Profile::CodeUnlessDown) {
        findings.push(Mind(
            "while the agent is down, enrolled users get in without a code: this device is set so".into(),
        ));
    }
    findings
}

fn sshd(paths: &Paths) -> Vec<Finding> {
    if machine::ssh_server(paths) == Presence::Missing {
        return vec![Mind("openssh-server is not installed; it is taken up when it appears".into())];
    }
    let ssh = Ssh::new(paths);
    match ssh.effective("nobody") {
        Ok(effective) => {
            let mut findings = vec![Good("sshd takes its configuration".into())];
            if effective.get("usepam") != Some("yes") {
                findings.push(Bad("sshd does not use PAM: set `UsePAM yes` in sshd_config".into()));
            }
            if ssh.has_other_keys_command().unwrap_or(false) {
                findings.push(Mind(
                    "sshd has another AuthorizedKeysCommand: the directory's keys are not served".into(),
                ));
            }
            findings
        }
        Err(error) => vec![Bad(format!("sshd does not take its configuration: {error}"))],
    }
}
