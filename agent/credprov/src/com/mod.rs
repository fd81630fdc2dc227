//! LogonUI's side. A panic never crosses into it, and what it is given lives on the task allocator.

mod credential;
mod events;
mod factory;
mod filter;
mod memory;
mod provider;
mod remote;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicIsize, Ordering},
};
use windows::Win32::Foundation::E_UNEXPECTED;
use windows_core::{GUID, Result};

/// `away::CLASS`.
pub(crate) const CLASS: GUID = GUID::from_u128(0x5c1a9e3b_7d42_4f0e_9b66_2e8d3c90a7f4);

/// How many objects there are, and locks on the library.
static ALIVE: AtomicIsize = AtomicIsize::new(0);

/// Counts an object for as long as it is there.
struct Alive;

impl Alive {
    fn new() -> Self {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A panic becomes an error: one that reached LogonUI would end it, and with it every way in.
fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(E_UNEXPECTED.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error() {
        let caught: Result<()> = guard(|| if std::hint::black_box(true) { panic!("bug") } else { Ok(()) });
        assert_eq!(caught.unwrap_err().code(), E_UNEXPECTED);
    }

    #[test]
    fn the_class_is_the_one_that_is_registered() {
        assert_eq!(format!("{{{CLASS:?}}}"), claviger_agent_ipc::away::CLASS);
    }
}
