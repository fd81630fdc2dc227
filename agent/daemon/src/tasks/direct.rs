//! A root half in the same process, as on Windows and macOS.

use super::{Note, Outcome, Root, RootHalf};
use claviger_domain::id::AccountId;
use claviger_wire::server::SignedState;
use std::{
    io,
    sync::{Mutex, PoisonError},
};

/// How a root half is opened.
type Opening = Box<dyn Fn() -> anyhow::Result<Root> + Send + Sync>;

/// The root half, opened when it is first needed, and again after what it remembers could not be read: logins go on
/// meanwhile, and whoever is asked is asked.
pub struct Direct {
    open: Opening,
    root: Mutex<Option<Root>>,
}

impl Direct {
    /// One that is opened so.
    pub fn new(open: Opening) -> Self {
        Self { open, root: Mutex::new(None) }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Root) -> anyhow::Result<T>) -> io::Result<T> {
        let told = |error: anyhow::Error| io::Error::other(format!("{error:#}"));
        let mut known = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        let root = match known.as_mut() {
            Some(root) => root,
            None => known.insert((self.open)().map_err(told)?),
        };
        work(root).map_err(told)
    }
}

impl RootHalf for Direct {
    fn prepare(&self, signed: &SignedState) -> io::Result<()> {
        self.with(|root| root.prepare(signed))
    }

    fn apply(&self, signed: &SignedState, proven: i64) -> io::Result<Outcome> {
        self.with(|root| root.apply(signed, proven))
    }

    /// It is set when this returns: Windows looks at it next.
    fn keep_password(&self, user: AccountId, password: &str) -> io::Result<()> {
        self.with(|root| root.set_password(user, password))
    }

    fn let_in(&self, taken: Vec<String>) -> io::Result<Vec<Note>> {
        self.with(|root| root.let_in(&taken))
    }
}
