//! A program that logs people in, with a script of what they type.

use crate::agent::Agent;
use std::{
    ffi::{CStr, CString, c_char, c_int, c_uint, c_void},
    fs,
    path::{Path, PathBuf},
    ptr,
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
    fn pam_putenv(handle: *mut c_void, variable: *const c_char) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_end(handle: *mut c_void, code: c_int) -> c_int;
}

const RHOST: c_int = 4;
const FAIL_DELAY: c_int = 10;
const ESTABLISH_CRED: c_int = 2;
const SILENT: c_int = 0x8000;
const CONV_ERR: c_int = 19;

/// What a program was asked to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Hidden(String),
    Shown(String),
    Error(String),
    Info(String),
}

/// The prompts among what was said.
pub(crate) fn prompts(said: &[Said]) -> Vec<&str> {
    let prompts = said.iter().filter_map(|said| match said {
        Said::Hidden(text) | Said::Shown(text) => Some(text.as_str()),
        Said::Error(_) | Said::Info(_) => None,
    });
    prompts.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stack {
    CodeAlone,
    KeyFirst,
    PasswordFirst,
}

/// How it went.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) authenticated: c_int,
    pub(crate) account: c_int,
    pub(crate) said: Vec<Said>,
    pub(crate) typed: usize,
}

#[derive(Clone)]
pub(crate) struct Program {
    folder: PathBuf,
    socket: PathBuf,
    service: String,
    stack: Stack,
    options: &'static str,
    flags: c_int,
    variable: String,
    from: String,
    answers: Vec<Vec<u8>>,
    is_account_only: bool,
}

struct Script {
    answers: std::vec::IntoIter<Vec<u8>>,
    said: Vec<Said>,
    typed: usize,
}

/// Where cargo has put the module.
pub(crate) fn module() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().unwrap();
    let places = [folder, folder.parent().unwrap()].map(|folder| folder.join("libpam_claviger.so"));
    places.into_iter().find(|path| path.exists()).expect("cargo builds the module for this test")
}

impl Program {
    pub(crate) fn new(agent: &Agent, service: &str) -> Self {
        Self::at(agent.folder(), &agent.socket(), service)
    }

    pub(crate) fn at(folder: &Path, socket: &Path, service: &str) -> Self {
        Self {
            folder: folder.join("pam.d"),
            socket: socket.to_owned(),
            service: service.into(),
            stack: Stack::CodeAlone,
            options: "timeout=5",
            flags: 0,
            variable: String::new(),
            from: String::new(),
            answers: Vec::new(),
            is_account_only: false,
        }
    }

    pub(crate) fn types(mut self, answers: &[&str]) -> Self {
        self.answers = answers.iter().map(|answer| answer.as_bytes().to_owned()).collect();
        self
    }

    pub(crate) fn silent(mut self) -> Self {
        self.flags = SILENT;
        self
    }

    pub(crate) fn key_first(mut self) -> Self {
        self.stack = Stack::KeyFirst;
        self
    }

    pub(crate) fn password_first(mut self) -> Self {
        self.stack = Stack::PasswordFirst;
        self
    }

    pub(crate) fn fail_open(mut self) -> Self {
        self.options = "timeout=5 fail_open";
        self
    }

    pub(crate) fn impatient(mut self) -> Self {
        self.options = "timeout=1";
        self
    }

    pub(crate) fn variable(mut self, variable: &str) -> Self {
        self.variable = variable.into();
        self
    }

    pub(crate) fn from(mut self, address: &str) -> Self {
        self.from = address.into();
        self
    }

    pub(crate) fn account_only(mut self) -> Self {
        self.is_account_only = true;
        self
    }

    /// Every real stack has somebody who says yes: what is ignored alone lets nobody in.
    fn write(&self) {
        let notes = self.folder.with_file_name("let-in");
        let (socket, notes, options) = (self.socket.display(), notes.display(), self.options);
        let module = format!("{} socket={socket} notes={notes} {options}", module().display());
        let first = match self.stack {
            Stack::CodeAlone => String::new(),
            Stack::KeyFirst => {
                format!(
                    "auth [success=1 default=ignore] {module} first_factor_done\nauth required pam_deny.so\n"
                )
            }
            Stack::PasswordFirst => format!(
                "auth [success=1 ignore=ignore default=die] {module} password\nauth required pam_deny.so\n"
            ),
        };
        let last = if self.stack == Stack::KeyFirst { "" } else { "auth required pam_permit.so\n" };
        let text = format!(
            "{first}auth required {module}\n{last}account required {module} require_mfa\naccount required pam_permit.so\n"
        );
        fs::create_dir_all(&self.folder).unwrap();
        fs::write(self.folder.join(&self.service), text).unwrap();
    }

    pub(crate) fn run(self, user: &str) -> Login {
        self.run_bytes(user.as_bytes())
    }

    pub(crate) fn run_bytes(self, user: &[u8]) -> Login {
        self.write();
        let text = |bytes: &[u8]| CString::new(bytes).unwrap();
        let (service, user) = (text(self.service.as_bytes()), text(user));
        let folder = text(self.folder.to_str().unwrap().as_bytes());
        let variable = text(self.variable.as_bytes());
        let from = text(self.from.as_bytes());
        let mut script = Script { answers: self.answers.into_iter(), said: Vec::new(), typed: 0 };
        let conversation = Conversation { ask: converse, data: (&raw mut script).cast() };
        let mut handle = ptr::null_mut();
        // SAFETY: all texts end in a null, and everything lives until pam_end.
        let (authenticated, account) = unsafe {
            let code = pam_start_confdir(
                service.as_ptr(),
                user.as_ptr(),
                &raw const conversation,
                folder.as_ptr(),
                &raw mut handle,
            );
            assert_eq!(code, 0);
            pam_set_item(handle, FAIL_DELAY, no_delay as *const c_void);
            if !from.is_empty() {
                assert_eq!(pam_set_item(handle, RHOST, from.as_ptr().cast()), 0);
            }
            if !variable.is_empty() {
                pam_putenv(handle, variable.as_ptr());
            }
            let authenticated = match self.is_account_only {
                true => -1,
                false => pam_authenticate(handle, self.flags),
            };
            let account = pam_acct_mgmt(handle, self.flags);
            if authenticated == 0 {
                assert_eq!(pam_setcred(handle, ESTABLISH_CRED), 0);
            }
            pam_end(handle, account);
            (authenticated, account)
        };
        Login { authenticated, account, said: script.said, typed: script.typed }
    }
}

/// In the place of the two seconds that a refusal takes.
extern "C" fn no_delay(_code: c_int, _micros: c_uint, _data: *mut c_void) {}

extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    assert_eq!(count, 1);
    // SAFETY: libpam passes what `run_bytes` gave it, and one message.
    let (script, message) = unsafe { (&mut *data.cast::<Script>(), &**messages) };
    // SAFETY: a text that ends in a null.
    let text = unsafe { CStr::from_ptr(message.text) }.to_string_lossy().into_owned();
    let said = match message.style {
        1 => Said::Hidden(text),
        2 => Said::Shown(text),
        3 => Said::Error(text),
        _ => Said::Info(text),
    };
    let asks = matches!(said, Said::Hidden(_) | Said::Shown(_));
    script.said.push(said);
    let answer = if asks { script.answers.next() } else { Some(Vec::new()) };
    let Some(answer) = answer else { return CONV_ERR };
    script.typed += usize::from(asks);
    let answer = CString::new(answer).unwrap();
    // SAFETY: libpam frees what is allocated here.
    unsafe {
        let response = libc::calloc(1, size_of::<Response>()).cast::<Response>();
        if asks {
            (*response).text = libc::strdup(answer.as_ptr());
        }
        *responses = response;
    }
    0
}
