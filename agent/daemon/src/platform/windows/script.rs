//! Scripts that run as SYSTEM (S9.2), with all that they start in a job of their own, and never for longer than they may.

use crate::script::{Ended, Printed, Waited};
use claviger_domain::command::Shell;
use claviger_win32::{job::Job, process};
use claviger_wire::orders::RunOrder;
use std::{
    io,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// What scripts are for on this system.
pub const SHELL: Shell = Shell::Powershell;
/// Why another one doesn't begin.
pub const OTHER_SHELL: &str = "There is no shell for commands on this system but PowerShell.";
/// What the file is called; PowerShell takes no other ending.
pub const FILE: &str = "script.ps1";

/// What the file holds: with the mark of UTF-8 in front, which Windows PowerShell takes for another code page otherwise.
pub fn content(script: &str) -> String {
    match script.starts_with('\u{feff}') {
        true => script.to_owned(),
        false => format!("\u{feff}{script}"),
    }
}

/// A script to run.
pub struct Script {
    program: PathBuf,
    words: Vec<&'static str>,
    file: PathBuf,
    limit: Duration,
}

impl Script {
    /// The one of this run; `folder` holds its file.
    pub fn of(folder: &Path, order: &RunOrder) -> Self {
        let system = process::system_folder().unwrap_or_default();
        Self {
            program: system.join("WindowsPowerShell").join("v1.0").join("powershell.exe"),
            words: vec!["-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"],
            file: folder.join(FILE),
            limit: Duration::from_secs(u64::try_from(order.timeout_seconds).unwrap_or(1).max(1)),
        }
    }

    /// Runs it until it ends, takes too long, or `stop` says so.
    pub fn run(&self, stop: &AtomicBool) -> Ended {
        match self.start() {
            Ok((job, mut child, output)) => {
                let waited = Waited::wait(&mut child, self.limit, stop);
                // Whatever it started and left behind ends, too.
                let _ = job.end();
                let _ = child.wait();
                waited.ended(output.whole(), |status| status.code())
            }
            Err(error) => Ended::before_it_began(&error),
        }
    }

    fn start(&self) -> io::Result<(Job, Child, Arc<Printed>)> {
        let (reading, writing) = io::pipe()?;
        let mut command = Command::new(&self.program);
        command.args(&self.words).arg(&self.file).current_dir(process::system_folder()?);
        command.stdin(Stdio::null()).stdout(writing.try_clone()?).stderr(writing);
        let (job, child) = Job::begin(&mut command)?;
        drop(command);
        Ok((job, child, Printed::read(reading)))
    }

    /// A run that was cut off ended with the process that had its job.
    pub const fn kill(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::command::{KEPT, Outcome, shown};

    fn run(name: &str, script: &str, limit: Duration) -> Ended {
        let file = std::env::temp_dir().join(format!("claviger-{}-{name}.cmd", std::process::id()));
        std::fs::write(&file, format!("@echo off\r\n{script}\r\n")).unwrap();
        let program = process::system_folder().unwrap().join("cmd.exe");
        let ended = Script { program, words: vec!["/d", "/c"], file: file.clone(), limit }
            .run(&AtomicBool::new(false));
        std::fs::remove_file(&file).unwrap();
        ended
    }

    const LONG: Duration = Duration::from_secs(120);

    #[test]
    fn output_and_exit_code_are_kept() {
        let ended = run("plain", "echo out\r\necho err>&2\r\nexit 3", LONG);
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::Exited, Some(3)), "{}", ended.detail);
        assert_eq!(shown(&ended.output), "out\nerr\n");
        let ended = run("large", "exit -1073741819", LONG);
        assert_eq!(ended.exit_code, Some(-1_073_741_819));
    }

    #[test]
    fn what_is_not_there_is_not_begun() {
        let file = std::env::temp_dir().join("claviger-no-script.cmd");
        let script =
            Script { program: "C:\\nothing-of-this-name.exe".into(), words: Vec::new(), file, limit: LONG };
        let ended = script.run(&AtomicBool::new(false));
        assert_eq!(ended.outcome, Outcome::Failed);
        assert!(ended.detail.starts_with("It could not be started"), "{}", ended.detail);
    }

    #[test]
    fn more_than_is_kept_is_read_and_cut() {
        let ended = run(
            "much",
            "echo first\r\nfor /l %%i in (1,1,3000) do echo 0123456789012345678901234567890123456789\r\necho last",
            LONG,
        );
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::Exited, Some(0)));
        assert_eq!(ended.output.bytes.len(), KEPT);
        assert_eq!(ended.output.dropped, 3_000 * 42 + 7 + 6 - KEPT as u64);
        assert!(ended.output.bytes.starts_with(b"first\r\n") && ended.output.bytes.ends_with(b"\nlast\r\n"));
    }

    #[test]
    fn what_takes_too_long_or_is_stopped_is_ended() {
        let ended = run("long", "echo begun\r\nping -n 600 127.0.0.1 >nul", Duration::from_secs(3));
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::TimedOut, None));
        assert_eq!(shown(&ended.output), "begun\n");
    }
}
