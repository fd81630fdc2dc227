//! How Windows gets at the objects: the two functions that the library exports.

use super::{ALIVE, Alive, CLASS, filter::Filter, guard, provider::Provider};
use std::{ffi::c_void, sync::atomic::Ordering};
use windows::Win32::{
    Foundation::{CLASS_E_CLASSNOTAVAILABLE, CLASS_E_NOAGGREGATION, E_POINTER, S_FALSE, S_OK},
    System::Com::{IClassFactory, IClassFactory_Impl},
    UI::Shell::{ICredentialProvider, ICredentialProviderFilter},
};
use windows_core::{BOOL, GUID, HRESULT, IUnknown, Interface, Ref, Result, implement};

/// Makes providers and filters: one class for both.
#[implement(IClassFactory)]
struct Factory {
    _alive: Alive,
}

impl IClassFactory_Impl for Factory_Impl {
    fn CreateInstance(
        &self,
        outer: Ref<'_, IUnknown>,
        iid: *const GUID,
        object: *mut *mut c_void,
    ) -> Result<()> {
        guard(|| {
            if iid.is_null() || object.is_null() {
                return Err(E_POINTER.into());
            }
            // SAFETY: the caller gives room for a pointer and an identifier.
            unsafe {
                *object = std::ptr::null_mut();
                if !outer.is_null() {
                    return Err(CLASS_E_NOAGGREGATION.into());
                }
                if *iid == ICredentialProviderFilter::IID {
                    let filter: ICredentialProviderFilter = Filter::new().into();
                    return filter.query(iid, object).ok();
                }
                let provider: ICredentialProvider = Provider::new().into();
                provider.query(iid, object).ok()
            }
        })
    }

    fn LockServer(&self, lock: BOOL) -> Result<()> {
        ALIVE.fetch_add(if lock.as_bool() { 1 } else { -1 }, Ordering::SeqCst);
        Ok(())
    }
}

/// Gives the class to COM.
///
/// # Safety
///
/// COM calls it, with pointers that are good or null.
#[unsafe(no_mangle)]
unsafe extern "system" fn DllGetClassObject(
    class: *const GUID,
    iid: *const GUID,
    object: *mut *mut c_void,
) -> HRESULT {
    guard(|| {
        if class.is_null() || iid.is_null() || object.is_null() {
            return Err(E_POINTER.into());
        }
        // SAFETY: COM gives what it says.
        unsafe {
            *object = std::ptr::null_mut();
            if *class != CLASS {
                return Err(CLASS_E_CLASSNOTAVAILABLE.into());
            }
            let factory: IClassFactory = Factory { _alive: Alive::new() }.into();
            factory.query(iid, object).ok()
        }
    })
    .into()
}

/// Whether nothing of the library is in use.
#[unsafe(no_mangle)]
extern "system" fn DllCanUnloadNow() -> HRESULT {
    if ALIVE.load(Ordering::SeqCst) == 0 { S_OK } else { S_FALSE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_stays_for_as_long_as_something_of_it_is_used() {
        assert_eq!(DllCanUnloadNow(), S_OK);
        let factory: IClassFactory = Factory { _alive: Alive::new() }.into();
        assert_eq!(DllCanUnloadNow(), S_FALSE);
        drop(factory);
        assert_eq!(DllCanUnloadNow(), S_OK);
    }
}
