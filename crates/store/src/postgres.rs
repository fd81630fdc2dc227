//! PostgreSQL: reads pipelined over a few connections, each batch one transaction on one of many.

use crate::{
    FromRow, Row, Stats, StoreError, Value,
    migrate::{self, Migration},
    statement::{About, Batch, Commit, Statement},
    together::{Types, often, together},
};
use futures_util::future::{join, join_all};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Mutex, RwLock, Semaphore};
use tokio_postgres::{Client, Config, config::SslMode, types::ToSql};

const READERS: usize = 2;
const WRITERS: usize = 16;
const CACHED_STATEMENTS: usize = 256;
/// Writes find their rows by keys. A planner that saw a table while it was nearly empty would keep on reading all of it.
const BY_KEYS: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
/// Serializes migrations of several nodes that start at once.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(4271953211)";

pub(crate) struct Postgres {
    config: Config,
    tls: tokio_postgres_rustls::MakeRustlsConnect,
    readers: Vec<RwLock<Option<Arc<Session>>>>,
    next: AtomicUsize,
    idle: Mutex<Vec<Arc<Session>>>,
    writers: Semaphore,
    stats: Arc<Stats>,
}

/// A connection with the statements prepared on it.
struct Session {
    client: Client,
    prepared: RwLock<HashMap<Cow<'static, str>, tokio_postgres::Statement>>,
}

impl Postgres {
    pub(crate) async fn open(url: &str, stats: Arc<Stats>) -> Result<Self, StoreError> {
        let mut config: Config = url.parse().map_err(|error| StoreError::Unavailable(describe(&error)))?;
        config.target_session_attrs(tokio_postgres::config::TargetSessionAttrs::ReadWrite);
        config.application_name("claviger");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(std::time::Duration::from_secs(5));
        }
        let this = Self {
            tls: tls(config.get_ssl_mode())?,
            config,
            readers: (0..READERS).map(|_| RwLock::new(None)).collect(),
            next: AtomicUsize::new(0),
            idle: Mutex::new(Vec::new()),
            writers: Semaphore::new(WRITERS),
            stats,
        };
        let session = this.migrate().await?;
        // It is there, so it reads.
        if let Some(reader) = this.readers.first() {
            *reader.write().await = Some(session);
        }
        Ok(this)
    }

    async fn connect(&self) -> Result<Arc<Session>, StoreError> {
        let (client, connection) = self.config.connect(self.tls.clone()).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(error = %describe(&error), "a database connection ended");
            }
        });
        Ok(Arc::new(Session { client, prepared: RwLock::default() }))
    }

    async fn migrate(&self) -> Result<Arc<Session>, StoreError> {
        let session = self.connect().await?;
        session.client.batch_execute(&format!("BEGIN; {MIGRATION_LOCK}; {}", migrate::TABLE)).await?;
        let applied = session.rows::<(String, i64)>(Cow::Borrowed(migrate::APPLIED), &[]).await?;
        for Migration { number, postgres, checksum, .. } in migrate::pending(&applied)? {
            session.client.batch_execute(postgres).await?;
            session.client.execute(migrate::RECORD, &[&number, &checksum]).await?;
        }
        session.client.batch_execute("COMMIT").await?;
        Ok(session)
    }

    async fn reader(&self) -> Result<Arc<Session>, StoreError> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % READERS;
        let Some(slot) = self.readers.get(index) else { return self.connect().await };
        if let Some(session) = slot.read().await.as_ref().filter(|session| !session.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        let mut slot = slot.write().await;
        if let Some(session) = slot.as_ref().filter(|session| !session.client.is_closed()) {
            return Ok(Arc::clone(session));
        }
        let session = self.connect().await?;
        *slot = Some(Arc::clone(&session));
        Ok(session)
    }

    /// A read is tried once more on a new connection if its connection went away.
    pub(crate) async fn query<T: FromRow>(
        &self,
        sql: Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        let session = self.reader().await?;
        match session.rows(sql.clone(), &values).await {
            Err(StoreError::Unavailable(_)) if session.client.is_closed() => {
                self.reader().await?.rows(sql, &values).await
            }
            result => result,
        }
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        let _permit = self.writers.acquire().await.map_err(StoreError::unavailable)?;
        let idle = self.idle.lock().await.pop();
        let session = match idle {
            Some(session) if !session.client.is_closed() => session,
            _ => {
                let session = self.connect().await?;
                session.client.batch_execute(BY_KEYS).await?;
                session
            }
        };
        let result = session.write(&batch.0).await;
        if result.is_ok() || session.client.batch_execute("ROLLBACK").await.is_ok() {
            self.idle.lock().await.push(session);
        }
        self.stats.syncs.fetch_add(1, Ordering::Relaxed);
        self.stats.batches.fetch_add(1, Ordering::Relaxed);
        result
    }
}

impl Session {
    async fn prepare(&self, sql: Cow<'static, str>) -> Result<tokio_postgres::Statement, StoreError> {
        if let Some(statement) = self.prepared.read().await.get(&sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(&sql).await?;
        let mut prepared = self.prepared.write().await;
        if prepared.len() >= CACHED_STATEMENTS {
            prepared.clear();
        }
        prepared.insert(sql, statement.clone());
        Ok(statement)
    }

    async fn rows<T: FromRow>(&self, sql: Cow<'static, str>, values: &[Value]) -> Result<Vec<T>, StoreError> {
        let statement = self.prepare(sql).await?;
        let rows = self.client.query(&statement, &references(values)).await?;
        rows.iter().map(|row| T::from_row(&Row::Postgres(row))).collect()
    }

    /// The types of the parameters of those updates that are written together.
    async fn types(&self, statements: &[Statement]) -> Result<Types, StoreError> {
        let mut types = Types::new();
        for text in often(statements) {
            let prepared = self.prepare(text.clone()).await?;
            types.insert(text.clone(), prepared.params().iter().map(|kind| kind.name().to_owned()).collect());
        }
        Ok(types)
    }

    /// One transaction in two round trips: everything, then the verdict.
    async fn write(&self, statements: &[Statement]) -> Result<Commit, StoreError> {
        let types = self.types(statements).await?;
        let statements = &together(statements, &types)[..];
        let mut prepared = Vec::with_capacity(statements.len());
        for statement in statements {
            prepared.push(self.prepare(locking(statement)).await?);
        }
        let run = statements.iter().zip(&prepared).map(|(statement, prepared)| async move {
            self.client.execute(prepared, &references(&statement.values)).await
        });
        if let [only] = statements {
            let changed = join_all(run).await.into_iter().collect::<Result<Vec<u64>, _>>();
            return verdict(std::slice::from_ref(only), changed);
        }
        let (begun, changed) = join(self.client.batch_execute("BEGIN"), join_all(run)).await;
        begun?;
        let changed = changed.into_iter().collect::<Result<Vec<u64>, _>>();
        let verdict = verdict(statements, changed)?;
        self.client
            .batch_execute(match verdict {
                Commit::Committed => "COMMIT",
                Commit::Conflict => "ROLLBACK",
            })
            .await?;
        Ok(verdict)
    }
}

/// A guard's row must be held until the commit; SQLite's one writer needs no word for it.
fn locking(statement: &Statement) -> Cow<'static, str> {
    match statement.about {
        About::Guard => Cow::Owned(format!("{} FOR NO KEY UPDATE", statement.sql)),
        About::Accounts | About::Others => statement.sql.clone(),
    }
}

fn verdict(
    statements: &[Cow<'_, Statement>],
    changed: Result<Vec<u64>, tokio_postgres::Error>,
) -> Result<Commit, StoreError> {
    use tokio_postgres::error::SqlState;
    match changed {
        Ok(changed) => {
            let met = statements
                .iter()
                .zip(changed)
                .all(|(statement, n)| statement.rows.is_none_or(|rows| rows == n));
            Ok(if met { Commit::Committed } else { Commit::Conflict })
        }
        Err(error) => match error.code() {
            Some(code)
                if [
                    SqlState::UNIQUE_VIOLATION,
                    SqlState::T_R_SERIALIZATION_FAILURE,
                    SqlState::T_R_DEADLOCK_DETECTED,
                ]
                .contains(code) =>
            {
                Ok(Commit::Conflict)
            }
            _ => Err(error.into()),
        },
    }
}

fn references(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// The whole story of an error: the driver's own text leaves out what the server said.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    use std::error::Error as _;
    match (error.as_db_error(), error.source()) {
        (Some(db), _) => format!("{}: {}", db.code().code(), db.message()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

fn tls(mode: SslMode) -> Result<tokio_postgres_rustls::MakeRustlsConnect, StoreError> {
    let mut roots = rustls::RootCertStore::empty();
    if mode != SslMode::Disable {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(StoreError::unavailable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}
