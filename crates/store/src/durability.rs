//! Whether what is told to be committed stays committed. A used code that is forgotten could be used again.

use crate::{FromRow, Row, Store, StoreError};

/// What makes a commit less than durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// PostgreSQL does not wait for its own disk.
    FsyncOff,
    /// Commits are answered before they are written.
    CommitsNotWaitedFor,
    /// Standbys follow without being waited for.
    StandbysNotWaitedFor,
}

impl Weakness {
    /// What to tell an administrator.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FsyncOff => {
                "PostgreSQL runs with fsync off: after a power cut the database may be broken, and used codes could be used again. Set fsync = on."
            }
            Self::CommitsNotWaitedFor => {
                "PostgreSQL answers before it has written: after a crash used codes could be used again. Set synchronous_commit = on."
            }
            Self::StandbysNotWaitedFor => {
                "PostgreSQL's standbys are not waited for: after a failover used codes could be used again. Set synchronous_standby_names."
            }
        }
    }
}

/// What PostgreSQL says of itself.
struct Settings {
    fsync: String,
    synchronous_commit: String,
    synchronous_standby_names: String,
    standbys: i64,
}

impl FromRow for Settings {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            fsync: row.get(0)?,
            synchronous_commit: row.get(1)?,
            synchronous_standby_names: row.get(2)?,
            standbys: row.get(3)?,
        })
    }
}

impl Settings {
    fn weaknesses(&self) -> Vec<Weakness> {
        let waits_for_standbys = !self.synchronous_standby_names.trim().is_empty()
            && !matches!(self.synchronous_commit.as_str(), "off" | "local");
        [
            (self.fsync != "on", Weakness::FsyncOff),
            (self.synchronous_commit == "off", Weakness::CommitsNotWaitedFor),
            (self.standbys > 0 && !waits_for_standbys, Weakness::StandbysNotWaitedFor),
        ]
        .into_iter()
        .filter_map(|(is_so, weakness)| is_so.then_some(weakness))
        .collect()
    }
}

impl Store {
    /// What makes this database's commits less than durable: nothing, as a rule. SQLite is always opened with
    /// `synchronous = FULL`.
    pub async fn weaknesses(&self) -> Result<Vec<Weakness>, StoreError> {
        const SQL: &str = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), \
            current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication)";
        if self.name() != "postgres" {
            return Ok(Vec::new());
        }
        let settings: Option<Settings> = self.first(SQL, Vec::new()).await?;
        Ok(settings.map(|settings| settings.weaknesses()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_loses_commits_is_told() {
        use Weakness::{CommitsNotWaitedFor, FsyncOff, StandbysNotWaitedFor};
        let told = |fsync: &str, commit: &str, names: &str, standbys| {
            Settings {
                fsync: fsync.into(),
                synchronous_commit: commit.into(),
                synchronous_standby_names: names.into(),
                standbys,
            }
            .weaknesses()
        };
        assert_eq!(told("on", "on", "", 0), []);
        assert_eq!(told("on", "on", "*", 2), []);
        assert_eq!(told("on", "remote_apply", "ANY 1 (a, b)", 2), []);
        assert_eq!(told("off", "on", "", 0), [FsyncOff]);
        assert_eq!(told("on", "off", "", 0), [CommitsNotWaitedFor]);
        assert_eq!(told("on", "on", " ", 1), [StandbysNotWaitedFor]);
        assert_eq!(told("on", "local", "*", 1), [StandbysNotWaitedFor]);
        assert_eq!(told("off", "off", "*", 1), [FsyncOff, CommitsNotWaitedFor, StandbysNotWaitedFor]);
    }
}
