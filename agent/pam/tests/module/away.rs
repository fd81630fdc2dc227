//! S8.14: an agent that is away, hangs, dies, or isn't the agent.

use crate::{AUTH_ERR, AUTHINFO_UNAVAIL, KEY, SUCCESS, agent, program::Program};
use claviger_agent_ipc::Listener;
use claviger_wire::login::{Hello, LET_IN_NOTES, Phase, Turn};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// Runs `check` where Alice, and nobody else, is in the group of the enrolled. Only this thread sees it.
pub(crate) fn with_group(folder: &Path, check: impl FnOnce() + Send) {
    let groups = folder.join("group");
    fs::write(&groups, "root:x:0:\nclaviger-mfa:x:987:carol,alice\n").unwrap();
    thread::scope(|scope| {
        let checked = scope.spawn(|| {
            // SAFETY: only this thread gets a name space of its own.
            let unshared = unsafe { libc::unshare(libc::CLONE_NEWNS) };
            assert_eq!(unshared, 0, "this test mounts a file: run it as root");
            let mount = |arguments: &[&str]| {
                assert!(Command::new("mount").args(arguments).status().unwrap().success());
            };
            mount(&["--make-rprivate", "/"]);
            mount(&["--bind", groups.to_str().unwrap(), "/etc/group"]);
            check();
        });
        checked.join().unwrap();
    });
}

#[test]
fn without_the_agent_only_the_enrolled_are_refused() {
    let folder = agent::folder();
    let socket = folder.join("nobody.sock");
    with_group(&folder, || {
        let program = |service| Program::at(&folder, &socket, service);
        for service in ["sshd", "login", "gdm-password", "sudo"] {
            // GDM would wait for ever for what is not there.
            let refusal = if service == "gdm-password" { AUTH_ERR } else { AUTHINFO_UNAVAIL };
            assert_eq!(program(service).run("alice").authenticated, refusal, "{service}");
            for other in ["bob", "root", "mallory", ""] {
                let login = program(service).run(other);
                assert_eq!((login.authenticated, login.account), (SUCCESS, SUCCESS), "{service} {other}");
            }
        }
        assert_eq!(program("cron").run("alice").authenticated, SUCCESS, "asks nobody");
        assert_eq!(program("sshd").fail_open().run("alice").authenticated, SUCCESS);
        let account = |service| program(service).account_only().variable(KEY).run("alice").account;
        assert_eq!(account("sshd"), AUTHINFO_UNAVAIL);
        assert_eq!((account("su"), account("cron")), (SUCCESS, SUCCESS));
        let key = |user| program("sshd").key_first().variable(KEY).run(user).authenticated;
        // For Bob a key is no password: that one says no here.
        assert_eq!((key("alice"), key("bob")), (AUTHINFO_UNAVAIL, AUTH_ERR));
        // The password is for the module that comes after, which says no here.
        assert_eq!(program("login").password_first().run("bob").authenticated, AUTH_ERR);
    });
}

/// S8.14: loudly, once a login, and no login hangs on it.
#[test]
fn whoever_is_let_in_leaves_one_note() {
    let folder = agent::folder();
    let socket = folder.join("nobody.sock");
    let notes = folder.join("let-in");
    let left = || {
        let files = fs::read_dir(&notes).unwrap().map(|entry| entry.unwrap().path());
        let hellos = files.map(|path| Hello::parse(&fs::read(path).unwrap()).unwrap());
        let mut told: Vec<_> = hellos.map(|hello| (hello.user, hello.service, hello.phase)).collect();
        told.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        told
    };
    let told = |user: &str, service: &str, phase| (user.to_owned(), service.to_owned(), phase);
    with_group(&folder, || {
        let open = |service| Program::at(&folder, &socket, service).fail_open();
        assert_eq!(open("sshd").run("alice").authenticated, SUCCESS, "where no note can be left, too");
        fs::create_dir(&notes).unwrap();
        for (service, user) in [("login", "alice"), ("sshd", "alice"), ("sshd", "bob"), ("cron", "alice")] {
            assert_eq!(open(service).run(user).authenticated, SUCCESS, "{service} {user}");
        }
        assert_eq!(open("sshd").account_only().variable(KEY).run("carol").account, SUCCESS);
        assert_eq!(Program::at(&folder, &socket, "login").run("carol").authenticated, AUTHINFO_UNAVAIL);
        let expected = [
            told("alice", "login", Phase::Code),
            told("alice", "sshd", Phase::Code),
            told("carol", "sshd", Phase::Account),
        ];
        assert_eq!(left(), expected);
        // Somebody else could write there, or it is full of others.
        fs::set_permissions(&notes, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(open("sshd").run("alice").authenticated, SUCCESS);
        assert_eq!(left(), expected);
        fs::set_permissions(&notes, fs::Permissions::from_mode(0o700)).unwrap();
        (3..LET_IN_NOTES).for_each(|n| fs::write(notes.join(format!("{n}-x")), "").unwrap());
        assert_eq!(open("sshd").run("alice").authenticated, SUCCESS);
        assert_eq!(fs::read_dir(&notes).unwrap().count(), LET_IN_NOTES);
    });
}

#[test]
fn an_agent_that_hangs_is_waited_for_only_so_long() {
    let folder = agent::folder();
    let socket = folder.join("hang.sock");
    let listener = Listener::bind(&socket).unwrap();
    with_group(&folder, || {
        let start = now();
        assert_eq!(
            Program::at(&folder, &socket, "login").impatient().run("alice").authenticated,
            AUTHINFO_UNAVAIL
        );
        assert_eq!(Program::at(&folder, &socket, "login").impatient().run("bob").authenticated, SUCCESS);
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    });
    drop(listener);
}

/// Whoever was asked needs a code, whatever any group or option says.
#[test]
fn an_agent_that_dies_at_the_prompt_lets_nobody_in() {
    let folder = agent::folder();
    let socket = folder.join("dies.sock");
    let listener = Listener::bind(&socket).unwrap();
    let agent = thread::spawn(move || {
        // Each login calls for its code and for its account.
        for _ in 0..4 {
            let call = listener.accept().unwrap();
            call.receive().unwrap();
            call.send(&Turn::Prompt("Verification code: ".into()).packet()).unwrap();
        }
        for _ in 0..2 {
            let call = listener.accept().unwrap();
            call.receive().unwrap();
            call.send(b"nonsense").unwrap();
        }
    });
    let program = || Program::at(&folder, &socket, "login").types(&["123456"]);
    assert_eq!(program().run("alice").authenticated, AUTHINFO_UNAVAIL);
    assert_eq!(program().fail_open().run("alice").authenticated, AUTHINFO_UNAVAIL);
    with_group(&folder, || assert_eq!(program().run("alice").authenticated, AUTHINFO_UNAVAIL));
    agent.join().unwrap();
}

/// A socket on which somebody else than root listens says nothing to a login program.
#[test]
fn a_squatter_is_not_believed() {
    let folder = agent::folder();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let socket = folder.join("squatter.sock");
    let at = socket.clone();
    let squatter = thread::spawn(move || {
        // SAFETY: the system call, unlike the function, changes this thread alone.
        assert_eq!(unsafe { libc::syscall(libc::SYS_setresuid, 1001, 1001, 1001) }, 0);
        let listener = Listener::bind(&at).unwrap();
        // The calls are closed by the module before they come here.
        while let Ok(call) = listener.accept() {
            let _ = call.receive();
            let _ = call.send(&Turn::Ok.packet());
        }
    });
    while !socket.exists() {
        thread::yield_now();
    }
    with_group(&folder, || {
        let login = Program::at(&folder, &socket, "login").run("alice");
        assert_eq!((login.authenticated, login.said), (AUTHINFO_UNAVAIL, Vec::new()));
        assert_eq!(Program::at(&folder, &socket, "login").run("bob").authenticated, SUCCESS);
    });
    drop(squatter);
}

#[expect(clippy::disallowed_methods, reason = "a deadline of the system is measured")]
fn now() -> Instant {
    Instant::now()
}
