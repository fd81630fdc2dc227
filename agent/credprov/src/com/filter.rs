//! S8.15: the other providers are hidden while the agent says so, and their credentials from afar become ours.

use super::{Alive, CLASS, guard, memory};
use claviger_agent_ipc::away::{self, Others};
use claviger_win32::system;
use std::slice;
use windows::Win32::{
    Foundation::{E_NOTIMPL, E_POINTER},
    UI::Shell::{
        CPUS_LOGON, CPUS_UNLOCK_WORKSTATION, CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        CREDENTIAL_PROVIDER_USAGE_SCENARIO, ICredentialProviderFilter, ICredentialProviderFilter_Impl,
    },
};
use windows_core::{BOOL, GUID, Result, implement};

#[implement(ICredentialProviderFilter)]
pub(super) struct Filter {
    _alive: Alive,
}

impl Filter {
    pub(super) fn new() -> Self {
        Self { _alive: Alive::new() }
    }
}

/// Whether the other providers are hidden: never in safe mode (S8.16).
pub(super) fn hides() -> bool {
    !system::is_safe_mode() && away::others() == Others::Hidden
}

impl ICredentialProviderFilter_Impl for Filter_Impl {
    fn Filter(
        &self,
        scenario: CREDENTIAL_PROVIDER_USAGE_SCENARIO,
        _: u32,
        providers: *const GUID,
        allowed: *mut BOOL,
        count: u32,
    ) -> Result<()> {
        guard(|| {
            if providers.is_null() || allowed.is_null() {
                return Err(E_POINTER.into());
            }
            if !matches!(scenario, CPUS_LOGON | CPUS_UNLOCK_WORKSTATION) || !hides() {
                return Ok(());
            }
            // SAFETY: LogonUI gives as many of both as it says.
            let (providers, allowed) = unsafe {
                (
                    slice::from_raw_parts(providers, count as usize),
                    slice::from_raw_parts_mut(allowed, count as usize),
                )
            };
            // What one filter hides no other one shows again.
            for (provider, allowed) in providers.iter().zip(allowed) {
                if *provider != CLASS {
                    *allowed = false.into();
                }
            }
            Ok(())
        })
    }

    /// What came with a connection of Remote Desktop was made for a provider that is hidden here.
    fn UpdateRemoteCredential(
        &self,
        given: *const CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        ours: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
    ) -> Result<()> {
        guard(|| {
            if given.is_null() || ours.is_null() {
                return Err(E_POINTER.into());
            }
            if !hides() {
                return Err(E_NOTIMPL.into());
            }
            // SAFETY: LogonUI gives one, with as many bytes as it says, and room for another, which it frees.
            unsafe {
                let given = &*given;
                if given.rgbSerialization.is_null() {
                    return Err(E_NOTIMPL.into());
                }
                let bytes = slice::from_raw_parts(given.rgbSerialization, given.cbSerialization as usize);
                ours.write(CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
                    ulAuthenticationPackage: given.ulAuthenticationPackage,
                    clsidCredentialProvider: CLASS,
                    cbSerialization: given.cbSerialization,
                    rgbSerialization: memory::bytes(bytes)?,
                });
            }
            Ok(())
        })
    }
}
