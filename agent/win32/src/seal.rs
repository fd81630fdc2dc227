//! DPAPI: what is sealed here opens on this machine alone, so that a copied disk tells nothing.

use std::{io, slice};
use windows::{
    Win32::{
        Foundation::{HLOCAL, LocalFree},
        Security::Cryptography::{
            CRYPT_INTEGER_BLOB, CRYPTPROTECT_LOCAL_MACHINE, CRYPTPROTECT_UI_FORBIDDEN, CryptProtectData,
            CryptUnprotectData,
        },
    },
    core::PCWSTR,
};
use zeroize::{Zeroize, Zeroizing};

const FLAGS: u32 = CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN;

/// Seals `bytes` for this machine. `purpose` must be the same when they are opened.
pub fn seal(bytes: &[u8], purpose: &str) -> io::Result<Vec<u8>> {
    let (bytes, purpose, mut sealed) =
        (blob(bytes)?, blob(purpose.as_bytes())?, CRYPT_INTEGER_BLOB::default());
    // SAFETY: what is read outlives the call; what it made is taken over below.
    unsafe {
        CryptProtectData(&bytes, PCWSTR::null(), Some(&purpose), None, None, FLAGS, &mut sealed)?;
        Ok(take(sealed).to_vec())
    }
}

/// Opens what was sealed; what was changed since, or sealed elsewhere, is an error.
pub fn open(sealed: &[u8], purpose: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let (sealed, purpose, mut bytes) =
        (blob(sealed)?, blob(purpose.as_bytes())?, CRYPT_INTEGER_BLOB::default());
    // SAFETY: as above.
    unsafe {
        CryptUnprotectData(&sealed, None, Some(&purpose), None, None, FLAGS, &mut bytes)?;
        Ok(take(bytes))
    }
}

fn blob(bytes: &[u8]) -> io::Result<CRYPT_INTEGER_BLOB> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
    Ok(CRYPT_INTEGER_BLOB { cbData: length, pbData: bytes.as_ptr().cast_mut() })
}

/// A copy of what Windows made; its own is wiped and freed.
///
/// # Safety
///
/// `made` is what a call of DPAPI gave, and nobody else uses it.
unsafe fn take(made: CRYPT_INTEGER_BLOB) -> Zeroizing<Vec<u8>> {
    if made.pbData.is_null() {
        return Zeroizing::new(Vec::new());
    }
    // SAFETY: it has that length, and is freed once.
    unsafe {
        let bytes = slice::from_raw_parts_mut(made.pbData, made.cbData as usize);
        let copy = Zeroizing::new(bytes.to_vec());
        bytes.zeroize();
        LocalFree(Some(HLOCAL(made.pbData.cast())));
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_alone() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let sealed = seal(&bytes, "verifiers").unwrap();
        assert!(!sealed.windows(64).any(|part| part == &bytes[..64]));
        assert_eq!(*open(&sealed, "verifiers").unwrap(), bytes);
        assert!(open(&sealed, "key").is_err());
        assert!(open(&sealed[..sealed.len() - 1], "verifiers").is_err());
        assert!(open(b"", "verifiers").is_err());
        let mut flipped = sealed;
        let middle = flipped.len() / 2;
        flipped[middle] ^= 1;
        assert!(open(&flipped, "verifiers").is_err());
    }
}
