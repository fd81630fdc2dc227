//! Scripts that run as root (S9.2), outside of what systemd takes from the root half, and never for longer than they may.

use super::command;
use crate::{
    platform::system::HOME_OF_ROOT,
    script::{Ended, Printed, Waited},
};
use claviger_domain::command::Shell;
use claviger_wire::orders::RunOrder;
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

/// What scripts are for on this system.
pub const SHELL: Shell = Shell::Shell;
/// Why another one doesn't begin.
pub const OTHER_SHELL: &str = "There is no PowerShell for commands on this system.";
/// What the file is called.
pub const FILE: &str = "script";

/// What the file holds.
pub const fn content(script: &str) -> &str {
    script
}

/// What systemd is told of in `/run`, if it runs the machine.
const SYSTEMD: &str = "/run/systemd/system";
/// Where systemd can be asked to run something and to tell how that ended.
const BUS: &str = "/run/dbus/system_bus_socket";
const FOLDERS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A script to run.
pub struct Script<'a> {
    /// The folder that holds its file.
    pub folder: &'a Path,
    /// What systemd calls it.
    pub unit: String,
    /// Whether its first line names what runs it.
    pub is_own: bool,
    /// After how long it is ended.
    pub limit: Duration,
}

impl<'a> Script<'a> {
    /// The one of this run; `folder` holds its file.
    pub fn of(folder: &'a Path, order: &RunOrder) -> Self {
        let seconds = u64::try_from(order.timeout_seconds).unwrap_or(1).max(1);
        Self {
            folder,
            unit: format!("claviger-run-{}", order.id),
            is_own: order.script.starts_with("#!"),
            limit: Duration::from_secs(seconds),
        }
    }

    /// Runs it until it ends, takes too long, or `stop` says so.
    pub fn run(&self, stop: &AtomicBool) -> Ended {
        match self.start() {
            Ok((child, output)) => self.follow(child, &output, stop),
            Err(error) => Ended::before_it_began(&error),
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn start(&self) -> io::Result<(Child, Arc<Printed>)> {
        if is_under_systemd() && !Path::new(BUS).exists() {
            return Err(io::Error::other("systemd can't be asked without its bus; install dbus"));
        }
        let (reading, writing) = io::pipe()?;
        let mut command = self.command();
        command.env_clear().env("PATH", FOLDERS).env("HOME", HOME_OF_ROOT).env("LC_ALL", "C.UTF-8");
        command.current_dir("/").stdin(Stdio::null()).stdout(writing.try_clone()?).stderr(writing);
        // A group of its own, so that nothing it started outlives it.
        let child = command.process_group(0).spawn()?;
        drop(command);
        Ok((child, Printed::read(reading)))
    }

    fn command(&self) -> Command {
        let mut command = match is_under_systemd() {
            true => {
                let mut command = Command::new("systemd-run");
                let unit = format!("--unit={}", self.unit);
                command.args(["--quiet", "--pipe", "--wait", "--collect", "--service-type=exec", &unit]);
                command.args(["--property=KillMode=control-group", "--setenv=LC_ALL=C.UTF-8"]);
                command.arg(format!("--setenv=HOME={HOME_OF_ROOT}"));
                command.arg(format!("--setenv=PATH={FOLDERS}"));
                if !self.is_own {
                    command.arg("/bin/sh");
                }
                command
            }
            false if self.is_own => return Command::new(self.file()),
            false => Command::new("/bin/sh"),
        };
        command.arg(self.file());
        command
    }

    fn follow(&self, mut child: Child, output: &Printed, stop: &AtomicBool) -> Ended {
        let waited = Waited::wait(&mut child, self.limit, stop);
        if waited.status.is_err() {
            self.kill();
        }
        self.kill_group(&mut child);
        let _ = child.wait();
        waited.ended(output.whole(), code)
    }

    /// Ends what systemd runs of it.
    pub fn kill(&self) {
        if is_under_systemd() {
            let unit = format!("{}.service", self.unit);
            let _ = command::ask("systemctl", &["kill", "--signal=KILL", &unit], b"");
        }
    }

    /// Ends whatever it started and left behind.
    fn kill_group(&self, child: &mut Child) {
        if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn is_under_systemd() -> bool {
    Path::new(SYSTEMD).exists() && command::find("systemd-run").is_some()
}

fn code(status: ExitStatus) -> Option<i32> {
    status.code().or_else(|| status.signal().map(|signal| -signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::command::{KEPT, Outcome, shown};

    fn run(name: &str, script: &str, limit: Duration) -> Ended {
        let folder = std::env::temp_dir().join(format!("claviger-script-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("script"), script).unwrap();
        let unit = format!("claviger-test-{}-{name}", std::process::id());
        let ended = Script { folder: &folder, unit, is_own: false, limit }.run(&AtomicBool::new(false));
        std::fs::remove_dir_all(&folder).unwrap();
        ended
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn output_and_exit_code_are_kept() {
        let ended = run("plain", "echo out; echo err >&2; exit 3", LONG);
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::Exited, Some(3)));
        assert_eq!(shown(&ended.output), "out\nerr\n");
        let ended = run("signal", "kill -TERM $$", LONG);
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::Exited, Some(-15)));
    }

    #[test]
    fn a_gigabyte_of_output_is_read_and_cut() {
        let ended =
            run("gigabyte", "echo first; head -c 1073741824 /dev/zero | tr '\\0' x; echo; echo last", LONG);
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::Exited, Some(0)));
        assert_eq!(ended.output.bytes.len(), KEPT);
        assert_eq!(ended.output.dropped, (1 << 30) + 12 - KEPT as u64);
        assert!(ended.output.bytes.starts_with(b"first\n") && ended.output.bytes.ends_with(b"\nlast\n"));
    }

    #[test]
    fn what_takes_too_long_is_ended_with_all_that_it_started() {
        let file = std::env::temp_dir().join(format!("claviger-left-{}", std::process::id()));
        let script = format!("echo begun; (sleep 2; touch {}) & sleep 600", file.display());
        let ended = run("long", &script, Duration::from_millis(200));
        assert_eq!((ended.outcome, ended.exit_code), (Outcome::TimedOut, None));
        assert_eq!(shown(&ended.output), "begun\n");
        // What it left behind is gone, too: it would have made the file by now.
        let ended = run("after", "sleep 3", LONG);
        assert_eq!((ended.exit_code, file.exists()), (Some(0), false));
    }
}
