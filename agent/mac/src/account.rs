//! Accounts by name and by number, from whatever directory has them.

use std::{
    ffi::{CStr, CString},
    io, mem, ptr,
};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name, as the directory writes it.
    pub name: String,
    /// Its number.
    pub uid: u32,
}

/// What is asked for when nothing is known of the room that an answer takes, and the most that is tried.
const ROOM: usize = 1 << 10;
const MOST: usize = 1 << 20;

/// The account of that name; macOS knows people by their full names, too.
pub fn by_name(name: &str) -> io::Result<Option<Account>> {
    let Ok(name) = CString::new(name) else { return Ok(None) };
    // SAFETY: the name ends with a zero; the rest is `looked_up`'s.
    looked_up(|entry, room, found| unsafe {
        libc::getpwnam_r(name.as_ptr(), entry, room.as_mut_ptr(), room.len(), found)
    })
}

/// The account of that number.
pub fn by_number(uid: u32) -> io::Result<Option<Account>> {
    // SAFETY: all pointers are `looked_up`'s.
    looked_up(|entry, room, found| unsafe {
        libc::getpwuid_r(uid, entry, room.as_mut_ptr(), room.len(), found)
    })
}

fn looked_up(
    look: impl Fn(*mut libc::passwd, &mut [libc::c_char], *mut *mut libc::passwd) -> libc::c_int,
) -> io::Result<Option<Account>> {
    let mut room = vec![0; ROOM];
    loop {
        // SAFETY: it is numbers and pointers, and no number and no pointer are valid values of them.
        let mut entry: libc::passwd = unsafe { mem::zeroed() };
        let mut found = ptr::null_mut();
        match look(&mut entry, &mut room, &mut found) {
            0 if found.is_null() => return Ok(None),
            0 => {
                // SAFETY: the entry was found, and so its name is a text in `room`.
                let name = unsafe { CStr::from_ptr(entry.pw_name) };
                return Ok(Some(Account { name: name.to_string_lossy().into_owned(), uid: entry.pw_uid }));
            }
            libc::ERANGE if room.len() < MOST => room.resize(room.len() * 4, 0),
            // So some systems say that there is none.
            libc::ENOENT | libc::ESRCH => return Ok(None),
            code => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_name_and_by_number() {
        let root = Account { name: "root".into(), uid: 0 };
        assert_eq!(by_name("root").unwrap(), Some(root.clone()));
        assert_eq!(by_number(0).unwrap(), Some(root));
        assert_eq!(by_name("no such\0name").unwrap(), None);
        assert_eq!(by_name("no-such-name").unwrap(), None);
        assert_eq!(by_number(3_999_999_999).unwrap(), None);
    }
}
