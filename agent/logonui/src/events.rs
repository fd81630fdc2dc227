//! What the provider tells LogonUI to show.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use windows::Win32::{
    Foundation::{E_NOTIMPL, HWND},
    Graphics::Gdi::HBITMAP,
    UI::Shell::{
        CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE, CREDENTIAL_PROVIDER_FIELD_STATE,
        ICredentialProviderCredential, ICredentialProviderCredentialEvents,
        ICredentialProviderCredentialEvents_Impl, ICredentialProviderEvents, ICredentialProviderEvents_Impl,
    },
};
use windows_core::{BOOL, PCWSTR, Ref, Result, implement};

/// The fields by their numbers, as they are shown at the moment.
#[derive(Clone, Default)]
pub(crate) struct Screen(Arc<Mutex<BTreeMap<u32, Field>>>);

#[derive(Clone, Default)]
pub(crate) struct Field {
    /// `CPFS_HIDDEN` is 0.
    pub(crate) state: i32,
    pub(crate) interactive: i32,
    pub(crate) text: String,
}

impl Screen {
    pub(crate) fn change(&self, id: u32, change: impl FnOnce(&mut Field)) {
        change(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default());
    }

    pub(crate) fn field(&self, id: u32) -> Field {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned().unwrap_or_default()
    }

    pub(crate) fn fields(&self) -> BTreeMap<u32, Field> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[implement(ICredentialProviderEvents)]
pub(crate) struct OfProvider;

impl ICredentialProviderEvents_Impl for OfProvider_Impl {
    fn CredentialsChanged(&self, _: usize) -> Result<()> {
        Ok(())
    }
}

#[implement(ICredentialProviderCredentialEvents)]
pub(crate) struct OfTile(pub(crate) Screen);

type Tile<'a> = Ref<'a, ICredentialProviderCredential>;

impl ICredentialProviderCredentialEvents_Impl for OfTile_Impl {
    fn SetFieldState(&self, tile: Tile<'_>, id: u32, state: CREDENTIAL_PROVIDER_FIELD_STATE) -> Result<()> {
        // LogonUI asks back at once.
        let tile = tile.ok()?;
        // SAFETY: it takes a number and gives a text, which is freed.
        let _ = unsafe { tile.GetStringValue(id) }.map(crate::attempt::take);
        self.0.change(id, |field| field.state = state.0);
        Ok(())
    }

    fn SetFieldInteractiveState(
        &self,
        _: Tile<'_>,
        id: u32,
        state: CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    ) -> Result<()> {
        self.0.change(id, |field| field.interactive = state.0);
        Ok(())
    }

    fn SetFieldString(&self, tile: Tile<'_>, id: u32, text: &PCWSTR) -> Result<()> {
        // What is shown is also what is typed from now on.
        // SAFETY: the provider gives a text with a zero at its end.
        let shown = unsafe { text.to_string() }?;
        // SAFETY: as above.
        let _ = unsafe { tile.ok()?.SetStringValue(id, *text) };
        self.0.change(id, |field| field.text = shown);
        Ok(())
    }

    fn SetFieldCheckbox(&self, _: Tile<'_>, _: u32, _: BOOL, _: &PCWSTR) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn SetFieldBitmap(&self, _: Tile<'_>, _: u32, _: HBITMAP) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn SetFieldComboBoxSelectedItem(&self, _: Tile<'_>, _: u32, _: u32) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn DeleteFieldComboBoxItem(&self, _: Tile<'_>, _: u32, _: u32) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn AppendFieldComboBoxItem(&self, _: Tile<'_>, _: u32, _: &PCWSTR) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn SetFieldSubmitButton(&self, _: Tile<'_>, id: u32, beside: u32) -> Result<()> {
        self.0.change(id, |field| field.text = beside.to_string());
        Ok(())
    }

    fn OnCreatingWindow(&self) -> Result<HWND> {
        Ok(HWND::default())
    }
}
