//! An agent that is one process: its half that changes the system is a part of it, as on Windows and macOS.

use anyhow::Result;
use claviger_agent::{
    clock::SystemClocks,
    config::{self, Enrollment},
    platform::system::Paths,
    run,
    tasks::{Direct, Root, Settings},
};
use claviger_agent_ipc::Listener;
use std::{path::PathBuf, sync::Arc, thread, time::Duration};

/// How often it looks whether the device was enrolled.
const LOOK: Duration = Duration::from_secs(2);

/// Where it keeps what it keeps.
pub(crate) struct Folders {
    /// What enrolling left.
    pub(crate) own: PathBuf,
    /// What codes are checked with.
    pub(crate) vault: PathBuf,
    /// What the half that changes the system remembers.
    pub(crate) tasks: PathBuf,
    /// Where it is written down how things are.
    pub(crate) standing: PathBuf,
}

impl Folders {
    /// The system starts the agent with the machine: it waits until the device is enrolled.
    pub(crate) fn wait_for_enrollment(&self) {
        while !self.own.join(config::FILE).exists() {
            thread::sleep(LOOK);
        }
    }
}

/// Runs until the process ends. `listen` gives where login programs call.
pub(crate) fn work(folders: &Folders, listen: impl FnOnce() -> Result<Listener>) -> Result<()> {
    let options = run::Options {
        config: folders.own.join(config::FILE),
        key_file: folders.own.join(config::KEY),
        data: folders.vault.clone(),
        standing: Some(folders.standing.clone()),
    };
    let enrollment = Enrollment::load(&options.config)?;
    let (device, server_key) = (enrollment.device, enrollment.server_key);
    let tasks = folders.tasks.clone();
    let open = move || {
        Root::open(Settings {
            device,
            server_key: server_key.clone(),
            folder: tasks.clone(),
            paths: Paths::default(),
            clock: Box::new(SystemClocks::new()?),
        })
    };
    run::run(&options, Arc::new(Direct::new(Box::new(open))), listen)
}
