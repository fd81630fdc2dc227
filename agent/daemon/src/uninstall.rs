//! Everything taken back, in the order in which nobody is locked out. Accounts stay, and stay as they are.

use crate::{
    config::{self, Enrollment},
    files, logs,
    platform::system::{logins, policies, service},
    server::Server,
    tasks::Turn,
    trust,
};
use anyhow::{Context, Result};
use std::{path::Path, sync::Arc};

/// Whether the server is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It is; the device goes from its list.
    Said,
    /// It isn't: only this machine is put back, as when the package is removed.
    Unsaid,
}

/// Removes what enrollment and the work since then left.
pub fn uninstall(folder: &Path, (data, tasks): (&Path, &Path), farewell: Farewell) -> Result<()> {
    let enrollment = Enrollment::load(&folder.join(config::FILE)).ok();
    service::stop().unwrap_or_else(|error| logs::complain(&format!("{error:#}")));
    let turn = put_back(tasks)?;
    if farewell == Farewell::Said
        && let Some(enrollment) = &enrollment
        && let Err(error) = say_goodbye(enrollment, &folder.join(config::KEY))
    {
        logs::complain(&format!("{error:#}. Delete the device in the portal."));
    }
    // Windows removes no file that is open; there a service is over when it is stopped.
    #[cfg(windows)]
    drop(turn);
    for path in [data, tasks] {
        remove_folder(path)?;
    }
    #[cfg(unix)]
    drop(turn);
    for file in [config::FILE, config::KEY, config::CERTIFICATE] {
        files::remove(&folder.join(file))?;
    }
    Ok(())
}

/// Puts logins and what policies changed back. An agent that runs changes nothing until the turn is over.
pub fn put_back(tasks: &Path) -> Result<Option<Turn>> {
    let turn = Turn::wait(tasks)?;
    policies::put_back(&Default::default(), tasks)?;
    logins::put_back(&Default::default())?;
    Ok(turn)
}

fn say_goodbye(enrollment: &Enrollment, key: &Path) -> Result<()> {
    let key = Arc::new(config::load_key(key)?);
    let tls = trust::config(enrollment.certificate.as_deref())?;
    Ok(Server::new(enrollment, key, tls).leave()?)
}

fn remove_folder(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} can't be removed", path.display()))
        }
        _ => Ok(()),
    }
}
