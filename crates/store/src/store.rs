//! The one handle to either database.
//!
//! What waits for PostgreSQL is boxed: dozens of types deep, it would be in the futures of all use cases and handlers, and
//! the compiler would go through it for each of them.

use crate::{
    FromRow, Select, StoreError, Value,
    postgres::Postgres,
    sqlite::Sqlite,
    statement::{Batch, Commit},
};
use futures_util::FutureExt;
use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Which database, by URL: `sqlite:PATH` or `postgres://…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreOptions {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(String),
}

impl StoreOptions {
    /// Reads the URL of the configuration.
    pub fn parse(url: &str) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(url.to_owned())),
            _ => Err("must be sqlite:PATH or postgres://…".to_owned()),
        }
    }
}

/// Counts for the metrics.
#[derive(Debug, Default)]
pub struct Stats {
    pub(crate) batches: AtomicU64,
    pub(crate) syncs: AtomicU64,
    account_changes: AtomicU64,
}

impl Stats {
    /// Batches answered.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    /// Batches of this process that changed what accounts are counted by.
    pub fn account_changes(&self) -> u64 {
        self.account_changes.load(Ordering::Acquire)
    }

    /// Commits that waited for the disk.
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }
}

/// A handle to the database; clones share it.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
    stats: Arc<Stats>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let stats = Arc::new(Stats::default());
        let engine = match options {
            StoreOptions::Sqlite(path) => {
                make_private(path)?;
                Engine::Sqlite(Arc::new(Sqlite::open(path, Arc::clone(&stats))?))
            }
            StoreOptions::Postgres(url) => {
                Engine::Postgres(Arc::new(Postgres::open(url, Arc::clone(&stats)).await?))
            }
        };
        Ok(Self { engine, stats })
    }

    /// `sqlite` or `postgres`.
    pub const fn name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
        }
    }

    /// Counts since the start.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Every row of a query.
    pub async fn query<T: FromRow>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        self.rows(Cow::Borrowed(sql), values).await
    }

    /// Every row of a query whose text was put together.
    pub async fn select<T: FromRow>(&self, select: Select) -> Result<Vec<T>, StoreError> {
        let (sql, values) = select.into_parts();
        self.rows(sql, values).await
    }

    /// The first row, if any, of a query that finds it by an index.
    pub async fn first<T: FromRow>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.few(sql, values).await?.into_iter().next())
    }

    /// The rows, a handful at most, of a query that finds them by an index.
    pub async fn few<T: FromRow>(&self, sql: &'static str, values: Vec<Value>) -> Result<Vec<T>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.quick(sql, values).await,
            Engine::Postgres(postgres) => postgres.query(Cow::Borrowed(sql), values).boxed().await,
        }
    }

    async fn rows<T: FromRow>(
        &self,
        sql: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.query(sql, values).await,
            Engine::Postgres(postgres) => postgres.query(sql, values).boxed().await,
        }
    }

    /// Writes all or nothing; answered once it would survive a power cut.
    pub async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        if batch.is_empty() {
            return Ok(Commit::Committed);
        }
        let changes_accounts = batch.changes_accounts();
        let done = match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.commit(batch).await,
            Engine::Postgres(postgres) => postgres.commit(batch).boxed().await,
        };
        if changes_accounts {
            self.stats.account_changes.fetch_add(1, Ordering::Release);
        }
        done
    }
}

/// Makes the file for its owner alone before SQLite opens it; the WAL beside it takes the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|error| StoreError::Unavailable(format!("{}: {error}", path.display())))
}
