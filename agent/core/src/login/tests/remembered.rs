//! S8.13b: when the server is asked whether a code is needed, and what its answer is worth.

use super::{
    device::{Device, code, hello},
    *,
};
use crate::port::Vault;
use claviger_wire::server::CodeVerdict;

const KEY: KeyHash = KeyHash([7; 32]);

fn device(recalled: Option<Recalled>) -> Device {
    let mut device = Device::with(|state| state.remembers = Remembers::Maybe);
    device.recalled = recalled;
    device
}

fn first(device: &Device, hello: &Hello) -> Vec<Turn> {
    match begin(device.ports(), hello) {
        Begun::Over(turns) | Begun::Asking(_, turns) => turns,
        Begun::Lost => panic!("no state"),
    }
}

fn with_key() -> Hello {
    Hello { key: Some(KEY), ..hello(Phase::Code, "sshd", "alice") }
}

#[test]
fn only_the_servers_word_spares_the_code() {
    let prompt = || vec![Turn::Prompt("Verification code: ".into())];
    for (recalled, expected) in
        [(Some(Recalled::Remembered), vec![Turn::Ok]), (Some(Recalled::Ask), prompt()), (None, prompt())]
    {
        let device = device(recalled);
        assert_eq!(first(&device, &with_key()), expected, "{recalled:?}");
        assert_eq!(*device.asked_to_recall.lock().unwrap(), 1);
    }
    let device = device(Some(Recalled::Remembered));
    first(&device, &with_key());
    assert_eq!(
        device.lines(),
        ["sshd: alice from \"192.0.2.1\": no code is asked for: one was given a while ago"]
    );
    assert_eq!(
        (device.events(), device.attempts()),
        (Vec::new(), Attempts::default()),
        "S8.7a: it proves nothing"
    );
}

#[test]
fn the_server_is_asked_only_where_it_may_say_yes() {
    let plain = with_key();
    let table = [
        ("no key", Hello { key: None, ..plain.clone() }),
        ("no address", Hello { rhost: String::new(), ..plain.clone() }),
        ("this machine", Hello { rhost: "127.0.0.1".into(), ..plain.clone() }),
        ("a name", Hello { rhost: "laptop.example".into(), ..plain.clone() }),
        ("a console", Hello { service: "login".into(), ..plain.clone() }),
        ("not enrolled", Hello { user: "bob".into(), ..plain.clone() }),
        ("nobody", Hello { user: "mallory".into(), ..plain.clone() }),
        ("the account phase", Hello { phase: Phase::Account, ..plain.clone() }),
    ];
    for (what, hello) in table {
        let device = device(Some(Recalled::Remembered));
        assert_ne!(first(&device, &hello), [Turn::Ok], "{what}");
        assert_eq!(*device.asked_to_recall.lock().unwrap(), 0, "{what}");
    }
    let mut never = Device::new();
    never.recalled = Some(Recalled::Remembered);
    assert_ne!(first(&never, &plain), [Turn::Ok], "in no such group");
    assert_eq!(*never.asked_to_recall.lock().unwrap(), 0);
    let mut locked = Device::with(|state| {
        state.remembers = Remembers::Maybe;
        state.users[0].access = Access::Locked;
    });
    locked.recalled = Some(Recalled::Remembered);
    assert_eq!(first(&locked, &plain), [Turn::Deny]);
}

#[test]
fn a_code_goes_to_the_server_with_the_key_before_it() {
    for key in [Some(KEY), None] {
        let device = device(Some(Recalled::Ask));
        device.says(Some(CodeVerdict::Accepted));
        let Begun::Asking(mut login, _) = begin(device.ports(), &Hello { key, ..with_key() }) else {
            panic!("nothing was asked")
        };
        assert_eq!(login.answer(code(0).as_bytes()), [Turn::Ok]);
        assert_eq!(*device.code_with.lock().unwrap(), key);
    }
}
