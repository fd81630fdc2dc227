//! What LogonUI is told to show anew.

use crate::tile::{Look, Part, Stage};
use windows::Win32::UI::Shell::{
    CPFIS_FOCUSED, CPFIS_NONE, CPFS_DISPLAY_IN_BOTH, CPFS_DISPLAY_IN_SELECTED_TILE, CPFS_HIDDEN,
    CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE, CREDENTIAL_PROVIDER_FIELD_STATE,
    ICredentialProviderCredential, ICredentialProviderCredentialEvents,
};
use windows_core::HSTRING;

pub(super) const fn state(look: Look) -> CREDENTIAL_PROVIDER_FIELD_STATE {
    match look {
        Look::Always => CPFS_DISPLAY_IN_BOTH,
        Look::Chosen => CPFS_DISPLAY_IN_SELECTED_TILE,
        Look::Hidden => CPFS_HIDDEN,
    }
}

pub(super) fn focus(part: Part, stage: Stage, user: &str) -> CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE {
    if part == stage.focus(user) { CPFIS_FOCUSED } else { CPFIS_NONE }
}

/// What the tile looks like now.
pub(super) struct Shown {
    pub(super) stage: Stage,
    pub(super) user: String,
    pub(super) message: String,
}

impl Shown {
    /// Shows it. What was typed of password and code is gone; a LogonUI that can't show it shows what it has.
    pub(super) fn show(
        &self,
        tile: &ICredentialProviderCredential,
        events: &ICredentialProviderCredentialEvents,
    ) {
        let text = |part: Part, text: &str| {
            // SAFETY: the text outlives the call.
            let _ = unsafe { events.SetFieldString(tile, part.id(), &HSTRING::from(text)) };
        };
        text(Part::Message, &self.message);
        text(Part::Password, "");
        text(Part::Code, "");
        for part in Part::ALL {
            // SAFETY: they take numbers.
            unsafe {
                let _ = events.SetFieldState(tile, part.id(), state(self.stage.look(part)));
                if part.is_typed() {
                    let focus = focus(part, self.stage, &self.user);
                    let _ = events.SetFieldInteractiveState(tile, part.id(), focus);
                }
            }
        }
        // SAFETY: it takes numbers.
        let _ = unsafe { events.SetFieldSubmitButton(tile, Part::Submit.id(), self.stage.last().id()) };
    }
}
