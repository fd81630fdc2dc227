//! A named pipe of messages between two processes of this machine. Nothing waits for ever but the one who listens.

use crate::{
    process::{self, Owned, Process},
    text::Wide,
};
use std::{
    io::{self, ErrorKind},
    thread,
    time::Duration,
};
use windows::{
    Win32::{
        Foundation::{
            ERROR_BROKEN_PIPE, ERROR_FILE_NOT_FOUND, ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_NO_DATA,
            ERROR_PIPE_BUSY, ERROR_PIPE_CONNECTED, ERROR_PIPE_NOT_CONNECTED, GENERIC_READ, GENERIC_WRITE,
            HLOCAL, INVALID_HANDLE_VALUE, LocalFree, WAIT_OBJECT_0, WAIT_TIMEOUT, WIN32_ERROR,
        },
        Security::{
            Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
            PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
        },
        Storage::FileSystem::{
            CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, FILE_SHARE_NONE, OPEN_EXISTING,
            PIPE_ACCESS_DUPLEX, ReadFile, SECURITY_IDENTIFICATION, SECURITY_SQOS_PRESENT, WriteFile,
        },
        System::{
            IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED},
            Pipes::{
                ConnectNamedPipe, CreateNamedPipeW, GetNamedPipeClientProcessId, GetNamedPipeServerProcessId,
                PIPE_READMODE_MESSAGE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_MESSAGE,
                PIPE_UNLIMITED_INSTANCES, PIPE_WAIT, SetNamedPipeHandleState,
            },
            Threading::{CreateEventW, INFINITE, WaitForSingleObject},
        },
    },
    core::{Error, PCWSTR},
};

/// Between two tries to reach a pipe that isn't there, or is taken.
const PAUSE: Duration = Duration::from_millis(20);

/// One end.
pub struct Pipe {
    handle: Owned,
    event: Owned,
}

/// Whether a name must be nobody's yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instance {
    /// It must: whoever has it already is somebody else, and this fails.
    First,
    /// It is ours, and this is one more.
    Further,
}

impl Pipe {
    /// An end that waits for a caller. Only `account` may open the other one, from this machine.
    pub fn offer(name: &str, account: &str, instance: Instance, size: usize) -> io::Result<Self> {
        if instance == Instance::First && is_taken(name)? {
            return Err(ErrorKind::AddrInUse.into());
        }
        let rights = Rights::of(account)?;
        let attributes = SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: rights.0.0,
            bInheritHandle: false.into(),
        };
        let mode = match instance {
            Instance::First => PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
            Instance::Further => PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
        };
        let kind = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
        let (name, size) = (Wide::new(name)?, u32::try_from(size).unwrap_or(u32::MAX));
        // SAFETY: name and rights live until the call is over.
        let handle = unsafe {
            CreateNamedPipeW(
                name.as_ptr(),
                mode,
                kind,
                PIPE_UNLIMITED_INSTANCES,
                size,
                size,
                0,
                Some(&attributes),
            )
        };
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        Self::of(Owned(handle))
    }

    /// Reaches a pipe; tries again while nobody offers it, which happens between two processes of one service.
    pub fn reach(name: &str, patience: Duration) -> io::Result<Self> {
        let wide = Wide::new(name)?;
        let access = GENERIC_READ.0 | GENERIC_WRITE.0;
        // Who listens may look at who calls, and not act as them.
        let flags = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION | FILE_FLAG_OVERLAPPED;
        let mut left = patience;
        loop {
            // SAFETY: the name lives until the call is over.
            let opened = unsafe {
                CreateFileW(wide.as_ptr(), access, FILE_SHARE_NONE, None, OPEN_EXISTING, flags, None)
            };
            match opened {
                Ok(handle) => {
                    let pipe = Self::of(Owned(handle))?;
                    // SAFETY: the mode lives until the call is over.
                    unsafe { SetNamedPipeHandleState(handle, Some(&PIPE_READMODE_MESSAGE), None, None)? };
                    return Ok(pipe);
                }
                Err(error) if is(&error, &[ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY]) && !left.is_zero() => {
                    thread::sleep(PAUSE);
                    left = left.saturating_sub(PAUSE);
                }
                Err(error) => return Err(explained(error)),
            }
        }
    }

    fn of(handle: Owned) -> io::Result<Self> {
        // SAFETY: the event is closed when it is dropped.
        let event = Owned(unsafe { CreateEventW(None, true, false, PCWSTR::null())? });
        Ok(Self { handle, event })
    }

    /// Waits for a caller, for ever.
    pub fn accept(&self) -> io::Result<()> {
        let connected = self.wait(None, |pipe, overlapped| {
            // SAFETY: `wait` keeps what is pointed to until Windows is done with it.
            unsafe { ConnectNamedPipe(pipe.handle.0, Some(overlapped)) }
        });
        match connected {
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_CONNECTED.0.cast_signed()) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Sends one message.
    pub fn send(&self, message: &[u8], patience: Duration) -> io::Result<()> {
        let sent = self.wait(Some(patience), |pipe, overlapped| {
            // SAFETY: as above; the message outlives the call.
            unsafe { WriteFile(pipe.handle.0, Some(message), None, Some(overlapped)) }
        })?;
        if sent == message.len() { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
    }

    /// Receives one message and gives its length; one that is longer than `room` is an error.
    pub fn receive(&self, room: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.wait(Some(patience), |pipe, overlapped| {
            // SAFETY: as above; the room outlives the call.
            unsafe { ReadFile(pipe.handle.0, Some(room), None, Some(overlapped)) }
        })
    }

    /// Starts something and waits until it is over, or takes it back.
    fn wait(
        &self,
        patience: Option<Duration>,
        start: impl FnOnce(&Self, *mut OVERLAPPED) -> windows::core::Result<()>,
    ) -> io::Result<usize> {
        let mut overlapped = OVERLAPPED { hEvent: self.event.0, ..OVERLAPPED::default() };
        let at: *mut OVERLAPPED = &mut overlapped;
        match start(self, at) {
            Ok(()) => {}
            Err(error) if is(&error, &[ERROR_IO_PENDING]) => {
                let limit = patience.map_or(INFINITE, |time| {
                    u32::try_from(time.as_millis()).unwrap_or(INFINITE - 1).min(INFINITE - 1)
                });
                // SAFETY: the event is ours.
                let waited = unsafe { WaitForSingleObject(self.event.0, limit) };
                if waited != WAIT_OBJECT_0 {
                    // SAFETY: what was started is called off here, and waited for below.
                    let _ = unsafe { CancelIoEx(self.handle.0, Some(at)) };
                    let mut length = 0;
                    // SAFETY: until this is over Windows may write to what is pointed to.
                    let late = unsafe { GetOverlappedResult(self.handle.0, at, &mut length, true) };
                    return match (late, waited) {
                        (Ok(()), _) => Ok(length as usize),
                        (Err(_), WAIT_TIMEOUT) => Err(ErrorKind::TimedOut.into()),
                        (Err(error), _) => Err(explained(error)),
                    };
                }
            }
            Err(error) => return Err(explained(error)),
        }
        let mut length = 0;
        // SAFETY: it is over, and says how much went through.
        unsafe { GetOverlappedResult(self.handle.0, at, &mut length, true) }.map_err(explained)?;
        Ok(length as usize)
    }

    /// Who called.
    pub fn caller(&self) -> io::Result<Process> {
        let mut id = 0;
        // SAFETY: a number is written.
        unsafe { GetNamedPipeClientProcessId(self.handle.0, &mut id)? };
        process::of(id)
    }

    /// Who offers it.
    pub fn offerer(&self) -> io::Result<Process> {
        let mut id = 0;
        // SAFETY: a number is written.
        unsafe { GetNamedPipeServerProcessId(self.handle.0, &mut id)? };
        process::of(id)
    }
}

/// Whether somebody offers that name, to whomever. Windows looks at this again when it makes the first instance.
fn is_taken(name: &str) -> io::Result<bool> {
    match Pipe::reach(name, Duration::ZERO) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::InvalidInput => Err(error),
        Ok(_) | Err(_) => Ok(true),
    }
}

fn is(error: &Error, kinds: &[WIN32_ERROR]) -> bool {
    kinds.iter().any(|kind| error.code() == kind.to_hresult())
}

/// The end of a pipe has several names.
fn explained(error: Error) -> io::Error {
    if is(&error, &[ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED]) {
        ErrorKind::BrokenPipe.into()
    } else if is(&error, &[ERROR_MORE_DATA]) {
        ErrorKind::FileTooLarge.into()
    } else if is(&error, &[ERROR_PIPE_CONNECTED]) {
        io::Error::from_raw_os_error(ERROR_PIPE_CONNECTED.0.cast_signed())
    } else {
        // The number of the system alone, so that it has its kind.
        io::Error::from_raw_os_error(error.code().0 & 0xffff)
    }
}

/// Everything for one account, nothing for anybody else.
struct Rights(PSECURITY_DESCRIPTOR);

impl Rights {
    fn of(account: &str) -> io::Result<Self> {
        let text = Wide::new(&format!("D:P(A;;GA;;;{account})"))?;
        let mut rights = PSECURITY_DESCRIPTOR::default();
        // SAFETY: the text lives until the call is over; what it makes is freed when it is dropped.
        unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &mut rights,
                None,
            )?;
        }
        Ok(Self(rights))
    }
}

impl Drop for Rights {
    fn drop(&mut self) {
        // SAFETY: it came from the heap that this frees.
        unsafe { LocalFree(Some(HLOCAL(self.0.0))) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SOON: Duration = Duration::from_millis(300);

    fn name() -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        format!(r"\\.\pipe\claviger-test-{}-{number}", std::process::id())
    }

    fn offer(name: &str, instance: Instance) -> io::Result<Pipe> {
        Pipe::offer(name, &process::own_account().unwrap(), instance, 64)
    }

    fn pair() -> (Pipe, Pipe) {
        let name = name();
        let offered = offer(&name, Instance::First).unwrap();
        let caller = Pipe::reach(&name, SOON).unwrap();
        offered.accept().unwrap();
        (caller, offered)
    }

    #[test]
    fn messages_arrive_whole_and_both_ends_know_each_other() {
        let (caller, offered) = pair();
        caller.send(b"one", SOON).unwrap();
        caller.send(b"three", SOON).unwrap();
        let mut room = [0; 64];
        assert_eq!(offered.receive(&mut room, SOON).unwrap(), 3);
        assert_eq!(offered.receive(&mut room, SOON).unwrap(), 5);
        assert_eq!(&room[..5], b"three");
        assert_eq!(offered.caller().unwrap().id, std::process::id());
        assert_eq!(caller.offerer().unwrap().account, process::own_account().unwrap());
    }

    #[test]
    fn nobody_waits_for_ever_and_a_closed_end_is_noticed() {
        let (caller, offered) = pair();
        let mut room = [0; 64];
        assert_eq!(caller.receive(&mut room, SOON).unwrap_err().kind(), ErrorKind::TimedOut);
        offered.send(b"late", SOON).unwrap();
        assert_eq!(caller.receive(&mut room, SOON).unwrap(), 4, "a wait that was called off took nothing");
        drop(offered);
        assert_eq!(caller.receive(&mut room, SOON).unwrap_err().kind(), ErrorKind::BrokenPipe);
        let away = Pipe::reach(&name(), SOON).map(drop).unwrap_err();
        assert_eq!(away.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_message_that_is_too_long_is_an_error() {
        let (caller, offered) = pair();
        offered.send(b"longer than that", SOON).unwrap();
        assert_eq!(caller.receive(&mut [0; 4], SOON).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    /// Whoever took the name before us is not taken for one of us.
    #[test]
    fn a_name_that_somebody_has_is_not_offered_a_second_time() {
        let name = name();
        let _squatter = offer(&name, Instance::First).unwrap();
        assert!(offer(&name, Instance::First).is_err());
        assert!(offer(&name, Instance::Further).is_ok());
    }
}
