use super::*;
use crate::{id::AccountId, totp::Step};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn hours(hours: i64) -> AskOnce {
    AskOnce::For(Hours::of(hours).unwrap())
}

fn factor(n: u8) -> Factor {
    Factor::confirmed(FactorId::new(NOW, [n; 10]), AccountId::new(NOW, [9; 10]), Step(1), NOW)
}

fn shown(key: u8, from: &str) -> Shown {
    Shown::at("sshd", Some(KeyHash([key; 32])), from).unwrap()
}

fn remembered() -> Remembered {
    Remembered {
        group: DeviceGroupId::new(NOW, [1; 10]),
        factor: factor(1).id,
        shown: shown(1, "203.0.113.9"),
        since: NOW,
        until: NOW.plus(Span::hours(8)),
    }
}

fn locked(lock: Lock) -> Factor {
    let mut locked = factor(1);
    locked.failures.lock = lock;
    locked
}

/// S8.13b: every reason for which a code is asked for all the same.
#[test]
fn a_code_is_asked_for_unless_everything_is_as_it_was() {
    let (same, eight) = (shown(1, "203.0.113.9"), hours(8));
    let after = |span: Span| NOW.plus(span);
    let soon = after(Span::minutes(1));
    let last = Timestamp(after(Span::hours(8)).0 - 1);
    let table = [
        ("the same", State::Activated, factor(1), same, eight, soon, true),
        ("the last moment", State::Activated, factor(1), same, eight, last, true),
        ("over", State::Activated, factor(1), same, eight, after(Span::hours(8)), false),
        ("a clock that was put back", State::Activated, factor(1), same, eight, Timestamp(NOW.0 - 1), false),
        ("another factor", State::Activated, factor(2), same, eight, soon, false),
        ("another key", State::Activated, factor(1), shown(2, "203.0.113.9"), eight, soon, false),
        ("another address", State::Activated, factor(1), shown(1, "203.0.113.8"), eight, soon, false),
        (
            "the same address in IPv6",
            State::Activated,
            factor(1),
            shown(1, "::ffff:203.0.113.9"),
            eight,
            soon,
            true,
        ),
        ("switched off", State::Activated, factor(1), same, AskOnce::EachTime, soon, false),
        ("made shorter", State::Activated, factor(1), same, hours(1), after(Span::hours(1)), false),
        ("made shorter, within", State::Activated, factor(1), same, hours(1), soon, true),
        ("made longer", State::Activated, factor(1), same, hours(168), after(Span::hours(8)), false),
        ("suspended", State::Suspended, factor(1), same, eight, soon, false),
        ("staged", State::Staged, factor(1), same, eight, soon, false),
        ("locked", State::Activated, locked(Lock::Until(after(Span::hours(1)))), same, eight, soon, false),
        ("a lock that is over", State::Activated, locked(Lock::Until(NOW)), same, eight, soon, true),
        ("closed", State::Activated, locked(Lock::Closed), same, eight, soon, false),
    ];
    for (what, state, factor, shown, asks, now, expected) in table {
        let found = recall(state, &factor, &shown, &[(remembered(), asks)], now);
        assert_eq!(found, expected.then_some((remembered(), asks)), "{what}");
    }
    assert_eq!(recall(State::Activated, &factor(1), &same, &[], soon), None, "nothing is remembered");
    let other = Remembered { group: DeviceGroupId::new(NOW, [2; 10]), ..remembered() };
    let both = [(remembered(), AskOnce::EachTime), (other, eight)];
    assert_eq!(
        recall(State::Activated, &factor(1), &same, &both, soon),
        Some((other, eight)),
        "any group will do"
    );
}

#[test]
fn only_ssh_with_a_key_from_another_machine_is_remembered() {
    let key = Some(KeyHash([1; 32]));
    for from in ["203.0.113.9", "10.0.0.1", "2001:db8::1", "fe80::1"] {
        assert!(Shown::at("sshd", key, from).is_some(), "{from}");
    }
    for from in [
        "",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "0.0.0.0",
        "::",
        "host.example",
        "fe80::1%eth0",
    ] {
        assert_eq!(Shown::at("sshd", key, from), None, "{from}");
    }
    assert_eq!(Shown::at("sshd", None, "203.0.113.9"), None);
    for service in ["login", "gdm-password", "sudo", "SSHD", ""] {
        assert_eq!(Shown::at(service, key, "203.0.113.9"), None, "{service}");
    }
}

#[test]
fn a_key_is_known_by_the_hash_that_ssh_keygen_shows() {
    let line = "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let hash = KeyHash::of_methods(&format!("password\n{line}\n")).unwrap();
    let key = crate::posix::SshKey::parse("key", line.strip_prefix("publickey ").unwrap()).unwrap();
    assert_eq!((hash.0, hash.fingerprint()), (key.digest(), key.fingerprint()));
    assert_eq!(hash.to_string().parse(), Ok(hash));
    for other in
        ["", "publickey", "publickey ssh-ed25519", "publickey ssh-ed25519 !", "xpublickey ssh-ed25519 AAAA"]
    {
        assert_eq!(KeyHash::of_methods(other), None, "{other:?}");
    }
    for other in ["", "AAAA", "not a hash"] {
        assert_eq!(other.parse::<KeyHash>(), Err(NotAHash));
    }
}

#[test]
fn hours_are_1_to_168_or_left_empty() {
    assert_eq!(AskOnce::parse("ask_once_hours", " "), Ok(AskOnce::EachTime));
    assert_eq!(AskOnce::parse("ask_once_hours", " 168 "), Ok(hours(168)));
    for wrong in ["0", "169", "-1", "x", "1.5"] {
        assert!(AskOnce::parse("ask_once_hours", wrong).is_err(), "{wrong}");
    }
    let each = AskOnce::EachTime;
    for (before, after, looser) in [
        (each, hours(1), true),
        (hours(1), hours(2), true),
        (hours(2), hours(1), false),
        (hours(1), each, false),
        (each, each, false),
    ] {
        assert_eq!(after.is_looser_than(before), looser, "{before:?} {after:?}");
    }
}

proptest! {
    /// Whatever is set later, nothing is good for longer than was said when the code was given.
    #[test]
    fn nothing_is_remembered_for_longer_than_was_said(then in 1_i64..=168, now_set in 0_i64..=200, later in 0_i64..200 * 3_600) {
        let known = Remembered { until: NOW.plus(Span::hours(then)), ..remembered() };
        let asks = Hours::of(now_set).map_or(AskOnce::EachTime, AskOnce::For);
        let now = NOW.plus(Span::seconds(later));
        let found = recall(State::Activated, &factor(1), &known.shown, &[(known, asks)], now);
        prop_assert!(found.is_none() || later < then.min(now_set) * 3_600);
    }
}
