//! Windows: accounts, the credential provider, and the service.

pub mod accounts;
pub mod clock;
pub mod journal;
pub mod logins;
pub mod machine;
pub mod people;
pub mod policies;
pub mod script;
pub mod service;
pub(crate) mod storage;

use std::io;

/// Where things are: Windows knows itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paths {}

/// What went wrong, in one line that can be read alone.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct Trouble {
    /// What was tried.
    pub what: String,
    /// What the system said.
    pub source: io::Error,
}

pub(crate) fn trouble(what: impl Into<String>) -> impl FnOnce(io::Error) -> Trouble {
    |source| Trouble { what: what.into(), source }
}
