//! The part of libpam and libc that the module uses, declared by hand after pam_appl.h, pam_modules.h and pam_ext.h,
//! and the three functions that libpam calls. All that is unsafe is here.

use libc::{c_char, c_int, c_uint, c_void};
use std::{
    ffi::{CStr, CString},
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
    ptr,
    sync::Once,
};
use zeroize::{Zeroize, Zeroizing};

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
    ask: Option<unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int>,
    data: *mut c_void,
}

type Cleanup = unsafe extern "C" fn(*mut c_void, *mut c_void, c_int);

unsafe extern "C" {
    fn pam_get_item(handle: *const c_void, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_get_user(handle: *mut c_void, user: *mut *const c_char, prompt: *const c_char) -> c_int;
    fn pam_getenv(handle: *mut c_void, name: *const c_char) -> *const c_char;
    fn pam_syslog(handle: *const c_void, priority: c_int, format: *const c_char, ...);
    fn pam_fail_delay(handle: *mut c_void, micros: c_uint) -> c_int;
    fn pam_set_data(
        handle: *mut c_void,
        name: *const c_char,
        data: *mut c_void,
        cleanup: Option<Cleanup>,
    ) -> c_int;
    fn pam_get_data(handle: *const c_void, name: *const c_char, data: *mut *const c_void) -> c_int;
}

pub(crate) const SUCCESS: c_int = 0;
pub(crate) const SERVICE_ERR: c_int = 3;
pub(crate) const PERM_DENIED: c_int = 6;
pub(crate) const AUTH_ERR: c_int = 7;
pub(crate) const AUTHINFO_UNAVAIL: c_int = 9;
pub(crate) const MAXTRIES: c_int = 11;
pub(crate) const CONV_ERR: c_int = 19;
pub(crate) const IGNORE: c_int = 25;

/// What libpam keeps for a login.
#[derive(Clone, Copy)]
pub(crate) enum Item {
    Service = 1,
    Tty = 3,
    Rhost = 4,
    Conversation = 5,
    Password = 6,
}

/// How a text is shown.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    Hidden = 1,
    Shown = 2,
    Error = 3,
    Info = 4,
}

/// What is remembered for the account phase of the same login.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    /// A code was shown, or was not needed.
    CodeShown,
    /// Whoever it is was let in because the agent could not be asked, and that was noted down.
    LetIn,
}

impl Mark {
    pub(crate) const ALL: [Self; 2] = [Self::CodeShown, Self::LetIn];

    const fn name(self) -> &'static CStr {
        match self {
            Self::CodeShown => c"claviger_code_shown",
            Self::LetIn => c"claviger_let_in",
        }
    }
}

/// Whether a program asked for no texts: `PAM_SILENT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Texts {
    Shown,
    Dropped,
}

const SILENT: c_int = 0x8000;
/// Longer answers are taken for none: no code and no password of ours is that long.
const ANSWER: usize = 1_024;
/// Longer values of a program are cut; the agent needs no more of them.
const VALUE: usize = 512;
/// Somewhere to point to: libpam keeps no mark that is null.
static MARKED: u8 = 1;

/// A login, for as long as libpam is in one of the three functions.
pub(crate) struct Pam(*mut c_void);

impl Pam {
    /// A line in the journal, in the facility for what only administrators read.
    pub(crate) fn log(&self, priority: c_int, line: &str) {
        let line: Vec<u8> = line.bytes().map(|byte| if byte == 0 { b' ' } else { byte }).collect();
        let Ok(line) = CString::new(line) else { return };
        // SAFETY: the handle is libpam's, both texts end in a null, and the line is no format.
        unsafe { pam_syslog(self.0, libc::LOG_AUTHPRIV | priority, c"%s".as_ptr(), line.as_ptr()) };
    }

    /// A text that libpam keeps; empty if there is none.
    pub(crate) fn text(&self, item: Item) -> String {
        self.bytes(item).map_or_else(String::new, |bytes| readable(&bytes))
    }

    /// The password that was typed before, if it was.
    pub(crate) fn password(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.bytes(Item::Password).filter(|password| !password.is_empty())
    }

    fn bytes(&self, item: Item) -> Option<Zeroizing<Vec<u8>>> {
        let value = self.item(item)?;
        // SAFETY: this item is a text that ends in a null, and libpam keeps it while we are called.
        let value = unsafe { CStr::from_ptr(value.cast()) };
        Some(Zeroizing::new(value.to_bytes().to_owned()))
    }

    fn item(&self, item: Item) -> Option<*const c_void> {
        let mut value = ptr::null();
        // SAFETY: the handle is libpam's, and it writes a pointer of its own.
        let code = unsafe { pam_get_item(self.0, item as c_int, &raw mut value) };
        (code == SUCCESS && !value.is_null()).then_some(value)
    }

    /// Keeps a password for the modules that come after.
    pub(crate) fn keep_password(&self, password: &[u8]) -> Result<(), c_int> {
        let mut text = Zeroizing::new(password.to_owned());
        text.push(0);
        // SAFETY: libpam copies the text, which ends in a null.
        match unsafe { pam_set_item(self.0, Item::Password as c_int, text.as_ptr().cast()) } {
            SUCCESS => Ok(()),
            code => Err(code),
        }
    }

    /// Who wants in. A name that is no UTF-8 is nobody's.
    pub(crate) fn user(&self) -> Result<String, c_int> {
        let mut name = ptr::null();
        // SAFETY: the handle is libpam's, it writes a pointer of its own, and its own prompt is used.
        match unsafe { pam_get_user(self.0, &raw mut name, ptr::null()) } {
            SUCCESS if !name.is_null() => {
                // SAFETY: the name ends in a null and stays while we are called.
                let name = unsafe { CStr::from_ptr(name) };
                name.to_str().map(str::to_owned).map_err(|_| AUTH_ERR)
            }
            SUCCESS => Err(AUTH_ERR),
            code => Err(code),
        }
    }

    /// A variable of the login's own environment, which only the program that logs in can set.
    pub(crate) fn variable(&self, name: &CStr) -> String {
        // SAFETY: the handle is libpam's, and the name ends in a null.
        let value = unsafe { pam_getenv(self.0, name.as_ptr()) };
        if value.is_null() {
            return String::new();
        }
        // SAFETY: the value ends in a null and stays while we are called.
        unsafe { CStr::from_ptr(value) }.to_string_lossy().into_owned()
    }

    /// Asks that a refusal takes two seconds, as pam_unix does, which doesn't run after a key.
    pub(crate) fn delay_refusal(&self) {
        // SAFETY: the handle is libpam's.
        unsafe { pam_fail_delay(self.0, 2_000_000) };
    }

    /// Remembers it for the account phase of the same login.
    pub(crate) fn mark(&self, mark: Mark) {
        self.set_mark(mark, (&raw const MARKED).cast_mut().cast());
    }

    /// Forgets it.
    pub(crate) fn unmark(&self, mark: Mark) {
        self.set_mark(mark, ptr::null_mut());
    }

    fn set_mark(&self, mark: Mark, to: *mut c_void) {
        // SAFETY: libpam only keeps the pointer; it points to a static of a module that stays loaded, or nowhere.
        unsafe { pam_set_data(self.0, mark.name().as_ptr(), to, None) };
    }

    /// Whether it is remembered in this login.
    pub(crate) fn is_marked(&self, mark: Mark) -> bool {
        let mut set = ptr::null();
        // SAFETY: the handle is libpam's, and it writes a pointer that is only compared.
        let code = unsafe { pam_get_data(self.0, mark.name().as_ptr(), &raw mut set) };
        code == SUCCESS && !set.is_null()
    }

    /// Shows a text through the program and takes what comes back. The program's copy is wiped.
    pub(crate) fn converse(&self, style: Style, text: &str) -> Result<Zeroizing<Vec<u8>>, c_int> {
        let conversation = self.item(Item::Conversation).ok_or(CONV_ERR)?.cast::<Conversation>();
        // SAFETY: libpam keeps the program's structure while we are called.
        let conversation = unsafe { &*conversation };
        let ask = conversation.ask.ok_or(CONV_ERR)?;
        let text = CString::new(text).map_err(|_| CONV_ERR)?;
        let message = Message { style: style as c_int, text: text.as_ptr() };
        let mut messages: *const Message = &raw const message;
        let mut response: *mut Response = ptr::null_mut();
        // SAFETY: one message in an array of one; the program allocates what it answers, and we free it.
        let code = unsafe { ask(1, &raw mut messages, &raw mut response, conversation.data) };
        let answer = take(response);
        if code == SUCCESS { Ok(answer) } else { Err(CONV_ERR) }
    }
}

/// Copies an answer, wipes it and frees it.
fn take(response: *mut Response) -> Zeroizing<Vec<u8>> {
    let mut answer = Zeroizing::new(Vec::with_capacity(ANSWER));
    if response.is_null() {
        return answer;
    }
    // SAFETY: pam_conv(3): an array of one response from malloc, whose text is null or from malloc and ends in a null.
    unsafe {
        let text = (*response).text;
        if !text.is_null() {
            let bytes = std::slice::from_raw_parts_mut(text.cast::<u8>(), libc::strlen(text));
            if bytes.len() <= ANSWER {
                answer.extend_from_slice(bytes);
            }
            bytes.zeroize();
            libc::free(text.cast());
        }
        libc::free(response.cast());
    }
    answer
}

fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(VALUE).collect()
}

/// Whether somebody is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    In,
    Out,
    /// The system doesn't tell.
    Unknown,
}

/// Whether the group lists the user.
pub(crate) fn membership(user: &str, group: &CStr) -> Membership {
    let mut size = 16 * 1024;
    while size <= 16 * 1024 * 1024 {
        let mut room = vec![0 as c_char; size];
        // SAFETY: a structure of numbers and pointers, all of which may be zero.
        let mut entry: libc::group = unsafe { std::mem::zeroed() };
        let mut found = ptr::null_mut();
        // SAFETY: the structure, its room with its size, and the result are ours.
        let code = unsafe {
            libc::getgrnam_r(group.as_ptr(), &raw mut entry, room.as_mut_ptr(), room.len(), &raw mut found)
        };
        match code {
            0 if found.is_null() => return Membership::Out,
            0 => return if lists(&entry, user) { Membership::In } else { Membership::Out },
            libc::ERANGE => size *= 4,
            libc::ENOENT | libc::ESRCH => return Membership::Out,
            _ => return Membership::Unknown,
        }
    }
    Membership::Unknown
}

fn lists(entry: &libc::group, user: &str) -> bool {
    let mut member = entry.gr_mem;
    // SAFETY: getgrnam_r(3): an array of texts that ends in a null pointer, each of which ends in a null.
    unsafe {
        while !member.is_null() && !(*member).is_null() {
            if CStr::from_ptr(*member).to_bytes() == user.as_bytes() {
                return true;
            }
            member = member.add(1);
        }
    }
    false
}

/// Nothing that goes wrong here leaves the module as anything else than a refusal.
fn guarded(handle: *mut c_void, run: impl FnOnce(&Pam) -> c_int) -> c_int {
    // The module has its own copy of std, so this silences nobody else: the text would go to the terminal of su.
    static HOOK: Once = Once::new();
    HOOK.call_once(|| set_hook(Box::new(|_| {})));
    let pam = Pam(handle);
    catch_unwind(AssertUnwindSafe(|| run(&pam))).unwrap_or_else(|_| {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            pam.log(libc::LOG_CRIT, "internal error: refused. Please report it.");
        }));
        SERVICE_ERR
    })
}

/// The words behind the module's name in the stack.
fn words(count: c_int, words: *const *const c_char) -> Vec<String> {
    let count = usize::try_from(count).unwrap_or_default();
    if words.is_null() {
        return Vec::new();
    }
    // SAFETY: pam_sm_authenticate(3): so many texts, each of which ends in a null.
    let words = unsafe { std::slice::from_raw_parts(words, count) };
    let words = words.iter().filter(|word| !word.is_null());
    // SAFETY: as above.
    words.map(|word| unsafe { CStr::from_ptr(*word) }.to_string_lossy().into_owned()).collect()
}

const fn texts(flags: c_int) -> Texts {
    if flags & SILENT == 0 { Texts::Shown } else { Texts::Dropped }
}

#[unsafe(no_mangle)]
extern "C" fn pam_sm_authenticate(
    handle: *mut c_void,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    guarded(handle, |pam| crate::authenticate(pam, texts(flags), &words(argc, argv)))
}

/// Nothing is to be set; libpam asks every module of the stack.
#[unsafe(no_mangle)]
extern "C" fn pam_sm_setcred(
    _handle: *mut c_void,
    _flags: c_int,
    _argc: c_int,
    _argv: *const *const c_char,
) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn pam_sm_acct_mgmt(
    handle: *mut c_void,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
) -> c_int {
    guarded(handle, |pam| crate::account(pam, texts(flags), &words(argc, argv)))
}
