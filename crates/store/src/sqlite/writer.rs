//! The one that writes: whatever waits for it is committed with one sync.

use super::{prepare, spawn};
use crate::{
    Stats, StoreError,
    answers::{self, Answer},
    statement::{About, Batch, Commit, Statement},
};
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use rusqlite::{Connection, params_from_iter};
use std::{
    sync::{Arc, atomic::Ordering},
    thread::{self, Thread},
};
use tokio::task::yield_now;

const BATCHES_A_SYNC: usize = 256;
const QUEUE: usize = 4096;

type Told = Result<Commit, StoreError>;
type Waiting = (Batch, Answer<Told>);

/// The way to the thread that writes, which ends with it.
pub(super) struct Writer {
    // Dropped before the thread is woken for the last time.
    batches: Sender<Waiting>,
    thread: Sleeper,
}

/// A thread that sleeps until it is woken.
struct Sleeper(Thread);

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.0.unpark();
    }
}

/// Calls the writer to a batch, at the latest when nobody waits for it any more.
struct Call<'w>(&'w Writer);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.0.batches.is_empty() {
            self.0.thread.0.unpark();
        }
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, stats: Arc<Stats>) -> Result<Self, StoreError> {
        let (batches, waiting) = crossbeam_channel::bounded(QUEUE);
        let thread = spawn("sqlite-write", move || write_all(&connection, &waiting, &stats))?;
        Ok(Self { batches, thread: Sleeper(thread) })
    }

    /// Answered after the sync.
    pub(super) async fn commit(&self, batch: Batch) -> Told {
        let (answer, asked) = answers::ask();
        self.batches
            .try_send((batch, answer))
            .map_err(|_| StoreError::unavailable("too many writes are waiting"))?;
        let call = Call(self);
        // Whatever else can go on does so first: what it writes comes into the same group.
        yield_now().await;
        drop(call);
        asked.answered().await.unwrap_or_else(|| Err(StoreError::unavailable("the writer ended")))
    }
}

fn write_all(connection: &Connection, waiting: &Receiver<Waiting>, stats: &Stats) {
    loop {
        match waiting.try_recv() {
            Ok(first) => {
                let mut group = vec![first];
                group.extend(waiting.try_iter().take(BATCHES_A_SYNC - 1));
                write_group(connection, group, stats);
            }
            Err(TryRecvError::Empty) => thread::park(),
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

/// Writes each batch whole or not at all and answers all after one commit.
fn write_group(connection: &Connection, group: Vec<Waiting>, stats: &Stats) {
    let mut done: Vec<(Answer<Told>, Told)> = Vec::with_capacity(group.len());
    for (batch, answer) in group {
        if done.is_empty() {
            match begin_with(connection, &batch) {
                Ok(Commit::Committed) => done.push((answer, Ok(Commit::Committed))),
                undone => answers::give(vec![(answer, undone)]),
            }
            continue;
        }
        let result = in_savepoint(connection, &batch);
        if connection.is_autocommit() {
            // A full disk or a failed read makes SQLite undo the whole transaction, the other batches included.
            let reason = result
                .err()
                .map_or_else(|| "the transaction was undone".to_owned(), |error| error.to_string());
            done.push((answer, Ok(Commit::Conflict)));
            done.iter_mut().for_each(|(_, told)| *told = Err(StoreError::unavailable(&reason)));
            answers::give(std::mem::take(&mut done));
            continue;
        }
        done.push((answer, result));
    }
    if done.is_empty() {
        return;
    }
    let committed = execute(connection, "COMMIT");
    stats.syncs.fetch_add(1, Ordering::Relaxed);
    stats.batches.fetch_add(done.len() as u64, Ordering::Relaxed);
    if committed.is_err() && !connection.is_autocommit() {
        let _ = execute(connection, "ROLLBACK");
    }
    if let Err(error) = &committed {
        done.iter_mut().for_each(|(_, told)| *told = Err(StoreError::unavailable(error)));
    }
    answers::give(done);
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// The first batch of a transaction is undone with it: it needs no savepoint, for which SQLite would copy every page that
/// is changed.
fn begin_with(connection: &Connection, batch: &Batch) -> Result<Commit, StoreError> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let result = run(connection, batch);
    if connection.is_autocommit() {
        return result.and(Err(StoreError::unavailable("the transaction was undone")));
    }
    if !matches!(result, Ok(Commit::Committed)) {
        execute(connection, "ROLLBACK")?;
    }
    result
}

fn in_savepoint(connection: &Connection, batch: &Batch) -> Result<Commit, StoreError> {
    execute(connection, "SAVEPOINT batch")?;
    let result = run(connection, batch);
    if !matches!(result, Ok(Commit::Committed)) && !connection.is_autocommit() {
        execute(connection, "ROLLBACK TO batch")?;
    }
    if !connection.is_autocommit() {
        execute(connection, "RELEASE batch")?;
    }
    result
}

fn run(connection: &Connection, batch: &Batch) -> Result<Commit, StoreError> {
    for statement in &batch.0 {
        match (apply(connection, statement), statement.rows) {
            (Ok(changed), Some(expected)) if changed != expected => return Ok(Commit::Conflict),
            (Ok(_), _) => {}
            (Err(StoreError::Duplicate), _) => return Ok(Commit::Conflict),
            (Err(error), _) => return Err(error),
        }
    }
    Ok(Commit::Committed)
}

/// How many rows it changed, or found if it is a guard: the one writer keeps them as they are.
fn apply(connection: &Connection, statement: &Statement) -> Result<u64, StoreError> {
    let mut prepared = prepare(connection, &statement.sql, statement.values.len())?;
    let values = params_from_iter(&statement.values);
    if statement.about == About::Guard {
        let mut found = prepared.query(values)?;
        let mut count = 0;
        while found.next()?.is_some() {
            count += 1;
        }
        return Ok(count);
    }
    Ok(prepared.execute(values)? as u64)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{connect, rows},
        *,
    };
    use crate::{Value, answers::Asked};
    use crossbeam_channel::RecvTimeoutError;
    use futures_util::{FutureExt, future::join_all};
    use std::time::Duration;
    use tokio::time::Instant;

    fn fresh(name: &str) -> (std::path::PathBuf, Connection) {
        let folder = std::env::temp_dir().join(format!("claviger-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let connection = connect(&folder.join("test.db")).unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT").unwrap();
        (folder, connection)
    }

    fn batch(numbers: &[i64]) -> Batch {
        let insert = |n: &i64| Statement::new("INSERT INTO t VALUES ($1)", vec![Value::Int(*n)]);
        Batch::of(numbers.iter().map(insert))
    }

    /// A writer that looks for batches only when it is called, and tells how many it found.
    fn called() -> (Writer, Receiver<usize>) {
        let (batches, waiting) = crossbeam_channel::bounded::<Waiting>(QUEUE);
        let (found, told) = crossbeam_channel::unbounded();
        let write = move || {
            loop {
                thread::park();
                match waiting.try_recv() {
                    Ok(first) => {
                        let group: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
                        found.send(group.len()).unwrap();
                        answers::give(
                            group.into_iter().map(|(_, answer)| (answer, Ok(Commit::Committed))).collect(),
                        );
                    }
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) => return,
                }
            }
        };
        (Writer { batches, thread: Sleeper(spawn("called", write).unwrap()) }, told)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn the_writer_is_called_when_all_who_can_write_have_given_it_their_batch() {
        let (writer, found) = called();
        for people in [1, 2, 3, 40] {
            let mut commits: Vec<_> = (0..people).map(|n| Box::pin(writer.commit(batch(&[n])))).collect();
            for commit in &mut commits {
                assert!(commit.now_or_never().is_none());
                // It would be there by now, had it been called.
                thread::sleep(Duration::from_millis(1));
            }
            let told = join_all(commits).await;
            assert!(told.into_iter().all(|told| told.unwrap() == Commit::Committed));
            assert_eq!(found.try_iter().collect::<Vec<_>>(), [people as usize]);
        }
    }

    /// A browser that goes away while its request is answered takes nothing back.
    #[tokio::test]
    async fn the_writer_is_called_though_nobody_waits_for_it() {
        let (writer, found) = called();
        assert!(writer.commit(batch(&[1])).now_or_never().is_none());
        assert_eq!(found.recv_timeout(LONG), Ok(1));
    }

    #[test]
    fn the_thread_ends_when_nothing_can_be_given_to_it() {
        let (writer, found) = called();
        drop(writer);
        assert_eq!(found.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
        let (folder, connection) = fresh("end");
        let (stats, ended) = (Arc::new(Stats::default()), Instant::now() + LONG);
        drop(Writer::start(connection, Arc::clone(&stats)).unwrap());
        while Arc::strong_count(&stats) > 1 {
            assert!(Instant::now() < ended);
            thread::yield_now();
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    /// Whatever stands before or after it in its group, a batch is written whole or not at all.
    #[tokio::test]
    async fn a_group_undoes_what_conflicts_and_nothing_else() {
        let (folder, connection) = fresh("groups");
        let groups: [&[&[i64]]; 4] =
            [&[&[1, 1], &[2, 3], &[4, 3], &[5]], &[&[6, 6], &[7, 7]], &[&[8]], &[&[9, 8], &[10, 8]]];
        let mut answers = Vec::new();
        for group in groups {
            let (group, told): (Vec<_>, Vec<_>) = group
                .iter()
                .map(|numbers| {
                    let (answer, told) = answers::ask();
                    ((batch(numbers), answer), told)
                })
                .unzip();
            write_group(&connection, group, &Stats::default());
            assert!(connection.is_autocommit());
            let told = join_all(told.into_iter().map(Asked::answered)).await;
            answers.extend(told.into_iter().map(|told| told.unwrap().unwrap()));
        }
        let (yes, no) = (Commit::Committed, Commit::Conflict);
        assert_eq!(answers, [no, yes, no, yes, no, no, yes, no, no]);
        let written: Vec<(i64, i64)> = rows(&connection, "SELECT n, n FROM t ORDER BY n", &[]).unwrap();
        assert_eq!(written.into_iter().map(|(n, _)| n).collect::<Vec<_>>(), [2, 3, 5, 8]);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
