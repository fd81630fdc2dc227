//! The provider: one tile, for the logon and for unlocking, and for nothing else.

use super::{Alive, CLASS, credential::Credential, filter::hides, guard, memory, remote};
use crate::{
    blob::{Credentials, Purpose},
    logon::Seat,
    tile::Part,
};
use claviger_agent_ipc::away::{self, Tile};
use claviger_win32::system;
use std::{cell::RefCell, slice};
use windows::Win32::{
    Foundation::{E_INVALIDARG, E_NOTIMPL, E_POINTER, E_UNEXPECTED},
    UI::Shell::{
        CPFT_COMMAND_LINK, CPFT_EDIT_TEXT, CPFT_LARGE_TEXT, CPFT_PASSWORD_TEXT, CPFT_SMALL_TEXT,
        CPFT_SUBMIT_BUTTON, CPUS_LOGON, CPUS_UNLOCK_WORKSTATION,
        CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION, CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR,
        CREDENTIAL_PROVIDER_FIELD_TYPE, CREDENTIAL_PROVIDER_USAGE_SCENARIO, ICredentialProvider,
        ICredentialProvider_Impl, ICredentialProviderCredential, ICredentialProviderCredential2,
        ICredentialProviderEvents,
    },
};
use windows_core::{BOOL, GUID, Interface, Ref, Result, implement};

#[implement(ICredentialProvider)]
pub(super) struct Provider {
    purpose: RefCell<Option<Purpose>>,
    /// What came over Remote Desktop, before there is a tile for it.
    given: RefCell<Option<Credentials>>,
    /// Whether the one tile goes on by itself.
    is_automatic: RefCell<bool>,
    tile: RefCell<Option<ICredentialProviderCredential>>,
    _alive: Alive,
}

impl Provider {
    pub(super) fn new() -> Self {
        Self {
            purpose: RefCell::new(None),
            given: RefCell::new(None),
            is_automatic: RefCell::new(false),
            tile: RefCell::new(None),
            _alive: Alive::new(),
        }
    }

    fn tile(&self) -> Result<ICredentialProviderCredential> {
        if let Some(tile) = self.tile.borrow().as_ref() {
            return Ok(tile.clone());
        }
        let purpose = self.purpose.borrow().ok_or(E_UNEXPECTED)?;
        let given = self.given.borrow_mut().take();
        let seat = if given.is_some() || system::is_remote_session() { Seat::Remote } else { Seat::Here };
        *self.is_automatic.borrow_mut() = given.is_some();
        let made: ICredentialProviderCredential2 = Credential::new(purpose, seat, given).into();
        let made: ICredentialProviderCredential = made.cast()?;
        *self.tile.borrow_mut() = Some(made.clone());
        Ok(made)
    }
}

const fn kind(part: Part) -> CREDENTIAL_PROVIDER_FIELD_TYPE {
    match part {
        Part::Title => CPFT_LARGE_TEXT,
        Part::User => CPFT_EDIT_TEXT,
        Part::Password | Part::Code => CPFT_PASSWORD_TEXT,
        Part::Message => CPFT_SMALL_TEXT,
        Part::Submit => CPFT_SUBMIT_BUTTON,
        Part::Again => CPFT_COMMAND_LINK,
    }
}

impl ICredentialProvider_Impl for Provider_Impl {
    /// Where nobody is bound there is no tile of ours; nor in safe mode, where Windows has its own (S8.16).
    fn SetUsageScenario(&self, scenario: CREDENTIAL_PROVIDER_USAGE_SCENARIO, _: u32) -> Result<()> {
        guard(|| {
            let purpose = match scenario {
                CPUS_LOGON => Purpose::Logon,
                CPUS_UNLOCK_WORKSTATION => Purpose::Unlock,
                _ => return Err(E_NOTIMPL.into()),
            };
            if system::is_safe_mode() || !(hides() || away::tile() == Tile::Offered) {
                return Err(E_NOTIMPL.into());
            }
            *self.purpose.borrow_mut() = Some(purpose);
            self.tile.borrow_mut().take();
            Ok(())
        })
    }

    fn SetSerialization(&self, given: *const CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION) -> Result<()> {
        guard(|| {
            if given.is_null() {
                return Err(E_POINTER.into());
            }
            // SAFETY: LogonUI gives one, with as many bytes as it says.
            let found = unsafe {
                let given = &*given;
                if given.clsidCredentialProvider != CLASS || given.rgbSerialization.is_null() {
                    return Err(E_INVALIDARG.into());
                }
                remote::credentials(slice::from_raw_parts(
                    given.rgbSerialization,
                    given.cbSerialization as usize,
                ))
            };
            *self.given.borrow_mut() = Some(found.ok_or(E_INVALIDARG)?);
            self.tile.borrow_mut().take();
            Ok(())
        })
    }

    /// Tiles neither come nor go while they are shown.
    fn Advise(&self, _: Ref<'_, ICredentialProviderEvents>, _: usize) -> Result<()> {
        Ok(())
    }

    fn UnAdvise(&self) -> Result<()> {
        Ok(())
    }

    fn GetFieldDescriptorCount(&self) -> Result<u32> {
        Ok(Part::ALL.len() as u32)
    }

    fn GetFieldDescriptorAt(&self, index: u32) -> Result<*mut CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR> {
        guard(|| {
            let part = Part::of(index).ok_or(E_INVALIDARG)?;
            memory::value(CREDENTIAL_PROVIDER_FIELD_DESCRIPTOR {
                dwFieldID: part.id(),
                cpft: kind(part),
                pszLabel: memory::text(part.label())?,
                guidFieldType: GUID::zeroed(),
            })
        })
    }

    fn GetCredentialCount(&self, count: *mut u32, default: *mut u32, goes_on: *mut BOOL) -> Result<()> {
        guard(|| {
            if count.is_null() || default.is_null() || goes_on.is_null() {
                return Err(E_POINTER.into());
            }
            self.tile()?;
            // SAFETY: LogonUI gives room for each.
            unsafe {
                count.write(1);
                default.write(0);
                goes_on.write(self.is_automatic.replace(false).into());
            }
            Ok(())
        })
    }

    fn GetCredentialAt(&self, index: u32) -> Result<ICredentialProviderCredential> {
        guard(|| if index == 0 { self.tile() } else { Err(E_INVALIDARG.into()) })
    }
}
