mod device;
mod invitation;
mod remembered;

use super::*;
use crate::port::Attempts;
use claviger_domain::totp::Step;
use claviger_wire::server::CodeVerdict;
use device::{Device, NOW, code, hello};

const ASK: &str = "Verification code: ";

fn prompt(text: &str) -> Vec<Turn> {
    vec![Turn::Prompt(format!("{text}{ASK}"))]
}

/// S8.11, S8.4: who is asked at all.
#[test]
fn only_enrolled_users_of_listed_programs_are_asked() {
    let table = [
        ("sshd", "alice", prompt("")),
        ("gdm-password", "alice", prompt("")),
        ("sshd", "bob", vec![Turn::Skip]),
        ("sshd", "mallory", vec![Turn::Skip]),
        ("sshd", "../../etc/x", vec![Turn::Skip]),
        ("sshd", "ALICE", vec![Turn::Skip]),
        ("sshd", "", vec![Turn::Skip]),
        ("cron", "alice", vec![Turn::Skip]),
        ("polkit-1", "alice", vec![Turn::Skip]),
        ("sudo", "alice", vec![Turn::Skip]),
        ("su-l", "alice", vec![Turn::Skip]),
    ];
    let device = Device::new();
    for (service, user, expected) in table {
        assert_eq!(device.first(Phase::Code, service, user), expected, "{service} {user}");
    }
    let device = Device::with(|state| state.rules.sudo_asks = Switch::On);
    assert_eq!(device.first(Phase::Code, "sudo", "alice"), prompt(""));
    let device = Device::with(|state| state.codes = Codes::NotAsked);
    assert_eq!(device.first(Phase::Code, "sshd", "alice"), [Turn::Skip]);
}

#[test]
fn an_account_that_is_not_taken_over_is_left_alone() {
    let mut device = Device::new();
    device.ownership = Ownership::NotOurs;
    for phase in [Phase::Password, Phase::Code, Phase::Account] {
        assert_eq!(device.first(phase, "sshd", "alice"), [Turn::Skip], "{phase:?}");
    }
    device.ownership = Ownership::Unknown;
    assert_eq!(device.first(Phase::Password, "sshd", "alice"), [Turn::Skip]);
    assert_eq!(device.first(Phase::Code, "sshd", "alice"), prompt(""));
    assert_eq!(device.first(Phase::Account, "sshd", "alice"), [Turn::Deny]);
}

#[test]
fn without_a_state_nothing_is_answered() {
    let device = Device::new();
    *device.state.lock().unwrap() = None;
    for user in ["alice", "mallory"] {
        assert!(matches!(begin(device.ports(), &hello(Phase::Code, "sshd", user)), Begun::Lost));
    }
    assert_eq!(device.warnings().len(), 2);
}

/// Both must say yes: every pair of what the device and what the server thinks of a code.
#[test]
fn the_device_and_the_server_must_both_say_yes() {
    use CodeVerdict::{Accepted, AlreadyUsed, Locked, NotEnrolled, Wrong};
    let until = Some(NOW.plus(Span::minutes(15)).0);
    let locked = Locked { until };
    let again = |text: &str| prompt(&format!("{text}\n"));
    let wrong = || again("That code is not right.");
    let used = || again("This code was already used. Wait for the next one.");
    let over = || vec![Turn::NoMoreTries];
    // The offset of the step whose code is typed, the last used one, the server's verdict.
    let table = [
        (0, -5, Some(Accepted), vec![Turn::Ok]),
        (-1, -5, Some(Accepted), vec![Turn::Ok]),
        (1, -5, Some(Accepted), vec![Turn::Ok]),
        (0, -5, None, vec![Turn::Ok]),
        (0, -5, Some(Wrong), wrong()),
        (0, -5, Some(AlreadyUsed), used()),
        (0, -5, Some(locked), over()),
        (0, -5, Some(NotEnrolled), over()),
        (0, 0, Some(Accepted), used()),
        (0, 0, None, used()),
        (0, 1, None, used()),
        (9, -5, None, wrong()),
        (9, -5, Some(Wrong), wrong()),
        // The server knows the drift better, the device which step it is.
        (3, -5, Some(Accepted), vec![Turn::Ok]),
        (-3, -3, Some(Accepted), wrong()),
        (9, -5, Some(Accepted), wrong()),
        (9, -5, Some(locked), over()),
    ];
    for (offset, last, verdict, expected) in table {
        let device = Device::new();
        device.use_up(last);
        device.says(verdict);
        let what = format!("{offset} {last} {verdict:?}");
        assert_eq!(device.typed("sshd", &code(offset)), expected, "{what}");
        let is_in = expected == [Turn::Ok];
        let used = device.last() == Step(Step::at(NOW).0 + offset);
        assert_eq!(
            used,
            is_in || matches!((verdict, offset), (Some(AlreadyUsed), 0)) || last == offset,
            "{what}"
        );
    }
}

#[test]
fn a_used_code_is_not_even_sent() {
    let device = Device::new();
    device.use_up(0);
    device.typed("sshd", &code(0));
    assert_eq!(device.asked(), 0);
    device.typed("sshd", &code(9));
    assert_eq!(device.asked(), 1, "a wrong one is counted at the server");
}

#[test]
fn what_happened_without_the_server_is_told_later() {
    let device = Device::new();
    device.says(None);
    device.typed("sshd", &code(0));
    device.typed("sshd", &code(9));
    device.says(Some(CodeVerdict::Accepted));
    device.typed("sshd", &code(1));
    let factor = device::factor();
    let step = Step::at(NOW).0;
    assert_eq!(device.events(), [What::OfflineCode { factor, step }, What::OfflineWrongCode { factor }]);
}

#[test]
fn with_nothing_to_check_by_only_the_server_counts() {
    for (verdict, expected) in [
        (Some(CodeVerdict::Accepted), Turn::Ok),
        (None, Turn::Deny),
        (Some(CodeVerdict::NotEnrolled), Turn::NoMoreTries),
    ] {
        let mut device = Device::new();
        device.verifiers.clear();
        device.has_checks = false;
        device.says(verdict);
        assert_eq!(device.typed("sshd", &code(0)), [expected], "{verdict:?}");
        let why = Refused::NothingToCheckBy;
        assert_eq!(device.events().contains(&What::Refused { why }), verdict.is_none());
    }
}

/// S8.5: until the end of the window, not after it; and what a damaged verifier leaves open, only the server tells.
#[test]
fn the_window_ends_and_damage_is_never_a_yes() {
    let device = Device::at(device::END.minus(Span::seconds(1)));
    device.says(None);
    assert_eq!(device.typed("login", &device.code_now()), [Turn::Ok]);
    let device = Device::at(device::END);
    device.says(None);
    let turns = device.typed("login", &device.code_now());
    assert_eq!(turns.last(), Some(&Turn::Deny));
    assert!(
        matches!(&turns[0], Turn::Error(text) if text.contains("without its server for too long")),
        "{turns:?}"
    );
    assert_eq!(device.events(), [What::Refused { why: Refused::WindowEnded }]);
    device.says(Some(CodeVerdict::Accepted));
    assert_eq!(device.typed("login", &device.code_now()), [Turn::Ok]);

    let mut device = Device::new();
    device.verifiers.remove(&Step::at(NOW).0);
    device.says(None);
    assert_eq!(device.typed("sshd", &code(0)), prompt("That code is not right.\n"));
    device.says(Some(CodeVerdict::Accepted));
    assert_eq!(device.typed("sshd", &code(0)), [Turn::Ok]);
}

#[test]
fn a_shorter_window_counts_from_the_last_contact() {
    let device = Device::with(|state| state.offline_days = 1);
    device.met(NOW.minus(Span::days(1)));
    device.says(None);
    assert_eq!(device.typed("sshd", &code(0)), [Turn::Deny]);
    device.met(NOW.minus(Span::hours(23)));
    assert_eq!(device.typed("sshd", &code(0)), [Turn::Ok]);
}

#[test]
fn from_five_days_on_the_end_of_the_window_is_told_while_the_server_is_away() {
    let first = |device: &Device| device.first(Phase::Code, "gdm-password", "alice");
    let soon = Device::at(device::END.minus(Span::days(5)));
    assert_eq!(first(&soon).len(), 2);
    assert!(matches!(&first(&soon)[0], Turn::Info(text) if text.contains("work here until")));
    soon.met(device::END.minus(Span::days(5)).minus(Span::minutes(3)));
    assert_eq!(first(&soon), prompt(""), "the server was there just now");
    let early = Device::at(device::END.minus(Span::days(6)));
    assert_eq!(first(&early), prompt(""));
}

/// Ten a day and user; then nothing is told, not even of a right one, unless the server says so.
#[test]
fn without_the_server_ten_wrong_codes_a_day_are_the_limit() {
    let device = Device::new();
    device.says(None);
    for _ in 0..10 {
        assert_eq!(device.typed("sshd", &code(9)), prompt("That code is not right.\n"));
    }
    assert_eq!(device.typed("sshd", &code(9)), [Turn::Deny]);
    assert_eq!(device.typed("sshd", &code(0)), [Turn::Deny]);
    assert_eq!(device.events().last(), Some(&What::Refused { why: Refused::TooManyWrong }));
    device.says(Some(CodeVerdict::Accepted));
    assert_eq!(device.typed("sshd", &code(0)), [Turn::Ok]);
}

#[test]
fn three_codes_are_the_limit_of_a_connection() {
    let device = Device::new();
    device.says(Some(CodeVerdict::Wrong));
    let (mut login, _) = device.begin("sshd");
    let long = vec![b'1'; 4000];
    assert_eq!(login.answer(b""), prompt("The code has six digits.\n"));
    assert_eq!(login.answer(&long), prompt("The code has six digits.\n"));
    assert!(!login.is_over());
    assert_eq!(login.answer(b"\xff\xfe"), [Turn::NoMoreTries]);
    assert!(login.is_over());
    assert_eq!(login.answer(code(0).as_bytes()), [Turn::Deny], "nothing more is judged");
    assert_eq!(device.asked(), 0, "what is no code is nobody's guess");
    let (mut login, _) = device.begin("login");
    login.answer(b"x");
    device.says(Some(CodeVerdict::Accepted));
    assert_eq!(login.answer(format!(" {} ", code(0)).as_bytes()), [Turn::Ok]);
}

/// S8.8.
#[test]
fn a_break_glass_code_is_taken_once_and_in_its_time() {
    let device = Device::new();
    device.says(None);
    assert_eq!(device.typed("sshd", "abcd-efgh ijkl-mnop"), [Turn::Ok]);
    assert_eq!(device.events(), [What::BreakGlass { id: device::break_glass() }]);
    assert_eq!(device.typed("sshd", "ABCDEFGHIJKLMNOP"), [Turn::NoMoreTries]);
    assert_eq!(device.typed("sshd", "ABCDEFGHIJKLMNOQ"), prompt("That code is not right.\n"));
    assert_eq!(device.typed("sshd", "ABCDEFGHIJKLMNO"), prompt("The code has six digits.\n"));
    let late = Device::at(NOW.plus(Span::hours(8)));
    assert_eq!(late.typed("sshd", "ABCDEFGHIJKLMNOP"), [Turn::NoMoreTries]);
    assert_eq!((device.asked(), late.asked()), (0, 0), "it is never sent");
    let mut after = Device::at(device::END.plus(Span::days(9)));
    after.break_glass_until(device::END.plus(Span::days(10)));
    assert_eq!(after.typed("sshd", "ABCDEFGHIJKLMNOP"), [Turn::Ok], "the window is over, and it still works");
}

/// S8.4, S8.7b, S8.14: the account phase closes what sshd left open, and nothing else.
#[test]
fn the_account_phase_refuses_at_sshd_alone() {
    let open = Device::new();
    let closed = Device::with(|state| state.rules.not_enrolled = NotEnrolled::Refused);
    let table = [
        ("sshd", "alice", Turn::Deny, Turn::Deny),
        ("sshd", "bob", Turn::Skip, Turn::Deny),
        ("login", "alice", Turn::Skip, Turn::Skip),
        ("su", "alice", Turn::Skip, Turn::Skip),
        ("cron", "alice", Turn::Skip, Turn::Skip),
        ("sshd", "mallory", Turn::Skip, Turn::Skip),
    ];
    for (service, user, by_default, refusing) in table {
        assert_eq!(open.first(Phase::Account, service, user), [by_default], "{service} {user}");
        assert_eq!(closed.first(Phase::Account, service, user), [refusing], "{service} {user}");
    }
    assert_eq!(open.events(), [What::FirstFactorAlone]);
    assert_eq!(closed.events(), [What::Refused { why: Refused::NotEnrolled }]);
    assert_eq!(closed.first(Phase::Code, "login", "bob").last(), Some(&Turn::Deny));
}

#[test]
fn a_locked_account_gets_in_nowhere() {
    let device = Device::with(|state| state.users[0].access = Access::Locked);
    for service in ["sshd", "login", "gdm-password"] {
        assert_eq!(device.first(Phase::Account, service, "alice"), [Turn::Deny], "{service}");
        assert_eq!(device.first(Phase::Code, service, "alice").last(), Some(&Turn::Deny), "{service}");
        assert_eq!(device.first(Phase::Password, service, "alice"), [Turn::Skip], "{service}");
    }
    assert_eq!(device.first(Phase::Account, "cron", "alice"), [Turn::Skip]);
}

#[test]
fn a_password_is_judged_by_the_server_or_by_nobody() {
    use PasswordVerdict::{Right, Wait, Wrong};
    let device = Device::new();
    for (verdict, expected) in [
        (Some(Right), Turn::Ok),
        (Some(Wrong), Turn::Deny),
        (Some(Wait { seconds: 30 }), Turn::Deny),
        (None, Turn::Skip),
    ] {
        device.says_of_password(verdict);
        for user in ["alice", "bob"] {
            assert_eq!(
                device.password("login", user, b"correct horse").last(),
                Some(&expected),
                "{verdict:?}"
            );
        }
    }
    assert_eq!(device.kept(), ["correct horse"; 2], "only a right one is kept");
    device.says_of_password(Some(Right));
    for odd in [&b""[..], b"\xff", &[b'x'; 1025]] {
        assert_eq!(device.password("login", "alice", odd), [Turn::Skip]);
    }
    assert_eq!(device.first(Phase::Password, "sshd", "mallory"), [Turn::Skip]);
    assert_eq!(device.first(Phase::Password, "cron", "alice"), [Turn::Skip]);
    assert_eq!(device.first(Phase::Password, "sudo", "alice"), [Turn::Password("Password: ".into())]);
}

/// S8.7a.
#[test]
fn the_first_code_proves_an_attempt_and_a_taken_back_one_asks_nobody() {
    let device = Device::with(|state| state.proof = Proof::Within { seconds: 1800, attempt: 3 });
    device.says(Some(CodeVerdict::Accepted));
    device.typed("sshd", &code(0));
    device.typed("sshd", &code(1));
    assert_eq!(device.events(), [What::Proven]);
    device.set_attempts(Attempts { proven: 0, taken_back: 3 });
    assert_eq!(device.first(Phase::Code, "sshd", "alice"), [Turn::Skip]);
    assert_eq!(device.first(Phase::Account, "sshd", "alice"), [Turn::Skip]);
    device.set_attempts(Attempts { proven: 0, taken_back: 2 });
    assert_eq!(device.first(Phase::Code, "sshd", "alice"), prompt(""));
}

#[test]
fn a_disk_that_takes_nothing_refuses_whoever_needs_a_code() {
    let device = Device::new();
    device.break_down();
    for verdict in [None, Some(CodeVerdict::Accepted)] {
        device.says(verdict);
        assert_eq!(device.typed("sshd", &code(0)), [Turn::Deny], "{verdict:?}");
    }
    assert!(device.warnings()[0].contains("disk"), "{:?}", device.warnings());
    assert_eq!(device.first(Phase::Code, "sshd", "bob"), [Turn::Skip], "others aren't affected");
    assert_eq!(device.first(Phase::Account, "sshd", "bob"), [Turn::Skip]);
}

#[test]
fn nothing_that_was_typed_is_in_the_journal() {
    let device = Device::new();
    device.says(Some(CodeVerdict::Wrong));
    for typed in [code(0), code(9), "ABCDEFGHIJKLMNOP".into(), "hunter2-hunter2!".into()] {
        device.typed("login", &typed);
        let lines = format!("{:?}", device.lines());
        assert!(!lines.contains(&typed), "{lines}");
    }
    assert_eq!(device.lines()[0], "login: alice from \"192.0.2.1\": wrong code");
}
