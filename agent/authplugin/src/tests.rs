//! The plug-in through its C ABI, with an engine and an agent that are played.

#![cfg(not(target_os = "macos"))]

mod agent;
mod engine;

use crate::{
    abi::{AuthorizationPluginCreate, Held},
    agent::Agent,
    engine::WayIn,
    mechanism::Kind,
    view::Typed,
    words,
};
use agent::{Played, away};
use claviger_agent_ipc::away::WhenDown;
use claviger_wire::login::{Hello, LET_IN_NOTES, Phase, Turn};
use engine::{CALLBACKS, Engine};
use std::{
    ffi::{CStr, c_void},
    fs,
    os::unix::fs::PermissionsExt,
    ptr,
};
use zeroize::Zeroizing;

const ALLOW: Option<u32> = Some(0);
const DENY: Option<u32> = Some(1);
const CANCELED: Option<u32> = Some(3);

fn code(typed: &str) -> Typed {
    Typed::Code(Zeroizing::new(typed.to_owned()))
}

fn mechanism(engine: &Engine, played: &Played, kind: Kind) -> Box<Held> {
    Box::new(engine.mechanism(kind, Agent::at(played.folder())))
}

fn prompt(words: &[&str]) -> Vec<Turn> {
    let said = words.iter().map(|word| Turn::Error((*word).to_owned()));
    said.chain([Turn::Prompt("Verification code: ".into())]).collect()
}

#[test]
fn a_code_is_asked_for_until_it_is_right() {
    let played = Played::new("right", |hello, agent| {
        assert_eq!(
            (hello.phase, hello.user.as_str(), hello.service.as_str()),
            (Phase::Code, "alice", "macos-loginwindow")
        );
        agent.say(&prompt(&[]));
        assert_eq!(agent.heard(), "000000");
        agent.say(&prompt(&["That code is not right."]));
        assert_eq!(agent.heard(), "123456");
        agent.say(&[Turn::Ok]);
    });
    let engine = Engine::of("alice");
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    assert_eq!((code_of.view().text(), engine.result()), ("hidden\n".to_owned(), None));
    code_of.typed(&code("000000"));
    assert_eq!(code_of.view().text(), "hidden\nThat code is not right.");
    assert_eq!(engine.result(), None);
    code_of.typed(&code(" 123456 "));
    assert_eq!((code_of.view().text(), engine.result()), (String::new(), ALLOW));
    assert_eq!(engine.way_in(), Some(WayIn::WithCode));
    // Another press of the button is for nobody.
    code_of.typed(&code("123456"));
    assert_eq!(engine.results(), 1);
}

/// S8.4: whoever isn't enrolled or bound sees nothing.
#[test]
fn whoever_is_not_asked_passes() {
    let played = Played::new("skip", |_, agent| agent.say(&[Turn::Skip]));
    let engine = Engine::of("bob");
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    assert_eq!((code_of.view().text(), engine.result()), (String::new(), ALLOW));
    assert_eq!(engine.way_in(), Some(WayIn::NotAsked));
}

#[test]
fn a_refusal_is_read_before_it_begins_anew() {
    for (said, shown) in [
        (vec![Turn::Error("Too many wrong codes.".into()), Turn::NoMoreTries], "Too many wrong codes."),
        (vec![Turn::Deny], words::REFUSED),
    ] {
        let played = Played::new("refusal", move |_, agent| agent.say(&said));
        let engine = Engine::of("alice");
        let code_of = mechanism(&engine, &played, Kind::Code);
        code_of.invoke();
        assert_eq!((code_of.view().text(), engine.result()), (format!("none\n{shown}"), None));
        code_of.typed(&code(""));
        assert_eq!((code_of.view().text(), engine.result(), engine.way_in()), (String::new(), DENY, None));
    }
}

#[test]
fn going_back_begins_anew() {
    let played = Played::new("back", |_, agent| agent.say(&prompt(&[])));
    let engine = Engine::of("alice");
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    code_of.typed(&Typed::Back);
    assert_eq!((engine.result(), engine.way_in()), (CANCELED, None));
}

/// The agent asked for the code and is gone: nobody gets in, whatever becomes of those it can't be asked about.
#[test]
fn an_agent_that_goes_away_in_the_middle_lets_nobody_in() {
    let played = Played::new("gone", |_, agent| {
        agent.say(&prompt(&[]));
        agent.heard();
    });
    away(played.folder(), &[], WhenDown::Open);
    let engine = Engine::of("alice");
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    code_of.typed(&code("123456"));
    assert_eq!(code_of.view().text(), format!("none\n{}", words::BROKEN_OFF));
    code_of.typed(&code(""));
    assert_eq!((engine.result(), engine.way_in()), (DENY, None));
}

/// S8.14: those are refused whom the agent would ask, and nobody else.
#[test]
fn without_the_agent_those_are_refused_whom_it_asks() {
    let played = Played::nobody("away");
    away(played.folder(), &["alice"], WhenDown::Closed);
    let tried = |user: &str| {
        let engine = Engine::of(user);
        let code_of = mechanism(&engine, &played, Kind::Code);
        code_of.invoke();
        (code_of.view().text(), engine.result(), engine.way_in())
    };
    let refused = (format!("none\n{}", words::AWAY), None, None);
    let passed = (String::new(), ALLOW, Some(WayIn::NotAsked));
    assert_eq!(
        (tried("alice"), tried("bob"), tried("root")),
        (refused.clone(), passed.clone(), passed.clone())
    );
    // Without a name it may be anybody.
    assert_eq!(tried(""), refused);
    away(played.folder(), &["alice"], WhenDown::Open);
    assert_eq!(tried("alice"), (String::new(), ALLOW, Some(WayIn::LetIn)));
    assert_eq!(tried(""), refused);
    // What others could have written, and what is damaged, opens nothing.
    fs::write(played.folder().join("away"), "nonsense").unwrap();
    assert_eq!((tried("bob"), tried("root")), (refused, passed));
}

/// The engine gives up in the middle: what was begun lets nobody in any more.
#[test]
fn a_mechanism_that_is_deactivated_says_no_more() {
    let played = Played::new("deactivated", |_, agent| {
        agent.say(&prompt(&[]));
        agent.is_gone();
    });
    let engine = Engine::of("alice");
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    code_of.deactivate();
    assert_eq!((code_of.view().text(), engine.rests()), (String::new(), 1));
    code_of.typed(&code("123456"));
    assert_eq!((engine.result(), engine.way_in()), (None, None));
}

/// What an earlier try was worth counts no more.
#[test]
fn each_try_is_its_own() {
    let played = Played::new("tries", |hello, agent| match hello.user.as_str() {
        "alice" => agent.say(&prompt(&[])),
        _ => agent.say(&[Turn::Skip]),
    });
    let engine = Engine::of("bob");
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    assert_eq!(engine.way_in(), Some(WayIn::NotAsked));
    engine.put("username", b"alice");
    code_of.invoke();
    assert_eq!((engine.way_in(), engine.results()), (None, 1));
}

/// The account's number says who it is, whatever was typed.
#[test]
fn an_account_is_known_by_its_number() {
    let played = Played::new("number", |hello, agent| {
        assert_eq!(hello.user, "root");
        agent.say(&[Turn::Skip]);
    });
    let engine = Engine::of("System Administrator");
    engine.put("uid", &0_u32.to_ne_bytes());
    let code_of = mechanism(&engine, &played, Kind::Code);
    code_of.invoke();
    assert_eq!(engine.result(), ALLOW);
}

/// S8.12: the server judges the password where it has a word on it; if not, macOS does.
#[test]
fn the_servers_word_on_a_password_counts() {
    let asks = || Turn::Password("Password: ".into());
    let tried = |name: &str, password: &[u8], said: Vec<Vec<Turn>>| {
        let played = Played::new(name, move |hello, agent| {
            assert_eq!((hello.phase, hello.user.as_str()), (Phase::Password, "alice"));
            for (turn, words) in said.iter().enumerate() {
                if turn > 0 {
                    assert_eq!(agent.heard(), "correct horse");
                }
                agent.say(words);
            }
        });
        let engine = Engine::of("alice");
        engine.put("password", password);
        // Somebody else's, of an earlier try.
        engine.put("uid", &0_u32.to_ne_bytes());
        mechanism(&engine, &played, Kind::Password).invoke();
        engine.result()
    };
    assert_eq!(tried("password-right", b"correct horse\0", vec![vec![asks()], vec![Turn::Ok]]), ALLOW);
    assert_eq!(tried("password-wrong", b"correct horse", vec![vec![asks()], vec![Turn::Deny]]), DENY);
    assert_eq!(tried("password-silent", b"correct horse", vec![vec![asks()], vec![Turn::Skip]]), ALLOW);
    assert_eq!(tried("password-gone", b"correct horse", vec![vec![asks()], vec![]]), ALLOW);
    assert_eq!(tried("password-unknown", b"correct horse", vec![vec![Turn::Skip]]), ALLOW);
    let engine = Engine::of("alice");
    mechanism(&engine, &Played::nobody("password-none"), Kind::Password).invoke();
    assert_eq!(engine.result(), ALLOW, "FileVault signs in without one that is seen here");
}

/// Whoever comes to the end without a word of the code is refused if the agent would ask them.
#[test]
fn nobody_who_is_asked_passes_round_the_code() {
    let played = Played::nobody("round");
    away(played.folder(), &["alice"], WhenDown::Open);
    let tried = |user: &str, way_in: Option<&[u8]>| {
        let engine = Engine::of(user);
        if let Some(way_in) = way_in {
            engine.put("io.claviger.way-in", way_in);
        }
        mechanism(&engine, &played, Kind::Entered).invoke();
        engine.result()
    };
    assert_eq!(
        (tried("alice", None), tried("alice", Some(b"")), tried("alice", Some(b"x"))),
        (DENY, DENY, DENY)
    );
    assert_eq!((tried("bob", None), tried("", None)), (ALLOW, DENY));
    assert_eq!(tried("alice", Some(WayIn::WithCode.key())), ALLOW);
}

#[test]
fn a_locked_account_does_not_get_in_without_a_code() {
    for (said, expected) in [(Turn::Deny, DENY), (Turn::Skip, ALLOW), (Turn::Ok, ALLOW)] {
        let played = Played::new("locked", move |hello, agent| {
            assert_eq!(hello.phase, Phase::Account);
            agent.say(std::slice::from_ref(&said));
        });
        let engine = Engine::of("alice");
        engine.put("io.claviger.way-in", WayIn::NotAsked.key());
        mechanism(&engine, &played, Kind::Entered).invoke();
        assert_eq!(engine.result(), expected);
    }
}

/// S8.14: the server hears later of whom it was not asked about.
#[test]
fn whoever_is_let_in_is_noted() {
    let played = Played::nobody("noted");
    let notes = played.folder().join("tasks").join("let-in");
    fs::create_dir_all(&notes).unwrap();
    fs::set_permissions(&notes, fs::Permissions::from_mode(0o700)).unwrap();
    let engine = Engine::of("alice");
    engine.put("io.claviger.way-in", WayIn::LetIn.key());
    let entered = mechanism(&engine, &played, Kind::Entered);
    entered.invoke();
    let left: Vec<_> = fs::read_dir(&notes).unwrap().map(|entry| entry.unwrap().path()).collect();
    let note = Hello::parse(&fs::read(&left[0]).unwrap()).unwrap();
    assert_eq!((left.len(), note.user.as_str(), engine.result()), (1, "alice", ALLOW));
    for nth in 0..LET_IN_NOTES {
        fs::write(notes.join(format!("1-{nth}")), "").unwrap();
    }
    entered.invoke();
    assert_eq!(engine.results(), 2, "nobody is kept out for a note that can't be left");
}

/// As macOS loads it: create, invoke, deactivate, destroy, and calls that make no sense.
#[test]
fn the_c_abi_is_that_of_authorization_plug_ins() {
    let (mut plug_in, mut interface) = (ptr::null_mut(), ptr::null());
    // SAFETY: as macOS calls it.
    unsafe {
        assert_ne!(AuthorizationPluginCreate(ptr::null(), &mut plug_in, &mut interface), 0);
        assert_eq!(AuthorizationPluginCreate(&CALLBACKS, &mut plug_in, &mut interface), 0);
    }
    // SAFETY: it was just given.
    let interface = unsafe { &*interface };
    let engine = Engine::of("root");
    let create = |name: &CStr| {
        let mut made: *mut c_void = ptr::null_mut();
        // SAFETY: as macOS calls it.
        let status =
            unsafe { (interface.mechanism_create)(plug_in, engine.reference(), name.as_ptr(), &mut made) };
        (status, made)
    };
    for name in [c"", c"code ", c"Code", c"code,privileged"] {
        let (status, made) = create(name);
        assert!(status != 0 && made.is_null(), "{name:?}");
    }
    let (status, made) = create(c"password");
    assert_eq!((status, interface.version), (0, 0));
    // SAFETY: as macOS calls it.
    unsafe {
        assert_ne!((interface.mechanism_invoke)(ptr::null_mut()), 0);
        assert_eq!((interface.mechanism_invoke)(made), 0);
        assert_eq!(engine.result(), ALLOW);
        assert_eq!((interface.mechanism_deactivate)(made), 0);
        assert_eq!(engine.rests(), 1);
        assert_eq!((interface.mechanism_destroy)(made), 0);
        assert_eq!((interface.plugin_destroy)(plug_in), 0);
    }
}
