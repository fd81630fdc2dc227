//! S8.3, S8.9 to S8.11, S8.13.

use crate::bench::{Bench, enrolled, shell, shell_with_code, text, user};
use claviger_agent::platform::linux::{Paths, logins};
use claviger_domain::device::{Applied, Blocked, FirstFactor, Switch, WhenDown};
use claviger_wire::server::{Codes, Presence};

const DROP_IN: &str = "/etc/ssh/sshd_config.d/00-claviger.conf";

fn started() -> Bench {
    let mut bench = Bench::new();
    bench.state.users = vec![enrolled(1, "alice"), user(2, "bob")];
    shell("/usr/sbin/sshd && for i in $(seq 50); do [ -s /run/sshd.pid ] && exit 0; sleep 0.1; done");
    bench
}

/// What a real sshd offers to somebody who has shown nothing yet.
fn offered(user: &str) -> String {
    let line = format!(
        "ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
         -o PreferredAuthentications=none {user}@127.0.0.1 true"
    );
    let (said, _) = shell_with_code(&line);
    said.split_once('(').unwrap_or_else(|| panic!("{said}")).1.trim_end_matches([')', '.']).to_owned()
}

pub(crate) fn sshd_asks_in_all_three_shapes() {
    let mut bench = started();
    let pid = text("/run/sshd.pid");
    assert_eq!(offered("alice"), "publickey,password");
    let shapes = [
        (FirstFactor::Password, "keyboard-interactive", "publickey,password"),
        (FirstFactor::PublicKey, "publickey", "publickey"),
        (FirstFactor::Both, "publickey,keyboard-interactive", "publickey,password"),
    ];
    for (first_factor, alice, bob) in shapes {
        bench.ask(first_factor);
        let outcome = bench.apply();
        assert_eq!((outcome.applied, outcome.detail.as_str()), (Applied::InForce, ""), "{first_factor:?}");
        assert_eq!((offered("alice").as_str(), offered("bob").as_str()), (alice, bob), "{first_factor:?}");
    }
    // Enrolled now: the group is the switch, sshd reads nothing anew.
    let before = shell(&format!("stat -c %Y.%Z {DROP_IN}"));
    bench.state.users[1] = enrolled(2, "bob");
    bench.apply();
    assert_eq!(offered("bob"), "publickey,keyboard-interactive");
    assert_eq!(shell(&format!("stat -c %Y.%Z {DROP_IN}")), before);
    bench.state.codes = Codes::NotAsked;
    assert_eq!(bench.apply().applied, Applied::Off);
    assert_eq!(offered("alice"), "publickey,password");
    assert_eq!(text("/run/sshd.pid"), pid);
    bench.state.rules.ssh.root_login = Switch::Off;
    bench.apply();
    assert!(shell("sshd -T").contains("permitrootlogin no"));
}

/// S8.13: the drop-in goes in whole or not at all, and sshd lives on.
pub(crate) fn a_sshd_that_refuses_gets_its_old_file_back() {
    let mut bench = started();
    let pid = text("/run/sshd.pid");
    let main = text("/etc/ssh/sshd_config");
    // The server judges passwords all the same.
    let pam = || shell("grep -h pam_claviger.so /etc/pam.d/common-* | sed 's/.*pam_claviger.so *//'");
    bench.ask(FirstFactor::Both);
    let mut blocked = |why, line: &str| {
        shell(line);
        let outcome = bench.apply();
        assert_eq!(outcome.applied, Applied::Blocked(why), "{line}: {}", outcome.detail);
        assert_eq!((text(DROP_IN).as_str(), outcome.detail.is_empty()), ("", false), "{line}");
        assert_eq!(pam(), "password", "{line}");
        assert_eq!(offered("alice"), "publickey,password", "{line}");
        std::fs::write("/etc/ssh/sshd_config", &main).unwrap();
    };
    blocked(Blocked::SshIgnoresDropIns, "sed -i /^Include/d /etc/ssh/sshd_config");
    blocked(
        Blocked::SshOverruled,
        "sed -i '1i AuthenticationMethods any\\nMatch User alice\\nPasswordAuthentication yes\\nMatch all' /etc/ssh/sshd_config",
    );
    blocked(Blocked::SshRefused, "echo NoSuchWord yes >> /etc/ssh/sshd_config");
    blocked(Blocked::SshOverruled, "sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config");
    // Mended: it is taken up at the next look. Broken once it is in force, it stays, and is told.
    assert_eq!(bench.root.refresh().unwrap().unwrap().applied, Applied::InForce);
    shell("echo NoSuchWord yes >> /etc/ssh/sshd_config");
    assert_eq!(bench.root.refresh().unwrap().unwrap().applied, Applied::Blocked(Blocked::SshRefused));
    assert!(
        text(DROP_IN).contains("Match Group") && text("/etc/pam.d/common-auth").contains("pam_claviger.so")
    );
    assert_eq!(text("/run/sshd.pid"), pid);
}

pub(crate) fn sshd_is_taken_up_when_it_appears() {
    let mut bench = started();
    shell("pkill sshd; mv /usr/sbin/sshd /usr/sbin/away");
    bench.ask(FirstFactor::Password);
    let outcome = bench.apply();
    // S8.11: the console asks all the same.
    assert_eq!((outcome.applied, outcome.ssh_server), (Applied::InForce, Presence::Missing));
    assert_eq!(text(DROP_IN), "");
    shell(
        "mkdir /tmp/consoles; cd /etc/pam.d; mv login gdm-password lightdm /tmp/consoles 2>/dev/null; true",
    );
    assert_eq!(bench.apply().applied, Applied::Blocked(Blocked::NoSshServer));
    shell("mv /usr/sbin/away /usr/sbin/sshd");
    let outcome = bench.root.refresh().unwrap().unwrap();
    assert_eq!((outcome.applied, outcome.ssh_server), (Applied::InForce, Presence::Present));
    assert!(text(DROP_IN).contains("Match Group"));
}

pub(crate) fn profiles_leave_no_trace() {
    let mut bench = Bench::new();
    let before = shell("cat /etc/pam.d/*");
    bench.ask(FirstFactor::Both);
    bench.state.users = vec![enrolled(1, "alice")];
    bench.apply();
    let auth = text("/etc/pam.d/common-auth");
    let at = |part: &str| auth.find(part).unwrap_or_else(|| panic!("{part}: {auth}"));
    assert!(at("first_factor_done") < at("pam_claviger.so password"));
    assert!(at("pam_claviger.so password") < at("pam_unix.so"));
    assert!(at("pam_permit.so") < auth.rfind("pam_claviger.so").unwrap());
    bench.state.rules.when_down = WhenDown::Open;
    bench.apply();
    assert!(text("/etc/pam.d/common-account").contains("pam_claviger.so require_mfa fail_open"));
    // Without codes the server still judges passwords; without anybody there is nothing left.
    bench.state.codes = Codes::NotAsked;
    bench.apply();
    assert_eq!(text("/etc/pam.d/common-auth").matches("pam_claviger.so").count(), 1);
    bench.state.users.clear();
    bench.apply();
    assert_eq!(shell("cat /etc/pam.d/*"), before);
    // A stack that was changed by hand is not ours to write, and a module that is gone would lock everybody out.
    bench.state.users = vec![enrolled(1, "alice")];
    bench.state.codes = Codes::Asked;
    shell("rm $(find /usr/lib -name pam_claviger.so)");
    assert_eq!(bench.apply().applied, Applied::Blocked(Blocked::PamProfile));
    assert_eq!(shell("cat /etc/pam.d/*"), before);
}

pub(crate) fn uninstalling_restores_every_byte() {
    let mut bench = Bench::new();
    shell("cp -a /etc /tmp/before");
    bench.ask(FirstFactor::Both);
    let mut alice = enrolled(1, "alice");
    alice.sudo = claviger_domain::device::Sudo::WithPassword;
    alice.ssh_keys = vec!["ssh-ed25519 AAAA".into()];
    bench.state.users = vec![alice];
    assert_eq!(bench.apply().applied, Applied::InForce);
    assert_ne!(shell_with_code("diff -r /tmp/before/pam.d /etc/pam.d").1, 0);
    logins::put_back(&Paths::default()).unwrap();
    for folder in ["pam.d", "ssh", "sudoers.d"] {
        shell(&format!("diff -r /tmp/before/{folder} /etc/{folder}"));
    }
    // Of the accounts only the person's own is left.
    let left = shell("diff /tmp/before/group /etc/group | grep '^[<>]'");
    assert!(left.starts_with("> alice:") && left.lines().count() == 1, "{left}");
    logins::put_back(&Paths::default()).unwrap();
}
