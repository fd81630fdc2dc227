//! SQLite: reader threads, and one writer thread that commits many batches with one sync.

mod writer;

use crate::{
    FromRow, Row, Stats, StoreError, Value,
    migrate::{self, Migration},
    statement::{Batch, Commit},
};
use crossbeam_channel::Sender;
use rusqlite::{CachedStatement, Connection, OpenFlags, config::DbConfig, params_from_iter};
use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread::{self, Thread},
};
use tokio::sync::oneshot;
use writer::Writer;

const READERS: usize = 4;

/// What the planner must know: every row is of the one organization, so to look by it alone is to read the table.
/// Without it SQLite takes ten rows an organization for granted, and prefers a table's own order to the right index.
const STATISTICS: &str = "ANALYZE sqlite_schema; DELETE FROM sqlite_stat1; \
    INSERT INTO sqlite_stat1 (tbl, idx, stat) SELECT m.name, m.name, '1000000 1000000' FROM sqlite_schema m \
        WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'organization' AND c.pk = 1) \
        AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.pk = 2); \
    ANALYZE sqlite_schema;";

type Read = Box<dyn FnOnce(&Connection) + Send>;
pub(crate) struct Sqlite {
    /// For reads of a row or two, made where they are asked for: handing them to a thread would take longer.
    at_hand: Vec<Mutex<Connection>>,
    reads: Sender<Read>,
    writer: Writer,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, stats: Arc<Stats>) -> Result<Self, StoreError> {
        let writer = connect(path)?;
        writer.execute_batch("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096;")?;
        migrate_sqlite(&writer)?;
        let (reads, to_read) = crossbeam_channel::unbounded::<Read>();
        let readers = thread::available_parallelism().map_or(1, usize::from).min(READERS);
        for _ in 0..readers {
            let connection = connect(path)?;
            let to_read = to_read.clone();
            spawn("sqlite-read", move || to_read.iter().for_each(|read| read(&connection)))?;
        }
        let at_hand = (0..readers).map(|_| connect(path).map(Mutex::new)).collect::<Result<_, _>>()?;
        Ok(Self { at_hand, reads, writer: Writer::start(writer, stats)? })
    }

    /// A read that finds at most a row or two by an index.
    pub(crate) async fn quick<T: FromRow>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        match self.read_at_hand(sql, &values) {
            Some(found) => found,
            None => self.query(std::borrow::Cow::Borrowed(sql), values).await,
        }
    }

    /// Nothing if all connections at hand are in use.
    fn read_at_hand<T: FromRow>(&self, sql: &str, values: &[Value]) -> Option<Result<Vec<T>, StoreError>> {
        let connection = self.at_hand.iter().find_map(|connection| connection.try_lock().ok())?;
        Some(rows(&connection, sql, values))
    }

    pub(crate) async fn query<T: FromRow>(
        &self,
        sql: std::borrow::Cow<'static, str>,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let read: Read = Box::new(move |connection| {
            let _ = answer.send(rows(connection, &sql, &values));
        });
        self.reads.send(read).map_err(StoreError::unavailable)?;
        answered.await.map_err(StoreError::unavailable)?
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<Commit, StoreError> {
        self.writer.commit(batch).await
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<Thread, StoreError> {
    let spawned = thread::Builder::new().name(name.into()).spawn(work);
    spawned.map(|handle| handle.thread().clone()).map_err(StoreError::unavailable)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // FULL: with NORMAL a used code would be accepted again after a power cut.
    connection.execute_batch(
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096;",
    )?;
    // Without it SQLite parses and plans a statement anew for every other value of its parameters.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    Ok(connection)
}

fn migrate_sqlite(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch(migrate::TABLE)?;
    let tx = rusqlite::Transaction::new_unchecked(connection, rusqlite::TransactionBehavior::Immediate)?;
    let applied = rows::<(String, i64)>(&tx, migrate::APPLIED, &[])?;
    for Migration { number, sqlite, checksum, .. } in migrate::pending(&applied)? {
        tx.execute_batch(sqlite)?;
        tx.execute(migrate::RECORD, params_from_iter([Value::Int(number), Value::Text(checksum)]))?;
    }
    tx.execute_batch(STATISTICS)?;
    Ok(tx.commit()?)
}

fn rows<T: FromRow>(connection: &Connection, sql: &str, values: &[Value]) -> Result<Vec<T>, StoreError> {
    let mut statement = prepare(connection, sql, values.len())?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut all = Vec::new();
    while let Some(row) = found.next()? {
        all.push(T::from_row(&Row::Sqlite(row))?);
    }
    Ok(all)
}

/// SQLite takes `$1` for a name and numbers names as they appear; `?1` is the number itself.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

/// SQLite binds a missing parameter as NULL; a wrong count must not pass silently.
fn prepare<'c>(
    connection: &'c Connection,
    sql: &str,
    values: usize,
) -> Result<CachedStatement<'c>, StoreError> {
    let statement = connection.prepare_cached(&numbered(sql))?;
    if statement.parameter_count() == values {
        Ok(statement)
    } else {
        Err(StoreError::corrupt(format!("{values} values for: {sql}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(connection: &Connection, sql: &str) -> String {
        let parameters = (1..).take_while(|n| sql.contains(&format!("${n}"))).count();
        let mut statement = prepare(connection, &format!("EXPLAIN QUERY PLAN {sql}"), parameters).unwrap();
        let mut found = statement.query(params_from_iter((0..parameters).map(|_| Value::Null))).unwrap();
        let mut steps = Vec::new();
        while let Some(row) = found.next().unwrap() {
            steps.push(row.get::<_, String>(3).unwrap());
        }
        steps.join("; ")
    }

    #[test]
    fn what_names_an_account_is_found_by_its_index_however_the_database_was_made() {
        let folder = std::env::temp_dir().join(format!("claviger-plans-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("test.db");
        for _ in 0..2 {
            let connection = connect(&path).unwrap();
            migrate_sqlite(&connection).unwrap();
            for (sql, index) in [
                (
                    "DELETE FROM link WHERE organization = $1 AND account = $2 AND purpose = $3 AND used_at IS NULL",
                    "link_account",
                ),
                (
                    "DELETE FROM session WHERE organization = $1 AND account = $2 AND id <> $3",
                    "session_account",
                ),
                (
                    "SELECT details FROM audit WHERE organization = $1 AND target_id = $2 ORDER BY id DESC LIMIT $3",
                    "audit_target",
                ),
            ] {
                let plan = plan(&connection, sql);
                assert!(plan.contains(index) && !plan.contains("SCAN"), "{sql}: {plan}");
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// S8: a device asks for everybody who is bound to it at every change.
    #[test]
    fn a_device_and_its_users_find_each_other_by_indexes() {
        use crate::table::device_bound::{DEVICES_OF, EVERYBODY, SSH_KEYS, TIE};
        let folder = std::env::temp_dir().join(format!("claviger-device-plans-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let connection = connect(&folder.join("test.db")).unwrap();
        migrate_sqlite(&connection).unwrap();
        for sql in [EVERYBODY, SSH_KEYS, TIE, DEVICES_OF] {
            let plan = plan(&connection, sql);
            // What was put together is read through; no table is.
            let read_through = plan.split("; ").filter(|step| step.starts_with("SCAN"));
            let tables: Vec<_> = read_through.filter(|step| !["SCAN x", "SCAN e"].contains(step)).collect();
            assert!(tables.is_empty(), "{tables:?} in {plan}");
            let by_organization = plan.matches("(organization=?)").count();
            assert_eq!(by_organization, 0, "{plan}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
