//! The half that changes Windows, under a Windows: accounts, who is asked, and the other ways in (S8.7a, S8.15).

#![cfg(windows)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail the test")]

#[path = "windows/policies.rs"]
mod policies;
#[path = "windows/runs.rs"]
mod runs;

use claviger_agent::{
    identity::{DeviceKey, ServerKey, hash},
    platform::windows::{Paths, logins},
    tasks::{Outcome, Root, Settings},
};
use claviger_agent_core::{
    clock::{Clocks, Uptime},
    port::Clock,
};
use claviger_agent_ipc::away::{self, CLASS, Others};
use claviger_domain::{
    device::{Applied, Blocked, NotEnrolled, Sudo, TakeOver, WhenDown},
    id::{AccountId, DeviceId, FactorId},
    time::{Span, Timestamp},
};
use claviger_win32::{
    account,
    registry::{Key, Value},
};
use claviger_wire::{
    server::{Access, AccountState, Codes, Factor, Proof, Requirement, SignedState, State, User},
    signed,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const AUTHENTICATION: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication";
const POLICIES: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";

/// There is one registry. Accounts stay for as long as the process: each test has names of its own.
static ALONE: Mutex<()> = Mutex::new(());

#[derive(Clone)]
struct Hand(Arc<Mutex<Span>>);

impl Clock for Hand {
    fn clocks(&self) -> Clocks {
        let since = *self.0.lock().unwrap();
        Clocks { wall: NOW.plus(since), uptime: Uptime { boot: "a".into(), since } }
    }
}

struct Bench {
    root: Root,
    key: DeviceKey,
    clock: Hand,
    state: State,
    folder: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

fn device() -> DeviceId {
    DeviceId::new(NOW, [1; 10])
}

fn user(number: u8, name: &str) -> User {
    User {
        id: AccountId::new(NOW, [number; 10]),
        name: name.into(),
        full_name: name.into(),
        access: Access::Open,
        uid: Some(1001),
        gid: Some(1001),
        shell: "/bin/bash".into(),
        ssh_keys: Vec::new(),
        sudo: Sudo::None,
        take_over: TakeOver::Ask,
        requirement: Requirement::NotRequired,
        factor: None,
        break_glass: Vec::new(),
        enrolls_until: None,
    }
}

fn enrolled(number: u8, name: &str) -> User {
    let factor = Factor { id: FactorId::new(NOW, [number; 10]), resynced: 0, learned: 0 };
    User { factor: Some(factor), ..user(number, name) }
}

fn open(key: &DeviceKey, clock: &Hand, folder: &Path) -> Root {
    let settings = Settings {
        device: device(),
        server_key: ServerKey::parse(&key.public()).unwrap(),
        folder: folder.to_owned(),
        paths: Paths {},
        clock: Box::new(clock.clone()),
    };
    Root::open(settings).unwrap()
}

impl Bench {
    fn new(name: &str) -> Self {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        logins::put_back(&Paths {}).unwrap();
        Key::local_machine(POLICIES).remove("HideFastUserSwitching").unwrap();
        register();
        let folder = std::env::temp_dir().join(format!("claviger-root-{}-{name}", std::process::id()));
        let (key, _) = DeviceKey::generate().unwrap();
        let clock = Hand(Arc::new(Mutex::new(Span::seconds(100))));
        let state = State { organization: "Acme".into(), ..State::empty(device()) };
        Self { root: open(&key, &clock, &folder), key, clock, state, folder, _alone: alone }
    }

    fn signed(&self) -> SignedState {
        let text = serde_json::to_string(&self.state).unwrap();
        let message = signed::state(self.state.device, self.state.revision, &hash(text.as_bytes()));
        SignedState { signature: self.key.sign(&message), state: text, now: NOW.0 }
    }

    fn apply(&mut self) -> Outcome {
        self.state.revision += 1;
        let signed = self.signed();
        self.root.apply(&signed, 0).unwrap()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = logins::put_back(&Paths {});
        unregister();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn keys() -> Vec<Key> {
    let of = |kind: &str| Key::local_machine(&format!(r"{AUTHENTICATION}\{kind}\{CLASS}"));
    vec![
        Key::local_machine(&format!(r"SOFTWARE\Classes\CLSID\{CLASS}\InprocServer32")),
        of("Credential Providers"),
        of("Credential Provider Filters"),
    ]
}

/// As the installer does; any file stands for the library.
fn register() {
    let library = std::env::current_exe().unwrap().to_string_lossy().into_owned();
    for key in keys() {
        key.set("", &Value::Text(library.clone())).unwrap();
    }
}

fn unregister() {
    for key in keys() {
        let _ = key.delete();
    }
}

fn switching() -> Option<Value> {
    Key::local_machine(POLICIES).get("HideFastUserSwitching").unwrap()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn other_ways_in_are_hidden_while_somebody_must_use_mfa_or_has_set_it_up() {
    let mut bench = Bench::new("others");
    // Wine has no accounts that can be disabled: nobody leaves.
    let everybody = |anna: User, bert: User| vec![anna, bert, user(4, "dora0")];
    let required = User { requirement: Requirement::Required, ..user(2, "bert0") };
    for (users, codes, others, asked) in [
        (everybody(enrolled(1, "anna0"), required.clone()), Codes::NotAsked, Others::Shown, names(&[])),
        (everybody(user(1, "anna0"), user(2, "bert0")), Codes::Asked, Others::Shown, names(&[])),
        (everybody(user(1, "anna0"), required), Codes::Asked, Others::Hidden, names(&[])),
        (everybody(enrolled(1, "anna0"), user(2, "bert0")), Codes::Asked, Others::Hidden, names(&["anna0"])),
        (everybody(user(1, "anna0"), user(2, "bert0")), Codes::Asked, Others::Shown, names(&[])),
    ] {
        (bench.state.users, bench.state.codes) = (users, codes);
        let outcome = bench.apply();
        assert_eq!((away::others(), away::asked().unwrap()), (others, asked), "{:?}", bench.state.users);
        let expected = if codes == Codes::Asked { Applied::InForce } else { Applied::Off };
        assert_eq!(outcome.applied, expected, "{}", outcome.detail);
    }
    bench.state.rules.not_enrolled = NotEnrolled::Refused;
    bench.apply();
    assert_eq!(away::others(), Others::Hidden, "S8.7b");
}

#[test]
fn a_policy_that_was_there_is_put_back() {
    let mut bench = Bench::new("policy");
    Key::local_machine(POLICIES).set("HideFastUserSwitching", &Value::Number(0)).unwrap();
    (bench.state.users, bench.state.codes) = (vec![enrolled(1, "anna1")], Codes::Asked);
    bench.apply();
    bench.apply();
    assert_eq!(switching(), Some(Value::Number(1)));
    bench.state.codes = Codes::NotAsked;
    bench.apply();
    assert_eq!(switching(), Some(Value::Number(0)));
    Key::local_machine(POLICIES).remove("HideFastUserSwitching").unwrap();
    bench.state.codes = Codes::Asked;
    bench.apply();
    logins::put_back(&Paths {}).unwrap();
    assert_eq!(switching(), None);
}

#[test]
fn a_provider_that_is_not_registered_blocks_and_hides_nothing() {
    let mut bench = Bench::new("provider");
    unregister();
    (bench.state.users, bench.state.codes) = (vec![enrolled(1, "anna2")], Codes::Asked);
    let outcome = bench.apply();
    assert_eq!(outcome.applied, Applied::Blocked(Blocked::Provider), "{}", outcome.detail);
    assert_eq!(away::others(), Others::Shown);
    register();
    assert_eq!(bench.apply().applied, Applied::InForce);
    assert_eq!(away::others(), Others::Hidden);
}

#[test]
fn what_nobody_proves_is_taken_back() {
    let mut bench = Bench::new("proof");
    (bench.state.users, bench.state.codes) = (vec![enrolled(1, "anna3")], Codes::Asked);
    bench.state.proof = Proof::Within { seconds: 600, attempt: 1 };
    let outcome = bench.apply();
    assert_eq!((outcome.applied, outcome.due), (Applied::InForce, Some(600)));
    *bench.clock.0.lock().unwrap() = Span::seconds(701);
    // As after a crash: the time runs on.
    bench.root = open(&bench.key, &bench.clock, &bench.folder);
    let signed = bench.signed();
    let outcome = bench.root.apply(&signed, 0).unwrap();
    assert_eq!((outcome.applied, outcome.taken_back), (Applied::Blocked(Blocked::Unproven), 1));
    assert_eq!((away::others(), away::asked().unwrap()), (Others::Shown, names(&[])), "S8.7a");
}

#[test]
fn an_account_is_made_for_everybody_who_is_bound() {
    let mut bench = Bench::new("accounts");
    let name = format!("clv{}", std::process::id());
    bench.state.users = vec![user(7, &name)];
    let outcome = bench.apply();
    assert_eq!(outcome.accounts, [(bench.state.users[0].id, AccountState::Ready)], "{}", outcome.detail);
    assert!(account::find(&name).unwrap().is_some());
    assert_eq!(bench.apply().accounts, outcome.accounts, "a second time changes nothing");
}

#[test]
fn a_state_that_is_older_or_not_the_servers_is_refused() {
    let mut bench = Bench::new("states");
    bench.apply();
    bench.apply();
    let mut forged = bench.signed();
    forged.state = forged.state.replace("Acme", "Evil");
    assert!(bench.root.apply(&forged, 0).is_err());
    bench.state.revision = 1;
    let older = bench.signed();
    assert!(bench.root.apply(&older, 0).unwrap_err().to_string().contains("older"));
}

/// Before a new state counts for logons, whoever it asks is known to the provider.
#[test]
fn who_will_be_asked_is_noted_beforehand() {
    let mut bench = Bench::new("prepare");
    bench.state.users = vec![user(1, "anna6")];
    bench.apply();
    (bench.state.users, bench.state.codes) = (vec![enrolled(1, "anna6")], Codes::Asked);
    bench.state.revision += 1;
    let signed = bench.signed();
    bench.root.prepare(&signed).unwrap();
    assert_eq!((away::asked().unwrap(), away::others()), (names(&["anna6"]), Others::Shown));
    bench.state.rules.when_down = WhenDown::Open;
    bench.apply();
    assert_eq!(away::when_down(), away::WhenDown::Open, "S8.14");
}
