//! What all systems are told in the same way.

use anyhow::Result;
use claviger_agent::{
    clock::SystemClocks,
    config::{self, Enrollment},
    enroll::{self, Wish},
    logs::{complain, say},
    platform::system::{journal, service},
    status::Standing,
};
use claviger_agent_core::port::Clock;
use claviger_domain::time::Timestamp;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

pub(crate) fn now() -> Result<Timestamp> {
    Ok(SystemClocks::new()?.clocks().wall)
}

/// What is asked for by `enroll`.
pub(crate) struct Enroll {
    pub(crate) server: String,
    /// The connect key; `-` for standard input.
    pub(crate) key: String,
    pub(crate) ca: Option<PathBuf>,
    /// Where the agent's own files go.
    pub(crate) folder: PathBuf,
}

pub(crate) fn enroll(wanted: Enroll) -> Result<()> {
    let Enroll { server, key, ca, folder } = wanted;
    let key = if key == "-" { std::io::read_to_string(std::io::stdin())? } else { key };
    let enrollment = enroll::enroll(&Wish { server, key, certificate: ca, folder })?;
    let server = enrollment.server.as_str();
    say(&format!("This device is enrolled at {server} ({}).", enrollment.organization));
    Ok(())
}

/// Starts what the package brought.
pub(crate) fn start() -> Result<()> {
    match service::start()? {
        service::Started::Running => say("The agent runs. `claviger-agent status` says how things are."),
        service::Started::ByHand => say(service::BY_HAND),
    }
    Ok(())
}

/// Says how things are; `folder` is where enrolling left its files.
pub(crate) fn show(folder: &Path, standing: Option<Standing>) -> Result<ExitCode> {
    let enrollment = Enrollment::load(&folder.join(config::FILE))?;
    let Some(standing) = standing else {
        complain(journal::AWAY);
        return Ok(ExitCode::FAILURE);
    };
    standing.lines(&enrollment, now()?).iter().for_each(|line| say(line));
    Ok(ExitCode::SUCCESS)
}

/// The same for programs.
pub(crate) fn show_json(standing: Option<Standing>) -> Result<ExitCode> {
    say(&serde_json::to_string_pretty(&standing)?);
    Ok(if standing.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What root alone can do.
#[cfg(unix)]
pub(crate) fn must_be_root() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        Ok(())
    } else {
        anyhow::bail!("this needs root: run it with sudo")
    }
}
