//! What came with a connection of Remote Desktop, and what Windows is handed.

use crate::blob::{Credentials, unpack};
use windows::Win32::{
    Foundation::HANDLE,
    Security::{
        Authentication::Identity::{
            LSA_STRING, LsaConnectUntrusted, LsaDeregisterLogonProcess, LsaLookupAuthenticationPackage,
        },
        Credentials::{CRED_PACK_PROTECTED_CREDENTIALS, CredUnPackAuthenticationBufferW},
    },
};
use windows_core::{PSTR, PWSTR};
use zeroize::Zeroizing;

const ROOM: u32 = 1_024;

/// The credentials in it: Windows undoes its own protection, and what was not protected is read as it is.
pub(super) fn credentials(bytes: &[u8]) -> Option<Credentials> {
    let mut texts = [(); 3].map(|()| Zeroizing::new(vec![0_u16; ROOM as usize]));
    let mut lengths = [ROOM; 3];
    let length = u32::try_from(bytes.len()).ok()?;
    let [user, domain, password] = &mut texts;
    let [user_length, domain_length, password_length] = &mut lengths;
    // SAFETY: every buffer has the length that is told.
    let opened = unsafe {
        CredUnPackAuthenticationBufferW(
            CRED_PACK_PROTECTED_CREDENTIALS,
            bytes.as_ptr().cast(),
            length,
            Some(PWSTR(user.as_mut_ptr())),
            user_length,
            Some(PWSTR(domain.as_mut_ptr())),
            Some(domain_length),
            Some(PWSTR(password.as_mut_ptr())),
            password_length,
        )
    };
    if opened.is_err() || user.first() == Some(&0) {
        return unpack(bytes);
    }
    let text = |units: &[u16]| {
        let units = units.split(|unit| *unit == 0).next().unwrap_or_default();
        Zeroizing::new(String::from_utf16_lossy(units))
    };
    // The user may come with the domain in front.
    let (user, domain, password) = (text(user), text(domain), text(password));
    Some(match (domain.is_empty(), user.split_once('\\')) {
        (true, Some((domain, user))) => Credentials { domain: domain.into(), user: user.into(), password },
        _ => Credentials { domain: domain.to_string(), user: user.to_string(), password },
    })
}

/// The package of Windows that judges names and passwords of any kind. Where it has none of that name, the first one
/// judges those of this machine.
pub(super) fn package() -> u32 {
    let mut name = *b"Negotiate";
    let name = LSA_STRING { Length: 9, MaximumLength: 9, Buffer: PSTR(name.as_mut_ptr()) };
    let (mut lsa, mut number) = (HANDLE::default(), 0);
    // SAFETY: the name outlives the calls; the connection is given back.
    unsafe {
        if LsaConnectUntrusted(&mut lsa).is_err() {
            return 0;
        }
        let told = LsaLookupAuthenticationPackage(lsa, &name, &mut number);
        let _ = LsaDeregisterLogonProcess(lsa);
        if told.is_ok() { number } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{Purpose, pack};

    #[test]
    fn what_was_not_protected_is_read_as_it_is_and_nonsense_is_nothing() {
        let password = Zeroizing::new("pä55".to_owned());
        let sent = Credentials { domain: "PC-1".into(), user: "alice".into(), password };
        let found = credentials(&pack(Purpose::Logon, &sent).unwrap()).unwrap();
        assert_eq!((found.domain.as_str(), found.user.as_str()), ("PC-1", "alice"));
        assert_eq!(*found.password, *sent.password);
        assert!(credentials(&[7; 40]).is_none() && credentials(&[]).is_none());
    }
}
