//! The key that the agent's files are sealed with: in the System keychain, which macOS opens when it starts, for root
//! alone. A copied disk tells nothing.

use security_framework::os::macos::keychain::SecKeychain;
use std::io;
use zeroize::Zeroizing;

const KEYCHAIN: &str = "/Library/Keychains/System.keychain";
const SERVICE: &str = "io.claviger.agent";
const ACCOUNT: &str = "state";
/// What Security says where there is no such item.
const NOT_FOUND: i32 = -25_300;

/// The key; what `fresh` gives if there is none yet.
pub fn key(fresh: impl FnOnce(&mut [u8])) -> io::Result<Zeroizing<[u8; 32]>> {
    let keychain = SecKeychain::open(KEYCHAIN).map_err(io::Error::other)?;
    match keychain.find_generic_password(SERVICE, ACCOUNT) {
        Ok((kept, _)) => {
            let bytes: [u8; 32] = kept.as_ref().try_into().map_err(|_| io::ErrorKind::InvalidData)?;
            Ok(Zeroizing::new(bytes))
        }
        Err(error) if error.code() == NOT_FOUND => {
            let mut key = Zeroizing::new([0; 32]);
            fresh(key.as_mut());
            keychain.add_generic_password(SERVICE, ACCOUNT, key.as_ref()).map_err(io::Error::other)?;
            Ok(key)
        }
        Err(error) => Err(io::Error::other(error)),
    }
}

/// Forgets it.
pub fn forget() -> io::Result<()> {
    let keychain = SecKeychain::open(KEYCHAIN).map_err(io::Error::other)?;
    match keychain.find_generic_password(SERVICE, ACCOUNT) {
        Ok((_, item)) => {
            item.delete();
            Ok(())
        }
        Err(error) if error.code() == NOT_FOUND => Ok(()),
        Err(error) => Err(io::Error::other(error)),
    }
}
