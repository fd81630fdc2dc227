//! macOS: a socket of a stream, because it has none of packets; each packet follows its length in two bytes. The kernel
//! says who is at the other end.

use crate::{Error, Peer};
use claviger_wire::login::{FIRST_SECONDS, PACKET};
use std::{
    fmt,
    fs::{self, Permissions},
    io::{self, ErrorKind, Read, Write},
    os::{
        fd::OwnedFd,
        unix::{
            fs::PermissionsExt,
            net::{UnixListener, UnixStream},
        },
    },
    path::Path,
    time::Duration,
};
use zeroize::Zeroizing;

/// In how many pieces a packet may come: whoever lets it drip is silent.
const PIECES: usize = 8;
const LENGTH: usize = 2;

/// One end of a connection.
pub struct Connection(UnixStream);

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

/// Connects to the agent. `patience` bounds every packet that is sent or received later.
pub fn reach(path: &Path, patience: Duration) -> Result<Connection, Error> {
    let connection = open(path, patience)?;
    match connection.peer()?.uid {
        0 => Ok(connection),
        uid => Err(Error::Squatter(Peer { uid })),
    }
}

fn open(path: &Path, patience: Duration) -> Result<Connection, Error> {
    // Where nobody takes calls any more the kernel refuses at once: nobody waits here.
    Connection::new(UnixStream::connect(path).map_err(because("connect"))?, patience)
}

fn because(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Silent,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected => Error::Closed,
        kind => Error::System(what, kind),
    }
}

impl Connection {
    fn new(stream: UnixStream, patience: Duration) -> Result<Self, Error> {
        stream.set_write_timeout(Some(patience)).map_err(because("setsockopt"))?;
        let connection = Self(stream);
        connection.wait(patience)?;
        Ok(connection)
    }

    /// Who is at the other end: who called `listen` there, or who connected.
    pub fn peer(&self) -> Result<Peer, Error> {
        claviger_mac::peer::uid(&self.0).map(|uid| Peer { uid }).map_err(because("getpeereid"))
    }

    /// How long a packet is waited for from now on.
    pub fn wait(&self, patience: Duration) -> Result<(), Error> {
        self.0.set_read_timeout(Some(patience)).map_err(because("setsockopt"))
    }

    /// Sends one packet.
    pub fn send(&self, packet: &[u8]) -> Result<(), Error> {
        let length = u16::try_from(packet.len()).ok().filter(|_| packet.len() <= PACKET);
        let mut framed = Zeroizing::new(length.ok_or(Error::TooLarge)?.to_be_bytes().to_vec());
        framed.extend_from_slice(packet);
        (&self.0).write_all(&framed).map_err(because("write"))
    }

    /// Receives one packet; it is wiped when it is dropped.
    pub fn receive(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut length = [0; LENGTH];
        let mut pieces = PIECES;
        self.fill(&mut length, &mut pieces)?;
        let length = usize::from(u16::from_be_bytes(length));
        if length > PACKET {
            return Err(Error::TooLarge);
        }
        let mut packet = Zeroizing::new(vec![0; length]);
        self.fill(&mut packet, &mut pieces)?;
        Ok(packet)
    }

    fn fill(&self, mut room: &mut [u8], pieces: &mut usize) -> Result<(), Error> {
        while !room.is_empty() {
            *pieces = pieces.checked_sub(1).ok_or(Error::Silent)?;
            match (&self.0).read(room) {
                Ok(0) => return Err(Error::Closed),
                Ok(count) => room = room.split_at_mut_checked(count).ok_or(Error::TooLarge)?.1,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(because("read")(error)),
            }
        }
        Ok(())
    }
}

/// A socket on which login programs call.
#[derive(Debug)]
pub struct Listener(UnixListener);

impl Listener {
    /// A socket that is listened on already: with launchd it outlives a restart of the agent, and calls wait in it.
    pub fn inherited(socket: OwnedFd) -> Self {
        Self(UnixListener::from(socket))
    }

    /// Listens at `path`. Everybody may call, and the kernel says who does. The socket is bound under another name first
    /// and takes its own when it listens, so that the path never refuses a call.
    pub fn bind(path: &Path) -> io::Result<Self> {
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let listener = UnixListener::bind(&new)?;
        fs::set_permissions(&new, Permissions::from_mode(0o666))?;
        fs::rename(&new, path)?;
        Ok(Self(listener))
    }

    /// The next call. It must come to the point within five seconds.
    pub fn accept(&self) -> Result<Connection, Error> {
        let (stream, _) = self.0.accept().map_err(because("accept"))?;
        Connection::new(stream, Duration::from_secs(FIRST_SECONDS.into()))
    }
}

#[cfg(test)]
mod tests;
