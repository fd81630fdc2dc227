//! What is looked at on Windows alone: the provider, the other ways in, and who is asked.

use super::{
    Finding::{self, Bad, Good, Mind},
    Options,
};
use crate::platform::windows::{logins, service};
use claviger_agent_ipc::away::{self, Others, WhenDown};
use claviger_win32::{
    service::{Standing, standing},
    system,
};
use std::path::Path;

/// Where to look when the accounts or logons could not be changed.
pub(super) const WHY: &str = "See the event log, Applications, source Claviger";

pub(super) fn of(options: &Options) -> Vec<Finding> {
    let mut findings = vec![
        match standing(service::NAME) {
            Ok(Standing::Running) => Good("the service runs".into()),
            Ok(Standing::Stopped) => Bad("the service is stopped: `sc start claviger-agent`".into()),
            Ok(Standing::Missing) => Bad("the service is not installed: install the agent's MSI".into()),
            Err(error) => Bad(format!("the service: {error}")),
        },
        match logins::missing() {
            Ok(None) => Good("the credential provider and its filter are registered".into()),
            Ok(Some(why)) => Bad(format!("{why}: repair the agent's installation")),
            Err(error) => Bad(error.to_string()),
        },
        match away::others() {
            Others::Hidden => Good("the other credential providers are hidden".into()),
            Others::Shown => {
                Mind("the other credential providers are there: nobody has to show a code".into())
            }
        },
    ];
    if system::is_safe_mode() {
        findings.push(Mind("this is safe mode: nobody is asked for a code".into()));
    }
    if away::when_down() == WhenDown::Open {
        findings.push(Mind(
            "while the agent is down, enrolled users get in without a code: this device is set so".into(),
        ));
    }
    if let Some(user) = &options.user {
        findings.push(if away::is_asked(user) {
            Good(format!("{user} is asked for a code, and refused while the agent is away"))
        } else {
            Mind(format!("{user} is not asked for a code"))
        });
    }
    findings
}

/// What is sealed opens here, and its folder is closed to others by its own rights.
pub(super) fn private(key: &Path) -> Finding {
    match crate::config::load_key(key) {
        Ok(_) => Good("the device's key opens on this machine".into()),
        Err(error) => Bad(format!("{error:#}")),
    }
}
