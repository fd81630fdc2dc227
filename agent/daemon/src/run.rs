//! The half with the network, put together.

use crate::{
    clock::SystemClocks,
    config::{self, Enrollment},
    login::{self, Desk},
    logs,
    server::Server,
    sync::{Shared, Sync},
    tasks::RootHalf,
    trust,
    vault::Vault,
};
use anyhow::{Context, Result};
use claviger_agent_core::port::{self, Ports};
use claviger_agent_ipc::{Gate, Listener};
use claviger_domain::id::AccountId;
use std::{path::PathBuf, sync::Arc};

/// What it is told on its command line.
pub struct Options {
    /// The file that enrollment left.
    pub config: PathBuf,
    /// The device's key.
    pub key_file: PathBuf,
    /// Where it keeps what it keeps.
    pub data: PathBuf,
    /// Where `claviger-agent status` looks.
    pub standing: Option<PathBuf>,
}

/// Runs until the process ends. `listen` gives where login programs call.
pub fn run(
    options: &Options,
    tasks: Arc<dyn RootHalf>,
    listen: impl FnOnce() -> Result<Listener>,
) -> Result<()> {
    let enrollment = Enrollment::load(&options.config)?;
    let key = Arc::new(config::load_key(&options.key_file)?);
    let tls = trust::config(enrollment.certificate.as_deref())?;
    let clock = SystemClocks::new().context("the machine's clocks can't be read")?;
    let vault = Arc::new(Vault::open(&options.data)?);
    check_state(&vault, &enrollment)?;
    let listener = listen()?;
    let held = Server::new(&enrollment, key, Arc::clone(&tls));
    let server = Arc::new(held.beside(tls));
    let sync = Arc::new(Sync {
        device: enrollment.device,
        server_key: enrollment.server_key.clone(),
        held,
        server: Arc::clone(&server),
        tasks: Arc::clone(&tasks),
        vault: Arc::clone(&vault),
        clock: clock.clone(),
        enrollment: options.config.clone(),
        standing: options.standing.clone(),
        shared: Shared::default(),
    });
    sync.start()?;
    let ports = Ports {
        vault: vault.as_ref(),
        online: server.as_ref(),
        clock: &clock,
        passwords: &Passwords(tasks),
        log: &logs::Journal,
    };
    login::serve(&listener, &Desk { ports, gate: Gate::default(), people: Default::default() })
}

/// The state that was kept is as good as a new one only if the server signed it.
fn check_state(vault: &Vault, enrollment: &Enrollment) -> Result<()> {
    if let Some(signed) = vault.signed_state()
        && let Err(error) = enrollment.server_key.open(&signed, enrollment.device)
    {
        logs::warn(&format!("the state that was kept is dropped: {error}"));
        vault.drop_state()?;
    }
    Ok(())
}

/// Hands passwords to the root half.
struct Passwords(Arc<dyn RootHalf>);

impl port::Passwords for Passwords {
    fn keep(&self, user: AccountId, password: &str) {
        if let Err(error) = self.0.keep_password(user, password) {
            logs::warn(&format!("the password of {user} could not be handed to the root half: {error}"));
        }
    }
}
