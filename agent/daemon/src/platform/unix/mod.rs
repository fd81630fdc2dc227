//! What Linux and macOS have in common.

pub mod command;
pub mod policies;
pub mod script;
pub mod ssh;
pub(crate) mod storage;
pub mod sudo;

/// What went wrong, in one line that can be read alone.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A program of the system refused.
    #[error(transparent)]
    Program(#[from] command::Failed),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] crate::files::Failed),
}
