//! The C ABI of authorization plug-ins, as Apple's `AuthorizationPlugin.h` has it, and the only way in from outside.

use crate::{
    agent::Agent,
    engine::{Engine, Known, Verdict},
    mechanism::{Kind, Mechanism},
    view::{Screen, Typed},
};
use std::{
    ffi::{CStr, c_char, c_void},
    panic::{AssertUnwindSafe, catch_unwind},
    ptr, slice,
};
use zeroize::Zeroizing;

/// What calls return; 0 is success.
type Status = i32;
const SUCCESS: Status = 0;
/// `errAuthorizationInternal`.
const INTERNAL: Status = -60_008;

/// `AuthorizationValue`.
#[repr(C)]
pub(crate) struct Value {
    pub(crate) length: usize,
    pub(crate) data: *mut c_void,
}

type EngineRef = *mut c_void;
type Key = *const c_char;

/// `AuthorizationCallbacks`, as far as they are called here.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Callbacks {
    pub(crate) version: u32,
    pub(crate) set_result: unsafe extern "C" fn(EngineRef, u32) -> Status,
    pub(crate) request_interrupt: unsafe extern "C" fn(EngineRef) -> Status,
    pub(crate) did_deactivate: unsafe extern "C" fn(EngineRef) -> Status,
    pub(crate) get_context_value: unsafe extern "C" fn(EngineRef, Key, *mut u32, *mut *const Value) -> Status,
    pub(crate) set_context_value: unsafe extern "C" fn(EngineRef, Key, u32, *const Value) -> Status,
}

/// `AuthorizationPluginInterface`.
#[repr(C)]
pub(crate) struct Interface {
    pub(crate) version: u32,
    pub(crate) plugin_destroy: unsafe extern "C" fn(*mut c_void) -> Status,
    pub(crate) mechanism_create:
        unsafe extern "C" fn(*mut c_void, EngineRef, *const c_char, *mut *mut c_void) -> Status,
    pub(crate) mechanism_invoke: unsafe extern "C" fn(*mut c_void) -> Status,
    pub(crate) mechanism_deactivate: unsafe extern "C" fn(*mut c_void) -> Status,
    pub(crate) mechanism_destroy: unsafe extern "C" fn(*mut c_void) -> Status,
}

static INTERFACE: Interface = Interface {
    version: 0,
    plugin_destroy,
    mechanism_create,
    mechanism_invoke,
    mechanism_deactivate,
    mechanism_destroy,
};

/// A wrong order of fields would not even build for a Mac.
#[cfg(target_os = "macos")]
const _: () = {
    use objc2_security::{AuthorizationCallbacks, AuthorizationPluginInterface, AuthorizationValue};
    use std::mem::{offset_of, size_of};
    assert!(size_of::<Value>() == size_of::<AuthorizationValue>());
    assert!(size_of::<Interface>() == size_of::<AuthorizationPluginInterface>());
    assert!(offset_of!(Callbacks, set_result) == offset_of!(AuthorizationCallbacks, SetResult));
    assert!(offset_of!(Callbacks, did_deactivate) == offset_of!(AuthorizationCallbacks, DidDeactivate));
    assert!(offset_of!(Callbacks, get_context_value) == offset_of!(AuthorizationCallbacks, GetContextValue));
    assert!(offset_of!(Callbacks, set_context_value) == offset_of!(AuthorizationCallbacks, SetContextValue));
    assert!(
        offset_of!(Interface, mechanism_create) == offset_of!(AuthorizationPluginInterface, MechanismCreate)
    );
    assert!(
        offset_of!(Interface, mechanism_invoke) == offset_of!(AuthorizationPluginInterface, MechanismInvoke)
    );
    assert!(
        offset_of!(Interface, mechanism_deactivate)
            == offset_of!(AuthorizationPluginInterface, MechanismDeactivate)
    );
    assert!(
        offset_of!(Interface, mechanism_destroy)
            == offset_of!(AuthorizationPluginInterface, MechanismDestroy)
    );
};

/// The engine of one mechanism, as macOS handed it over.
pub(crate) struct Handed {
    callbacks: *const Callbacks,
    engine: EngineRef,
}

impl Handed {
    pub(crate) const fn new(callbacks: *const Callbacks, engine: EngineRef) -> Self {
        Self { callbacks, engine }
    }

    fn callbacks(&self) -> &Callbacks {
        // SAFETY: macOS keeps them for as long as the plug-in is loaded.
        unsafe { &*self.callbacks }
    }

    /// Both, for a view that the login window calls itself.
    #[cfg(target_os = "macos")]
    pub(crate) const fn handed(
        &self,
    ) -> (*const objc2_security::AuthorizationCallbacks, objc2_security::AuthorizationEngineRef) {
        (self.callbacks.cast(), self.engine.cast())
    }
}

impl Known {
    /// What it is called among the values of the context.
    const fn key(self) -> &'static CStr {
        match self {
            Self::Name => c"username",
            Self::Password => c"password",
            Self::Number => c"uid",
            Self::WayIn => c"io.claviger.way-in",
        }
    }
}

impl Engine for Handed {
    fn known(&self, what: Known) -> Option<Zeroizing<Vec<u8>>> {
        let (mut flags, mut value) = (0, ptr::null());
        // SAFETY: the engine lives as long as the mechanism; the name ends with a zero; both places outlive the call.
        let status = unsafe {
            (self.callbacks().get_context_value)(self.engine, what.key().as_ptr(), &mut flags, &mut value)
        };
        if status != SUCCESS || value.is_null() {
            return None;
        }
        // SAFETY: the engine gave the value, which stays until the next call, and says how long it is.
        unsafe {
            let Value { length, data } = &*value;
            (!data.is_null())
                .then(|| Zeroizing::new(slice::from_raw_parts(data.cast::<u8>(), *length).to_vec()))
        }
    }

    fn tell(&self, what: Known, value: &[u8]) {
        let mut bytes = value.to_vec();
        let value = Value { length: bytes.len(), data: bytes.as_mut_ptr().cast() };
        // SAFETY: as above; the engine copies the value. Without it those who come after are told nothing, and are strict.
        let _ = unsafe { (self.callbacks().set_context_value)(self.engine, what.key().as_ptr(), 0, &value) };
    }

    fn end(&self, verdict: Verdict) {
        let number = match verdict {
            Verdict::Allow => 0,
            Verdict::Deny => 1,
            Verdict::Canceled => 3,
        };
        // SAFETY: as above.
        let _ = unsafe { (self.callbacks().set_result)(self.engine, number) };
    }

    fn rest(&self) {
        // SAFETY: as above.
        let _ = unsafe { (self.callbacks().did_deactivate)(self.engine) };
    }
}

/// What there is one of for each time that macOS loads the plug-in.
struct PlugIn {
    callbacks: *const Callbacks,
}

/// A mechanism, as macOS holds it.
pub(crate) type Held = Mechanism<Handed, Screen>;

/// Whatever goes wrong in here goes no further.
fn guarded(work: impl FnOnce() -> Status) -> Status {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(INTERNAL)
}

/// What macOS calls first.
///
/// # Safety
///
/// As `AuthorizationPlugin.h` says: the callbacks live as long as the plug-in, and both places can be written to.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn AuthorizationPluginCreate(
    callbacks: *const Callbacks,
    plug_in: *mut *mut c_void,
    interface: *mut *const Interface,
) -> Status {
    if callbacks.is_null() || plug_in.is_null() || interface.is_null() {
        return INTERNAL;
    }
    guarded(|| {
        // SAFETY: the caller says so.
        unsafe {
            *plug_in = Box::into_raw(Box::new(PlugIn { callbacks })).cast();
            *interface = &raw const INTERFACE;
        }
        SUCCESS
    })
}

unsafe extern "C" fn plugin_destroy(plug_in: *mut c_void) -> Status {
    guarded(|| {
        if !plug_in.is_null() {
            // SAFETY: it was made above, and macOS gives it back once.
            drop(unsafe { Box::from_raw(plug_in.cast::<PlugIn>()) });
        }
        SUCCESS
    })
}

unsafe extern "C" fn mechanism_create(
    plug_in: *mut c_void,
    engine: EngineRef,
    name: *const c_char,
    made: *mut *mut c_void,
) -> Status {
    if plug_in.is_null() || name.is_null() || made.is_null() {
        return INTERNAL;
    }
    guarded(|| {
        // SAFETY: it was made above; the name ends with a zero.
        let (callbacks, name) = unsafe { ((*plug_in.cast::<PlugIn>()).callbacks, CStr::from_ptr(name)) };
        let Some(kind) = Kind::parse(name.to_bytes()) else { return INTERNAL };
        let held = Held::new(kind, Agent::default(), Handed::new(callbacks, engine), Screen::default());
        let held = Box::into_raw(Box::new(held));
        // SAFETY: it is a mechanism of ours until macOS destroys it, and the screen with it.
        unsafe {
            (*held).view().belong_to(held);
            *made = held.cast();
        }
        SUCCESS
    })
}

/// Does something with a mechanism; if that goes wrong, the mechanism lets nobody in.
///
/// # Safety
///
/// `mechanism` was made above and is not destroyed.
pub(crate) unsafe fn with(mechanism: *mut c_void, work: impl FnOnce(&Held)) -> Status {
    if mechanism.is_null() {
        return INTERNAL;
    }
    // SAFETY: the caller says so.
    let held = unsafe { &*mechanism.cast::<Held>() };
    let done = guarded(|| {
        work(held);
        SUCCESS
    });
    if done == SUCCESS {
        done
    } else {
        guarded(|| {
            held.fail();
            SUCCESS
        })
    }
}

unsafe extern "C" fn mechanism_invoke(mechanism: *mut c_void) -> Status {
    // SAFETY: macOS says so.
    unsafe { with(mechanism, Held::invoke) }
}

unsafe extern "C" fn mechanism_deactivate(mechanism: *mut c_void) -> Status {
    // SAFETY: macOS says so.
    unsafe { with(mechanism, Held::deactivate) }
}

unsafe extern "C" fn mechanism_destroy(mechanism: *mut c_void) -> Status {
    guarded(|| {
        if !mechanism.is_null() {
            // SAFETY: it was made above, and macOS gives it back once.
            drop(unsafe { Box::from_raw(mechanism.cast::<Held>()) });
        }
        SUCCESS
    })
}

/// Hands what somebody did at the screen to its mechanism.
///
/// # Safety
///
/// `mechanism` is not destroyed.
pub(crate) unsafe fn typed(mechanism: *const Held, typed: &Typed) {
    if !mechanism.is_null() {
        // SAFETY: the caller says so. What goes wrong ends the mechanism.
        let _ = unsafe { with(mechanism.cast_mut().cast(), |held| held.typed(typed)) };
    }
}
