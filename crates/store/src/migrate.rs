//! Changes of the schema, forward only, in pairs of one number (S14.6).

use crate::StoreError;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (number BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)";
pub(crate) const APPLIED: &str = "SELECT checksum, number FROM schema_migration ORDER BY number";
pub(crate) const RECORD: &str = "INSERT INTO schema_migration (number, checksum) VALUES ($1, $2)";

pub(crate) struct Migration {
    pub(crate) number: i64,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
    pub(crate) checksum: String,
}

macro_rules! pairs {
    ($($number:literal => $file:literal),*) => {
        [$((
            $number,
            include_str!(concat!("../migrations/sqlite/", $file)),
            include_str!(concat!("../migrations/postgres/", $file)),
        )),*]
    };
}

fn all() -> impl Iterator<Item = Migration> {
    let pairs = pairs!(
        1 => "0001_first.sql",
        2 => "0002_rollout.sql",
        3 => "0003_administrators.sql",
        4 => "0004_devices.sql",
        5 => "0005_usage_of_devices.sql",
        6 => "0006_applications.sql",
        7 => "0007_ask_once.sql",
        8 => "0008_saml.sql",
        9 => "0009_oidc.sql",
        10 => "0010_policies_and_commands.sql"
    );
    pairs.into_iter().map(|(number, sqlite, postgres)| {
        let checksum = HEXLOWER.encode(&Sha256::new().chain_update(sqlite).chain_update(postgres).finalize());
        Migration { number, sqlite, postgres, checksum }
    })
}

/// What is still to do, given what was done; refuses a database that this program doesn't know.
pub(crate) fn pending(applied: &[(String, i64)]) -> Result<Vec<Migration>, StoreError> {
    let known = all().map(|migration| migration.number).max().unwrap_or(0);
    let found = applied.iter().map(|(_, number)| *number).max().unwrap_or(0);
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    let mut pending = Vec::new();
    for migration in all() {
        match applied.iter().find(|(_, number)| *number == migration.number) {
            None => pending.push(migration),
            Some((checksum, _)) if *checksum == migration.checksum => {}
            Some(_) => {
                return Err(StoreError::corrupt(format!(
                    "migration {} was changed after it was applied",
                    migration.number
                )));
            }
        }
    }
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_applied_is_not_pending_and_a_newer_schema_is_refused() {
        let applied: Vec<_> = all().map(|migration| (migration.checksum, migration.number)).collect();
        assert!(pending(&applied).unwrap().is_empty());
        assert_eq!(pending(&[]).unwrap().len(), applied.len());
        assert!(matches!(pending(&[(String::new(), 999)]), Err(StoreError::NewerSchema { found: 999, .. })));
        assert!(matches!(pending(&[(String::new(), 1)]), Err(StoreError::Corrupt(_))));
    }
}
