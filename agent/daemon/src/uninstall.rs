//! Everything taken back, in the order in which nobody is locked out. Accounts stay, and stay as they are.

use crate::{
    config::{self, Enrollment},
    enroll, files, logs,
    platform::linux::{
        Paths, group,
        pam::{self, Switched},
        ssh::Ssh,
        sudo,
    },
    server::Server,
    trust,
};
use anyhow::{Context, Result, bail};
use claviger_agent_core::plan::sshd::{Keys, Wanted};
use claviger_domain::device::Ssh as Settings;
use claviger_wire::server::Codes;
use std::{collections::BTreeSet, path::Path, sync::Arc};

/// Whether the server is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// It is; the device goes from its list.
    Said,
    /// It isn't: only this machine is put back, as when the package is removed.
    Unsaid,
}

/// Puts sshd, PAM, sudo and the groups back as they were.
pub fn put_back(paths: &Paths) -> Result<()> {
    let nothing = Wanted { codes: Codes::NotAsked, ssh: Settings::default(), keys: Keys::NotServed };
    let sshd = Ssh::new(paths).drop_in();
    if paths.sshd.exists()
        && let Err(refused) = Ssh::new(paths).put(&nothing, None)
    {
        // What sshd makes of the rest is not ours to judge when we go.
        logs::warn(&format!("sshd: {}", refused.detail));
    }
    files::remove(&sshd)?;
    if let Switched::Not(detail) = pam::put(paths, &BTreeSet::new())? {
        bail!(
            "the PAM profiles are still there: {detail}. Run `pam-auth-update --remove claviger claviger-fail-open claviger-password claviger-pubkey`."
        );
    }
    sudo::put(paths, None)?;
    files::remove(&paths.keys)?;
    group::remove(paths)?;
    Ok(())
}

/// Removes what enrollment and the work since then left.
pub fn uninstall(folder: &Path, data: &[&Path], farewell: Farewell) -> Result<()> {
    let enrollment = Enrollment::load(&folder.join(config::FILE)).ok();
    enroll::stop().unwrap_or_else(|error| logs::complain(&format!("{error:#}")));
    put_back(&Paths::default())?;
    if farewell == Farewell::Said
        && let Some(enrollment) = &enrollment
        && let Err(error) = say_goodbye(enrollment, &folder.join(config::KEY))
    {
        logs::complain(&format!("{error:#}. Delete the device in the portal."));
    }
    for path in data {
        remove_folder(path)?;
    }
    for file in [config::FILE, config::KEY, config::CERTIFICATE] {
        files::remove(&folder.join(file))?;
    }
    Ok(())
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
