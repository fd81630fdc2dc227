//! Since when the machine runs.

use std::{io, ptr};

/// Another text for every boot.
pub fn session() -> io::Result<String> {
    let mut text = vec![0_u8; 64];
    let mut length = text.len();
    // SAFETY: the name ends with a zero, and the place has the length that is said.
    let done = unsafe {
        libc::sysctlbyname(
            c"kern.bootsessionuuid".as_ptr(),
            text.as_mut_ptr().cast(),
            &mut length,
            ptr::null_mut(),
            0,
        )
    };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    text.truncate(length);
    let text = String::from_utf8(text).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok(text.trim_end_matches('\0').to_owned())
}
