//! A program with everything that it starts: it ends as a whole, also with the process that began it.

use crate::process::Owned;
use std::{
    ffi::c_void,
    io,
    os::windows::{io::AsRawHandle, process::CommandExt},
    process::{Child, Command},
};
use windows::{
    Win32::{
        Foundation::HANDLE,
        System::{
            Diagnostics::ToolHelp::{
                CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
            },
            JobObjects::{
                AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
                JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
                SetInformationJobObject, TerminateJobObject,
            },
            Threading::{
                CREATE_NO_WINDOW, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME,
            },
        },
    },
    core::PCWSTR,
};

/// What a process that was ended leaves as its exit code.
const ENDED: u32 = 1;

/// A job. Once nobody has it any more, what runs in it is ended.
pub struct Job(Owned);

impl Job {
    /// Begins a program in a job of its own, without a window. It hasn't done anything before it is in there.
    pub fn begin(command: &mut Command) -> io::Result<(Self, Child)> {
        let job = Self::new()?;
        let mut child = command.creation_flags((CREATE_SUSPENDED | CREATE_NO_WINDOW).0).spawn()?;
        // SAFETY: both handles are open.
        let taken = unsafe { AssignProcessToJobObject(job.0.0, HANDLE(child.as_raw_handle())) };
        if let Err(error) = taken.map_err(io::Error::from).and_then(|()| resume(child.id())) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        Ok((job, child))
    }

    fn new() -> io::Result<Self> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        let size = size_of_val(&limits) as u32;
        // SAFETY: the job is closed when it is dropped; the limits outlive the call, which is told their size.
        unsafe {
            let job = Self(Owned(CreateJobObjectW(None, PCWSTR::null())?));
            let at: *const c_void = (&raw const limits).cast();
            SetInformationJobObject(job.0.0, JobObjectExtendedLimitInformation, at, size)?;
            Ok(job)
        }
    }

    /// Ends everything in it.
    pub fn end(&self) -> io::Result<()> {
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.0.0, ENDED) }.map_err(io::Error::from)
    }
}

/// Lets a process go on that was begun suspended: it has one thread yet, and its number is nobody else's while we hold it.
fn resume(process: u32) -> io::Result<()> {
    let mut entry = THREADENTRY32 { dwSize: size_of::<THREADENTRY32>() as u32, ..Default::default() };
    // SAFETY: the handles are closed when they are dropped; the entry tells its size and outlives the calls.
    unsafe {
        let all = Owned(CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0)?);
        let mut found = Thread32First(all.0, &mut entry);
        while found.is_ok() && entry.th32OwnerProcessID != process {
            found = Thread32Next(all.0, &mut entry);
        }
        found?;
        let thread = Owned(OpenThread(THREAD_SUSPEND_RESUME, false, entry.th32ThreadID)?);
        if ResumeThread(thread.0) == u32::MAX {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{path::Path, process::Stdio, thread, time::Duration};

    fn begin(script: &str) -> (Job, Child) {
        let mut command = Command::new("cmd.exe");
        command.args(["/d", "/c"]).raw_arg(script);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Job::begin(&mut command).unwrap()
    }

    fn is_there_within_six_seconds(path: &Path) -> bool {
        (0..120).any(|_| {
            thread::sleep(Duration::from_millis(50));
            path.exists()
        })
    }

    /// What doesn't end is a failure, and nothing to wait for without an end.
    fn is_over_within_six_seconds(child: &mut Child) -> bool {
        (0..120).any(|_| {
            thread::sleep(Duration::from_millis(50));
            child.try_wait().unwrap().is_some()
        })
    }

    #[test]
    fn a_program_runs_and_tells_its_exit_code() {
        let (_job, mut child) = begin("exit 7");
        assert_eq!(child.wait().unwrap().code(), Some(7));
        assert!(Job::begin(&mut Command::new("C:\\nothing-of-this-name.exe")).is_err());
    }

    #[test]
    fn what_a_program_started_ends_with_its_job() {
        type Handling = fn(Job) -> Option<Job>;
        let kept: Handling = Some;
        let ended: Handling = |job| job.end().map(|()| job).ok();
        let dropped: Handling = |_| None;
        for (name, handle, is_left) in
            [("kept", kept, true), ("ended", ended, false), ("dropped", dropped, false)]
        {
            let path = |what: &str| {
                std::env::temp_dir().join(format!("claviger-job-{}-{name}-{what}", std::process::id()))
            };
            let (begun, left) = (path("begun"), path("left"));
            let late = format!("ping -n 4 127.0.0.1 >nul & echo x >{}", left.display());
            let script = format!(
                "start /b cmd /d /c \"{late}\" & echo x >{} & ping -n 60 127.0.0.1 >nul",
                begun.display()
            );
            let (job, mut child) = begin(&script);
            assert!(is_there_within_six_seconds(&begun), "{name}");
            let held = handle(job);
            assert_eq!(is_there_within_six_seconds(&left), is_left, "{name}");
            drop(held);
            assert!(is_over_within_six_seconds(&mut child), "{name}");
            std::fs::remove_file(begun).unwrap();
            assert_eq!(std::fs::remove_file(left).is_ok(), is_left);
        }
    }
}
