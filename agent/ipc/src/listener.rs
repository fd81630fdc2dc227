//! The agent's end: who may come in, and how many at a time.

use super::{Connection, Error, Peer, because};
use claviger_wire::login::FIRST_SECONDS;
use rustix::{
    io::retry_on_intr,
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, listen, socket_with,
        sockopt::Timeout,
    },
};
use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

const BACKLOG: i32 = 64;

/// A socket on which login programs call.
#[derive(Debug)]
pub struct Listener(OwnedFd);

impl Listener {
    /// A socket that is listened on already: with systemd it outlives a restart of the agent, and calls wait in it.
    pub const fn inherited(socket: OwnedFd) -> Self {
        Self(socket)
    }

    /// Listens at `path`. Everybody may call: screen lockers run as the user whose screen it is. The socket is bound
    /// under another name first and takes its own when it listens, so that the path never refuses a call.
    pub fn bind(path: &Path) -> std::io::Result<Self> {
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrUnix::new(&new)?)?;
        fs::set_permissions(&new, Permissions::from_mode(0o666))?;
        listen(&socket, BACKLOG)?;
        fs::rename(&new, path)?;
        Ok(Self(socket))
    }

    /// The next call. It must come to the point within five seconds.
    pub fn accept(&self) -> Result<Connection, Error> {
        let socket = retry_on_intr(|| accept_with(&self.0, SocketFlags::CLOEXEC));
        let connection = Connection(socket.map_err(because("accept"))?);
        let patience = Duration::from_secs(FIRST_SECONDS.into());
        connection.limit(Timeout::Send, patience)?;
        connection.wait(patience)?;
        Ok(connection)
    }
}

/// How many calls there may be at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// All of them.
    pub all: usize,
    /// Those of anybody but root, together: the rest is root's, whose are sshd and the greeters.
    pub others: usize,
    /// Those of one user who isn't root.
    pub each: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: 64, others: 32, each: 4 }
    }
}

/// Counts the calls.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    limits: Limits,
    seats: Taken,
    standing: Taken,
}

/// How many places each user has.
type Taken = Arc<Mutex<BTreeMap<u32, usize>>>;

/// The place of one call; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    uid: u32,
    taken: Taken,
}

impl Gate {
    /// A gate with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, seats: Taken::default(), standing: Taken::default() }
    }

    /// A seat for that caller, if there is one, for as long as a person takes.
    pub fn sit(&self, peer: Peer) -> Option<Place> {
        self.take(peer, &self.seats)
    }

    /// Room to stand for that caller, for what takes no time.
    pub fn stand(&self, peer: Peer) -> Option<Place> {
        self.take(peer, &self.standing)
    }

    fn take(&self, peer: Peer, places: &Taken) -> Option<Place> {
        let mut taken = places.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let of_root = taken.get(&0).copied().unwrap_or_default();
        let own = taken.get(&peer.uid).copied().unwrap_or_default();
        let is_full = all >= self.limits.all
            || (peer.uid != 0 && (own >= self.limits.each || all - of_root >= self.limits.others));
        if is_full {
            return None;
        }
        taken.insert(peer.uid, own + 1);
        Some(Place { uid: peer.uid, taken: Arc::clone(places) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.uid) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.uid);
            }
        }
    }
}
