//! The half with the network, against a server and a root half of the test.

#![cfg(all(unix, not(mac)))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

#[path = "sync/fake.rs"]
mod fake;
#[path = "sync/root_half.rs"]
mod root_half;
#[path = "sync/server.rs"]
mod server;
#[path = "sync/trust.rs"]
mod trust;

use claviger_agent::{
    clock::SystemClocks,
    server::Server,
    sync::{Shared, Sync},
    tasks::{Note, socket::Tasks},
    trust as tls,
    vault::Vault,
};
use claviger_agent_core::port::Happened;
use claviger_domain::{device::Applied, verifier::STEPS_A_DAY};
use claviger_wire::server::{AccountState, Place, Proof, What};
use fake::{Fake, enrolled, eventually, folder, user};
use root_half::RootHalf;
use std::{fs, path::PathBuf, sync::Arc};

struct Device {
    fake: Arc<Fake>,
    root: Arc<RootHalf>,
    vault: Arc<Vault>,
    place: PathBuf,
}

/// A device that was just started, with this at the server.
fn started(prepare: impl FnOnce(&Fake)) -> Device {
    let fake = Fake::start();
    prepare(&fake);
    let place = folder();
    let vault = Arc::new(Vault::open(&place.join("vault")).unwrap());
    let root = RootHalf::start(&place.join("tasks.sock"), Arc::clone(&vault));
    let enrollment = fake.enrollment();
    let config = tls::config(None).unwrap();
    let server = || Server::new(&enrollment, Arc::clone(&fake.device_key), Arc::clone(&config));
    let sync = Arc::new(Sync {
        device: enrollment.device,
        server_key: enrollment.server_key.clone(),
        held: server(),
        server: Arc::new(server()),
        tasks: Arc::new(Tasks::at(&place.join("tasks.sock"))),
        vault: Arc::clone(&vault),
        clock: SystemClocks::new().unwrap(),
        enrollment: place.join("agent.toml"),
        standing: Some(place.join("standing.json")),
        shared: Shared::default(),
    });
    fs::write(place.join("agent.toml"), "").unwrap();
    sync.start().unwrap();
    Device { fake, root, vault, place }
}

#[test]
fn a_state_goes_to_the_root_half_and_its_outcome_to_the_server() {
    let device = started(|fake| fake.put(|state| state.users = vec![enrolled(1, "alice"), user(2, "bob")]));
    eventually("a report", || device.fake.reports().last().is_some_and(|report| report.revision == 1));
    // The group comes before the logins see who is enrolled.
    assert_eq!(device.root.seen_at_prepare(), [None]);
    assert_eq!(device.fake.reports()[0].applied, Applied::InForce);
    eventually("the second state in both halves", || {
        device.fake.put(|state| state.support = "help".into());
        device.root.applied() >= 2 && device.vault.current().is_some_and(|state| state.revision >= 2)
    });
    assert_eq!(device.root.seen_at_prepare()[1], Some(1));
}

#[test]
fn a_device_that_was_uninstalled_leaves_nothing_behind() {
    let device = started(|fake| fake.put(|state| state.users = vec![user(2, "bob")]));
    let standing = device.place.join("standing.json");
    eventually("how things are", || standing.exists());
    let reported = |revision| {
        eventually("a report", || device.fake.reports().iter().any(|report| report.revision == revision));
    };
    reported(1);
    fs::remove_file(device.place.join("agent.toml")).unwrap();
    // What was on its way may still be written.
    device.fake.put(|state| state.support = "first".into());
    reported(2);
    let _ = fs::remove_file(&standing);
    for (revision, support) in [(3, "second"), (4, "third")] {
        device.fake.put(|state| state.support = support.into());
        reported(revision);
    }
    assert!(!standing.exists());
}

/// S8.5: the whole window, once; and nothing of anybody who isn't enrolled any more.
#[test]
fn verifiers_are_fetched_once_and_forgotten_with_the_user() {
    let device = started(|fake| fake.put(|state| state.users = vec![enrolled(1, "alice"), user(2, "bob")]));
    let alice = enrolled(1, "alice");
    eventually("the accounts with their windows", || {
        device.fake.reports().iter().flat_map(|report| report.accounts.clone()).any(|account| {
            account.user == alice.id
                && account.state == AccountState::Ready
                && account.offline_until.is_some()
        })
    });
    assert_eq!(device.fake.fetched(), 1);
    let covered = device.vault.coverage(alice.id, alice.factor.clone().unwrap().id);
    assert_eq!(covered.len(), 1);
    assert!(covered[0].end - covered[0].start >= 30 * STEPS_A_DAY);
    device.fake.put(|state| state.users[0].factor = None);
    eventually("nothing to check codes by", || device.vault.users().unwrap().is_empty());
    assert_eq!(device.fake.fetched(), 1);
    // A window of a year comes in parts.
    device.fake.put(|state| {
        state.offline_days = 365;
        state.users[0] = enrolled(1, "alice");
    });
    eventually("a year", || {
        let factor = enrolled(1, "alice").factor.unwrap().id;
        let covered = device.vault.coverage(alice.id, factor);
        covered.first().is_some_and(|range| range.end - range.start >= 365 * STEPS_A_DAY)
    });
    assert_eq!(device.fake.fetched(), 1 + 12);
}

/// S8.5: verifiers that reach beyond a window which became shorter are not promised to anybody.
#[test]
fn a_window_that_becomes_shorter_is_told_as_such() {
    let device = started(|fake| fake.put(|state| state.users = vec![enrolled(1, "alice")]));
    let told = || {
        let reports = device.fake.reports();
        let accounts = reports.iter().flat_map(|report| &report.accounts);
        accounts.filter_map(|account| account.offline_until).next_back()
    };
    let days = |until: i64| (until - fake::now()) / 86_400_000_000;
    eventually("thirty days", || told().is_some_and(|until| days(until) >= 29));
    device.fake.put(|state| state.offline_days = 6);
    eventually("six days", || told().is_some_and(|until| (5..=6).contains(&days(until))));
    assert_eq!(device.fake.fetched(), 1);
    device.fake.put(|state| state.offline_days = 30);
    eventually("thirty days again", || told().is_some_and(|until| days(until) >= 29));
}

#[test]
fn what_happened_is_told_until_the_server_knows_it() {
    let device = started(|fake| fake.put(|state| state.users = vec![enrolled(1, "alice")]));
    eventually("a report", || !device.fake.reports().is_empty());
    device.fake.refuse_reports(2);
    for _ in 0..250 {
        let at = claviger_domain::time::Timestamp::from_seconds(1_800_000_000);
        let place = Place::default();
        let happened = Happened { at, user: enrolled(1, "alice").id, place, what: What::FirstFactorAlone };
        device.vault.record(happened).unwrap();
    }
    eventually("all of it", || {
        device.fake.put(|state| state.support.push('x'));
        device.vault.events_after(0, 1).unwrap().is_empty()
    });
    let told: Vec<i64> = device.fake.events().iter().map(|event| event.sequence).collect();
    assert_eq!(told, (1..=250).collect::<Vec<_>>());
}

/// Nothing else has to happen for it: no state, no other event, no poll that ends.
#[test]
fn a_report_that_was_refused_is_made_again_soon() {
    let device = started(|fake| fake.put(|state| state.users = vec![enrolled(1, "alice")]));
    eventually("the window of alice at the server", || {
        let reports = device.fake.reports();
        reports.iter().flat_map(|report| &report.accounts).any(|account| account.offline_until.is_some())
    });
    device.fake.refuse_reports(2);
    let at = claviger_domain::time::Timestamp::from_seconds(1_800_000_000);
    let user = enrolled(1, "alice").id;
    let happened = Happened { at, user, place: Place::default(), what: What::FirstFactorAlone };
    device.vault.record(happened).unwrap();
    eventually("the report of it", || device.fake.events().len() == 1);
}

/// A poll would be held for minutes, and a report that failed is tried again after a pause that grows to one.
#[test]
fn a_server_that_is_back_hears_at_once_of_what_happened_meanwhile() {
    let device = started(|fake| fake.put(|state| state.users = vec![user(1, "alice")]));
    eventually("a report", || !device.fake.reports().is_empty());
    eventually("a poll that is held", || device.fake.polls() >= 2);
    device.fake.be_away(true);
    let at = claviger_domain::time::Timestamp::from_seconds(1_800_000_000);
    let user = user(1, "alice").id;
    let happened = Happened { at, user, place: Place::default(), what: What::FirstFactorAlone };
    device.vault.record(happened).unwrap();
    eventually("a report that nobody hears", || device.fake.missed_reports() >= 1);
    device.fake.be_away(false);
    eventually("the report of it", || device.fake.events().len() == 1);
}

/// S8.7a: the server hears of it once, and logins go by it.
#[test]
fn what_was_taken_back_is_told_once() {
    let device = started(|fake| {
        fake.put(|state| {
            state.users = vec![enrolled(1, "alice")];
            state.proof = Proof::Within { seconds: 60, attempt: 3 };
        });
    });
    eventually("a report", || !device.fake.reports().is_empty());
    device.root.take_back(3);
    for _ in 0..3 {
        let before = device.root.applied();
        device.fake.put(|state| state.support.push('x'));
        eventually("another look", || device.root.applied() > before);
    }
    eventually("the event", || !device.fake.events().is_empty());
    assert_eq!(device.fake.events().iter().map(|event| event.what).collect::<Vec<_>>(), [What::TakenBack]);
    assert_eq!(device.vault.attempts().unwrap().taken_back, 3);
}

/// S8.14: a note is gone once it is kept here; one of nobody's is dropped.
#[test]
fn whoever_was_let_in_is_told_to_the_server_once() {
    let device = started(|fake| fake.put(|state| state.users = vec![enrolled(1, "alice")]));
    eventually("a report", || !device.fake.reports().is_empty());
    let note = |name: &str, user: &str, at: i64| Note {
        name: name.into(),
        at,
        user: user.into(),
        service: "sshd".into(),
        from: "192.0.2.7".into(),
    };
    let at = fake::NOW.0;
    *device.root.let_in() =
        vec![note("7-0", "alice", at), note("7-1", "mallory", at), note("8-0", "alice", i64::MAX)];
    eventually("no notes", || {
        device.fake.put(|state| state.support.push('x'));
        device.root.let_in().is_empty()
    });
    eventually("the events", || device.fake.events().len() >= 2);
    let events = device.fake.events();
    assert!(events.iter().all(|event| event.what == What::LetIn && event.user == enrolled(1, "alice").id));
    assert_eq!(
        (events.len(), events[0].at, events[0].place.from.as_str()),
        (2, at.min(events[0].at), "192.0.2.7")
    );
    assert!(events[1].at < i64::MAX, "nobody was let in tomorrow");
}

#[test]
fn an_older_state_changes_nothing() {
    let device = started(|fake| {
        fake.put(|state| state.users = vec![enrolled(1, "alice")]);
        fake.put(|state| state.users.clear());
    });
    eventually("the state", || device.vault.current().is_some_and(|state| state.revision == 2));
    let (polls, seen) = (device.fake.polls(), device.root.seen_at_prepare().len());
    device.fake.replay(1);
    eventually("another poll", || device.fake.polls() > polls + 1);
    assert_eq!(device.vault.current().unwrap().revision, 2);
    assert_eq!(device.root.seen_at_prepare().len(), seen);
}
