//! Unix: a socket of packets. The kernel says who is at the other end.

use crate::{Error, Peer};
use claviger_wire::login::{FIRST_SECONDS, PACKET};
use rustix::{
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind,
        connect, listen, recv, send, socket_with,
        sockopt::{Timeout, set_socket_timeout, socket_peercred},
    },
};
use std::{
    fmt,
    fs::{self, Permissions},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::Path,
    time::Duration,
};
use zeroize::Zeroizing;

/// One end of a connection.
pub struct Connection(OwnedFd);

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// Connects to the agent. `patience` bounds this and every packet that is sent or received later.
pub fn reach(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let connection = open(path, patience)?;
    match connection.peer()?.uid {
        0 => Ok(connection),
        uid => Err(Error::Squatter(Peer { uid })),
    }
}

fn open(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let address = SocketAddrUnix::new(path).map_err(because("the socket's path"))?;
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let connection = Connection(socket.map_err(because("socket"))?);
    connection.limit(Timeout::Send, patience)?;
    connection.wait(patience)?;
    retry_on_intr(|| connect(&connection.0, &address)).map_err(because("connect"))?;
    Ok(connection)
}

fn because(what: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| if errno == Errno::AGAIN { Error::Silent } else { Error::System(what, errno) }
}

impl Connection {
    /// Who is at the other end: who called `listen` there, or who connected.
    pub fn peer(&self) -> Result<Peer, Error> {
        let peer = socket_peercred(&self.0).map_err(because("SO_PEERCRED"))?;
        Ok(Peer { uid: peer.uid.as_raw() })
    }

    /// How long a packet is waited for from now on.
    pub fn wait(&self, patience: Duration) -> Result<(), Error> {
        self.limit(Timeout::Recv, patience)
    }

    fn limit(&self, which: Timeout, patience: Duration) -> Result<(), Error> {
        set_socket_timeout(&self.0, which, Some(patience)).map_err(because("setsockopt"))
    }

    /// Sends one packet.
    pub fn send(&self, packet: &[u8]) -> Result<(), Error> {
        if packet.len() > PACKET {
            return Err(Error::TooLarge);
        }
        match retry_on_intr(|| send(&self.0, packet, SendFlags::NOSIGNAL)) {
            Ok(sent) if sent == packet.len() => Ok(()),
            Ok(_) => Err(Error::TooLarge),
            Err(Errno::PIPE | Errno::CONNRESET) => Err(Error::Closed),
            Err(errno) => Err(because("send")(errno)),
        }
    }

    /// Receives one packet; it is wiped when it is dropped.
    pub fn receive(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut packet = Zeroizing::new(vec![0; PACKET]);
        match retry_on_intr(|| recv(&self.0, packet.as_mut_slice(), RecvFlags::TRUNC)) {
            Ok((_, 0)) | Err(Errno::CONNRESET) => Err(Error::Closed),
            Ok((_, length)) if length > PACKET => Err(Error::TooLarge),
            Ok((_, length)) => {
                packet.truncate(length);
                Ok(packet)
            }
            Err(errno) => Err(because("recv")(errno)),
        }
    }
}

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

#[cfg(test)]
mod tests;
