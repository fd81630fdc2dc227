//! A screen that tests look at and type on, where there is no AppKit.

use super::{Field, Page, Typed, View};
use crate::abi::{self, Held};
use std::{
    cell::{Cell, RefCell},
    ffi::{c_char, c_void},
    ptr, slice,
};
use zeroize::Zeroizing;

/// The screen.
pub(crate) struct Screen {
    owner: Cell<*const Held>,
    page: RefCell<Option<Page>>,
}

impl Default for Screen {
    fn default() -> Self {
        Self { owner: Cell::new(ptr::null()), page: RefCell::new(None) }
    }
}

impl Screen {
    /// What is typed goes there.
    pub(crate) fn belong_to(&self, owner: *const Held) {
        self.owner.set(owner);
    }

    /// What is on it: the field, a line break, the message; nothing if nothing is.
    pub(crate) fn text(&self) -> String {
        let page = self.page.borrow();
        let Some(page) = page.as_ref() else { return String::new() };
        let field = match page.field {
            Field::Shown => "shown",
            Field::Hidden => "hidden",
            Field::None => "none",
        };
        format!("{field}\n{}", page.message)
    }
}

impl View for Screen {
    fn show(&self, page: &Page) {
        *self.page.borrow_mut() = Some(page.clone());
    }

    fn hide(&self) {
        *self.page.borrow_mut() = None;
    }
}

/// Writes what is on the screen of a mechanism to `room`, and says how long it is.
///
/// # Safety
///
/// The mechanism is not destroyed, and `room` has that size.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ClavigerLook(
    mechanism: *const c_void,
    room: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: the caller says so.
    let text = unsafe { (*mechanism.cast::<Held>()).view().text() };
    let length = text.len().min(size);
    // SAFETY: the caller says so.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), room.cast(), length) };
    length
}

/// Types on the screen of a mechanism and goes on; without a text it goes back.
///
/// # Safety
///
/// The mechanism is not destroyed, and `text`, if there is one, has that length.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn ClavigerType(mechanism: *const c_void, text: *const c_char, length: usize) {
    let typed = if text.is_null() {
        Typed::Back
    } else {
        // SAFETY: the caller says so.
        let bytes = unsafe { slice::from_raw_parts(text.cast::<u8>(), length) };
        Typed::Code(Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()))
    };
    let held = mechanism.cast::<Held>();
    // SAFETY: the caller says so; what is typed goes to whom the screen belongs to.
    unsafe { abi::typed((*held).view().owner.get(), &typed) };
}
