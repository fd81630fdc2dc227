//! S9.1 on a real system: files, sshd's settings and banners.

use crate::bench::{Bench, NOW, shell, shell_with_code, text};
use claviger_agent::platform::linux::{self, Paths};
use claviger_domain::{
    device::{Applied, FirstFactor, Platform},
    id::PolicyId,
    policy::{Effect, FileContent, Mode, State, Template, sshd::Setting},
    time::Span,
};
use claviger_wire::orders::{PolicyOrder, PolicySaid};
use std::path::Path;

const DROP_IN: &str = "/etc/ssh/sshd_config.d/01-claviger-policies.conf";
const DATA: &str = "/var/lib/claviger-agent-tasks";

fn order(number: u8, effects: Vec<Effect>) -> PolicyOrder {
    PolicyOrder { id: PolicyId::new(NOW, [number; 10]), revision: 1, name: format!("P{number}"), effects }
}

fn file(path: &str, content: &str, mode: Mode) -> Effect {
    Effect::File(FileContent { path: path.into(), content: content.into(), mode })
}

fn setting(keyword: &str, value: &str) -> Effect {
    Effect::Sshd(Setting { keyword: keyword.into(), value: value.into() })
}

fn states(said: &[PolicySaid]) -> Vec<State> {
    said.iter().map(|one| one.state).collect()
}

fn sshd() {
    shell("/usr/sbin/sshd && for i in $(seq 50); do [ -s /run/sshd.pid ] && exit 0; sleep 0.1; done");
}

/// A file with content, mode and owner of its own comes back as it was; what was not there goes again.
pub(crate) fn a_file_is_laid_down_corrected_and_put_back_byte_for_byte() {
    let mut bench = Bench::new();
    shell(
        "mkdir -p /etc/acme; printf 'a\\000b\\n' > /etc/acme/old; chmod 4640 /etc/acme/old; chown 12:34 /etc/acme/old",
    );
    shell("chmod 4640 /etc/acme/old; cp -a /etc/acme /tmp/before");
    bench.state.policies = vec![order(
        1,
        vec![file("/etc/acme/old", "new\n", Mode::Root), file("/etc/acme/made", "x", Mode::Everybody)],
    )];
    let outcome = bench.apply();
    assert_eq!((states(&outcome.policies), outcome.again), (vec![State::Applied], Some(60)));
    assert_eq!((text("/etc/acme/old").as_str(), text("/etc/acme/made").as_str()), ("new\n", "x"));
    assert_eq!(shell("stat -c '%a %u:%g' /etc/acme/old /etc/acme/made"), "600 0:0\n644 0:0");
    // Changed by hand: at the next cycle, by itself, it is as laid down again.
    shell("echo drift >> /etc/acme/old; chmod 666 /etc/acme/made");
    assert_eq!(bench.root.due(), Some(Span::seconds(60)));
    bench.pass(Span::seconds(60));
    assert_eq!(bench.root.due(), Some(Span::seconds(0)));
    let outcome = bench.root.refresh().unwrap().unwrap();
    assert_eq!((outcome.policies[0].state, outcome.policies[0].corrected.count), (State::Applied, 1));
    assert_eq!(shell("cat /etc/acme/old; stat -c %a /etc/acme/made"), "new\n644");
    // A restart forgets nothing, and what is as laid down is not written.
    let written = shell("stat -c %Y.%Z.%i /etc/acme/* /var/lib/claviger-agent-tasks/*.json");
    bench.restart();
    let outcome = bench.root.refresh().unwrap().unwrap();
    assert_eq!(outcome.policies[0].corrected.count, 1);
    assert_eq!(shell("stat -c %Y.%Z.%i /etc/acme/* /var/lib/claviger-agent-tasks/*.json"), written);
    bench.state.policies.clear();
    let outcome = bench.apply();
    assert_eq!((outcome.policies.len(), outcome.again, outcome.detail.as_str()), (0, None, ""));
    shell("diff -r /tmp/before /etc/acme");
    assert_eq!(shell("stat -c '%a %u:%g' /etc/acme/old"), "4640 12:34");
}

pub(crate) fn a_path_that_others_have_a_say_in_is_refused() {
    let mut bench = Bench::new();
    shell(
        "useradd eve; mkdir -p /etc/acme /opt/eve /opt/open; chown eve /opt/eve; chmod 777 /opt/open; \
         ln -s /etc/shadow /etc/acme/link; ln -s /etc/pam.d /opt/pam; mkdir /etc/acme/folder",
    );
    let before = shell("cat /etc/shadow /etc/pam.d/*");
    for path in
        ["/opt/eve/x", "/opt/open/x", "/etc/acme/link", "/opt/pam/login", "/etc/acme/folder", "/etc/none/x"]
    {
        // Nothing of a policy is left where one part of it can't be.
        bench.state.policies = vec![order(
            1,
            vec![file("/etc/acme/first", "x", Mode::Root), file(path, "evil", Mode::Everybody)],
        )];
        let outcome = bench.apply();
        assert_eq!(states(&outcome.policies), [State::Failed], "{path}");
        assert!(!outcome.policies[0].detail.is_empty(), "{path}");
        assert!(!Path::new("/etc/acme/first").exists(), "{path}");
    }
    assert_eq!(shell("cat /etc/shadow /etc/pam.d/*"), before);
    assert_eq!(shell("ls -A /opt/eve /opt/open"), "/opt/eve:\n\n/opt/open:");
}

/// S8.13 holds for policies as well: validated, and back at the first thing that is not right; MFA beside it goes on.
pub(crate) fn settings_of_sshd_are_in_force_or_not_there() {
    let mut bench = Bench::new();
    sshd();
    let pid = text("/run/sshd.pid");
    bench.ask(FirstFactor::Both);
    bench.state.policies = vec![order(1, vec![setting("MaxAuthTries", "3"), setting("X11Forwarding", "no")])];
    let outcome = bench.apply();
    assert_eq!((states(&outcome.policies), outcome.applied), (vec![State::Applied], Applied::InForce));
    let effective = shell("sshd -T");
    assert!(effective.contains("maxauthtries 3\n") && effective.contains("x11forwarding no\n"));
    // One that sshd doesn't take fails alone.
    bench.state.policies.push(order(2, vec![setting("Ciphers", "no-such-cipher")]));
    let outcome = bench.apply();
    assert_eq!(
        (states(&outcome.policies), outcome.applied),
        (vec![State::Applied, State::Failed], Applied::InForce)
    );
    assert!(!text(DROP_IN).contains("Ciphers") && text(DROP_IN).contains("MaxAuthTries 3\n"));
    // One that somebody else overrules says so.
    bench.state.policies[1] = order(3, vec![setting("UseDNS", "yes")]);
    shell("sed -i '1i UseDNS no' /etc/ssh/sshd_config");
    let outcome = bench.apply();
    assert!(outcome.policies[1].detail.contains("usedns"), "{:?}", outcome.policies[1]);
    bench.state.policies.pop();
    bench.apply();
    // Drift: a line that is gone, and one that was added.
    shell(&format!("sed -i '/MaxAuthTries/d' {DROP_IN}; echo 'PrintMotd no' >> {DROP_IN}"));
    let outcome = bench.root.refresh().unwrap().unwrap();
    assert_eq!(outcome.policies[0].corrected.count, 1);
    assert!(text(DROP_IN).contains("MaxAuthTries 3\n") && !text(DROP_IN).contains("PrintMotd"));
    bench.state.policies.clear();
    assert_eq!(bench.apply().applied, Applied::InForce);
    assert!(!Path::new(DROP_IN).exists());
    assert_eq!(text("/run/sshd.pid"), pid);
}

pub(crate) fn a_banner_is_shown_before_the_login_and_goes_again() {
    let mut bench = Bench::new();
    shell("cp -a /etc/issue /etc/issue.net /tmp/; /usr/sbin/sshd; sleep 1");
    bench.state.policies = vec![order(1, Template::Banner("Acme only.".into()).effects_on(Platform::Linux))];
    assert_eq!(states(&bench.apply().policies), [State::Applied]);
    let (said, _) = shell_with_code(
        "ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o PreferredAuthentications=none \
         nobody@127.0.0.1 true",
    );
    assert!(said.contains("Acme only."), "{said}");
    bench.state.policies.clear();
    bench.apply();
    shell("cmp /etc/issue /tmp/issue; cmp /etc/issue.net /tmp/issue.net");
}

pub(crate) fn two_that_want_one_file_otherwise_are_both_named_and_neither_is_applied() {
    let mut bench = Bench::new();
    let before = text("/etc/motd");
    bench.state.policies = vec![order(1, vec![file("/etc/motd", "one", Mode::Everybody)])];
    bench.apply();
    bench.state.policies.push(order(2, vec![file("/etc/motd", "two", Mode::Everybody)]));
    let outcome = bench.apply();
    assert_eq!(states(&outcome.policies), [State::Failed, State::Failed]);
    assert!(outcome.policies[0].detail.contains("P2") && outcome.policies[1].detail.contains("P1"));
    assert_eq!(text("/etc/motd"), before);
}

pub(crate) fn uninstalling_puts_back_what_policies_changed() {
    let mut bench = Bench::new();
    shell("cp -a /etc /tmp/before");
    bench.state.policies = vec![
        order(1, vec![file("/etc/motd", "x", Mode::Everybody)]),
        order(2, vec![setting("MaxAuthTries", "3")]),
    ];
    bench.apply();
    assert_eq!(text("/etc/motd"), "x");
    linux::policies::put_back(&Paths::default(), Path::new(DATA)).unwrap();
    shell(
        "diff -r /tmp/before/ssh /etc/ssh; if [ -e /tmp/before/motd ]; then cmp /tmp/before/motd /etc/motd; else [ ! -e /etc/motd ]; fi",
    );
}
