//! A root half that does what the test says.

use claviger_agent::{
    tasks::{
        Note, Outcome,
        socket::{Reply, Request},
    },
    vault::Vault,
};
use claviger_domain::device::Applied;
use claviger_wire::server::{AccountState, Presence, State};
use std::{
    io::{Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    thread,
};

/// A root half that says yes to everything.
pub(crate) struct RootHalf {
    vault: Arc<Vault>,
    seen_at_prepare: Mutex<Vec<Option<i64>>>,
    applied: AtomicUsize,
    taken_back: AtomicI64,
    let_in: Mutex<Vec<Note>>,
}

impl RootHalf {
    pub(crate) fn start(socket: &Path, vault: Arc<Vault>) -> Arc<Self> {
        let listener = UnixListener::bind(socket).unwrap();
        let half = Arc::new(Self {
            vault,
            seen_at_prepare: Mutex::default(),
            applied: AtomicUsize::new(0),
            taken_back: AtomicI64::new(0),
            let_in: Mutex::default(),
        });
        let serving = Arc::clone(&half);
        thread::spawn(move || listener.incoming().for_each(|stream| serving.answer(stream.unwrap())));
        half
    }

    /// Which revision the logins went by at each new state.
    pub(crate) fn seen_at_prepare(&self) -> Vec<Option<i64>> {
        self.seen_at_prepare.lock().unwrap().clone()
    }

    pub(crate) fn applied(&self) -> usize {
        self.applied.load(Ordering::SeqCst)
    }

    pub(crate) fn take_back(&self, attempt: i64) {
        self.taken_back.store(attempt, Ordering::SeqCst);
    }

    /// The notes that the login programs left.
    pub(crate) fn let_in(&self) -> MutexGuard<'_, Vec<Note>> {
        self.let_in.lock().unwrap()
    }

    fn answer(&self, mut stream: UnixStream) {
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        let mut bytes = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut bytes).unwrap();
        let reply = match serde_json::from_slice(&bytes).unwrap() {
            Request::Prepare { .. } => {
                let revision = self.vault.current().map(|state| state.revision);
                self.seen_at_prepare.lock().unwrap().push(revision);
                Reply::Done
            }
            Request::Apply { signed, .. } => {
                self.applied.fetch_add(1, Ordering::SeqCst);
                Reply::Applied(self.outcome(&serde_json::from_str(&signed.state).unwrap()))
            }
            Request::Password { .. } => Reply::Done,
            Request::LetIn { taken } => {
                let mut notes = self.let_in();
                notes.retain(|note| !taken.contains(&note.name));
                Reply::LetIn { notes: notes.clone() }
            }
        };
        let bytes = serde_json::to_vec(&reply).unwrap();
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length[..], &bytes].concat()).unwrap();
    }

    fn outcome(&self, state: &State) -> Outcome {
        Outcome {
            revision: state.revision,
            applied: Applied::InForce,
            detail: String::new(),
            ssh_server: Presence::Present,
            accounts: state.users.iter().map(|user| (user.id, AccountState::Ready)).collect(),
            taken_back: self.taken_back.load(Ordering::SeqCst),
            due: None,
            policies: Vec::new(),
            runs: Vec::new(),
            again: None,
        }
    }
}
