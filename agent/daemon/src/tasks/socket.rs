//! The way to a root half that is a process of its own.
//!
//! The other half hands it the state as it came and hears what became of it, over a local socket: a connection for
//! each request, four bytes of length, JSON.

use super::{Note, Outcome, RootHalf};
use claviger_domain::id::AccountId;
use claviger_wire::server::SignedState;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::Duration,
};
use zeroize::{Zeroize, Zeroizing};

/// Where the root half listens.
pub const SOCKET: &str = "/run/claviger-agent/tasks.sock";
/// The longest message: the state of a device with very many users.
const LONGEST: u32 = 32 << 20;

/// What the root half is asked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Request {
    /// Whoever will be asked for a code gets into the group, before logins are decided upon the new state.
    Prepare {
        /// The new state.
        signed: SignedState,
    },
    /// Everything in it.
    Apply {
        /// The state.
        signed: SignedState,
        /// The last attempt of S8.7a that somebody proved.
        proven: i64,
    },
    /// S8.12: the server found this password right.
    Password {
        /// Whose.
        user: AccountId,
        /// It.
        password: String,
    },
    /// S8.14: the notes that the PAM module left of whom it let in.
    LetIn {
        /// Names of those that are kept elsewhere by now, and can go.
        taken: Vec<String>,
    },
}

/// What the root half answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Reply {
    /// It is done.
    Done,
    /// This is what became of the state.
    Applied(Outcome),
    /// These notes wait.
    LetIn {
        /// The oldest first.
        notes: Vec<Note>,
    },
    /// It is not done.
    Refused {
        /// Why.
        why: String,
    },
}

/// The way to the root half.
#[derive(Clone, Debug)]
pub struct Tasks {
    socket: PathBuf,
}

impl RootHalf for Tasks {
    fn prepare(&self, signed: &SignedState) -> io::Result<()> {
        match self.ask(&Request::Prepare { signed: signed.clone() }, Duration::from_secs(3))? {
            Reply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Many new accounts take a while.
    fn apply(&self, signed: &SignedState, proven: i64) -> io::Result<Outcome> {
        match self.ask(&Request::Apply { signed: signed.clone(), proven }, Duration::from_secs(900))? {
            Reply::Applied(outcome) => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// Nobody waits for what becomes of it: the root half says so in the journal.
    fn keep_password(&self, user: AccountId, password: &str) -> io::Result<()> {
        let mut request = Request::Password { user, password: password.to_owned() };
        let sent = self.send(&request, Duration::from_secs(1)).map(drop);
        if let Request::Password { password, .. } = &mut request {
            password.zeroize();
        }
        sent
    }

    fn let_in(&self, taken: Vec<String>) -> io::Result<Vec<Note>> {
        match self.ask(&Request::LetIn { taken }, Duration::from_secs(3))? {
            Reply::LetIn { notes } => Ok(notes),
            other => Err(unexpected(&other)),
        }
    }
}

impl Tasks {
    /// The root half that listens there.
    pub fn at(socket: &Path) -> Self {
        Self { socket: socket.to_owned() }
    }

    fn ask(&self, request: &Request, patience: Duration) -> io::Result<Reply> {
        let mut stream = self.send(request, patience)?;
        let bytes = read(&mut stream)?;
        parse(&bytes)
    }

    fn send(&self, request: &Request, patience: Duration) -> io::Result<UnixStream> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        write(&mut stream, request)?;
        Ok(stream)
    }
}

fn unexpected(reply: &Reply) -> io::Error {
    match reply {
        Reply::Refused { why } => io::Error::other(why.clone()),
        Reply::Done | Reply::Applied(_) | Reply::LetIn { .. } => io::Error::from(io::ErrorKind::InvalidData),
    }
}

pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    serde_json::from_slice(bytes).map_err(io::Error::from)
}

/// Writes one message.
pub(super) fn write(stream: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    let bytes = Zeroizing::new(serde_json::to_vec(message)?);
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST);
    let length = length.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
    stream.write_all(&length.to_be_bytes())?;
    stream.write_all(&bytes)
}

/// Reads one message.
pub(super) fn read(stream: &mut UnixStream) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > LONGEST {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    // As it comes, not as it is announced: a length alone takes no memory.
    let mut bytes = Zeroizing::new(Vec::new());
    let got = stream.take(u64::from(length)).read_to_end(&mut bytes)?;
    if got < usize::try_from(length).unwrap_or(usize::MAX) {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    Ok(bytes)
}
