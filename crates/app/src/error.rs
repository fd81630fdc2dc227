//! Why a use case did not do what was asked.

use claviger_domain::{field::FieldError, permission::Denied, step_up::Asked};
use claviger_store::StoreError;

/// What nobody at the screen can mend at once.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too much is going on.
    #[error("the server is busy")]
    Busy,
    /// It was to be changed only as it was seen, and is at this revision now; nothing if it is gone.
    #[error("it was changed meanwhile")]
    Outdated(Option<i64>),
    /// Something that can't be.
    #[error("{0}")]
    Internal(String),
}

/// What the person or program that asked can mend.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Some fields are wrong.
    #[error("{} fields are wrong", .0.len())]
    Fields(Vec<FieldError>),
    /// The role does not allow it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The present state does not allow it.
    #[error("{message}")]
    State {
        /// A word for programs.
        code: &'static str,
        /// A sentence for people.
        message: String,
    },
    /// Somebody else changed it meanwhile.
    #[error("somebody else changed it meanwhile")]
    Changed,
    /// Step-up: what their session has shown is too old for this.
    #[error("show again that it is you")]
    NotFresh(Asked),
    /// Nobody's fault here.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl Refusal {
    /// The present state does not allow it.
    pub fn state(code: &'static str, message: impl Into<String>) -> Self {
        Self::State { code, message: message.into() }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::Fields(vec![error])
    }
}

impl From<Vec<FieldError>> for Refusal {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Fields(errors)
    }
}
