//! Fresh databases for tests, on both engines, and their randomness. PostgreSQL is not optional: without it the tests fail.

mod chance;
mod postgres;

pub use chance::Chance;

use claviger_store::{Store, StoreOptions};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on the server of `CLAVIGER_TEST_POSTGRES`.
    Postgres,
}

/// A database without a row that nobody else uses. Where it is PostgreSQL's it has its tables already: it is a copy of
/// `claviger_template_PID`, which the first test of a process makes and leaves to the server.
#[derive(Debug)]
pub struct TestDatabase {
    /// How to open it; more than one store can.
    pub options: StoreOptions,
    place: Place,
}

/// What is removed with it.
#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Database(String),
}

impl TestDatabase {
    /// A new one.
    #[expect(clippy::panic, reason = "a test without its database must fail and say so")]
    pub async fn new(engine: Engine) -> Self {
        let name = format!("t{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        match engine {
            Engine::Sqlite => {
                let folder = std::env::temp_dir().join(format!("claviger-{name}"));
                let _ = std::fs::remove_dir_all(&folder);
                if let Err(error) = std::fs::create_dir_all(&folder) {
                    panic!("{}: {error}", folder.display());
                }
                Self { options: StoreOptions::Sqlite(folder.join("test.db")), place: Place::Folder(folder) }
            }
            Engine::Postgres => match postgres::make(&name).await {
                Ok(url) => Self { options: StoreOptions::Postgres(url), place: Place::Database(name) },
                Err(error) => panic!("PostgreSQL at CLAVIGER_TEST_POSTGRES: {error}"),
            },
        }
    }

    /// Opens it.
    #[expect(clippy::panic, reason = "a test without its database must fail and say so")]
    pub async fn open(&self) -> Store {
        match Store::open(&self.options).await {
            Ok(store) => store,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match &self.place {
            Place::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            // What stays is a database that nobody uses.
            Place::Database(name) => drop(postgres::remove(name)),
        }
    }
}

/// Makes one test of the given body for each engine. The body takes a [`TestDatabase`].
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        mod $name {
            use super::*;

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let database = $crate::TestDatabase::new($crate::Engine::Sqlite).await;
                let body = $body;
                body(&database).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let database = $crate::TestDatabase::new($crate::Engine::Postgres).await;
                let body = $body;
                body(&database).await;
            }
        }
    };
}
