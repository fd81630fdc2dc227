//! S8.12.

use crate::bench::{Bench, became, enrolled, shell, shell_with_code, text, user};
use claviger_domain::device::{Applied, Sudo, Switch, TakeOver};
use claviger_wire::server::{Access, AccountState};
use std::{os::unix::process::CommandExt, process::Command};

/// Everything that tells of accounts.
fn files() -> String {
    ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"].map(text).concat()
}

pub(crate) fn an_account_is_made_once_and_changed() {
    let mut bench = Bench::new();
    let mut alice = user(1, "alice");
    (alice.uid, alice.gid) = (Some(4_321), Some(4_322));
    bench.state.users = vec![alice.clone(), user(2, "b.ob")];
    let outcome = bench.apply();
    assert_eq!((outcome.applied, outcome.detail.as_str()), (Applied::Off, ""));
    assert_eq!(became(&outcome, &alice), AccountState::Ready);
    assert_eq!(shell("getent passwd alice"), "alice:x:4321:4322:A Person:/home/alice:/bin/bash");
    assert_eq!(shell("stat -c %U /home/b.ob"), "b.ob");
    let before = files();
    bench.restart();
    assert_eq!(bench.apply().accounts, outcome.accounts);
    assert_eq!(files(), before);
    bench.state.users[0].full_name = "Alice: Ännerung".into();
    bench.state.users[0].shell = "/bin/no-such-shell".into();
    bench.state.users[1].name = "bobby".into();
    bench.apply();
    assert_eq!(shell("getent passwd alice"), "alice:x:4321:4322:Alice Ännerung:/home/alice:/bin/bash");
    assert_eq!(shell_with_code("id b.ob").1, 1);
    assert_eq!(shell("stat -c %U /home/b.ob"), "bobby");
}

pub(crate) fn a_locked_account_lets_nobody_in_and_ends_what_runs() {
    let mut bench = Bench::new();
    bench.state.users = vec![user(1, "alice")];
    bench.apply();
    shell("echo alice:correct-horse | chpasswd");
    let uid: u32 = shell("id -u alice").parse().unwrap();
    let mut running = Command::new("sleep").arg("300").uid(uid).spawn().unwrap();
    let alice = bench.state.users.remove(0);
    bench.state.users = vec![claviger_wire::server::User { access: Access::Locked, ..alice.clone() }];
    let outcome = bench.apply();
    assert_eq!(became(&outcome, &alice), AccountState::Locked);
    let shadow = shell("getent shadow alice");
    let fields: Vec<&str> = shadow.split(':').collect();
    assert!(fields[1].starts_with("!$") && fields[7] == "1", "{shadow}");
    assert!(!running.wait().unwrap().success());
    assert!(shell("ls /home/alice -d").contains("alice"));
    // Unbound and told so: it is left out of the state, and stays locked; open again when it is bound again.
    bench.state.users.clear();
    bench.apply();
    assert_eq!(shell("getent shadow alice"), shadow);
    bench.state.users = vec![alice];
    bench.apply();
    let shadow = shell("getent shadow alice");
    let fields: Vec<&str> = shadow.split(':').collect();
    assert!(fields[1].starts_with('$') && fields[7].is_empty(), "{shadow}");
    // Taken out of the state without a word, it is locked.
    bench.state.users.clear();
    bench.apply();
    assert!(shell("getent shadow alice").contains(":!$"));
}

pub(crate) fn an_account_that_was_there_is_taken_over_only_when_confirmed() {
    let mut bench = Bench::new();
    shell("useradd -m -s /bin/sh -c Local alice; useradd -r daemonish; useradd -m other");
    let before = files();
    let (alice, system) = (enrolled(1, "alice"), enrolled(2, "daemonish"));
    bench.ask(claviger_domain::device::FirstFactor::Both);
    bench.state.users = vec![alice.clone(), system.clone(), enrolled(3, "root")];
    for access in [Access::Open, Access::Locked] {
        bench.state.users.iter_mut().for_each(|user| user.access = access);
        let outcome = bench.apply();
        assert_eq!(became(&outcome, &alice), AccountState::NeedsTakeOver);
        let without_group = |text: String| {
            text.lines()
                .filter(|line| !line.starts_with("claviger-mfa:"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(without_group(files()), without_group(before.clone()));
        assert!(!shell("getent group claviger-mfa; true").contains("alice"));
    }
    for user in &mut bench.state.users {
        (user.access, user.take_over) = (Access::Open, TakeOver::Confirmed);
    }
    let outcome = bench.apply();
    assert_eq!(became(&outcome, &alice), AccountState::Ready);
    assert_eq!(became(&outcome, &system), AccountState::NameRefused);
    assert!(shell("getent passwd alice").ends_with(":A Person:/home/alice:/bin/bash"));
    assert_eq!(shell("getent group claviger-mfa | cut -d: -f4"), "alice");
    assert_eq!(shell("getent passwd root"), before.lines().next().unwrap());
}

pub(crate) fn sudo_and_keys_follow_the_state() {
    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@laptop";
    let mut bench = Bench::new();
    let mut alice = user(1, "alice");
    (alice.sudo, alice.ssh_keys) = (Sudo::WithoutPassword, vec![KEY.into()]);
    bench.state.users = vec![alice, user(2, "bob")];
    bench.apply();
    assert_eq!(shell("stat -c '%a %U' /etc/sudoers.d/claviger"), "440 root");
    assert!(shell("sudo -l -U alice").contains("(ALL : ALL) NOPASSWD: ALL"));
    assert!(shell("sudo -l -U bob; true").contains("not allowed"));
    assert_eq!(text("/etc/claviger-agent/authorized_keys"), format!("alice {KEY}\n"));
    assert!(text("/etc/ssh/sshd_config.d/00-claviger.conf").contains("authorized-keys %u"));
    // Somebody else's command for keys is left alone, and so is a file of sudo that is broken by hand.
    shell(
        "printf 'AuthorizedKeysCommand /bin/true\\nAuthorizedKeysCommandUser nobody\\n' > /etc/ssh/sshd_config.d/50-other.conf",
    );
    let outcome = bench.apply();
    assert!(outcome.detail.contains("another AuthorizedKeysCommand"), "{}", outcome.detail);
    assert_eq!(text("/etc/ssh/sshd_config.d/00-claviger.conf"), "");
    shell("rm /etc/ssh/sshd_config.d/50-other.conf");
    bench.state.rules.ssh.public_keys = Switch::Off;
    bench.state.users[0].sudo = Sudo::None;
    bench.apply();
    for gone in [
        "/etc/claviger-agent/authorized_keys",
        "/etc/sudoers.d/claviger",
        "/etc/ssh/sshd_config.d/00-claviger.conf",
    ] {
        assert!(!std::path::Path::new(gone).exists(), "{gone}");
    }
}

pub(crate) fn a_password_becomes_a_hash_of_this_host() {
    let mut bench = Bench::new();
    let (alice, bob) = (user(1, "alice"), user(2, "bob"));
    shell("useradd -m bob");
    bench.state.users = vec![alice.clone(), bob.clone()];
    bench.apply();
    bench.root.set_password(alice.id, "correct horse: battery").unwrap();
    let shadow = shell("getent shadow alice");
    assert!(shadow.starts_with("alice:$y$"), "{shadow}");
    assert!(!text("/var/lib/claviger-agent-tasks/book.json").contains("horse"));
    // The same one again isn't set again; another one is.
    bench.root.set_password(alice.id, "correct horse: battery").unwrap();
    assert_eq!(shell("getent shadow alice"), shadow);
    for bad in ["", "x\nroot:x", &"x".repeat(513)] {
        assert!(bench.root.set_password(alice.id, bad).is_err(), "{bad:?}");
    }
    // Neither an account that isn't ours nor one that is locked.
    assert!(bench.root.set_password(bob.id, "correct horse").is_err());
    bench.state.users[0].access = Access::Locked;
    bench.apply();
    assert!(bench.root.set_password(alice.id, "another horse").is_err());
    assert_eq!(shell_with_code("getent shadow bob | grep -q '[$]'").1, 1);
}
