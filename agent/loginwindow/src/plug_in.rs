//! A plug-in, loaded as macOS loads it, and its mechanisms.

use crate::engine::{CALLBACKS, Callbacks, Engine};
use std::{
    ffi::{CStr, CString, c_char, c_void},
    mem, ptr,
};

/// `AuthorizationPluginInterface`.
#[repr(C)]
struct Interface {
    version: u32,
    plugin_destroy: unsafe extern "C" fn(*mut c_void) -> i32,
    mechanism_create: unsafe extern "C" fn(*mut c_void, *mut c_void, *const c_char, *mut *mut c_void) -> i32,
    mechanism_invoke: unsafe extern "C" fn(*mut c_void) -> i32,
    mechanism_deactivate: unsafe extern "C" fn(*mut c_void) -> i32,
    mechanism_destroy: unsafe extern "C" fn(*mut c_void) -> i32,
}

type Create = unsafe extern "C" fn(*const Callbacks, *mut *mut c_void, *mut *const Interface) -> i32;
type Look = unsafe extern "C" fn(*const c_void, *mut c_char, usize) -> usize;
type Type = unsafe extern "C" fn(*const c_void, *const c_char, usize);

/// A plug-in.
pub(crate) struct PlugIn {
    plug_in: *mut c_void,
    interface: *const Interface,
    look: Look,
    type_in: Type,
}

/// What is on the screen.
pub(crate) struct Page {
    pub(crate) field: String,
    pub(crate) message: String,
}

impl PlugIn {
    /// Loads it.
    pub(crate) fn load(path: &str) -> Result<Self, String> {
        let path = CString::new(path).map_err(|error| error.to_string())?;
        // SAFETY: it is a plug-in of ours, whose functions have these types.
        unsafe {
            let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW);
            let create: Create = mem::transmute(symbol(library, c"AuthorizationPluginCreate")?);
            let look: Look = mem::transmute(symbol(library, c"ClavigerLook")?);
            let type_in: Type = mem::transmute(symbol(library, c"ClavigerType")?);
            let (mut plug_in, mut interface) = (ptr::null_mut(), ptr::null());
            match create(&raw const CALLBACKS, &mut plug_in, &mut interface) {
                0 if !interface.is_null() => Ok(Self { plug_in, interface, look, type_in }),
                status => Err(format!("AuthorizationPluginCreate: {status}")),
            }
        }
    }

    fn interface(&self) -> &Interface {
        // SAFETY: the plug-in gave it, and stays loaded.
        unsafe { &*self.interface }
    }

    /// Makes a mechanism.
    pub(crate) fn mechanism<'a>(&'a self, name: &str, engine: &'a Engine) -> Result<Mechanism<'a>, String> {
        let name = CString::new(name).map_err(|error| error.to_string())?;
        let mut made = ptr::null_mut();
        // SAFETY: as macOS calls it.
        let status = unsafe {
            (self.interface().mechanism_create)(self.plug_in, engine.reference(), name.as_ptr(), &mut made)
        };
        if status == 0 { Ok(Mechanism { of: self, made }) } else { Err(format!("MechanismCreate: {status}")) }
    }
}

impl Drop for PlugIn {
    fn drop(&mut self) {
        // SAFETY: no mechanism of it is left.
        let _ = unsafe { (self.interface().plugin_destroy)(self.plug_in) };
    }
}

unsafe fn symbol(library: *mut c_void, name: &CStr) -> Result<*mut c_void, String> {
    if library.is_null() {
        // SAFETY: it is the text of the failure just now.
        return Err(unsafe { CStr::from_ptr(libc::dlerror()) }.to_string_lossy().into_owned());
    }
    // SAFETY: the library is loaded, and the name ends with a zero.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    if found.is_null() { Err(format!("{name:?} is not exported")) } else { Ok(found) }
}

/// A mechanism.
pub(crate) struct Mechanism<'a> {
    of: &'a PlugIn,
    made: *mut c_void,
}

impl Mechanism<'_> {
    pub(crate) fn invoke(&self) -> i32 {
        // SAFETY: it was made, and is not destroyed.
        unsafe { (self.of.interface().mechanism_invoke)(self.made) }
    }

    pub(crate) fn deactivate(&self) -> i32 {
        // SAFETY: as above.
        unsafe { (self.of.interface().mechanism_deactivate)(self.made) }
    }

    /// What is on the screen; nothing if nothing is.
    pub(crate) fn look(&self) -> Option<Page> {
        let mut room = vec![0_u8; 4_096];
        // SAFETY: as above, and the room has that size.
        let length = unsafe { (self.of.look)(self.made, room.as_mut_ptr().cast(), room.len()) };
        room.truncate(length);
        let text = String::from_utf8(room).ok()?;
        let (field, message) = text.split_once('\n')?;
        Some(Page { field: field.to_owned(), message: message.to_owned() })
    }

    /// Types, and goes on; without a text it goes back.
    pub(crate) fn type_in(&self, text: Option<&str>) {
        let (start, length) = text.map_or((ptr::null(), 0), |text| (text.as_ptr().cast(), text.len()));
        // SAFETY: as above, and the text has that length.
        unsafe { (self.of.type_in)(self.made, start, length) };
    }
}

impl Drop for Mechanism<'_> {
    fn drop(&mut self) {
        // SAFETY: it was made, and is destroyed once.
        let _ = unsafe { (self.of.interface().mechanism_destroy)(self.made) };
    }
}
