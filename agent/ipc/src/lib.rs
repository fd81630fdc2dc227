//! A local socket between a login program and the agent: one packet is one message, both ends know who is at the other
//! one, and nothing waits for ever.
//!
//! A login program trusts only a socket on which root listens: with socket activation that is systemd, whoever serves
//! it afterwards. The agent trusts what the kernel says of who connected.

mod listener;

pub use listener::{Gate, Limits, Listener, Place};

use claviger_wire::login::PACKET;
use rustix::{
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, recv, send,
        socket_with,
        sockopt::{Timeout, set_socket_timeout, socket_peercred},
    },
};
use std::{fmt, os::fd::OwnedFd, path::Path, time::Duration};
use zeroize::Zeroizing;

/// Why nothing can be sent or received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody listens, or the system refuses.
    #[error("{0}: {1}")]
    System(&'static str, Errno),
    /// Somebody else than root listens.
    #[error("the listener has uid {0}, not root")]
    Squatter(u32),
    /// The other end closed the connection.
    #[error("the other end closed the connection")]
    Closed,
    /// The other end is silent.
    #[error("no answer in time")]
    Silent,
    /// A packet that is too large.
    #[error("a packet that is too large")]
    TooLarge,
}

/// Who is at the other end, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user's number.
    pub uid: u32,
}

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
        uid => Err(Error::Squatter(uid)),
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

#[cfg(test)]
mod tests;
