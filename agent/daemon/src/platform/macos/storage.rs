//! Files of ours: modes say who may read them, and what matters in them is sealed with a key that is not on the disk as it
//! stands: macOS keeps it in the System keychain.

pub(crate) use crate::platform::{
    sealed::Filled,
    unix::storage::{make_folder, make_private, private, rename, set_mode, sync_names, write_at},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::{
    fs::File,
    io::{self, ErrorKind, Write},
    sync::OnceLock,
};
use zeroize::Zeroizing;

/// What the seals of the agent are for.
const PURPOSE: &[u8] = b"claviger-agent 1";
const NONCE: usize = 12;

/// Whoever keeps the key that files are sealed with.
trait Keeper {
    /// The key, the same for as long as the device is enrolled.
    fn key(&self) -> io::Result<Zeroizing<[u8; 32]>>;
}

/// macOS. It is asked once: whoever reads this process's memory has the keychain, too.
struct Keychain;

static KEY: OnceLock<Zeroizing<[u8; 32]>> = OnceLock::new();

impl Keeper for Keychain {
    fn key(&self) -> io::Result<Zeroizing<[u8; 32]>> {
        if let Some(key) = KEY.get() {
            return Ok(key.clone());
        }
        let key = claviger_mac::keychain::key(crate::entropy::fill)?;
        Ok(KEY.get_or_init(|| key).clone())
    }
}

fn cipher(keeper: &impl Keeper) -> io::Result<LessSafeKey> {
    let key = keeper.key()?;
    UnboundKey::new(&AES_256_GCM, key.as_ref())
        .map(LessSafeKey::new)
        .map_err(|_| ErrorKind::InvalidData.into())
}

fn seal(bytes: &[u8], keeper: &impl Keeper) -> io::Result<Vec<u8>> {
    let mut nonce = [0; NONCE];
    crate::entropy::fill(&mut nonce);
    let mut sealed = Zeroizing::new(bytes.to_vec());
    let tag = cipher(keeper)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(PURPOSE), &mut sealed)
        .map_err(|_| io::Error::other("it could not be sealed"))?;
    Ok([&nonce, sealed.as_slice(), tag.as_ref()].concat())
}

fn open(sealed: &[u8], keeper: &impl Keeper) -> io::Result<Zeroizing<Vec<u8>>> {
    let damaged = || io::Error::from(ErrorKind::InvalidData);
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or_else(damaged)?;
    let mut bytes = Zeroizing::new(sealed.to_vec());
    let opened = cipher(keeper)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(PURPOSE), &mut bytes)
        .map_err(|_| damaged())?
        .len();
    bytes.truncate(opened);
    Ok(bytes)
}

/// Writes to an empty file what `fill` gives, sealed.
pub(crate) fn fill(file: &mut File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = Zeroizing::new(Vec::new());
    fill(&mut *bytes)?;
    file.write_all(&seal(&bytes, &Keychain)?)
}

/// What [`fill`] sealed; what was changed since, or sealed on another machine, is invalid.
pub(crate) fn opened(sealed: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    open(sealed, &Keychain)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Always(u8);

    impl Keeper for Always {
        fn key(&self) -> io::Result<Zeroizing<[u8; 32]>> {
            Ok(Zeroizing::new([self.0; 32]))
        }
    }

    struct Locked;

    impl Keeper for Locked {
        fn key(&self) -> io::Result<Zeroizing<[u8; 32]>> {
            Err(ErrorKind::PermissionDenied.into())
        }
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_alone() {
        let sealed = seal(b"verifiers of alice", &Always(1)).unwrap();
        assert_eq!(open(&sealed, &Always(1)).unwrap().as_slice(), b"verifiers of alice");
        assert_ne!(seal(b"verifiers of alice", &Always(1)).unwrap(), sealed, "no seal is like another");
        assert!(!sealed.windows(5).any(|part| part == b"alice"));
        let refused = |sealed: &[u8], key| open(sealed, &Always(key)).unwrap_err().kind();
        assert_eq!(refused(&sealed, 2), ErrorKind::InvalidData);
        for cut in 0..sealed.len() {
            assert_eq!(refused(&sealed[..cut], 1), ErrorKind::InvalidData);
        }
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert_eq!(refused(&flipped, 1), ErrorKind::InvalidData);
        }
        // While the keychain is locked a file is not damaged: it is not thrown away.
        assert_eq!(open(&sealed, &Locked).unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert!(seal(b"x", &Locked).is_err());
    }
}
