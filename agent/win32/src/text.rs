//! Texts as Windows takes them: UTF-16 with a zero at the end.

use std::io;
use windows::core::{PCWSTR, PWSTR};
use zeroize::Zeroizing;

/// A text with its zero; wiped, because it may be a password. One with a zero in it is refused.
pub(crate) struct Wide(Zeroizing<Vec<u16>>);

impl Wide {
    pub(crate) fn new(text: &str) -> io::Result<Self> {
        if text.contains('\0') {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let mut units = Zeroizing::new(Vec::with_capacity(text.len() + 1));
        units.extend(text.encode_utf16().chain([0]));
        Ok(Self(units))
    }

    /// Valid for as long as this value is.
    pub(crate) fn as_ptr(&self) -> PCWSTR {
        PCWSTR(self.0.as_ptr())
    }

    /// For calls that take a pointer to what they only read.
    pub(crate) fn as_mut(&mut self) -> PWSTR {
        PWSTR(self.0.as_mut_ptr())
    }
}

/// What Windows wrote into a buffer, up to its zero.
pub(crate) fn until_zero(units: &[u16]) -> String {
    let text = units.split(|unit| *unit == 0).next().unwrap_or_default();
    String::from_utf16_lossy(text)
}

/// The text at a pointer that Windows gave; empty for none.
///
/// # Safety
///
/// `text` is null, or points to units that end with a zero.
pub(crate) unsafe fn at(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller says that it ends with a zero.
    String::from_utf16_lossy(unsafe { text.as_wide() })
}
