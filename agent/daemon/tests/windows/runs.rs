//! S9.2 on Windows: a run begins once, whatever happens. wine has no PowerShell: in its place the script is handed to
//! `cmd` (`tests/e2e/windows/powershell.c`).

use super::{Bench, NOW, open};
use claviger_domain::{
    command::{Outcome, Shell, Stage},
    id::RunId,
    time::Span,
};
use claviger_wire::orders::{RunOrder, RunSaid, Wish};
use std::{path::Path, thread, time::Duration};

fn order(number: u8, script: &str) -> RunOrder {
    RunOrder {
        id: RunId::new(NOW, [number; 10]),
        wish: Wish::Begin,
        shell: Shell::Powershell,
        script: format!("@echo off\r\n{script}\r\n"),
        timeout_seconds: 60,
        asked_at: NOW,
        expires_at: NOW.plus(Span::hours(1)),
    }
}

/// What comes of it within a minute.
fn soon<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let found = (0..1_200).find_map(|_| {
        thread::sleep(Duration::from_millis(50));
        look()
    });
    found.unwrap()
}

/// What came of the first run once it has ended.
fn ended(bench: &mut Bench) -> RunSaid {
    soon(|| {
        let said = bench.root.refresh().unwrap().unwrap().runs.remove(0);
        (said.stage != Stage::Running).then_some(said)
    })
}

fn stage(outcome: Outcome) -> Stage {
    Stage::Ended(outcome)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn a_command_runs_once_and_what_it_printed_is_kept() {
    let mut bench = Bench::new("run");
    let ran = bench.folder.join("ran");
    let script = format!("echo to stdout\r\necho to stderr>&2\r\necho ran>>\"{}\"\r\nexit 7", ran.display());
    bench.state.runs = vec![order(1, &script)];
    let outcome = bench.apply();
    assert_eq!((outcome.runs[0].stage, outcome.again), (Stage::Running, Some(1)), "{:?}", outcome.runs);
    let said = ended(&mut bench);
    assert_eq!((said.stage, said.exit_code), (stage(Outcome::Exited), Some(7)), "{said:?}");
    assert_eq!(said.output, "to stdout\nto stderr\n");
    // Neither the same state again, nor a new one with the same order, nor a restart begins it once more.
    let signed = bench.signed();
    bench.root.apply(&signed, 0).unwrap();
    assert_eq!(bench.apply().runs[0], said);
    bench.root = open(&bench.key, &bench.clock, &bench.folder);
    assert_eq!(bench.root.refresh().unwrap().unwrap().runs[0], said);
    assert_eq!(read(&ran), "ran\r\n");
    // An old state that somebody kept is refused, whatever it orders.
    assert!(format!("{:#}", bench.root.apply(&signed, 0).unwrap_err()).contains("older"));
    let left = bench.folder.join("runs").join(said.run.to_string());
    assert_eq!((left.join("said").exists(), left.join("script.ps1").exists()), (true, false));
}

/// It is on the disk that it begins before it does: what a crash leaves is not run again.
#[test]
fn a_run_that_a_crash_cut_off_is_called_so_and_not_run_again() {
    let mut bench = Bench::new("cut-off");
    let ran = bench.folder.join("ran");
    bench.state.runs = vec![order(1, &format!("echo ran>>\"{}\"", ran.display()))];
    let folder = bench.folder.join("runs").join(bench.state.runs[0].id.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("begun"), "").unwrap();
    assert_eq!(bench.apply().runs[0].stage, stage(Outcome::Interrupted));
    bench.root = open(&bench.key, &bench.clock, &bench.folder);
    assert_eq!(bench.root.refresh().unwrap().unwrap().runs[0].stage, stage(Outcome::Interrupted));
    assert!(!ran.exists());
}

#[test]
fn what_is_too_late_canceled_or_not_for_this_system_does_not_begin() {
    let mut bench = Bench::new("refused");
    let ran = bench.folder.join("ran");
    let script = format!("echo ran>>\"{}\"", ran.display());
    let late = RunOrder { expires_at: NOW, ..order(1, &script) };
    let canceled = RunOrder { wish: Wish::End, ..order(2, &script) };
    let linux = RunOrder { shell: Shell::Shell, ..order(3, &script) };
    let empty = RunOrder { script: String::new(), ..order(4, "") };
    let large = order(5, &"x".repeat(64 * 1024));
    bench.state.runs = vec![late, canceled, linux, empty, large];
    let stages: Vec<Stage> = bench.apply().runs.iter().map(|said| said.stage).collect();
    let [not_started, failed] = [Outcome::NotStarted, Outcome::Failed].map(stage);
    assert_eq!(stages, [not_started, not_started, failed, failed, failed]);
    assert!(!ran.exists());
}

#[test]
fn a_run_is_ended_when_it_is_canceled_or_takes_too_long() {
    let mut bench = Bench::new("ended");
    let begun = bench.folder.join("begun");
    bench.state.runs = vec![order(
        1,
        &format!("echo begun\r\necho x>\"{}\"\r\nping -n 600 127.0.0.1 >nul", begun.display()),
    )];
    bench.apply();
    soon(|| begun.exists().then_some(()));
    bench.state.runs[0].wish = Wish::End;
    bench.apply();
    let said = ended(&mut bench);
    assert_eq!((said.stage, said.output.as_str()), (stage(Outcome::Stopped), "begun\n"));
    bench.state.runs = vec![RunOrder { timeout_seconds: 1, ..order(2, "ping -n 600 127.0.0.1 >nul") }];
    bench.apply();
    assert_eq!(ended(&mut bench).stage, stage(Outcome::TimedOut));
}
