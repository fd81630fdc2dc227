//! An agent in this process, with a real vault and the machine's clocks, whose server says what a test wants.

use claviger_agent::{
    clock::SystemClocks,
    login::{Desk, serve},
    platform::system::people::People,
    vault::Vault,
};
use claviger_agent_core::{
    clock::Contact,
    port::{Clock, Log, Online, Passwords, Ports},
};
use claviger_agent_ipc::{Connection, Gate, Listener, reach};
use claviger_domain::{
    device::ask_once::KeyHash,
    id::{AccountId, DeviceId, FactorId},
    time::Timestamp,
    totp::{Step, TotpSecret},
    verifier::DeviceKey,
};
use claviger_wire::{
    login::{Hello, Phase},
    server::{Account, AccountState, CodeVerdict, PasswordVerdict, Place, Recalled, SignedState, Verifiers},
};
use data_encoding::BASE64URL_NOPAD;
use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What the server says, and what came of it.
#[derive(Default)]
struct Server {
    verdict: Mutex<Option<CodeVerdict>>,
    of_password: Mutex<Option<PasswordVerdict>>,
    asked: AtomicUsize,
    kept: Mutex<Vec<String>>,
    lines: Mutex<Vec<String>>,
    remembered: Mutex<Option<KeyHash>>,
}

/// It lives as long as the process: nobody can end a thread that waits for calls.
pub(crate) struct Agent {
    folder: PathBuf,
    server: &'static Server,
    now: Timestamp,
}

fn id(byte: u8) -> [u8; 10] {
    [byte; 10]
}

fn secret() -> TotpSecret {
    TotpSecret::new((0..20).collect())
}

pub(crate) fn folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("claviger-pam-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

impl Agent {
    /// Alice is enrolled, Bob isn't.
    pub(crate) fn new() -> Self {
        let folder = folder();
        let clocks: &SystemClocks = Box::leak(Box::new(SystemClocks::new().unwrap()));
        let server: &Server = Box::leak(Box::default());
        *server.verdict.lock().unwrap() = Some(CodeVerdict::Accepted);
        let vault: &Vault = Box::leak(Box::new(Vault::open(&folder.join("vault")).unwrap()));
        let now = clocks.clocks().wall;
        vault.put_contact(&Contact { server: now, at: clocks.clocks().uptime }).unwrap();
        fill(vault, now);
        let listener: &Listener = Box::leak(Box::new(Listener::bind(&folder.join("login.sock")).unwrap()));
        let ports = Ports { vault, online: server, clock: clocks, passwords: server, log: server };
        let desk: &Desk<'_> =
            Box::leak(Box::new(Desk { ports, gate: Gate::default(), people: People::default() }));
        thread::spawn(move || serve(listener, desk));
        Self { folder, server, now }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.join("login.sock")
    }

    /// The code so many steps from the one at which the test began.
    pub(crate) fn code(&self, offset: i64) -> String {
        format!("{:06}", secret().code(Step(Step::at(self.now).0 + offset)))
    }

    /// A code of no step for a while.
    pub(crate) fn wrong_code(&self) -> String {
        let right: Vec<_> = (-9..9).map(|offset| self.code(offset)).collect();
        let wrong = (0..20).map(|code| format!("{code:06}")).find(|code| !right.contains(code));
        wrong.unwrap()
    }

    pub(crate) fn says(&self, verdict: Option<CodeVerdict>) {
        *self.server.verdict.lock().unwrap() = verdict;
    }

    pub(crate) fn says_of_password(&self, verdict: Option<PasswordVerdict>) {
        *self.server.of_password.lock().unwrap() = verdict;
    }

    /// S8.13b: the server knows this key from a while ago.
    pub(crate) fn remembers(&self, key: KeyHash) {
        *self.server.remembered.lock().unwrap() = Some(key);
    }

    pub(crate) fn asked(&self) -> usize {
        self.server.asked.load(Ordering::Relaxed)
    }

    pub(crate) fn kept(&self) -> Vec<String> {
        self.server.kept.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.server.lines.lock().unwrap().clone()
    }

    /// Somebody who sits at the prompt and types nothing.
    pub(crate) fn sit(&self) -> Connection {
        let call = reach(&self.socket(), Duration::from_secs(5)).unwrap();
        call.send(&hello("alice").packet()).unwrap();
        call.receive().unwrap();
        call
    }

    /// Until somebody can sit again.
    pub(crate) fn until_free(&self) {
        let patience = Duration::from_secs(5);
        for _ in 0..100 {
            let call = reach(&self.socket(), patience).unwrap();
            call.send(&hello("alice").packet()).unwrap();
            if call.receive().unwrap().starts_with(b"prompt") {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the seats are never free again");
    }
}

fn hello(user: &str) -> Hello {
    Hello::at("login", Phase::Code, user)
}

fn fill(vault: &Vault, now: Timestamp) {
    let (device, factor) = (DeviceId::new(now, id(1)), FactorId::new(now, id(2)));
    let users = [("alice", Some(factor)), ("bob", None)];
    let users = users.map(|(name, factor)| {
        let user = AccountId::new(now, id(name.as_bytes()[0]));
        let factor = factor.map(|factor| format!(r#"{{"id":"{factor}","resynced":0,"learned":0}}"#));
        let factor = factor.unwrap_or_else(|| "null".into());
        format!(
            r#"{{"id":"{user}","name":"{name}","full_name":"","access":"open","uid":null,"gid":null,
            "shell":"/bin/sh","ssh_keys":[],"sudo":"none","take_over":"ask","factor":{factor},"break_glass":[]}}"#
        )
    });
    let state = format!(
        r#"{{"device":"{device}","revision":1,"organization":"Acme","support":"","codes":"asked",
        "rules":{},"offline_days":30,"window":"tolerant","proof":"not_needed","remembers":"maybe","users":[{}]}}"#,
        serde_json::to_string(&claviger_domain::device::Rules::default()).unwrap(),
        users.join(",")
    );
    vault.put_state(&SignedState { state, signature: String::new(), now: now.0 }).unwrap();
    let accounts = ["alice", "bob"].map(|name| Account {
        user: AccountId::new(now, id(name.as_bytes()[0])),
        state: AccountState::Ready,
        offline_until: None,
    });
    vault.put_accounts(&accounts).unwrap();
    let key = DeviceKey::of(&secret(), device, factor);
    let first = Step::at(now).0 - 10;
    let verifiers = Verifiers {
        factor,
        key: BASE64URL_NOPAD.encode(key.expose()),
        first,
        verifiers: BASE64URL_NOPAD.encode(&key.verifiers(&secret(), first..first + 100).concat()),
        last_step: first,
    };
    vault.put_verifiers(AccountId::new(now, id(b'a')), &verifiers, first).unwrap();
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Online for Server {
    fn code(&self, _: AccountId, _: &str, _: &Place, _: Option<KeyHash>) -> Option<CodeVerdict> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        *self.verdict.lock().unwrap()
    }

    fn recall(&self, _: AccountId, key: KeyHash, _: &Place) -> Option<Recalled> {
        let is_known = *self.remembered.lock().unwrap() == Some(key);
        Some(if is_known { Recalled::Remembered } else { Recalled::Ask })
    }

    fn password(&self, _: AccountId, _: &str, _: &Place) -> Option<PasswordVerdict> {
        *self.of_password.lock().unwrap()
    }
}

impl Passwords for Server {
    fn keep(&self, _: AccountId, password: &str) {
        self.kept.lock().unwrap().push(password.into());
    }
}

impl Log for Server {
    fn note(&self, line: &str) {
        self.lines.lock().unwrap().push(line.into());
    }

    fn warn(&self, line: &str) {
        self.note(line);
    }
}
