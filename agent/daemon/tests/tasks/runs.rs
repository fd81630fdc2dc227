//! S9.2: a run begins once, whatever happens.

use crate::bench::{Bench, NOW, shell, sign, text};
use claviger_agent::identity::DeviceKey;
use claviger_domain::{
    command::{Outcome, Shell, Stage},
    id::{DeviceId, RunId},
    time::Span,
};
use claviger_wire::{
    orders::{RunOrder, RunSaid, Wish},
    server::{SignedState, State},
};
use std::{path::Path, thread, time::Duration};

fn order(number: u8, script: &str) -> RunOrder {
    RunOrder {
        id: RunId::new(NOW, [number; 10]),
        wish: Wish::Begin,
        shell: Shell::Shell,
        script: script.into(),
        timeout_seconds: 60,
        asked_at: NOW,
        expires_at: NOW.plus(Span::hours(1)),
    }
}

/// What came of the first run once it has ended.
fn ended(bench: &mut Bench) -> RunSaid {
    for _ in 0..600 {
        let outcome = bench.root.refresh().unwrap().unwrap();
        match outcome.runs.into_iter().next() {
            Some(said) if said.stage != Stage::Running => return said,
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
    panic!("the run does not end");
}

fn stage(outcome: Outcome) -> Stage {
    Stage::Ended(outcome)
}

pub(crate) fn a_command_runs_as_root_once_and_what_it_printed_is_kept() {
    let mut bench = Bench::new();
    bench.state.runs = vec![order(1, "id -u; echo to stderr >&2; echo ran >> /tmp/ran; exit 7")];
    let outcome = bench.apply();
    assert_eq!((outcome.runs[0].stage, outcome.again), (Stage::Running, Some(1)));
    let said = ended(&mut bench);
    assert_eq!((said.stage, said.exit_code), (stage(Outcome::Exited), Some(7)));
    assert_eq!(said.output, "0\nto stderr\n");
    // Neither the same state again, nor a new one with the same order, nor a restart begins it once more.
    let signed = bench.signed();
    bench.root.apply(&signed, 0).unwrap();
    assert_eq!(bench.apply().runs[0], said);
    bench.restart();
    assert_eq!(bench.root.refresh().unwrap().unwrap().runs[0], said);
    assert_eq!(text("/tmp/ran"), "ran\n");
    // An old state that somebody kept is refused, whatever it orders.
    assert!(format!("{:#}", bench.root.apply(&signed, 0).unwrap_err()).contains("older"));
    assert_eq!(shell("stat -c %a /var/lib/claviger-agent-tasks/runs"), "700");
    assert_eq!(shell("find /var/lib/claviger-agent-tasks/runs -name script"), "");
}

/// The signature holds for device, script and time alike.
pub(crate) fn a_command_that_the_server_did_not_sign_for_this_device_does_not_run() {
    let mut bench = Bench::new();
    bench.state.runs = vec![RunOrder { expires_at: NOW, ..order(1, "echo ran >> /tmp/ran") }];
    bench.apply();
    bench.state.revision += 1;
    bench.state.runs = vec![order(2, "true")];
    let signed = bench.signed();
    let changed = |from: &str, to: &str| {
        assert!(signed.state.contains(from), "{}", signed.state);
        SignedState { state: signed.state.replace(from, to), ..signed.clone() }
    };
    let another = State { device: DeviceId::new(NOW, [2; 10]), ..bench.state.clone() };
    let wanted = |order: RunOrder| State { runs: vec![order], ..bench.state.clone() };
    let stranger = DeviceKey::generate().unwrap().0;
    let later = NOW.plus(Span::hours(1));
    for (signed, why) in [
        (changed("\"true\"", "\"echo ran >> /tmp/ran\""), "signature"),
        (changed(&later.0.to_string(), &later.plus(Span::hours(1)).0.to_string()), "signature"),
        (sign(&bench.key, &another), "another device"),
        (sign(&stranger, &wanted(order(3, "echo ran >> /tmp/ran"))), "signature"),
    ] {
        let error = format!("{:#}", bench.root.apply(&signed, 0).unwrap_err());
        assert!(error.contains(why), "{error}");
    }
    assert!(!Path::new("/tmp/ran").exists());
    assert_eq!(bench.apply().runs[0].stage, Stage::Running);
}

/// It is on the disk that it begins before it does: what a crash leaves is not run again.
pub(crate) fn a_run_that_a_crash_cut_off_is_called_so_and_not_run_again() {
    let mut bench = Bench::new();
    bench.state.runs = vec![order(1, "echo ran >> /tmp/ran")];
    let folder = format!("/var/lib/claviger-agent-tasks/runs/{}", bench.state.runs[0].id);
    shell(&format!("mkdir -p -m 700 {folder}; touch {folder}/begun"));
    let said = bench.apply().runs.remove(0);
    assert_eq!((said.stage, Path::new("/tmp/ran").exists()), (stage(Outcome::Interrupted), false));
    // A note that is damaged says that nobody knows; it is not run again either.
    shell(&format!("echo x > {folder}/said"));
    bench.restart();
    let said = bench.root.refresh().unwrap().unwrap().runs.remove(0);
    assert_eq!((said.stage, Path::new("/tmp/ran").exists()), (stage(Outcome::Interrupted), false));
}

pub(crate) fn what_is_too_late_canceled_or_not_for_this_system_does_not_begin() {
    let mut bench = Bench::new();
    let script = "echo ran >> /tmp/ran";
    let late = RunOrder { expires_at: NOW, ..order(1, script) };
    let canceled = RunOrder { wish: Wish::End, ..order(2, script) };
    let windows = RunOrder { shell: Shell::Powershell, ..order(3, script) };
    let empty = order(4, "");
    let large = order(5, &"x".repeat(64 * 1024 + 1));
    bench.state.runs = vec![late, canceled, windows, empty, large];
    let said = bench.apply().runs;
    let stages: Vec<_> = said.iter().map(|said| said.stage).collect();
    let [not_started, failed] = [Outcome::NotStarted, Outcome::Failed].map(stage);
    assert_eq!(stages, [not_started, not_started, failed, failed, failed]);
    // What is said once stays, also when it is ordered otherwise later.
    bench.state.runs[1].wish = Wish::Begin;
    assert_eq!(bench.apply().runs[1].stage, not_started);
    assert!(!Path::new("/tmp/ran").exists());
}

pub(crate) fn a_run_is_ended_when_it_is_canceled_or_takes_too_long() {
    let mut bench = Bench::new();
    bench.state.runs = vec![order(1, "echo begun; sleep 600; echo ran >> /tmp/ran")];
    bench.apply();
    shell("for i in $(seq 100); do pgrep -r D,R,S -x sleep >/dev/null && exit 0; sleep 0.1; done; exit 1");
    bench.state.runs[0].wish = Wish::End;
    bench.apply();
    let said = ended(&mut bench);
    assert_eq!((said.stage, said.output.as_str()), (stage(Outcome::Stopped), "begun\n"));
    bench.state.runs = vec![RunOrder { timeout_seconds: 1, ..order(2, "sleep 600") }];
    bench.apply();
    assert_eq!(ended(&mut bench).stage, stage(Outcome::TimedOut));
    // What the server doesn't name any more is ended, too.
    bench.state.runs = vec![order(3, "sleep 601")];
    bench.apply();
    shell("for i in $(seq 100); do pgrep -r D,R,S -x sleep >/dev/null && exit 0; sleep 0.1; done; exit 1");
    bench.state.runs.clear();
    bench.apply();
    shell("for i in $(seq 100); do pgrep -r D,R,S -x sleep >/dev/null || exit 0; sleep 0.1; done; exit 1");
    assert!(!Path::new("/tmp/ran").exists());
}

pub(crate) fn what_was_forgotten_never_begins_again() {
    let mut bench = Bench::new();
    bench.state.runs = vec![order(1, "echo ran >> /tmp/ran")];
    bench.apply();
    ended(&mut bench);
    let old = bench.state.runs.clone();
    bench.state.runs.clear();
    bench.pass(Span::days(91));
    bench.apply();
    assert_eq!(shell("find /var/lib/claviger-agent-tasks/runs -name said"), "");
    bench.restart();
    bench.state.runs = vec![RunOrder { expires_at: NOW.plus(Span::days(400)), ..old[0].clone() }];
    assert_eq!(bench.apply().runs[0].stage, stage(Outcome::NotStarted));
    assert_eq!(text("/tmp/ran"), "ran\n");
}
