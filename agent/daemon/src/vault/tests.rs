mod called_used;
#[cfg(all(unix, not(mac)))]
mod damage;

use super::*;
use claviger_agent_core::{
    clock::Uptime,
    port::{Happened, Judged, Use, Vault as _},
};
use claviger_domain::{
    id::{BreakGlassId, DeviceId},
    time::{Span, Timestamp},
    totp::{Around, Code, Drift, Match, TotpSecret, Window},
    verifier::DeviceKey,
};
use claviger_wire::server::{Place, What};
use data_encoding::BASE64URL_NOPAD;
use std::{
    fs,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_015);
const DAY: i64 = 2_880;

/// A directory of its own, in memory where there is such a place.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let path = parent.join(format!("claviger-vault-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> Vault {
        // A process that another test starts holds every lock of ours until it is under way.
        loop {
            match Vault::open(&self.0) {
                Err(Error::Busy(_)) => thread::yield_now(),
                other => return other.unwrap(),
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn alice() -> AccountId {
    AccountId::new(NOW, [1; 10])
}

fn bob() -> AccountId {
    AccountId::new(NOW, [2; 10])
}

fn factor() -> FactorId {
    FactorId::new(NOW, [3; 10])
}

fn break_glass(byte: u8) -> BreakGlassId {
    BreakGlassId::new(NOW, [byte; 10])
}

fn secret() -> TotpSecret {
    TotpSecret::new((0..20).collect())
}

fn key() -> DeviceKey {
    DeviceKey::of(&secret(), DeviceId::new(NOW, [4; 10]), factor())
}

fn center() -> i64 {
    Step::at(NOW).0
}

fn sent(steps: Range<i64>, last_step: i64) -> Verifiers {
    let verifiers: Vec<u8> = key().verifiers(&secret(), steps.clone()).concat();
    Verifiers {
        factor: factor(),
        key: BASE64URL_NOPAD.encode(key().expose()),
        first: steps.start,
        verifiers: BASE64URL_NOPAD.encode(&verifiers),
        last_step,
    }
}

fn happened(user: AccountId, what: What) -> Happened {
    Happened { at: NOW, user, place: Place::default(), what }
}

fn offline(step: i64) -> Judged {
    Judged::Alone(happened(alice(), What::OfflineCode { factor: factor(), step }))
}

fn wrong() -> Happened {
    happened(alice(), What::OfflineWrongCode { factor: factor() })
}

/// What the code of `step` is found to be at that step.
fn found(vault: &Vault, step: i64) -> Match {
    let Some(checks) = vault.checks(alice(), factor()) else { return Match::None };
    let code = Code::parse("code", &format!("{:06}", secret().code(Step(step)))).unwrap();
    let around = Around { now: Step(step).starts(), window: Window::Tolerant, drift: Drift::default() };
    checks.key().matching(&code, around, checks.last(), |step| checks.verifier(step))
}

fn one(range: Range<i64>) -> Vec<Range<i64>> {
    vec![range]
}

fn numbers(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.sequence).collect()
}

#[test]
fn everything_is_private_and_used_by_one_agent_at_a_time() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    vault.put_accounts(&[]).unwrap();
    vault
        .use_break_glass(break_glass(1), happened(alice(), What::BreakGlass { id: break_glass(1) }))
        .unwrap();
    assert!(matches!(Vault::open(&folder.0), Err(Error::Busy(_))));
    #[cfg(unix)]
    nobody_else_may_read(&folder);
    drop(vault);
    folder.open();
}

#[cfg(unix)]
fn nobody_else_may_read(folder: &Folder) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    let mut folders = vec![folder.0.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let expected = if path.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(mode(&path), expected, "{}", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}

#[test]
fn verifiers_are_found_where_they_belong_and_grow_day_by_day() {
    let folder = Folder::new();
    let vault = folder.open();
    let first = center() - 5;
    assert_eq!(vault.missing(alice(), factor(), first..first + 10), one(first..first + 10));
    vault.put_verifiers(alice(), &sent(first..first + 2 * DAY, 7), first).unwrap();
    assert_eq!(vault.coverage(alice(), factor()), one(first..first + 2 * DAY));
    assert_eq!(vault.last_step(alice(), factor()), Some(Step(7)));
    let wanted = first + DAY..first + 3 * DAY;
    assert_eq!(vault.missing(alice(), factor(), wanted.clone()), one(first + 2 * DAY..first + 3 * DAY));
    // More than is missing is sent, and the first day is over.
    vault.put_verifiers(alice(), &sent(first + DAY + 9..wanted.end, 5), first + DAY).unwrap();
    assert_eq!(vault.coverage(alice(), factor()), one(wanted.clone()));
    assert_eq!(vault.covered_until(alice(), factor(), first + DAY), Some(wanted.end));
    assert_eq!(vault.covered_until(alice(), factor(), first), None);
    assert_eq!(vault.last_step(alice(), factor()), Some(Step(7)), "a step never goes back");
    drop(vault);
    let vault = folder.open();
    for step in [wanted.start + 1, wanted.start + DAY, wanted.end - 2] {
        assert_eq!(found(&vault, step), Match::Fresh(Step(step)), "{step}");
    }
    assert_eq!(found(&vault, first), Match::None);
    assert_eq!(vault.checks(alice(), factor()).unwrap().end(), Step(wanted.end));
    assert!(vault.checks(alice(), FactorId::new(NOW, [9; 10])).is_none());
    assert!(vault.checks(bob(), factor()).is_none());
}

#[test]
fn another_factor_takes_the_place_of_the_one_before() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(0..10, 100), 0).unwrap();
    let other = Verifiers { factor: FactorId::new(NOW, [9; 10]), ..sent(20..30, -1) };
    vault.put_verifiers(alice(), &other, 0).unwrap();
    assert_eq!(vault.coverage(alice(), other.factor), one(20..30));
    assert_eq!(vault.last_step(alice(), other.factor), Some(Step(-1)));
    assert_eq!((vault.coverage(alice(), factor()), vault.last_step(alice(), factor())), (Vec::new(), None));
}

#[test]
fn who_is_forgotten_has_nothing_to_be_checked_by_and_used_steps_stay_used() {
    let folder = Folder::new();
    let vault = folder.open();
    for user in [alice(), bob()] {
        vault.put_verifiers(user, &sent(center()..center() + 10, 3), 0).unwrap();
    }
    vault.use_step(alice(), factor(), Step(center()), Judged::WithServer).unwrap();
    vault.forget(alice()).unwrap();
    vault.forget(alice()).unwrap();
    assert_eq!(vault.users().unwrap(), [bob()]);
    assert!(vault.checks(alice(), factor()).is_none());
    vault.put_verifiers(alice(), &sent(center()..center() + 10, 3), 0).unwrap();
    assert_eq!(found(&vault, center()), Match::Used);
}

#[test]
fn what_the_server_sends_is_looked_at() {
    let folder = Folder::new();
    let vault = folder.open();
    let good = sent(0..3, -1);
    for bad in [
        Verifiers { key: "AAAA".into(), ..good.clone() },
        Verifiers { verifiers: "AAAA".into(), ..good.clone() },
        Verifiers { verifiers: "*".into(), ..good.clone() },
        Verifiers { first: i64::MAX, ..good.clone() },
        Verifiers { first: -1, ..good },
    ] {
        assert!(matches!(vault.put_verifiers(alice(), &bad, 0), Err(Error::Malformed(_))));
    }
    let state = SignedState { state: "{".into(), signature: String::new(), now: 0 };
    assert!(matches!(vault.put_state(&state), Err(Error::Malformed(_))));
}

/// S4.17 on a device.
#[test]
fn of_a_thousand_who_use_one_step_one_does() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    let (fresh, start) = (AtomicUsize::new(0), Barrier::new(50));
    thread::scope(|scope| {
        for racer in 0..50 {
            let (vault, fresh, start) = (&vault, &fresh, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..20 {
                    let judged = if racer % 2 == 0 { offline(center()) } else { Judged::WithServer };
                    if vault.use_step(alice(), factor(), Step(center()), judged).unwrap() == Use::Fresh {
                        fresh.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(fresh.into_inner(), 1);
    drop(vault);
    let vault = folder.open();
    for step in [center() - 1, center()] {
        assert_eq!(vault.use_step(alice(), factor(), Step(step), offline(step)).unwrap(), Use::Used);
    }
    let other = FactorId::new(NOW, [9; 10]);
    let unknown = vault.use_step(alice(), other, Step(center()), Judged::WithServer).unwrap();
    assert_eq!(unknown, Use::Used, "nothing is fresh of which nothing is known");
}

/// S8.5: as many guesses at once as there may be tell no more than ten do.
#[test]
fn of_a_thousand_wrong_codes_ten_are_told() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    let told = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                for _ in 0..20 {
                    if vault.wrong(wrong()).unwrap() == Use::Fresh {
                        told.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(told.into_inner(), 10);
    drop(vault);
    let vault = folder.open();
    assert_eq!(vault.wrong(wrong()).unwrap(), Use::TooManyWrong);
    let right = vault.use_step(alice(), factor(), Step(center()), offline(center())).unwrap();
    assert_eq!(right, Use::TooManyWrong, "not even a right one is told");
    let server = vault.use_step(alice(), factor(), Step(center()), Judged::WithServer).unwrap();
    assert_eq!(server, Use::Fresh);
    for days in [-1, 1] {
        let at = Timestamp(NOW.0 + days * Span::days(1).micros());
        assert_eq!(vault.wrong(Happened { at, ..wrong() }).unwrap(), Use::Fresh, "another day");
    }
    let of_bob = happened(bob(), What::OfflineWrongCode { factor: factor() });
    assert_eq!(vault.wrong(of_bob).unwrap(), Use::Fresh, "another user");
}

#[test]
fn events_are_numbered_without_gaps_and_told_until_they_are_known() {
    let folder = Folder::new();
    let vault = folder.open();
    let woken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&woken);
    vault.on_event(move || {
        count.fetch_add(1, Ordering::Relaxed);
    });
    for _ in 0..3 {
        vault.record(happened(alice(), What::FirstFactorAlone)).unwrap();
    }
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    vault.use_step(alice(), factor(), Step(center()), offline(center())).unwrap();
    vault.use_step(alice(), factor(), Step(center() + 1), Judged::WithServer).unwrap();
    assert_eq!(woken.load(Ordering::Relaxed), 4);
    assert_eq!(numbers(&vault.events_after(0, 99).unwrap()), [1, 2, 3, 4]);
    assert_eq!(numbers(&vault.events_after(1, 2).unwrap()), [2, 3]);
    vault.acknowledge(3).unwrap();
    drop(vault);
    let vault = folder.open();
    assert_eq!(numbers(&vault.events_after(0, 99).unwrap()), [4]);
    assert_eq!(vault.next_sequence().unwrap(), 5);
    // The server knows numbers that this vault lost: what waits is told under new ones.
    vault.acknowledge(9).unwrap();
    assert_eq!(numbers(&vault.events_after(0, 99).unwrap()), [10]);
    drop(vault);
    let vault = folder.open();
    assert_eq!(numbers(&vault.events_after(0, 99).unwrap()), [10]);
    assert_eq!(vault.next_sequence().unwrap(), 11);
}

#[test]
fn a_long_queue_keeps_what_must_not_be_lost() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    for _ in 0..5_010 {
        vault.record(happened(alice(), What::FirstFactorAlone)).unwrap();
    }
    vault.use_step(alice(), factor(), Step(center()), offline(center())).unwrap();
    let events = vault.events_after(0, usize::MAX).unwrap();
    assert_eq!(events.len(), 5_001);
    assert_eq!(events.last().unwrap().sequence, 5_001);
    assert!(matches!(events.last().unwrap().what, What::OfflineCode { .. }));
}

#[test]
fn the_journal_stays_small_and_forgets_nothing() {
    let folder = Folder::new();
    let vault = folder.open();
    vault.put_verifiers(alice(), &sent(center()..center() + 10, -1), 0).unwrap();
    for step in 0..3_000 {
        vault.use_step(alice(), factor(), Step(step), Judged::WithServer).unwrap();
    }
    assert!(fs::metadata(folder.0.join("journal")).unwrap().len() < 200 * 1024);
    drop(vault);
    assert_eq!(folder.open().last_step(alice(), factor()), Some(Step(2_999)));
}

#[test]
fn contacts_attempts_and_accounts_outlive_a_restart() {
    let folder = Folder::new();
    let vault = folder.open();
    let contact = Contact { server: NOW, at: Uptime { boot: "a".into(), since: Span::seconds(5) } };
    vault.put_contact(&contact).unwrap();
    vault.prove(3, happened(alice(), What::Proven)).unwrap();
    vault.take_back(2, happened(alice(), What::TakenBack)).unwrap();
    let account = |user, state| Account { user, state, offline_until: None };
    vault
        .put_accounts(&[account(alice(), AccountState::Ready), account(bob(), AccountState::NeedsTakeOver)])
        .unwrap();
    drop(vault);
    let vault = folder.open();
    assert_eq!(vault.contact(), Some(contact));
    assert_eq!(vault.attempts().unwrap(), Attempts { proven: 3, taken_back: 2 });
    use claviger_agent_core::port::Ownership;
    assert_eq!(vault.ownership(alice()), Ownership::Ours);
    assert_eq!(vault.ownership(bob()), Ownership::NotOurs);
    assert_eq!(vault.ownership(AccountId::new(NOW, [9; 10])), Ownership::Unknown);
}

#[test]
fn a_break_glass_code_is_used_once() {
    let folder = Folder::new();
    let vault = folder.open();
    let event = || happened(alice(), What::BreakGlass { id: break_glass(1) });
    assert_eq!(vault.use_break_glass(break_glass(1), event()).unwrap(), Use::Fresh);
    assert_eq!(vault.use_break_glass(break_glass(1), event()).unwrap(), Use::Used);
    assert_eq!(vault.use_break_glass(break_glass(2), event()).unwrap(), Use::Fresh);
    drop(vault);
    let vault = folder.open();
    assert_eq!(vault.use_break_glass(break_glass(1), event()).unwrap(), Use::Used);
    assert_eq!(vault.events_after(0, 9).unwrap().len(), 2);
}
