//! Windows: a named pipe. Only the account that the service runs as may open it, both ends look at the other's, and the
//! service talks to LogonUI alone.

use crate::{Error, Peer};
use claviger_win32::{
    pipe::{Instance, Pipe},
    process::{self, Process},
};
use claviger_wire::login::{FIRST_SECONDS, PACKET};
use std::{
    fmt,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};
use zeroize::Zeroizing;

/// The name of the pipe that LogonUI calls.
pub const PIPE: &str = r"\\.\pipe\claviger-login";

/// One end of a connection.
pub struct Connection {
    pipe: Pipe,
    peer: Peer,
    /// How long a packet is waited for.
    patience: Mutex<Duration>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

fn because(what: &'static str) -> impl Fn(io::Error) -> Error {
    move |error| match error.kind() {
        ErrorKind::TimedOut => Error::Silent,
        ErrorKind::BrokenPipe => Error::Closed,
        ErrorKind::FileTooLarge => Error::TooLarge,
        kind => Error::System(what, kind),
    }
}

/// Connects to the agent. `patience` bounds this and every packet that is sent or received later.
pub fn reach(name: &Path, patience: Duration) -> Result<Connection, Error> {
    let own = process::own_account().map_err(because("the own account"))?;
    let pipe = Pipe::reach(text(name)?, patience).map_err(because("the pipe"))?;
    let peer = peer(&pipe.offerer().map_err(because("the listener"))?, &own);
    match peer.uid {
        0 => Ok(Connection { pipe, peer, patience: Mutex::new(patience) }),
        _ => Err(Error::Squatter(peer)),
    }
}

fn text(name: &Path) -> Result<&str, Error> {
    name.to_str().ok_or(Error::System("the pipe's name", ErrorKind::InvalidInput))
}

/// Both ends are LocalSystem's, or, where somebody tries this out, one user's.
fn peer(process: &Process, own: &str) -> Peer {
    let last = process.account.rsplit('-').next().and_then(|number| number.parse().ok());
    Peer {
        uid: if process.account == own { 0 } else { last.filter(|number| *number != 0).unwrap_or(u32::MAX) },
    }
}

impl Connection {
    /// Who is at the other end.
    pub const fn peer(&self) -> Result<Peer, Error> {
        Ok(self.peer)
    }

    /// How long a packet is waited for from now on.
    pub fn wait(&self, patience: Duration) -> Result<(), Error> {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner) = patience;
        Ok(())
    }

    fn patience(&self) -> Duration {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends one packet.
    pub fn send(&self, packet: &[u8]) -> Result<(), Error> {
        if packet.len() > PACKET {
            return Err(Error::TooLarge);
        }
        self.pipe.send(packet, self.patience()).map_err(because("send"))
    }

    /// Receives one packet; it is wiped when it is dropped.
    pub fn receive(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut packet = Zeroizing::new(vec![0; PACKET]);
        let length = self.pipe.receive(&mut packet, self.patience()).map_err(because("receive"))?;
        packet.truncate(length);
        Ok(packet)
    }
}

/// A pipe on which LogonUI calls.
pub struct Listener {
    name: String,
    own: String,
    logon: PathBuf,
    /// The instance that the next caller gets; nothing after one could not be made.
    next: Mutex<Option<Pipe>>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Listener {
    /// Offers the pipe. Somebody who has the name already is an error: they are not us.
    pub fn bind(name: &Path) -> io::Result<Self> {
        let name = name.to_str().ok_or(ErrorKind::InvalidInput)?.to_owned();
        let own = process::own_account()?;
        let first = Pipe::offer(&name, &own, Instance::First, PACKET)?;
        Ok(Self { name, own, logon: process::logon_ui()?, next: Mutex::new(Some(first)) })
    }

    /// The next call. It must come to the point within five seconds. Who isn't LogonUI is let go at once.
    pub fn accept(&self) -> Result<Connection, Error> {
        let pipe = self.called().map_err(because("accept"))?;
        let caller = pipe.caller().map_err(because("the caller"))?;
        let peer = peer(&caller, &self.own);
        let is_logon = caller.program.as_os_str().eq_ignore_ascii_case(self.logon.as_os_str());
        if peer.uid != 0 || !is_logon {
            return Err(Error::Stranger(caller.id));
        }
        let patience = Duration::from_secs(FIRST_SECONDS.into());
        Ok(Connection { pipe, peer, patience: Mutex::new(patience) })
    }

    /// Waits for a caller. The next instance is there before this one is served: without one a caller finds no pipe.
    fn called(&self) -> io::Result<Pipe> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let further = || Pipe::offer(&self.name, &self.own, Instance::Further, PACKET);
        let pipe = match next.take() {
            Some(pipe) => pipe,
            None => further()?,
        };
        let accepted = pipe.accept();
        *next = further().ok();
        accepted.map(|()| pipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SOON: Duration = Duration::from_millis(300);

    fn name() -> PathBuf {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        PathBuf::from(format!(r"\\.\pipe\claviger-ipc-{}-{number}", std::process::id()))
    }

    /// This program stands for LogonUI.
    fn listener(name: &Path) -> Listener {
        let mut listener = Listener::bind(name).unwrap();
        listener.logon = process::of(std::process::id()).unwrap().program;
        listener
    }

    #[test]
    fn a_packet_arrives_as_it_was_sent_and_both_ends_know_each_other() {
        let name = name();
        let listener = listener(&name);
        let caller = reach(&name, SOON).unwrap();
        let agent = listener.accept().unwrap();
        caller.send(b"one").unwrap();
        assert_eq!(agent.receive().unwrap().as_slice(), b"one");
        caller.send(&[7; PACKET]).unwrap();
        assert_eq!(agent.receive().unwrap().len(), PACKET);
        assert_eq!(caller.send(&[7; PACKET + 1]), Err(Error::TooLarge));
        assert_eq!((caller.peer().unwrap().uid, agent.peer().unwrap().uid), (0, 0));
        assert_eq!(caller.receive().unwrap_err(), Error::Silent);
        drop(agent);
        assert_eq!(caller.receive().unwrap_err(), Error::Closed);
    }

    #[test]
    fn a_caller_that_is_not_the_logon_is_let_go() {
        let name = name();
        let listener = Listener::bind(&name).unwrap();
        let caller = reach(&name, SOON).unwrap();
        assert_eq!(listener.accept().unwrap_err(), Error::Stranger(std::process::id()));
        assert_eq!(caller.receive().unwrap_err(), Error::Closed);
    }

    #[test]
    fn a_name_that_somebody_has_is_not_listened_on() {
        let name = name();
        let _squatter =
            Pipe::offer(text(&name).unwrap(), &process::own_account().unwrap(), Instance::First, 9).unwrap();
        assert_eq!(Listener::bind(&name).unwrap_err().kind(), ErrorKind::AddrInUse);
    }

    #[test]
    fn somebody_elses_pipe_is_not_talked_to() {
        let own = process::own_account().unwrap();
        let of = |account: &str| {
            let process = Process { id: 1, account: account.into(), program: PathBuf::new() };
            peer(&process, &own).uid
        };
        assert_eq!(of(&own), 0);
        for (account, uid) in [("S-1-5-21-1-2-3-1001", 1001), ("S-1-5-0", u32::MAX), ("", u32::MAX)] {
            assert_eq!(of(account), uid);
        }
    }

    #[test]
    fn calls_at_the_same_time_each_have_an_instance() {
        let name = name();
        let listener = listener(&name);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let caller = reach(&name, Duration::from_secs(5)).unwrap();
                    caller.send(b"x").unwrap();
                    assert_eq!(caller.receive().unwrap().as_slice(), b"x");
                });
                scope.spawn(|| {
                    let agent = listener.accept().unwrap();
                    let packet = agent.receive().unwrap();
                    agent.send(&packet).unwrap();
                });
            }
        });
    }
}
