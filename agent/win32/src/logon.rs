//! What Windows itself thinks of a password.

use crate::{process::Owned, text::Wide};
use std::io;
use windows::Win32::{
    Foundation::{
        ERROR_ACCOUNT_DISABLED, ERROR_ACCOUNT_LOCKED_OUT, ERROR_ACCOUNT_RESTRICTION, ERROR_LOGON_FAILURE,
        ERROR_LOGON_TYPE_NOT_GRANTED, ERROR_PASSWORD_EXPIRED, ERROR_PASSWORD_MUST_CHANGE, HANDLE,
        WIN32_ERROR,
    },
    Security::{LOGON32_LOGON_NETWORK, LOGON32_PROVIDER_DEFAULT, LogonUserW},
};

/// What it thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is theirs. It may have to be changed, which Windows asks for after the logon.
    Right,
    /// It isn't, or there is nobody of that name.
    Wrong,
    /// Windows locked the account after too many wrong ones.
    LockedOut,
}

/// Whether a password is that of an account.
pub fn check(domain: &str, name: &str, password: &str) -> io::Result<Verdict> {
    let (domain, name, password) = (Wide::new(domain)?, Wide::new(name)?, Wide::new(password)?);
    let mut token = HANDLE::default();
    // SAFETY: the texts outlive the call; the token is closed when it is dropped.
    let told = unsafe {
        LogonUserW(
            name.as_ptr(),
            domain.as_ptr(),
            password.as_ptr(),
            LOGON32_LOGON_NETWORK,
            LOGON32_PROVIDER_DEFAULT,
            &mut token,
        )
    };
    let Err(error) = told else {
        drop(Owned(token));
        return Ok(Verdict::Right);
    };
    let is = |kinds: &[WIN32_ERROR]| kinds.iter().any(|kind| error.code() == kind.to_hresult());
    if is(&[ERROR_LOGON_FAILURE]) {
        Ok(Verdict::Wrong)
    } else if is(&[ERROR_ACCOUNT_LOCKED_OUT]) {
        Ok(Verdict::LockedOut)
    } else if is(&[ERROR_PASSWORD_EXPIRED, ERROR_PASSWORD_MUST_CHANGE, ERROR_LOGON_TYPE_NOT_GRANTED]) {
        // Windows looks at these only after the password was right.
        Ok(Verdict::Right)
    } else if is(&[ERROR_ACCOUNT_DISABLED, ERROR_ACCOUNT_RESTRICTION]) {
        Ok(Verdict::Wrong)
    } else {
        Err(error.into())
    }
}
