//! Fresh databases for tests, on both engines. PostgreSQL is not optional: without it the tests fail.

use crate::{Store, StoreOptions};
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
    /// A schema of its own on the server of `CLAVIGER_TEST_POSTGRES`.
    Postgres,
}

/// An empty database that nobody else uses.
#[derive(Debug)]
pub struct TestDatabase {
    /// How to open it; more than one store can.
    pub options: StoreOptions,
    folder: Option<PathBuf>,
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
                Self { options: StoreOptions::Sqlite(folder.join("test.db")), folder: Some(folder) }
            }
            Engine::Postgres => {
                let server = server_url();
                if let Err(error) = make_schema(&server, &name).await {
                    panic!("PostgreSQL at CLAVIGER_TEST_POSTGRES: {error}");
                }
                let separator = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{separator}options=-csearch_path%3D{name}");
                Self { options: StoreOptions::Postgres(url), folder: None }
            }
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
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "tests are told their server by the environment")]
#[expect(clippy::panic, reason = "a missing PostgreSQL fails the test")]
fn server_url() -> String {
    match std::env::var("CLAVIGER_TEST_POSTGRES") {
        Ok(url) => url,
        Err(_) => panic!("CLAVIGER_TEST_POSTGRES is not set: run the tests with `cargo xtask test`"),
    }
}

async fn make_schema(server: &str, name: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls).await?;
    let running = tokio::spawn(connection);
    client.batch_execute(&format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}")).await?;
    drop(client);
    let _ = running.await;
    Ok(())
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
                let database = $crate::testing::TestDatabase::new($crate::testing::Engine::Sqlite).await;
                let body = $body;
                body(&database).await;
            }

            $(#[$meta])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let database = $crate::testing::TestDatabase::new($crate::testing::Engine::Postgres).await;
                let body = $body;
                body(&database).await;
            }
        }
    };
}
