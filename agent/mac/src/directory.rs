//! Passwords of local accounts. A program would have to be told them on its command line, where everybody reads it.

use objc2::rc::Retained;
use objc2_foundation::{NSError, NSString};
use objc2_open_directory::{ODNode, ODRecord, ODSession};
use std::io;

/// Where local accounts are, and of what type they are.
const LOCAL: &str = "/Local/Default";
const USERS: &str = "dsRecTypeStandard:Users";

/// Whether that is the account's password.
pub fn has_password(name: &str, password: &str) -> io::Result<bool> {
    let record = record(name)?;
    // SAFETY: it is a text.
    Ok(unsafe { record.verifyPassword_error(Some(&NSString::from_str(password)), None) })
}

/// Gives the account this password; root needn't know the old one.
pub fn set_password(name: &str, password: &str) -> io::Result<()> {
    let record = record(name)?;
    let mut error = None;
    // SAFETY: it is a text, and no old one is needed by root.
    let is_done = unsafe {
        record.changePassword_toPassword_error(None, Some(&NSString::from_str(password)), Some(&mut error))
    };
    if is_done { Ok(()) } else { Err(said(error)) }
}

fn record(name: &str) -> io::Result<Retained<ODRecord>> {
    let mut error = None;
    // SAFETY: the session is the system's own, and all other values are texts.
    let node = unsafe {
        ODNode::nodeWithSession_name_error(
            ODSession::defaultSession().as_deref(),
            Some(&NSString::from_str(LOCAL)),
            Some(&mut error),
        )
    };
    let node = node.ok_or_else(|| said(error.take()))?;
    // SAFETY: they are texts; no attribute is asked for.
    let record = unsafe {
        node.recordWithRecordType_name_attributes_error(
            Some(&NSString::from_str(USERS)),
            Some(&NSString::from_str(name)),
            None,
            Some(&mut error),
        )
    };
    record.ok_or_else(|| error.map_or_else(|| io::ErrorKind::NotFound.into(), |error| said(Some(error))))
}

fn said(error: Option<Retained<NSError>>) -> io::Error {
    io::Error::other(error.map_or_else(|| "OpenDirectory refused".to_owned(), |error| error.to_string()))
}
