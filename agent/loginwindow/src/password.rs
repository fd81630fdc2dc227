//! Whether a password is the account's, as macOS would find out: by the system's own hash of it.

use std::{
    ffi::{CStr, CString, c_char},
    mem,
};

type Crypt = unsafe extern "C" fn(*const c_char, *const c_char) -> *mut c_char;

/// The number of the account whose name and password they are.
pub(crate) fn account(name: &str, password: &str) -> Option<u32> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    let shadow = std::fs::read_to_string("/etc/shadow").ok()?;
    let field = |text: &str, at: usize| {
        let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split(':').nth(at).map(str::to_owned)
    };
    let (number, kept) = (field(&passwd, 2)?.parse().ok()?, field(&shadow, 1)?);
    let expiry = field(&shadow, 7)?;
    (expiry != "1" && hash(password, &kept)? == kept).then_some(number)
}

fn hash(password: &str, kept: &str) -> Option<String> {
    let (password, kept) = (CString::new(password).ok()?, CString::new(kept).ok()?);
    // SAFETY: the library's function has this type; what it gives is a text until it is called again.
    unsafe {
        let library = libc::dlopen(c"libcrypt.so.1".as_ptr(), libc::RTLD_NOW);
        if library.is_null() {
            return None;
        }
        let found = libc::dlsym(library, c"crypt".as_ptr());
        if found.is_null() {
            return None;
        }
        let crypt: Crypt = mem::transmute(found);
        let made = crypt(password.as_ptr(), kept.as_ptr());
        if made.is_null() { None } else { CStr::from_ptr(made).to_str().ok().map(str::to_owned) }
    }
}
