//! The authorization engine: what is known of whoever signs in, and what a mechanism said.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ffi::{CStr, c_char, c_void},
    ptr, slice,
};

/// `AuthorizationValue`.
#[repr(C)]
struct Value {
    length: usize,
    data: *mut c_void,
}

/// `AuthorizationCallbacks`, up to what plug-ins of ours call.
#[repr(C)]
pub(crate) struct Callbacks {
    version: u32,
    set_result: unsafe extern "C" fn(*mut c_void, u32) -> i32,
    request_interrupt: unsafe extern "C" fn(*mut c_void) -> i32,
    did_deactivate: unsafe extern "C" fn(*mut c_void) -> i32,
    get_context_value: unsafe extern "C" fn(*mut c_void, *const c_char, *mut u32, *mut *const Value) -> i32,
    set_context_value: unsafe extern "C" fn(*mut c_void, *const c_char, u32, *const Value) -> i32,
}

pub(crate) static CALLBACKS: Callbacks = Callbacks {
    version: 3,
    set_result,
    request_interrupt,
    did_deactivate,
    get_context_value,
    set_context_value,
};

/// `errAuthorizationInvalidTag`, which is said of what isn't known.
const UNKNOWN: i32 = -60_004;

/// The engine of one attempt; its mechanisms come one after the other.
#[derive(Default)]
pub(crate) struct Engine {
    known: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    /// What was given out last stays for as long as it may be read.
    given: RefCell<Option<(Vec<u8>, Box<Value>)>>,
    result: Cell<Option<u32>>,
    rested: Cell<bool>,
}

impl Engine {
    pub(crate) fn put(&self, key: &str, value: &[u8]) {
        self.known.borrow_mut().insert(key.as_bytes().to_vec(), value.to_vec());
    }

    pub(crate) fn reference(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// A mechanism begins.
    pub(crate) fn begin(&self) {
        self.result.set(None);
        self.rested.set(false);
    }

    /// What the mechanism said.
    pub(crate) fn result(&self) -> Option<u32> {
        self.result.get()
    }

    /// Whether it said that it does nothing any more.
    pub(crate) fn rested(&self) -> bool {
        self.rested.get()
    }
}

fn engine<'a>(engine: *mut c_void) -> &'a Engine {
    // SAFETY: it is the one that the mechanism was made with, and lives longer.
    unsafe { &*engine.cast::<Engine>() }
}

unsafe extern "C" fn set_result(of: *mut c_void, result: u32) -> i32 {
    engine(of).result.set(Some(result));
    0
}

unsafe extern "C" fn request_interrupt(_: *mut c_void) -> i32 {
    0
}

unsafe extern "C" fn did_deactivate(of: *mut c_void) -> i32 {
    engine(of).rested.set(true);
    0
}

unsafe extern "C" fn get_context_value(
    of: *mut c_void,
    key: *const c_char,
    flags: *mut u32,
    value: *mut *const Value,
) -> i32 {
    let engine = engine(of);
    // SAFETY: a key ends with a zero.
    let key = unsafe { CStr::from_ptr(key) }.to_bytes();
    let Some(mut bytes) = engine.known.borrow().get(key).cloned() else { return UNKNOWN };
    let given = Box::new(Value { length: bytes.len(), data: bytes.as_mut_ptr().cast() });
    // SAFETY: both places can be written to.
    unsafe {
        *flags = 0;
        *value = &raw const *given;
    }
    *engine.given.borrow_mut() = Some((bytes, given));
    0
}

unsafe extern "C" fn set_context_value(
    of: *mut c_void,
    key: *const c_char,
    _: u32,
    value: *const Value,
) -> i32 {
    // SAFETY: a key ends with a zero, and a value has the length that it says.
    let (key, bytes) = unsafe {
        let Value { length, data } = &*value;
        (CStr::from_ptr(key).to_bytes().to_vec(), slice::from_raw_parts(data.cast(), *length).to_vec())
    };
    engine(of).known.borrow_mut().insert(key, bytes);
    0
}
