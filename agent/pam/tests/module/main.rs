//! The module as libpam loads it, through the real libpam, with an agent in this process: `pam_start_confdir` reads the
//! services of a folder of each test. A module trusts only root, so these run as root.

#![expect(unsafe_code, reason = "libpam is called")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on fails"
)]

mod agent;
mod away;
mod program;

use agent::Agent;
use claviger_domain::device::ask_once::KeyHash;
use claviger_wire::server::{CodeVerdict, PasswordVerdict};
use program::{Program, Said, prompts};

const SUCCESS: i32 = 0;
const PERM_DENIED: i32 = 6;
const AUTH_ERR: i32 = 7;
const AUTHINFO_UNAVAIL: i32 = 9;
const MAXTRIES: i32 = 11;
const CONV_ERR: i32 = 19;

const ASK: &str = "Verification code: ";
const KEY: &str = "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA";

#[test]
fn the_right_code_gets_in() {
    let agent = Agent::new();
    let login = Program::new(&agent, "login").types(&[&agent.code(0)]).run("alice");
    assert_eq!((login.authenticated, login.account), (SUCCESS, SUCCESS));
    assert_eq!(login.said, [Said::Hidden(ASK.into())]);
    assert_eq!(agent.lines(), ["login: alice: code accepted"]);
}

#[test]
fn a_second_try_gets_in_and_is_told_why_it_is_needed() {
    let agent = Agent::new();
    let wrong = agent.wrong_code();
    let login = Program::new(&agent, "login").types(&[&wrong, &agent.code(0)]).run("alice");
    assert_eq!(login.authenticated, SUCCESS);
    let error = Said::Error("That code is not right.".into());
    assert_eq!(login.said, [Said::Hidden(ASK.into()), error, Said::Hidden(ASK.into())]);
    let sshd = Program::new(&agent, "sshd").types(&[&wrong, &agent.code(1)]).run("alice");
    assert_eq!(sshd.authenticated, SUCCESS);
    assert_eq!(prompts(&sshd.said), [ASK, "That code is not right.\nVerification code: "]);
}

#[test]
fn a_program_that_wants_no_texts_gets_none() {
    let agent = Agent::new();
    let answers = [agent.wrong_code(), agent.code(0)];
    let login = Program::new(&agent, "login").silent().types(&[&answers[0], &answers[1]]).run("alice");
    assert_eq!((login.authenticated, prompts(&login.said).len(), login.said.len()), (SUCCESS, 2, 2));
}

/// S8.13b: the key that sshd accepted goes to the agent, and its yes is enough for the account, too.
#[test]
fn a_remembered_key_gets_in_without_a_code() {
    let agent = Agent::new();
    agent.remembers(KeyHash::of_methods("publickey ssh-ed25519 AAAA").unwrap());
    let sshd = |variable: &str| {
        let program = Program::new(&agent, "sshd").from("192.0.2.7").variable(variable);
        program.types(&[&agent.code(0)]).run("alice")
    };
    let login = sshd(KEY);
    assert_eq!((login.authenticated, login.account, login.said), (SUCCESS, SUCCESS, Vec::new()));
    let other = sshd("SSH_AUTH_INFO_0=publickey ssh-ed25519 BBBB");
    assert_eq!((other.authenticated, prompts(&other.said)), (SUCCESS, vec![ASK]));
    let here = Program::new(&agent, "sshd").variable(KEY).types(&[]).run("alice");
    assert_eq!(prompts(&here.said), [ASK], "from nowhere");
    // What is no sshd has accepted no key, whatever it says.
    let console = Program::new(&agent, "login").from("192.0.2.7").variable(KEY).types(&[]).run("alice");
    assert_eq!(prompts(&console.said), [ASK]);
}

#[test]
fn a_used_code_does_not_get_in() {
    let agent = Agent::new();
    agent.says(None);
    let code = agent.code(0);
    assert_eq!(Program::new(&agent, "login").types(&[&code]).run("alice").authenticated, SUCCESS);
    let again = Program::new(&agent, "gdm-password").types(&[&code]).run("alice");
    assert_eq!(again.authenticated, CONV_ERR, "asked again, and nothing more was typed");
    assert!(again.said.contains(&Said::Error("This code was already used. Wait for the next one.".into())));
}

#[test]
fn three_wrong_codes_end_the_connection() {
    let agent = Agent::new();
    agent.says(None);
    let wrong = agent.wrong_code();
    let sshd = Program::new(&agent, "sshd").types(&[&wrong, "", &wrong, &agent.code(0)]).run("alice");
    assert_eq!((sshd.authenticated, sshd.typed), (MAXTRIES, 3));
    assert_ne!(sshd.account, SUCCESS);
}

#[test]
fn gdm_is_told_a_plain_refusal_after_which_it_asks_anew() {
    let agent = Agent::new();
    agent.says(None);
    let wrong = agent.wrong_code();
    let gdm = Program::new(&agent, "gdm-password").types(&[&wrong, &wrong, &wrong]).run("alice");
    assert_eq!((gdm.authenticated, gdm.typed), (AUTH_ERR, 3));
}

#[test]
fn odd_answers_are_no_codes_and_harm_nothing() {
    let agent = Agent::new();
    let long = "1".repeat(4096);
    let longer = "1".repeat(100_000);
    for answers in [["", &long, &longer], ["\n", "\u{1}", "é１２３"], ["%s%n%s", "12345", "1234567"]] {
        let login = Program::new(&agent, "login").types(&answers).run("alice");
        assert_eq!((login.authenticated, login.typed), (MAXTRIES, 3), "{:?}", &answers[0]);
    }
    assert_eq!(agent.asked(), 0);
    let spaced = format!(" {} ", agent.code(0));
    assert_eq!(Program::new(&agent, "login").types(&[&spaced]).run("alice").authenticated, SUCCESS);
}

#[test]
fn who_gives_up_is_not_in() {
    let agent = Agent::new();
    assert_eq!(Program::new(&agent, "login").run("alice").authenticated, CONV_ERR);
}

/// S8.4: no question at all.
#[test]
fn who_is_not_enrolled_is_asked_nothing() {
    let agent = Agent::new();
    for service in ["sshd", "login", "gdm-password", "cron"] {
        let login = Program::new(&agent, service).run("bob");
        assert_eq!(
            (login.authenticated, login.account, login.said),
            (SUCCESS, SUCCESS, Vec::new()),
            "{service}"
        );
    }
    let cron = Program::new(&agent, "cron").run("alice");
    assert_eq!((cron.authenticated, cron.account, cron.said), (SUCCESS, SUCCESS, Vec::new()));
}

#[test]
fn names_that_are_nobodys_are_left_alone() {
    let agent = Agent::new();
    let long = "a".repeat(600);
    for name in ["root", "nobody", "mallory", "../../etc/x", "ALICE", "alice ", "alice\nphase=account", &long]
    {
        let login = Program::new(&agent, "login").run(name);
        assert_eq!((login.authenticated, login.said), (SUCCESS, Vec::new()), "{name:?}");
    }
    assert_eq!(Program::new(&agent, "login").run_bytes(b"al\xffice").authenticated, AUTH_ERR);
}

/// A key that sshd accepted takes the place of the password, never that of the code.
#[test]
fn after_a_key_the_enrolled_are_asked_for_the_code_alone() {
    let agent = Agent::new();
    away::with_group(agent.folder(), || {
        let sshd = |variable: &str, answers: &[&str]| {
            Program::new(&agent, "sshd").key_first().variable(variable).types(answers).run("alice")
        };
        let alice = sshd(KEY, &[&agent.code(0)]);
        assert_eq!((alice.authenticated, alice.account, prompts(&alice.said)), (SUCCESS, SUCCESS, vec![ASK]));
        let wrong = agent.wrong_code();
        assert_eq!(sshd(KEY, &[&wrong, &wrong, &wrong]).authenticated, MAXTRIES);
        // Without a key there is the password, which is wrong here.
        for variable in ["", "SSH_AUTH_INFO_0=password", "SSH_AUTH_INFO_0=xpublickey"] {
            assert_eq!(sshd(variable, &[&agent.code(1)]).authenticated, AUTH_ERR, "{variable}");
        }
        let login = Program::new(&agent, "login").key_first().variable(KEY).run("alice");
        assert_eq!(login.authenticated, AUTH_ERR, "only sshd says so");
    });
}

/// An administrator may want a key and a password of those whom no code is asked of: the key is not both.
#[test]
fn a_key_is_no_password_for_those_who_are_not_asked() {
    let agent = Agent::new();
    away::with_group(agent.folder(), || {
        for user in ["bob", "mallory", "root"] {
            let login = Program::new(&agent, "sshd").key_first().variable(KEY).run(user);
            assert_eq!((login.authenticated, login.said), (AUTH_ERR, Vec::new()), "{user}");
        }
    });
}

/// S8.14: it survives an sshd_config that lets somebody in by a key alone.
#[test]
fn the_account_phase_refuses_who_showed_no_code() {
    let agent = Agent::new();
    let account =
        |service, user| Program::new(&agent, service).variable(KEY).account_only().run(user).account;
    assert_eq!(account("sshd", "alice"), PERM_DENIED);
    assert_eq!(account("sshd", "bob"), SUCCESS);
    assert_eq!(account("sshd", "mallory"), SUCCESS);
    for service in ["login", "su", "sudo", "cron"] {
        assert_eq!(account(service, "alice"), SUCCESS, "{service}");
    }
}

#[test]
fn a_password_is_judged_by_the_server_and_the_code_follows() {
    let agent = Agent::new();
    let login = |answers: &[&str]| Program::new(&agent, "login").password_first().types(answers).run("alice");
    agent.says_of_password(Some(PasswordVerdict::Right));
    let right = login(&["correct horse", &agent.code(0)]);
    assert_eq!((right.authenticated, prompts(&right.said)), (SUCCESS, vec!["Password: ", ASK]));
    assert_eq!(agent.kept(), ["correct horse"]);
    agent.says_of_password(Some(PasswordVerdict::Wrong));
    let wrong = login(&["correct horse", &agent.code(1)]);
    assert_eq!((wrong.authenticated, wrong.typed), (AUTH_ERR, 1), "no code is asked for");
    // Without the server's word the module that comes after judges; here it always says no.
    agent.says_of_password(None);
    assert_eq!(login(&["correct horse", &agent.code(1)]).authenticated, AUTH_ERR);
    let nobody = Program::new(&agent, "login").password_first().run("mallory");
    assert_eq!((nobody.authenticated, nobody.said), (AUTH_ERR, Vec::new()), "and asks for itself");
}

/// sshd's password method gives the password to every prompt.
#[test]
fn a_password_in_the_place_of_a_code_goes_nowhere() {
    let agent = Agent::new();
    agent.says_of_password(Some(PasswordVerdict::Right));
    let sshd = Program::new(&agent, "sshd").password_first().types(&["123456", "123456"]).run("alice");
    assert_eq!((sshd.authenticated, sshd.typed), (AUTH_ERR, 2));
    assert_eq!(agent.asked(), 0);
    assert!(!agent.lines().iter().any(|line| line.contains("wrong")), "and no try is lost by it");
}

#[test]
fn what_the_server_refuses_does_not_get_in() {
    let agent = Agent::new();
    for verdict in [CodeVerdict::Locked { until: None }, CodeVerdict::NotEnrolled] {
        agent.says(Some(verdict));
        let login = Program::new(&agent, "login").types(&[&agent.code(0)]).run("alice");
        assert_eq!(login.authenticated, MAXTRIES, "{verdict:?}");
    }
    agent.says(Some(CodeVerdict::Accepted));
    let login = Program::new(&agent, "login").types(&[&agent.code(0)]).run("alice");
    assert_eq!(login.authenticated, SUCCESS);
}

/// More than the agent has seats for: those who would be asked are refused, others aren't affected.
#[test]
fn too_many_at_once_refuse_only_who_would_be_asked() {
    let agent = Agent::new();
    let calls: Vec<_> = (0..64).map(|_| agent.sit()).collect();
    let full = Program::new(&agent, "login").types(&[&agent.code(0)]).fail_open().run("alice");
    assert_eq!((full.authenticated, full.said), (AUTH_ERR, Vec::new()));
    assert_eq!(Program::new(&agent, "login").run("bob").authenticated, SUCCESS);
    drop(calls);
    agent.until_free();
    let login = Program::new(&agent, "login").types(&[&agent.code(0)]).run("alice");
    assert_eq!(login.authenticated, SUCCESS);
}

#[test]
fn the_module_exports_what_libpam_calls_and_nothing_else() {
    let output =
        std::process::Command::new("nm").args(["-D", "--defined-only"]).arg(program::module()).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    let mut names: Vec<_> = text.lines().filter_map(|line| line.split_whitespace().last()).collect();
    names.sort_unstable();
    assert_eq!(names, ["pam_sm_acct_mgmt", "pam_sm_authenticate", "pam_sm_setcred"]);
}
