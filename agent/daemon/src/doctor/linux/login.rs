//! What would happen at one login: as sshd has it, and as the agent answers.

use crate::doctor::Finding::{self, Bad, Good, Mind};
use crate::{
    files,
    platform::linux::{Paths, Trouble, group, machine, ssh::Ssh},
};
use claviger_agent_core::plan::{GROUP, sshd::Effective};
use claviger_agent_ipc::reach;
use claviger_wire::{
    login::{Hello, Phase, Shown, Turn},
    server::Presence,
};
use std::{path::Path, time::Duration};

pub(super) fn of(paths: &Paths, socket: &Path, user: &str, address: &str) -> Vec<Finding> {
    let group = files::read(&paths.group).ok().flatten().unwrap_or_default();
    let asked = if group::members(&group).contains(user) { Asked::ForCode } else { Asked::Nothing };
    let mut findings = vec![match asked {
        Asked::ForCode => Good(format!("{user} is in the group {GROUP}: enrolled, and asked for a code")),
        Asked::Nothing => Mind(format!("{user} is not in the group {GROUP}: not asked for a code")),
    }];
    if machine::ssh_server(paths) == Presence::Present {
        findings.push(match Ssh::new(paths).effective_from(user, address) {
            Ok(effective) => over_ssh(&effective, user, address, asked),
            Err(error) => Bad(said(&error)),
        });
    }
    findings.push(rehearse(socket, user, address, asked));
    findings
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    ForCode,
    Nothing,
}

fn said(error: &Trouble) -> String {
    format!("sshd can't say what it would do: {error}")
}

/// What sshd would ask for, in words.
fn over_ssh(effective: &Effective, user: &str, address: &str, asked: Asked) -> Finding {
    // `without-password` is what older versions call it.
    let is_kept_out = |key: &str| match effective.get("permitrootlogin") {
        _ if user != "root" => false,
        Some("yes") => false,
        Some("prohibit-password" | "without-password") => key != "pubkeyauthentication",
        _ => true,
    };
    let is_on = |key: &str| effective.get(key) == Some("yes");
    let methods = effective.get("authenticationmethods").unwrap_or("any");
    let ways: Vec<String> = match methods {
        "any" => [
            ("pubkeyauthentication", "a key"),
            ("passwordauthentication", "a password"),
            ("kbdinteractiveauthentication", "what PAM asks"),
        ]
        .into_iter()
        .filter(|(key, _)| is_on(key) && !is_kept_out(key))
        .map(|(_, words)| words.to_owned())
        .collect(),
        methods => methods.split(' ').map(way).collect(),
    };
    let way = if ways.is_empty() { "nothing lets them in".to_owned() } else { ways.join(", or ") };
    let line = format!("ssh as {user} from {address}: {way}");
    let leads_to_pam =
        methods != "any" && methods.split(' ').all(|method| method.ends_with("keyboard-interactive:pam"));
    match asked {
        Asked::ForCode if !is_on("usepam") => {
            Bad(format!("{line}; sshd does not use PAM, so nobody asks for the code"))
        }
        Asked::ForCode if !leads_to_pam && !ways.is_empty() => Bad(format!(
            "{line}; that does not lead to the code, and PAM refuses it: another setting of sshd comes before ours"
        )),
        _ => Good(line),
    }
}

fn way(methods: &str) -> String {
    match methods {
        "keyboard-interactive:pam" => "password, then the code".into(),
        "publickey,keyboard-interactive:pam" => "key, then the code".into(),
        other => other.replace(',', ", then "),
    }
}

/// Asks the agent as sshd's module would, and hangs up before anything is typed.
fn rehearse(socket: &Path, user: &str, address: &str, asked: Asked) -> Finding {
    let hello = Hello {
        phase: Phase::Code,
        user: user.into(),
        service: "sshd".into(),
        rhost: address.into(),
        tty: String::new(),
        shown: Shown::Nothing,
        key: None,
    };
    let answered = reach(socket, Duration::from_secs(5)).and_then(|agent| {
        agent.send(&hello.packet())?;
        agent.receive()
    });
    let packet = match answered {
        Ok(packet) => packet,
        Err(error) => return Bad(format!("the agent does not answer at {}: {error}", socket.display())),
    };
    match (Turn::parse(&packet), asked) {
        (Ok(Turn::Prompt(_) | Turn::PromptEcho(_)), Asked::ForCode) => {
            Good(format!("the agent would ask {user} for a code"))
        }
        (Ok(Turn::Skip), Asked::Nothing) => Good(format!("the agent would not ask {user} for anything")),
        (Ok(Turn::Info(text) | Turn::Error(text)), _) => {
            Mind(format!("the agent would say to {user}: {text}"))
        }
        (Ok(Turn::Deny | Turn::NoMoreTries), _) => {
            Bad(format!("the agent would refuse {user}: see the journal for why"))
        }
        (Ok(Turn::Prompt(_) | Turn::PromptEcho(_)), Asked::Nothing) => Bad(format!(
            "the agent would ask {user} for a code, but they are not in the group {GROUP}: keys alone are refused"
        )),
        (Ok(Turn::Skip), Asked::ForCode) => Bad(format!(
            "the agent would not ask {user}, but they are in the group {GROUP}: wait for the next poll"
        )),
        (Ok(Turn::Ok | Turn::Password(_)) | Err(_), _) => {
            Bad("the agent's answer can't be understood".into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(settings: &str, asked: Asked) -> Finding {
        over_ssh(&Effective::parse(settings), "alice", "192.0.2.1", asked)
    }

    #[test]
    fn what_sshd_would_do_is_said_in_words() {
        let both =
            "usepam yes\nauthenticationmethods publickey,keyboard-interactive:pam keyboard-interactive:pam\n";
        assert_eq!(
            told(both, Asked::ForCode),
            Good("ssh as alice from 192.0.2.1: key, then the code, or password, then the code".into())
        );
        let any =
            "usepam yes\nauthenticationmethods any\npubkeyauthentication yes\npasswordauthentication no\n";
        assert_eq!(told(any, Asked::Nothing), Good("ssh as alice from 192.0.2.1: a key".into()));
        // Enrolled, and let in by a key alone: the account phase refuses, so that is to be mended.
        assert!(matches!(told(any, Asked::ForCode), Bad(_)));
        assert!(matches!(told(&both.replace("usepam yes", "usepam no"), Asked::ForCode), Bad(_)));
    }

    #[test]
    fn root_is_let_in_as_far_as_sshd_says() {
        let of = |permit: &str| {
            let settings =
                format!("permitrootlogin {permit}\npubkeyauthentication yes\npasswordauthentication yes\n");
            over_ssh(&Effective::parse(&settings), "root", "::1", Asked::Nothing)
        };
        assert_eq!(of("yes"), Good("ssh as root from ::1: a key, or a password".into()));
        assert_eq!(of("without-password"), Good("ssh as root from ::1: a key".into()));
        assert_eq!(of("no"), Good("ssh as root from ::1: nothing lets them in".into()));
    }

    #[test]
    fn an_agent_that_is_away_is_bad() {
        let Bad(text) = rehearse(Path::new("/nowhere/login.sock"), "alice", "::1", Asked::ForCode) else {
            panic!("good")
        };
        assert!(text.contains("does not answer at /nowhere/login.sock"), "{text}");
    }
}
