//! How long somebody at a login waits for the server. A code is looked at within milliseconds. A password takes the server
//! work, and stands in line where many sign in at once: while the server is there it is given the time that takes.

use claviger_wire::server::{ONLINE_SECONDS, PASSWORD_SECONDS};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// What one server was like, as all who ask it found.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    /// Whether it answered what it was asked last.
    answered: AtomicBool,
}

impl Patience {
    pub(crate) const CODE: Duration = Duration::from_secs(ONLINE_SECONDS);

    /// A server that was silent is not waited for longer by everybody who comes after.
    pub(crate) fn password(&self) -> Duration {
        let answered = self.answered.load(Ordering::Relaxed);
        if answered { Duration::from_secs(PASSWORD_SECONDS) } else { Self::CODE }
    }

    pub(crate) fn note<T, E>(&self, outcome: &Result<T, E>) {
        self.answered.store(outcome.is_ok(), Ordering::Relaxed);
    }
}
