//! What runs under whose number, as `ps` tells.

use super::{Trouble, command};
use crate::logs;
use std::{collections::BTreeSet, thread, time::Duration};

/// The numbers under which something runs.
pub fn owners() -> Result<BTreeSet<u32>, Trouble> {
    let said = command::run("ps", &["-axo", "uid="])?;
    Ok(said.lines().filter_map(|line| line.trim().parse().ok()).collect())
}

/// Ends everything that runs under an account: its session first, whatever is left by force.
pub fn end(name: &str, uid: u32) -> Result<(), Trouble> {
    if let Err(error) = command::run("launchctl", &["bootout", &format!("user/{uid}")]) {
        // Nobody is signed in, most of the time.
        logs::note(&format!("sessions of {name}: {error}"));
    }
    for _ in 0..20 {
        if !owners()?.contains(&uid) {
            return Ok(());
        }
        // Nothing left to end is no failure, and what is left shows above.
        let _ = command::ask("pkill", &["-KILL", "-U", &uid.to_string()], b"")?;
        thread::sleep(Duration::from_millis(50));
    }
    Err(command::Failed { program: "pkill".into(), why: format!("something of {name} can't be ended") }
        .into())
}

/// Whether that process is a program of this name.
pub fn is_named(process: i32, name: &str) -> bool {
    let said = command::ask("ps", &["-o", "comm=", "-p", &process.to_string()], b"");
    said.is_ok_and(|said| said.output.trim().rsplit('/').next() == Some(name))
}
