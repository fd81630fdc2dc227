//! What runs under whose number.

use super::{Trouble, command};
use crate::logs;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::{collections::BTreeSet, fs, thread, time::Duration};

/// The numbers under which something runs.
pub fn owners() -> BTreeSet<u32> {
    running().filter_map(owner).collect()
}

fn running() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The real number of a process; that of a dead one is nobody's.
fn owner(process: i32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let is_dead = status.lines().any(|line| line.starts_with("State:\tZ"));
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    if is_dead { None } else { line.split_whitespace().next()?.parse().ok() }
}

/// Ends everything that runs under an account: logind's sessions first, whatever is left by force.
pub fn end(name: &str, uid: u32) -> Result<(), Trouble> {
    if std::path::Path::new("/run/systemd/system").exists()
        && let Err(error) = command::run("loginctl", &["terminate-user", name])
    {
        // Nobody is signed in, most of the time.
        logs::note(&format!("sessions of {name}: {error}"));
    }
    for _ in 0..20 {
        let left: Vec<i32> = running().filter(|process| owner(*process) == Some(uid)).collect();
        if left.is_empty() {
            return Ok(());
        }
        left.into_iter().for_each(|process| kill(process, uid));
        thread::sleep(Duration::from_millis(50));
    }
    Err(command::Failed { program: "kill".into(), why: format!("something of {name} can't be ended") }.into())
}

/// Kills a process, if it still is that user's: its number may have gone to another one meanwhile.
fn kill(process: i32, uid: u32) {
    let Some(pid) = Pid::from_raw(process) else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    if owner(process) == Some(uid) {
        // It may be gone by now, which is what is wanted.
        let _ = pidfd_send_signal(handle, Signal::KILL);
    }
}

/// Whether that process is a program of this name.
pub fn is_named(process: i32, name: &str) -> bool {
    fs::read_to_string(format!("/proc/{process}/comm")).is_ok_and(|found| found.trim() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_its_owner_until_it_is_dead() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = i32::try_from(child.id()).unwrap();
        let uid = owner(process).unwrap();
        assert!(owners().contains(&uid));
        // The kernel lets the parent go on before it gives the child its new name.
        while !is_named(process, "sleep") {
            assert!(child.try_wait().unwrap().is_none());
            thread::yield_now();
        }
        kill(process, uid.wrapping_add(1));
        assert!(child.try_wait().unwrap().is_none());
        kill(process, uid);
        child.wait().unwrap();
        assert_eq!(owner(process), None);
    }
}
