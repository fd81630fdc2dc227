//! What the root half believes, and what time does to it.

use crate::bench::{Bench, NOW, device, enrolled, shell, sign, text};
use claviger_agent::{
    identity::DeviceKey,
    tasks::{RootHalf, serve, socket::Tasks},
};
use claviger_domain::{
    device::{Applied, Blocked, FirstFactor},
    id::DeviceId,
    time::Span,
};
use claviger_wire::server::{Codes, Proof, SignedState};
use std::{os::unix::net::UnixListener, path::Path, thread};

/// S8.7a.
pub(crate) fn what_nobody_proves_is_taken_back() {
    let mut bench = Bench::new();
    let before = shell("cat /etc/pam.d/common-*");
    bench.ask(FirstFactor::Both);
    bench.state.users = vec![enrolled(1, "alice")];
    bench.state.proof = Proof::Within { seconds: 600, attempt: 1 };
    let outcome = bench.apply();
    assert_eq!((outcome.applied, outcome.due), (Applied::InForce, Some(600)));
    bench.pass(Span::seconds(599));
    bench.restart();
    assert_eq!(bench.root.refresh().unwrap().unwrap().applied, Applied::InForce);
    assert_eq!(bench.root.due(), Some(Span::seconds(1)));
    bench.pass(Span::seconds(1));
    let outcome = bench.root.refresh().unwrap().unwrap();
    assert_eq!(outcome.applied, Applied::Blocked(Blocked::Unproven));
    assert_eq!((outcome.taken_back, bench.root.due()), (1, None));
    assert!(!text("/etc/ssh/sshd_config.d/00-claviger.conf").contains("Match"));
    assert!(!shell("cat /etc/pam.d/common-*").contains("require_mfa"));
    assert_eq!(shell("getent group claviger-mfa | cut -d: -f4"), "");
    // It waits for the next attempt, whatever else changes; that one is proved and stays.
    assert_eq!(bench.apply().applied, Applied::Blocked(Blocked::Unproven));
    bench.state.proof = Proof::Within { seconds: 60, attempt: 2 };
    assert_eq!(bench.apply().applied, Applied::InForce);
    bench.proven = 2;
    bench.apply();
    bench.pass(Span::days(2));
    assert_eq!((bench.root.due(), bench.apply().applied), (None, Applied::InForce));
    // A time that runs while codes aren't asked for is nobody's.
    bench.state.proof = Proof::Within { seconds: 60, attempt: 3 };
    bench.apply();
    bench.state.codes = Codes::NotAsked;
    bench.apply();
    bench.pass(Span::seconds(100));
    assert_eq!(bench.root.due(), None);
    bench.state.codes = Codes::Asked;
    assert_eq!(bench.apply().due, Some(60));
    bench.state.users.clear();
    (bench.state.codes, bench.state.proof) = (Codes::NotAsked, Proof::NotNeeded);
    bench.apply();
    assert_eq!(shell("cat /etc/pam.d/common-*"), before);
}

pub(crate) fn only_newer_states_of_the_server_are_taken() {
    let mut bench = Bench::new();
    bench.state.users = vec![enrolled(1, "alice")];
    bench.apply();
    let first = bench.signed();
    bench.state.users.push(enrolled(2, "bob"));
    bench.apply();
    let mut refused = |signed: &SignedState, why: &str| {
        let error = format!("{:#}", bench.root.apply(signed, 0).unwrap_err());
        assert!(error.contains(why), "{error}");
        assert!(format!("{:#}", bench.root.prepare(signed).unwrap_err()).contains(why));
    };
    refused(&first, "older");
    let mut forged = bench.state.clone();
    forged.revision += 1;
    forged.users.push(enrolled(3, "mallory"));
    refused(&sign(&DeviceKey::generate().unwrap().0, &forged), "signature");
    let mut of_another = forged.clone();
    of_another.device = DeviceId::new(NOW, [2; 10]);
    refused(&sign(&bench.key, &of_another), "another device");
    let mut same_number = bench.state.clone();
    same_number.users.clear();
    refused(&sign(&bench.key, &same_number), "differs");
    // Neither a restart nor a damaged file makes an older one good.
    bench.restart();
    shell("echo x > /var/lib/claviger-agent-tasks/state.json");
    bench.restart();
    assert!(format!("{:#}", bench.root.apply(&first, 0).unwrap_err()).contains("older"));
    bench.apply();
    assert_eq!(shell("getent passwd mallory; true"), "");
    assert_eq!(
        shell("stat -c %a /var/lib/claviger-agent-tasks /var/lib/claviger-agent-tasks/book.json"),
        "700\n600"
    );
    assert_eq!(device(), bench.state.device);
}

/// Neither anybody else on the machine nor what they send gets anything done.
pub(crate) fn only_the_other_half_may_ask() {
    let mut bench = Bench::new();
    shell("useradd -r claviger; useradd -m eve");
    let peer: u32 = shell("id -u claviger").parse().unwrap();
    bench.state.users = vec![enrolled(1, "alice")];
    bench.state.revision = 1;
    let signed = bench.signed();
    let path = Path::new("/run/tasks.sock");
    let listener = UnixListener::bind(path).unwrap();
    shell("chmod 666 /run/tasks.sock");
    thread::spawn(move || serve(&mut bench.root, &listener, peer).unwrap());
    let ask = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect('/run/tasks.sock')\n\
               b=b'{\"do\":\"password\",\"user\":\"00000000-0000-0000-0000-000000000000\",\"password\":\"x\"}'\n\
               s.sendall(len(b).to_bytes(4,'big')+b)\ns.shutdown(1)\nd=b''\nwhile c:=s.recv(100): d+=c\nprint(d[4:])";
    let ask_as = |user: &str| {
        shell(&format!(
            "setpriv --reuid {user} --clear-groups python3 -c \"$(cat <<'X'\n{ask}\nX\n)\" 2>&1; true"
        ))
    };
    assert!(ask_as("claviger").contains("refused"));
    let eve = ask_as("eve");
    assert!(!eve.contains("answer"), "{eve}");
    // Nonsense and silence hold nobody up for long.
    shell(
        "head -c 100 /dev/urandom | python3 -c \"import socket,sys; s=socket.socket(1); s.connect('/run/tasks.sock'); s.sendall(sys.stdin.buffer.read())\"",
    );
    let outcome = Tasks::at(path).apply(&signed, 0).unwrap();
    assert_eq!(outcome.revision, 1);
    assert!(!shell("getent passwd alice").is_empty());
}
