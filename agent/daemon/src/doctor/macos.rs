//! What is looked at on macOS alone: the plug-in, the login window's right, and who is asked.

use super::{
    Finding::{self, Bad, Good, Mind},
    Options,
};
use crate::platform::macos::{Paths, logins};
use claviger_agent_ipc::away::{Away, WhenDown};
use std::path::Path;

/// Where to look when the accounts or the login window could not be changed.
pub(super) const WHY: &str = "See /Library/Logs/claviger-agent.log";

pub(super) fn of(options: &Options) -> Vec<Finding> {
    let paths = Paths::default();
    let mut findings = vec![plug_in(&paths)];
    let away = match Away::read(&paths.away) {
        Ok(away) => away,
        Err(error) => {
            findings.push(Bad(format!("{}: {error}", paths.away.display())));
            return findings;
        }
    };
    if away.when_down == WhenDown::Open {
        findings.push(Mind(
            "while the agent is down, enrolled users get in without a code: this device is set so".into(),
        ));
    }
    if let Some(user) = &options.user {
        findings.push(if away.asks(user) {
            Good(format!("{user} is asked for a code, and refused while the agent is away"))
        } else {
            Mind(format!("{user} is not asked for a code"))
        });
    }
    findings
}

fn plug_in(paths: &Paths) -> Finding {
    if !paths.plug_in.is_file() {
        return Bad("the plug-in of the login window is not installed: install the agent's package".into());
    }
    match logins::are_in() {
        Ok(true) => Good("the login window calls the plug-in".into()),
        Ok(false) => match logins::check(paths) {
            Ok(()) => Mind("the login window doesn't call the plug-in: nobody has to show a code".into()),
            Err(refused) => Bad(refused.to_string()),
        },
        Err(refused) => Bad(refused.to_string()),
    }
}

/// What is sealed opens here, and its file is root's alone.
pub(super) fn private(key: &Path) -> Finding {
    match crate::config::load_key(key) {
        Ok(_) => Good("the device's key opens on this machine".into()),
        Err(error) => Bad(format!("{error:#}")),
    }
}
