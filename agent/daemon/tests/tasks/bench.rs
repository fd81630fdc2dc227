//! A root half whose server is the test.

use claviger_agent::{
    identity::{DeviceKey, ServerKey, hash},
    platform::linux::Paths,
    tasks::{Outcome, Root, Settings},
};
use claviger_agent_core::{
    clock::{Clocks, Uptime},
    port::Clock,
};
use claviger_domain::{
    device::{FirstFactor, Ssh, Sudo, Switch, TakeOver},
    id::{AccountId, DeviceId, FactorId},
    time::{Span, Timestamp},
};
use claviger_wire::{
    server::{Access, AccountState, Codes, Factor, SignedState, State, User},
    signed,
};
use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A clock that the test sets.
#[derive(Clone)]
pub(crate) struct Hand(pub(crate) Arc<Mutex<Span>>);

impl Clock for Hand {
    fn clocks(&self) -> Clocks {
        let since = *self.0.lock().unwrap();
        Clocks { wall: NOW.plus(since), uptime: Uptime { boot: "a".into(), since } }
    }
}

pub(crate) struct Bench {
    pub(crate) root: Root,
    pub(crate) key: DeviceKey,
    pub(crate) clock: Hand,
    pub(crate) state: State,
    pub(crate) proven: i64,
}

pub(crate) fn device() -> DeviceId {
    DeviceId::new(NOW, [1; 10])
}

impl Bench {
    pub(crate) fn new() -> Self {
        install_profiles();
        shell("mkdir -p /etc/claviger-agent");
        let (key, _) = DeviceKey::generate().unwrap();
        let clock = Hand(Arc::new(Mutex::new(Span::seconds(100))));
        let state = State { organization: "Acme".into(), ..State::empty(device()) };
        Self { root: open(&key, &clock), key, clock, state, proven: 0 }
    }

    /// As after a crash or a restart.
    pub(crate) fn restart(&mut self) {
        self.root = open(&self.key, &self.clock);
    }

    pub(crate) fn signed(&self) -> SignedState {
        sign(&self.key, &self.state)
    }

    /// Applies the state as the next revision.
    pub(crate) fn apply(&mut self) -> Outcome {
        self.state.revision += 1;
        let signed = self.signed();
        self.root.apply(&signed, self.proven).unwrap()
    }

    /// Switches MFA on with this in front of the code.
    pub(crate) fn ask(&mut self, first_factor: FirstFactor) {
        let (password_login, public_keys) = match first_factor {
            FirstFactor::Password => (Switch::On, Switch::Off),
            FirstFactor::PublicKey => (Switch::Off, Switch::On),
            FirstFactor::Both => (Switch::On, Switch::On),
        };
        self.state.rules.ssh = Ssh { password_login, public_keys, ..Ssh::default() };
        self.state.codes = Codes::Asked;
    }

    pub(crate) fn pass(&self, span: Span) {
        let mut since = self.clock.0.lock().unwrap();
        *since = Span::from_micros(since.micros() + span.micros());
    }
}

fn open(key: &DeviceKey, clock: &Hand) -> Root {
    let settings = Settings {
        device: device(),
        server_key: ServerKey::parse(&key.public()).unwrap(),
        folder: "/var/lib/claviger-agent-tasks".into(),
        paths: Paths::default(),
        clock: Box::new(clock.clone()),
    };
    Root::open(settings).unwrap()
}

pub(crate) fn sign(key: &DeviceKey, state: &State) -> SignedState {
    let text = serde_json::to_string(state).unwrap();
    let message = signed::state(state.device, state.revision, &hash(text.as_bytes()));
    SignedState { signature: key.sign(&message), state: text, now: NOW.0 }
}

pub(crate) fn user(number: u8, name: &str) -> User {
    User {
        id: AccountId::new(NOW, [number; 10]),
        name: name.into(),
        full_name: "A Person".into(),
        access: Access::Open,
        uid: None,
        gid: None,
        shell: "/bin/bash".into(),
        ssh_keys: Vec::new(),
        sudo: Sudo::None,
        take_over: TakeOver::Ask,
        requirement: claviger_wire::server::Requirement::NotRequired,
        factor: None,
        break_glass: Vec::new(),
        enrolls_until: None,
    }
}

pub(crate) fn enrolled(number: u8, name: &str) -> User {
    let factor = Factor { id: FactorId::new(NOW, [number; 10]), resynced: 0, learned: 0 };
    User { factor: Some(factor), ..user(number, name) }
}

/// What became of one account.
pub(crate) fn became(outcome: &Outcome, user: &User) -> AccountState {
    outcome.accounts.iter().find(|(id, _)| *id == user.id).unwrap().1
}

/// What a shell says; it must succeed.
pub(crate) fn shell(line: &str) -> String {
    let (text, code) = shell_with_code(line);
    assert_eq!(code, 0, "{line}: {text}");
    text
}

pub(crate) fn shell_with_code(line: &str) -> (String, i32) {
    let output = Command::new("bash").args(["-c", &format!("{{ {line}\n}} 2>&1")]).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).trim().to_owned(), output.status.code().unwrap_or(-1))
}

pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What the package brings: the profiles, and a module that is not asked anything here.
fn install_profiles() {
    const PROFILES: [(&str, &str); 4] = [
        ("claviger", include_str!("../../../../packaging/pam-configs/claviger")),
        ("claviger-fail-open", include_str!("../../../../packaging/pam-configs/claviger-fail-open")),
        ("claviger-password", include_str!("../../../../packaging/pam-configs/claviger-password")),
        ("claviger-pubkey", include_str!("../../../../packaging/pam-configs/claviger-pubkey")),
    ];
    for (name, profile) in PROFILES {
        std::fs::write(Path::new("/usr/share/pam-configs").join(name), profile).unwrap();
    }
    shell("touch $(dirname $(find /usr/lib -name pam_permit.so | head -1))/pam_claviger.so");
}
