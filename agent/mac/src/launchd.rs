//! The socket that launchd listens on.

use std::{
    ffi::{CString, c_char, c_int},
    io,
    os::fd::{FromRawFd, OwnedFd},
    ptr, slice,
};

unsafe extern "C" {
    fn launch_activate_socket(name: *const c_char, fds: *mut *mut c_int, count: *mut usize) -> c_int;
}

/// The socket of that name in our job's property list; launchd gives it once.
pub fn socket(name: &str) -> io::Result<OwnedFd> {
    let name = CString::new(name)?;
    let (mut fds, mut count) = (ptr::null_mut(), 0);
    // SAFETY: the name ends with a zero, and both places outlive the call.
    let code = unsafe { launch_activate_socket(name.as_ptr(), &mut fds, &mut count) };
    if code != 0 {
        return Err(io::Error::from_raw_os_error(code));
    }
    // SAFETY: launchd made the list with malloc, of that many open sockets, which are ours from now on; it is freed once.
    let sockets: Vec<OwnedFd> = unsafe {
        let sockets = slice::from_raw_parts(fds, count).iter().map(|fd| OwnedFd::from_raw_fd(*fd)).collect();
        libc::free(fds.cast());
        sockets
    };
    sockets.into_iter().next().ok_or_else(|| io::ErrorKind::NotFound.into())
}
