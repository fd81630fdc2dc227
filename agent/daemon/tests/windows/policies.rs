//! S9.1 on Windows: values of the registry.

use super::{Bench, NOW, open};
use claviger_agent::platform::windows::{Paths, policies};
use claviger_domain::{
    device::Platform,
    id::PolicyId,
    policy::{Data, Effect, FileContent, Mode, RegistryValue, State, Template},
    time::Span,
};
use claviger_win32::registry::{BINARY, Key, Value};
use claviger_wire::orders::PolicyOrder;

const ACME: &str = r"SOFTWARE\Acme";
const DEEP: &str = r"SOFTWARE\Acme\Deep\Deeper";
const SYSTEM: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
/// `REG_SZ` without its zero at the end, as some programs leave it.
const UNENDED: (u32, &[u8]) = (1, b"a\0b\0");

fn effect(location: &str, name: &str, data: Data) -> Effect {
    Effect::Registry(RegistryValue { location: location.into(), name: name.into(), data })
}

fn order(number: u8, effects: Vec<Effect>) -> PolicyOrder {
    PolicyOrder { id: PolicyId::new(NOW, [number; 10]), revision: 1, name: format!("P{number}"), effects }
}

fn key(location: &str) -> Key {
    Key::local_machine(location)
}

fn get(location: &str, name: &str) -> Option<Value> {
    key(location).get(name).unwrap()
}

/// A device on which nothing of this file is laid down.
fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    key(ACME).delete().unwrap();
    bench
}

impl Bench {
    fn lay_down(&mut self, orders: Vec<PolicyOrder>) -> Vec<State> {
        self.state.policies = orders;
        self.apply().policies.iter().map(|said| said.state).collect()
    }

    /// A minute later.
    fn corrected(&mut self) -> i64 {
        let mut clock = self.clock.0.lock().unwrap();
        *clock = Span::from_micros(clock.micros() + 60_000_000);
        drop(clock);
        let outcome = self.root.refresh().unwrap().unwrap();
        assert_eq!(outcome.policies[0].state, State::Applied, "{:?}", outcome.policies);
        outcome.policies[0].corrected.count
    }
}

#[test]
fn values_are_laid_down_corrected_and_put_back_byte_for_byte() {
    let mut bench = bench("values");
    key(ACME).set("old", &Value::Other(UNENDED.0, UNENDED.1.to_vec())).unwrap();
    key(ACME).set("other", &Value::Other(BINARY, vec![1, 2, 3])).unwrap();
    let effects = vec![
        effect(r"Software\ACME", "OLD", Data::Dword(7)),
        effect(ACME, "made", Data::MultiSz(vec!["a".into(), "b".into()])),
        effect(DEEP, "", Data::ExpandSz("%SystemRoot%".into())),
        effect(DEEP, "large", Data::Qword(u64::MAX)),
    ];
    assert_eq!(bench.lay_down(vec![order(1, effects)]), [State::Applied]);
    assert_eq!(get(ACME, "old"), Some(Value::Number(7)));
    assert_eq!(get(ACME, "made"), Some(Value::Texts(vec!["a".into(), "b".into()])));
    assert_eq!(get(DEEP, ""), Some(Value::Expanding("%SystemRoot%".into())));
    assert_eq!(get(DEEP, "large"), Some(Value::Large(u64::MAX)));
    assert_eq!(bench.corrected(), 0);
    // Changed, of another type, and gone with its key: put right at the next cycle, and counted.
    key(ACME).set("old", &Value::Large(7)).unwrap();
    key(r"SOFTWARE\Acme\Deep").delete().unwrap();
    assert_eq!(bench.corrected(), 1);
    assert_eq!(
        (get(ACME, "old"), get(DEEP, "large")),
        (Some(Value::Number(7)), Some(Value::Large(u64::MAX)))
    );
    // A restart forgets nothing.
    bench.root = open(&bench.key, &bench.clock, &bench.folder);
    assert_eq!(bench.corrected(), 1);
    assert!(bench.lay_down(Vec::new()).is_empty());
    assert_eq!(key(ACME).exactly("old").unwrap(), Some((UNENDED.0, UNENDED.1.to_vec())));
    assert_eq!((get(ACME, "made"), get(ACME, "other")), (None, Some(Value::Other(BINARY, vec![1, 2, 3]))));
    assert!(!key(r"SOFTWARE\Acme\Deep").exists().unwrap());
    assert!(key(ACME).exists().unwrap(), "it was there before");
}

#[test]
fn a_key_that_was_made_goes_with_the_last_policy_unless_somebody_uses_it() {
    let mut bench = bench("keys");
    let one = order(1, vec![effect(DEEP, "one", Data::Dword(1))]);
    let two = order(2, vec![effect(DEEP, "two", Data::Dword(2))]);
    bench.lay_down(vec![one.clone()]);
    assert_eq!(bench.lay_down(vec![one, two.clone()]), [State::Applied; 2]);
    assert_eq!(bench.lay_down(vec![two.clone()]), [State::Applied]);
    assert_eq!((get(DEEP, "one"), get(DEEP, "two")), (None, Some(Value::Number(2))));
    bench.lay_down(Vec::new());
    assert!(!key(ACME).exists().unwrap());
    bench.lay_down(vec![two]);
    key(r"SOFTWARE\Acme\Deep").set("theirs", &Value::Number(3)).unwrap();
    bench.lay_down(Vec::new());
    assert!(!key(DEEP).exists().unwrap());
    assert_eq!(get(r"SOFTWARE\Acme\Deep", "theirs"), Some(Value::Number(3)));
    key(ACME).delete().unwrap();
}

#[test]
fn what_cannot_be_laid_down_whole_is_not_laid_down() {
    let mut bench = bench("whole");
    let file = FileContent { path: "/etc/motd".into(), content: "x".into(), mode: Mode::Everybody };
    let mixed = order(1, vec![effect(ACME, "a", Data::Dword(1)), Effect::File(file)]);
    assert_eq!(bench.lay_down(vec![mixed]), [State::Failed]);
    // A list that an empty text would end.
    let ended = Data::MultiSz(vec!["a".into(), String::new()]);
    let ended = order(2, vec![effect(ACME, "a", Data::Dword(1)), effect(ACME, "b", ended)]);
    assert_eq!(bench.lay_down(vec![ended]), [State::Failed]);
    assert!(!key(ACME).exists().unwrap());
    // Two that want one value otherwise: neither.
    let want = |number: u8| order(number, vec![effect(ACME, "a", Data::Dword(number.into()))]);
    assert_eq!(bench.lay_down(vec![want(3)]), [State::Applied]);
    assert_eq!(bench.lay_down(vec![want(3), want(4)]), [State::Failed; 2]);
    assert!(!key(ACME).exists().unwrap());
    assert_eq!(bench.lay_down(vec![want(4)]), [State::Applied]);
    bench.lay_down(Vec::new());
}

#[test]
fn the_ready_policies_set_what_windows_reads_and_uninstalling_takes_it_back() {
    let mut bench = bench("ready");
    key(SYSTEM).remove("DisableAutomaticRestartSignOn").unwrap();
    key(SYSTEM).set("SafeModeBlockNonAdmins", &Value::Number(0)).unwrap();
    let ready = [(1, Template::DisableArso), (2, Template::BlockSafeMode)];
    let orders = ready
        .iter()
        .map(|(number, template)| order(*number, template.effects_on(Platform::Windows)))
        .collect();
    assert_eq!(bench.lay_down(orders), [State::Applied; 2]);
    let both = || (get(SYSTEM, "DisableAutomaticRestartSignOn"), get(SYSTEM, "SafeModeBlockNonAdmins"));
    assert_eq!(both(), (Some(Value::Number(1)), Some(Value::Number(1))), "S8.16, S8.17");
    policies::put_back(&Paths {}, &bench.folder).unwrap();
    assert_eq!(both(), (None, Some(Value::Number(0))));
    policies::put_back(&Paths {}, &bench.folder).unwrap();
    policies::put_back(&Paths {}, &bench.folder.join("missing")).unwrap();
    key(SYSTEM).remove("SafeModeBlockNonAdmins").unwrap();
}

#[test]
fn a_damaged_book_of_policies_is_set_aside() {
    let mut bench = bench("damaged");
    let wanted = order(1, vec![effect(ACME, "a", Data::Dword(1))]);
    bench.lay_down(vec![wanted.clone()]);
    let book = bench.folder.join("policies.json");
    assert!(!std::fs::read(&book).unwrap().windows(4).any(|part| part == b"Acme"), "it is sealed");
    std::fs::write(&book, "{").unwrap();
    bench.root = open(&bench.key, &bench.clock, &bench.folder);
    assert_eq!(bench.lay_down(vec![wanted]), [State::Applied]);
    assert!(bench.folder.join("policies.damaged").exists());
    bench.lay_down(Vec::new());
    key(ACME).delete().unwrap();
}
