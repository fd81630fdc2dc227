//! The root half at its socket: one request after the other, from the other half alone.

use super::{
    Root,
    socket::{Reply, Request, parse, read, write},
};
use crate::logs;
use claviger_domain::time::Span;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    net::sockopt::socket_peercred,
};
use std::{
    io,
    os::unix::net::{UnixListener, UnixStream},
    time::Duration,
};
use zeroize::Zeroize;

/// Answers for ever. `peer` is the number of the account that the other half runs under; root may ask, too.
pub fn serve(root: &mut Root, listener: &UnixListener, peer: u32) -> io::Result<()> {
    if let Err(error) = root.refresh() {
        logs::warn(&format!("the last state could not be applied: {error:#}"));
    }
    loop {
        if !wait(listener, root.due())? {
            if let Err(error) = root.refresh() {
                logs::warn(&format!("what was due could not be done: {error:#}"));
                std::thread::sleep(Duration::from_secs(5));
            }
            continue;
        }
        let (stream, _) = listener.accept()?;
        if let Err(error) = answer(root, stream, peer) {
            logs::warn(&format!("a request could not be answered: {error}"));
        }
    }
}

/// Waits until somebody calls, or for so long: the clock that counts goes on while the machine sleeps, this one
/// doesn't, so it is looked at again within a minute.
fn wait(listener: &UnixListener, due: Option<Span>) -> io::Result<bool> {
    let micros = due.map(|left| left.micros().clamp(1_000, 30_000_000));
    let timeout =
        micros.map(|micros| Timespec { tv_sec: micros / 1_000_000, tv_nsec: micros % 1_000_000 * 1_000 });
    let mut fds = [PollFd::new(listener, PollFlags::IN)];
    match poll(&mut fds, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn answer(root: &mut Root, mut stream: UnixStream, peer: u32) -> io::Result<()> {
    let caller = socket_peercred(&stream)?.uid.as_raw();
    if caller != 0 && caller != peer {
        return Err(io::Error::other(format!("uid {caller} may not ask")));
    }
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    let request = parse(&read(&mut stream)?)?;
    let reply = match request {
        Request::Prepare { signed } => root.prepare(&signed).map(|()| Reply::Done),
        Request::Apply { signed, proven } => root.apply(&signed, proven).map(Reply::Applied),
        Request::Password { user, mut password } => {
            let kept = root.set_password(user, &password);
            password.zeroize();
            kept.map(|()| Reply::Done)
        }
        Request::LetIn { taken } => root.let_in(&taken).map(|notes| Reply::LetIn { notes }),
    };
    let reply = reply.unwrap_or_else(|error| {
        logs::warn(&format!("{error:#}"));
        Reply::Refused { why: format!("{error:#}") }
    });
    // Whoever handed over a password doesn't wait for the answer.
    match write(&mut stream, &reply) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
