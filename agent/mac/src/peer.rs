//! Who is at the other end of a local socket.

use std::{io, os::fd::AsRawFd, os::unix::net::UnixStream};

/// The number of the user who connected, or of the one who listened when we connected.
#[cfg(target_os = "macos")]
pub fn uid(stream: &UnixStream) -> io::Result<u32> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: the socket is open, and both places outlive the call.
    match unsafe { libc::getpeereid(stream.as_raw_fd(), &mut uid, &mut gid) } {
        0 => Ok(uid),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The number of the user who connected, or of the one who listened when we connected.
#[cfg(not(target_os = "macos"))]
pub fn uid(stream: &UnixStream) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;
    let place = (&raw mut peer).cast();
    // SAFETY: the socket is open, and the place has the length that is said.
    let done = unsafe {
        libc::getsockopt(stream.as_raw_fd(), libc::SOL_SOCKET, libc::SO_PEERCRED, place, &mut length)
    };
    if done == 0 { Ok(peer.uid) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_known() {
        let (one, other) = UnixStream::pair().unwrap();
        // SAFETY: it only tells a number.
        let own = unsafe { libc::getuid() };
        assert_eq!((uid(&one).unwrap(), uid(&other).unwrap()), (own, own));
    }
}
