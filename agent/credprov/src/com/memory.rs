//! What LogonUI is given to keep, and frees.

use windows::Win32::{Foundation::E_OUTOFMEMORY, System::Com::CoTaskMemAlloc};
use windows_core::{PWSTR, Result};

/// A text.
pub(super) fn text(text: &str) -> Result<PWSTR> {
    let units: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let place = room::<u16>(units.len())?;
    // SAFETY: there is room for exactly these.
    unsafe { place.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    Ok(PWSTR(place))
}

/// Bytes.
pub(super) fn bytes(bytes: &[u8]) -> Result<*mut u8> {
    let place = room::<u8>(bytes.len())?;
    // SAFETY: there is room for exactly these.
    unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Ok(place)
}

/// A value.
pub(super) fn value<T>(value: T) -> Result<*mut T> {
    let place = room::<T>(1)?;
    // SAFETY: there is room for one, aligned for anything.
    unsafe { place.write(value) };
    Ok(place)
}

fn room<T>(count: usize) -> Result<*mut T> {
    // SAFETY: it takes a number; what it gives is looked at.
    let place = unsafe { CoTaskMemAlloc(size_of::<T>() * count) };
    if place.is_null() { Err(E_OUTOFMEMORY.into()) } else { Ok(place.cast()) }
}
