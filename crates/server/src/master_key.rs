//! The master keys: a file made on the first start, the environment, or a systemd credential (S14.3).

use crate::{
    config::{Config, MasterKeys},
    world,
};
use anyhow::{Context, Result, bail};
use claviger_domain::secret::Secret;
use claviger_store::seal::Sealer;
use data_encoding::BASE64;
use std::{
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

/// Whether secrets were sealed already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Database {
    /// Nothing is sealed: a new key can be made.
    Empty,
    /// The key that sealed what is in there must be found.
    Used,
}

pub(crate) fn load(config: &Config, database: Database) -> Result<Sealer> {
    let text = match &config.master_keys {
        MasterKeys::Environment => from_environment()?,
        MasterKeys::Provided(path) => read(path)?,
        MasterKeys::File(path) => {
            if !path.exists() {
                if database == Database::Used {
                    bail!(
                        "the master key {} is missing, but there is a database: put the key back",
                        path.display()
                    );
                }
                make(path)?;
            }
            refuse_open_to_others(path)?;
            read(path)?
        }
    };
    Sealer::parse(&text).context("the master keys can't be used")
}

#[expect(
    clippy::disallowed_methods,
    reason = "a secret is read where it is used, not carried in the configuration"
)]
fn from_environment() -> Result<Secret<String>> {
    let text = std::env::var("CLAVIGER_MASTER_KEYS").context("CLAVIGER_MASTER_KEYS can't be read")?;
    Ok(Secret::new(text.replace(',', "\n")))
}

fn read(path: &Path) -> Result<Secret<String>> {
    std::fs::read_to_string(path)
        .map(Secret::new)
        .with_context(|| format!("the master key {} can't be read", path.display()))
}

/// Writes a new key, and does not go on before it is on the disk: what it seals must never outlive it.
fn make(path: &Path) -> Result<()> {
    let failed = || format!("the master key {} can't be written", path.display());
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(failed)?;
    let key = Secret::new(world::random_key());
    let text = "# Claviger's master key. Without it no TOTP secret can be read: keep a copy, apart from the database's.\n";
    writeln!(file, "{text}{}", BASE64.encode(key.expose())).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).with_context(failed)?;
    }
    Ok(())
}

fn refuse_open_to_others(path: &Path) -> Result<()> {
    let mode = std::fs::metadata(path).with_context(|| format!("{}", path.display()))?.mode();
    if mode & 0o077 != 0 {
        bail!("the master key {} can be read by others: chmod 600 {}", path.display(), path.display());
    }
    Ok(())
}
