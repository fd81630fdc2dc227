//! An engine that is played.

use crate::{
    abi::{Callbacks, Handed, Held, Value},
    agent::Agent,
    engine::WayIn,
    mechanism::Kind,
    view::Screen,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ffi::{CStr, c_char, c_void},
    ptr, slice,
};

/// What it was told, and what it knows.
pub(super) struct Engine(Box<Inner>);

#[derive(Default)]
struct Inner {
    known: RefCell<BTreeMap<String, Vec<u8>>>,
    /// What was given out last: it stays for as long as a value may be read.
    given: RefCell<Option<(Vec<u8>, Box<Value>)>>,
    results: RefCell<Vec<u32>>,
    rests: Cell<usize>,
}

pub(super) static CALLBACKS: Callbacks = Callbacks {
    version: 3,
    set_result,
    request_interrupt,
    did_deactivate,
    get_context_value,
    set_context_value,
};

impl Engine {
    /// One that somebody gave this name; an empty one is none.
    pub(super) fn of(name: &str) -> Self {
        let engine = Self(Box::default());
        if !name.is_empty() {
            engine.put("username", format!("{name}\0").as_bytes());
        }
        engine
    }

    pub(super) fn put(&self, key: &str, value: &[u8]) {
        self.0.known.borrow_mut().insert(key.to_owned(), value.to_vec());
    }

    pub(super) fn reference(&self) -> *mut c_void {
        ptr::from_ref(&*self.0).cast_mut().cast()
    }

    pub(super) fn mechanism(&self, kind: Kind, agent: Agent) -> Held {
        Held::new(kind, agent, Handed::new(&raw const CALLBACKS, self.reference()), Screen::default())
    }

    pub(super) fn result(&self) -> Option<u32> {
        self.0.results.borrow().last().copied()
    }

    pub(super) fn results(&self) -> usize {
        self.0.results.borrow().len()
    }

    pub(super) fn rests(&self) -> usize {
        self.0.rests.get()
    }

    pub(super) fn way_in(&self) -> Option<WayIn> {
        WayIn::of(self.0.known.borrow().get("io.claviger.way-in")?)
    }
}

fn inner<'a>(engine: *mut c_void) -> &'a Inner {
    // SAFETY: it is the engine that made the mechanism, and lives longer.
    unsafe { &*engine.cast::<Inner>() }
}

unsafe extern "C" fn set_result(engine: *mut c_void, result: u32) -> i32 {
    inner(engine).results.borrow_mut().push(result);
    0
}

unsafe extern "C" fn request_interrupt(_: *mut c_void) -> i32 {
    0
}

unsafe extern "C" fn did_deactivate(engine: *mut c_void) -> i32 {
    let rests = &inner(engine).rests;
    rests.set(rests.get() + 1);
    0
}

unsafe extern "C" fn get_context_value(
    engine: *mut c_void,
    key: *const c_char,
    flags: *mut u32,
    value: *mut *const Value,
) -> i32 {
    let inner = inner(engine);
    // SAFETY: a key ends with a zero.
    let key = unsafe { CStr::from_ptr(key) }.to_str().unwrap();
    let Some(mut bytes) = inner.known.borrow().get(key).cloned() else { return -60_005 };
    let given = Box::new(Value { length: bytes.len(), data: bytes.as_mut_ptr().cast() });
    // SAFETY: both places can be written to.
    unsafe {
        *flags = 0;
        *value = &raw const *given;
    }
    *inner.given.borrow_mut() = Some((bytes, given));
    0
}

unsafe extern "C" fn set_context_value(
    engine: *mut c_void,
    key: *const c_char,
    _: u32,
    value: *const Value,
) -> i32 {
    // SAFETY: a key ends with a zero, and a value has the length that it says.
    let (key, bytes) = unsafe {
        let value = &*value;
        (
            CStr::from_ptr(key).to_str().unwrap(),
            slice::from_raw_parts(value.data.cast(), value.length).to_vec(),
        )
    };
    inner(engine).known.borrow_mut().insert(key.to_owned(), bytes);
    0
}
