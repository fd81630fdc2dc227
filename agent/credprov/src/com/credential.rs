//! The tile as LogonUI drives it.

use super::{
    Alive, CLASS,
    events::{Shown, focus, state},
    guard, memory, remote,
};
use crate::{
    blob::{self, Credentials, Purpose},
    logon::{self, Asked, Next, Seat, WayIn},
    tile::{Part, Stage},
    words,
};
use claviger_win32::session;
use std::{
    cell::{Cell, RefCell},
    mem,
};
use windows::Win32::{
    Foundation::{E_INVALIDARG, E_NOTIMPL, E_POINTER, NTSTATUS, S_FALSE},
    Graphics::Gdi::HBITMAP,
    UI::Shell::{
        CPGSR_NO_CREDENTIAL_NOT_FINISHED, CPGSR_RETURN_CREDENTIAL_FINISHED, CPSI_ERROR, CPSI_NONE,
        CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION, CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
        CREDENTIAL_PROVIDER_FIELD_STATE, CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE,
        CREDENTIAL_PROVIDER_STATUS_ICON, ICredentialProviderCredential, ICredentialProviderCredential_Impl,
        ICredentialProviderCredential2, ICredentialProviderCredential2_Impl,
        ICredentialProviderCredentialEvents,
    },
};
use windows_core::{BOOL, Error, IUnknownImpl, Interface, PCWSTR, PWSTR, Ref, Result, implement};
use zeroize::Zeroizing;

#[implement(ICredentialProviderCredential2)]
pub(super) struct Credential {
    purpose: Purpose,
    seat: Seat,
    user: RefCell<String>,
    password: RefCell<Zeroizing<String>>,
    code: RefCell<Zeroizing<String>>,
    message: RefCell<String>,
    /// Somebody who is asked for the code; nobody while name and password are.
    asked: RefCell<Option<Box<Asked>>>,
    /// How who came in last did.
    way_in: Cell<WayIn>,
    events: RefCell<Option<ICredentialProviderCredentialEvents>>,
    _alive: Alive,
}

/// What the tile has for Windows.
enum Outcome {
    Done(Zeroizing<Vec<u8>>),
    NotYet(Option<String>),
}

impl Credential {
    pub(super) fn new(purpose: Purpose, seat: Seat, given: Option<Credentials>) -> Self {
        let (user, password) = match given {
            Some(given) if given.domain.is_empty() => (given.user, given.password),
            Some(given) => (format!(r"{}\{}", given.domain, given.user), given.password),
            None if purpose == Purpose::Unlock => (session::own(), Zeroizing::default()),
            None => (String::new(), Zeroizing::default()),
        };
        Self {
            purpose,
            seat,
            user: RefCell::new(user),
            password: RefCell::new(password),
            code: RefCell::default(),
            message: RefCell::default(),
            asked: RefCell::new(None),
            way_in: Cell::new(WayIn::WithCode),
            events: RefCell::new(None),
            _alive: Alive::new(),
        }
    }

    fn stage(&self) -> Stage {
        if self.asked.borrow().is_some() { Stage::Code } else { Stage::FirstFactor }
    }

    /// Back to the start; nothing that was typed stays but the name.
    fn forget(&self) {
        self.asked.borrow_mut().take();
        *self.password.borrow_mut() = Zeroizing::default();
        *self.code.borrow_mut() = Zeroizing::default();
        self.message.borrow_mut().clear();
    }

    /// S8.15: unlocking asks for no code, and nobody else's logon is unlocked by it: Windows sees to that.
    fn submit(&self) -> Outcome {
        let password = mem::take(&mut *self.password.borrow_mut());
        let code = mem::take(&mut *self.code.borrow_mut());
        let asked = self.asked.borrow_mut().take();
        let user = self.user.borrow().clone();
        let next = match (asked, self.purpose) {
            (Some(asked), _) => asked.code(&code),
            (None, Purpose::Logon) => logon::first(&user, password, self.seat),
            (None, Purpose::Unlock) => logon::unlock(&user, password),
        };
        match next {
            Next::In(credentials, way_in) => match blob::pack(self.purpose, &credentials) {
                Some(blob) => {
                    self.way_in.set(way_in);
                    Outcome::Done(blob)
                }
                None => Outcome::NotYet(Some(words::TOO_LONG.into())),
            },
            Next::Code(asked, said) => {
                *self.asked.borrow_mut() = Some(asked);
                *self.message.borrow_mut() = said.clone();
                Outcome::NotYet((!said.is_empty()).then_some(said))
            }
            Next::Start(said) => {
                self.forget();
                *self.message.borrow_mut() = said.clone();
                Outcome::NotYet(Some(said))
            }
        }
    }
}

impl Credential_Impl {
    /// LogonUI may call back meanwhile: nothing is borrowed.
    fn show(&self) -> Result<()> {
        let shown = Shown {
            stage: self.stage(),
            user: self.user.borrow().clone(),
            message: self.message.borrow().clone(),
        };
        let events = self.events.borrow().clone();
        if let Some(events) = events {
            let own: ICredentialProviderCredential2 = self.to_interface();
            shown.show(&own.cast::<ICredentialProviderCredential>()?, &events);
        }
        Ok(())
    }
}

fn part(id: u32) -> Result<Part> {
    Part::of(id).ok_or_else(|| E_INVALIDARG.into())
}

impl ICredentialProviderCredential_Impl for Credential_Impl {
    fn Advise(&self, events: Ref<'_, ICredentialProviderCredentialEvents>) -> Result<()> {
        guard(|| {
            *self.events.borrow_mut() = events.cloned();
            Ok(())
        })
    }

    fn UnAdvise(&self) -> Result<()> {
        guard(|| {
            let gone = self.events.borrow_mut().take();
            drop(gone);
            Ok(())
        })
    }

    fn SetSelected(&self) -> Result<BOOL> {
        Ok(false.into())
    }

    fn SetDeselected(&self) -> Result<()> {
        guard(|| {
            self.forget();
            self.show()
        })
    }

    fn GetFieldState(
        &self,
        id: u32,
        field: *mut CREDENTIAL_PROVIDER_FIELD_STATE,
        interactive: *mut CREDENTIAL_PROVIDER_FIELD_INTERACTIVE_STATE,
    ) -> Result<()> {
        guard(|| {
            let (part, stage) = (part(id)?, self.stage());
            if field.is_null() || interactive.is_null() {
                return Err(E_POINTER.into());
            }
            // SAFETY: LogonUI gives room for each.
            unsafe {
                field.write(state(stage.look(part)));
                interactive.write(focus(part, stage, &self.user.borrow()));
            }
            Ok(())
        })
    }

    fn GetStringValue(&self, id: u32) -> Result<PWSTR> {
        guard(|| match part(id)? {
            part @ (Part::Title | Part::Again) => memory::text(part.label()),
            Part::User => memory::text(&self.user.borrow()),
            Part::Message => memory::text(&self.message.borrow()),
            Part::Password | Part::Code => memory::text(""),
            Part::Submit => Err(E_INVALIDARG.into()),
        })
    }

    fn GetBitmapValue(&self, _: u32) -> Result<HBITMAP> {
        Err(E_NOTIMPL.into())
    }

    fn GetCheckboxValue(&self, _: u32, _: *mut BOOL, _: *mut PWSTR) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn GetSubmitButtonValue(&self, id: u32) -> Result<u32> {
        guard(|| match part(id)? {
            Part::Submit => Ok(self.stage().last().id()),
            _ => Err(E_INVALIDARG.into()),
        })
    }

    fn GetComboBoxValueCount(&self, _: u32, _: *mut u32, _: *mut u32) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn GetComboBoxValueAt(&self, _: u32, _: u32) -> Result<PWSTR> {
        Err(E_NOTIMPL.into())
    }

    fn SetStringValue(&self, id: u32, text: &PCWSTR) -> Result<()> {
        guard(|| {
            let part = part(id)?;
            // SAFETY: LogonUI gives a text with a zero at its end, or none.
            let typed = if text.is_null() { String::new() } else { unsafe { text.to_string() }? };
            let typed = Zeroizing::new(typed);
            match part {
                Part::User => *self.user.borrow_mut() = typed.to_string(),
                Part::Password => *self.password.borrow_mut() = typed,
                Part::Code => *self.code.borrow_mut() = typed,
                Part::Title | Part::Message | Part::Submit | Part::Again => return Err(E_INVALIDARG.into()),
            }
            Ok(())
        })
    }

    fn SetCheckboxValue(&self, _: u32, _: BOOL) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn SetComboBoxSelectedValue(&self, _: u32, _: u32) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn CommandLinkClicked(&self, id: u32) -> Result<()> {
        guard(|| match part(id)? {
            Part::Again => {
                self.forget();
                self.show()
            }
            _ => Err(E_INVALIDARG.into()),
        })
    }

    fn GetSerialization(
        &self,
        response: *mut CREDENTIAL_PROVIDER_GET_SERIALIZATION_RESPONSE,
        handed: *mut CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        text: *mut PWSTR,
        icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
    ) -> Result<()> {
        guard(|| {
            if response.is_null() || handed.is_null() || text.is_null() || icon.is_null() {
                return Err(E_POINTER.into());
            }
            // SAFETY: LogonUI gives room for each.
            unsafe {
                response.write(CPGSR_NO_CREDENTIAL_NOT_FINISHED);
                handed.write(CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default());
                text.write(PWSTR::null());
                icon.write(CPSI_NONE);
            }
            let outcome = self.submit();
            self.show()?;
            // SAFETY: as above.
            unsafe {
                match outcome {
                    Outcome::Done(blob) => {
                        handed.write(CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
                            ulAuthenticationPackage: remote::package(),
                            clsidCredentialProvider: CLASS,
                            cbSerialization: u32::try_from(blob.len()).map_err(|_| E_INVALIDARG)?,
                            rgbSerialization: memory::bytes(&blob)?,
                        });
                        response.write(CPGSR_RETURN_CREDENTIAL_FINISHED);
                    }
                    Outcome::NotYet(said) => {
                        if let Some(said) = said {
                            text.write(memory::text(&said)?);
                            icon.write(CPSI_ERROR);
                        }
                    }
                }
            }
            Ok(())
        })
    }

    fn ReportResult(
        &self,
        status: NTSTATUS,
        sub_status: NTSTATUS,
        text: *mut PWSTR,
        icon: *mut CREDENTIAL_PROVIDER_STATUS_ICON,
    ) -> Result<()> {
        guard(|| {
            if text.is_null() || icon.is_null() {
                return Err(E_POINTER.into());
            }
            // SAFETY: LogonUI gives room for each.
            unsafe {
                text.write(PWSTR::null());
                icon.write(CPSI_NONE);
            }
            self.forget();
            if status.is_ok() {
                if self.purpose == Purpose::Logon {
                    logon::entered(&self.user.borrow(), self.seat, self.way_in.get());
                }
                return Ok(());
            }
            let (status, sub_status) = (status.0.cast_unsigned(), sub_status.0.cast_unsigned());
            if let Some(said) = words::of_status(status, sub_status) {
                *self.message.borrow_mut() = said.into();
                // SAFETY: as above.
                unsafe {
                    text.write(memory::text(said)?);
                    icon.write(CPSI_ERROR);
                }
            }
            self.show()
        })
    }
}

impl ICredentialProviderCredential2_Impl for Credential_Impl {
    /// The tile is nobody's in particular: Windows shows it as "Other user".
    fn GetUserSid(&self) -> Result<PWSTR> {
        Err(Error::from_hresult(S_FALSE))
    }
}
