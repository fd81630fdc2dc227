//! One login through libpam, in a process of its own: `claviger-login-once FOLDER SERVICE USER`.
//!
//! The services are those of FOLDER, and not the machine's. Whatever is asked for is answered with the line on standard
//! input. Standard output gets libpam's verdict and the nanoseconds from `pam_start` to the end of `pam_end`. `bench/`
//! runs it; no package has it.

#![expect(unsafe_code, reason = "libpam is called")]

use std::{
    env,
    ffi::{CString, c_char, c_int, c_void},
    io::{self, Write},
    os::unix::ffi::OsStringExt,
    process::ExitCode,
    ptr, slice,
    time::{Duration, Instant},
};

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

#[repr(C)]
struct Conversation {
    ask: extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int,
    data: *mut c_void,
}

unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        folder: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_end(handle: *mut c_void, code: c_int) -> c_int;
}

const PROMPTS: [c_int; 2] = [1, 2];
const SUCCESS: c_int = 0;
const BUF_ERR: c_int = 5;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "claviger-login-once: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let words: Result<Vec<_>, _> = env::args_os().skip(1).map(|word| CString::new(word.into_vec())).collect();
    let Ok([folder, service, user]) = <[CString; 3]>::try_from(words?) else {
        return Err(io::Error::other(
            "usage: claviger-login-once FOLDER SERVICE USER, with the code to type",
        ));
    };
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let typed = CString::new(line.trim())?;
    let (verdict, took) = log_in(&folder, &service, &user, &typed);
    writeln!(io::stdout(), "{verdict} {}", took.as_nanos())
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn log_in(folder: &CString, service: &CString, user: &CString, typed: &CString) -> (c_int, Duration) {
    let conversation = Conversation { ask: converse, data: typed.as_ptr().cast_mut().cast() };
    let mut handle = ptr::null_mut();
    let begun = Instant::now();
    // SAFETY: all texts end in a null, and they and the conversation live until pam_end.
    let verdict = unsafe {
        let started = pam_start_confdir(
            service.as_ptr(),
            user.as_ptr(),
            &raw const conversation,
            folder.as_ptr(),
            &raw mut handle,
        );
        if started == SUCCESS {
            let verdict = pam_authenticate(handle, 0);
            pam_end(handle, verdict);
            verdict
        } else {
            started
        }
    };
    (verdict, begun.elapsed())
}

extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let count = usize::try_from(count).unwrap_or_default();
    // SAFETY: Linux-PAM passes so many pointers to messages, and frees the array and the texts that it gets from malloc;
    // `data` is what `log_in` gave it, a text that ends in a null.
    unsafe {
        let answers = libc::calloc(count, size_of::<Response>()).cast::<Response>();
        if answers.is_null() {
            return BUF_ERR;
        }
        for (index, message) in slice::from_raw_parts(messages, count).iter().enumerate() {
            if PROMPTS.contains(&(**message).style) {
                (*answers.add(index)).text = libc::strdup(data.cast());
            }
        }
        *responses = answers;
    }
    SUCCESS
}
