//! Who is signed in at the machine.

use crate::text::at;
use std::{io, slice};
use windows::{
    Win32::System::RemoteDesktop::{
        WTS_CURRENT_SESSION, WTS_INFO_CLASS, WTS_SESSION_INFOW, WTSClientName, WTSDomainName,
        WTSEnumerateSessionsW, WTSFreeMemory, WTSLogoffSession, WTSQuerySessionInformationW, WTSUserName,
    },
    core::PWSTR,
};

/// A session of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: u32,
    /// The domain of whose it is.
    pub domain: String,
    /// Whose it is.
    pub user: String,
}

/// The sessions of everybody.
pub fn all() -> io::Result<Vec<Session>> {
    let (mut found, mut count) = (std::ptr::null_mut::<WTS_SESSION_INFOW>(), 0);
    // SAFETY: Windows makes the list and says how long it is; it is freed after it was copied.
    let ids: Vec<u32> = unsafe {
        WTSEnumerateSessionsW(None, 0, 1, &mut found, &mut count)?;
        let ids =
            slice::from_raw_parts(found, count as usize).iter().map(|session| session.SessionId).collect();
        WTSFreeMemory(found.cast());
        ids
    };
    let told = ids.into_iter().map(|id| Session {
        id,
        domain: told(id, WTSDomainName).unwrap_or_default(),
        user: told(id, WTSUserName).unwrap_or_default(),
    });
    Ok(told.filter(|session| !session.user.is_empty()).collect())
}

/// What the computer is called from which this session of Remote Desktop comes; empty for others.
pub fn client() -> String {
    told(WTS_CURRENT_SESSION, WTSClientName).unwrap_or_default()
}

/// Whose this session is, with their domain in front; empty before somebody has signed in.
pub fn own() -> String {
    let told = |what| told(WTS_CURRENT_SESSION, what).unwrap_or_default();
    match (told(WTSDomainName), told(WTSUserName)) {
        (_, user) if user.is_empty() => user,
        (domain, user) if domain.is_empty() => user,
        (domain, user) => format!(r"{domain}\{user}"),
    }
}

/// Signs somebody out, without asking them.
pub fn end(session: &Session) -> io::Result<()> {
    // SAFETY: it takes a number.
    unsafe { WTSLogoffSession(None, session.id, false) }.map_err(io::Error::from)
}

fn told(id: u32, what: WTS_INFO_CLASS) -> io::Result<String> {
    let (mut text, mut length) = (PWSTR::null(), 0);
    // SAFETY: Windows makes the text, with a zero at its end; it is freed after it was copied.
    unsafe {
        WTSQuerySessionInformationW(None, id, what, &mut text, &mut length)?;
        let copy = at(text);
        WTSFreeMemory(text.0.cast());
        Ok(copy)
    }
}
