//! Who runs: the account of a process, and the program.

use crate::text::{at, until_zero};
use std::{io, path::PathBuf};
use windows::{
    Win32::{
        Foundation::{CloseHandle, HANDLE, HLOCAL, LocalFree},
        Security::{
            Authorization::ConvertSidToStringSidW, GetTokenInformation, TOKEN_QUERY, TOKEN_USER, TokenUser,
        },
        System::{
            SystemInformation::GetSystemDirectoryW,
            Threading::{
                GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_NAME_WIN32,
                PROCESS_QUERY_LIMITED_INFORMATION, QueryFullProcessImageNameW,
            },
        },
    },
    core::PWSTR,
};

/// The longest path that Windows knows.
const PATH: usize = 32_768;
/// LocalSystem, as whom services and LogonUI run.
pub const SYSTEM: &str = "S-1-5-18";

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// The security identifier of its account, as text.
    pub account: String,
    /// Its program.
    pub program: PathBuf,
}

/// Something of Windows that is closed when it is dropped.
pub(crate) struct Owned(pub(crate) HANDLE);

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: nobody else has this handle.
        let _ = unsafe { CloseHandle(self.0) };
    }
}

// SAFETY: a handle of the kernel may be used from any thread.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

/// The account of this process.
pub fn own_account() -> io::Result<String> {
    // SAFETY: a handle that need not be closed.
    account_of(unsafe { GetCurrentProcess() })
}

/// The process of that number, as it is now.
pub fn of(id: u32) -> io::Result<Process> {
    // SAFETY: the handle is closed when it is dropped.
    let process = Owned(unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, false, id)? });
    Ok(Process { id, account: account_of(process.0)?, program: program_of(process.0)? })
}

/// `LogonUI.exe` of this machine: the one program that loads a credential provider at a logon.
pub fn logon_ui() -> io::Result<PathBuf> {
    Ok(system_folder()?.join("LogonUI.exe"))
}

/// Where the programs of the system are.
pub fn system_folder() -> io::Result<PathBuf> {
    let mut folder = vec![0; PATH];
    // SAFETY: the buffer's length goes with it.
    let length = unsafe { GetSystemDirectoryW(Some(&mut folder)) };
    if length == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(PathBuf::from(until_zero(&folder)))
}

fn program_of(process: HANDLE) -> io::Result<PathBuf> {
    let mut path = vec![0; PATH];
    let mut length = PATH as u32;
    // SAFETY: the buffer has the length that is told.
    unsafe {
        QueryFullProcessImageNameW(process, PROCESS_NAME_WIN32, PWSTR(path.as_mut_ptr()), &mut length)?;
    }
    Ok(PathBuf::from(until_zero(&path)))
}

fn account_of(process: HANDLE) -> io::Result<String> {
    let mut token = HANDLE::default();
    // SAFETY: the token is closed when it is dropped.
    let token = unsafe {
        OpenProcessToken(process, TOKEN_QUERY, &mut token)?;
        Owned(token)
    };
    // A structure with a pointer comes first: the buffer must be as aligned as that.
    let mut buffer = [0_u64; 32];
    let mut length = 0;
    let size = size_of_val(&buffer) as u32;
    // SAFETY: the buffer is large enough for the longest identifier, and aligned; the text is freed.
    unsafe {
        GetTokenInformation(token.0, TokenUser, Some(buffer.as_mut_ptr().cast()), size, &mut length)?;
        let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
        let mut text = PWSTR::null();
        ConvertSidToStringSidW(user.User.Sid, &mut text)?;
        let account = at(text);
        LocalFree(Some(HLOCAL(text.0.cast())));
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_itself() {
        let own = of(std::process::id()).unwrap();
        assert_eq!(own.account, own_account().unwrap());
        assert!(own.account.starts_with("S-1-5-"), "{}", own.account);
        assert_eq!(own.program.file_name(), std::env::current_exe().unwrap().file_name());
        assert!(of(u32::MAX).is_err());
        assert!(logon_ui().unwrap().ends_with("LogonUI.exe"));
    }
}
