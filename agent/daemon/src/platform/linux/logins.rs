//! What makes logins ask, taken back in the order in which nobody is locked out.

use super::{
    Paths, group,
    pam::{self, Switched},
    ssh::Ssh,
    sudo,
};
use crate::{files, logs};
use anyhow::{Result, bail};
use claviger_agent_core::plan::sshd::{Keys, Wanted};
use claviger_domain::device::Ssh as Settings;
use claviger_wire::server::Codes;
use std::collections::BTreeSet;

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
