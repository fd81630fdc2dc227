//! One SQL text over SQLite and PostgreSQL: load, decide, commit.
//!
//! A use case loads rows with their revisions, decides in the domain, and commits one batch of guarded
//! writes. There are no interactive transactions, so nothing is held open while a person or a hash is
//! waited for, and a batch can safely be tried again.

pub mod answers;
pub mod durability;
mod migrate;
mod postgres;
pub mod seal;
mod sqlite;
mod statement;
mod store;
pub mod table;
mod together;
mod value;

pub use statement::{Batch, Commit, Select, Statement, containing};
pub use store::{Stats, Store, StoreOptions};
pub use value::{Column, FromRow, Row, Value};

/// What nobody at the screen can mend.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be reached or can't write at present.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database has something that this program doesn't understand.
    #[error("the database holds something unexpected: {0}")]
    Corrupt(String),
    /// The schema was made by a newer program.
    #[error("the database has schema {found}, but this program knows only {known}: start the newer claviger")]
    NewerSchema {
        /// The schema in the database.
        found: i64,
        /// The newest one known.
        known: i64,
    },
    /// The master key can't open what the database holds.
    #[error("the master key does not fit this database: {0}")]
    WrongKey(String),
    /// A write would break a unique index.
    #[error("another row has the same key")]
    Duplicate,
}

impl StoreError {
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    pub(crate) fn unavailable(what: impl ToString) -> Self {
        Self::Unavailable(what.to_string())
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match &error {
            rusqlite::Error::SqliteFailure(failure, _) if matches!(failure.extended_code, 2067 | 1555) => {
                Self::Duplicate
            }
            rusqlite::Error::SqliteFailure(..) => Self::unavailable(error),
            _ => Self::corrupt(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        match error.code() {
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Self::Duplicate,
            Some(_) => Self::Unavailable(postgres::describe(&error)),
            None if error.is_closed() => Self::unavailable(error),
            None => Self::Unavailable(postgres::describe(&error)),
        }
    }
}
