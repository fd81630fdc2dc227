//! Reversible secrets at rest: AES-256-GCM under a master key that is not in the database, bound to their
//! table, column and row, so that a value moved elsewhere does not open.

use crate::StoreError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use claviger_domain::secret::Secret;
use data_encoding::BASE64;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const VERSION: u8 = 1;
const NONCE: usize = 12;
const KEY_ID: usize = 4;
const HEADER: usize = 1 + KEY_ID + NONCE;

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: Uuid,
}

impl Place {
    fn aad(&self) -> Vec<u8> {
        [self.table.as_bytes(), b"\0", self.column.as_bytes(), b"\0", self.row.as_bytes()].concat()
    }
}

struct MasterKey {
    id: [u8; KEY_ID],
    key: LessSafeKey,
}

/// The master keys: the first seals, any opens.
pub struct Sealer {
    keys: Vec<MasterKey>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({} keys)", self.keys.len())
    }
}

impl Sealer {
    /// Reads keys of 32 bytes in Base64, one a line; empty lines and lines with `#` are skipped.
    pub fn parse(text: &Secret<String>) -> Result<Self, StoreError> {
        let lines =
            text.expose().lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys = lines.map(MasterKey::parse).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(StoreError::WrongKey("there is no key".into()));
        }
        Ok(Self { keys })
    }

    /// Seals `plain` for `place` under a nonce that is never used again.
    pub fn seal(&self, place: Place, nonce: [u8; NONCE], plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let master = self.keys.first().ok_or_else(|| StoreError::WrongKey("there is no key".into()))?;
        let mut sealed = plain.to_vec();
        master
            .key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.aad()),
                &mut sealed,
            )
            .map_err(|_| StoreError::corrupt("a value is too long to be sealed"))?;
        Ok([&[VERSION], &master.id[..], &nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for `place`.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Secret<Vec<u8>>, StoreError> {
        let refused = |why: &str| {
            StoreError::WrongKey(format!("{}.{} of {}: {why}", place.table, place.column, place.row))
        };
        let (header, body) = sealed.split_at_checked(HEADER).ok_or_else(|| refused("too short"))?;
        let (&[version], rest) = header.split_first_chunk::<1>().ok_or_else(|| refused("too short"))?;
        let (id, nonce) = rest.split_first_chunk::<KEY_ID>().ok_or_else(|| refused("too short"))?;
        let nonce = <[u8; NONCE]>::try_from(nonce).map_err(|_| refused("too short"))?;
        let master = self.keys.iter().find(|key| key.id == *id && version == VERSION);
        let master = master.ok_or_else(|| refused("sealed under another key"))?;
        let mut plain = body.to_vec();
        let length = master
            .key
            .open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(place.aad()), &mut plain)
            .map_err(|_| refused("changed or moved"))?
            .len();
        plain.truncate(length);
        Ok(Secret::new(plain))
    }
}

impl MasterKey {
    fn parse(line: &str) -> Result<Self, StoreError> {
        let bytes = BASE64.decode(line.as_bytes()).map(Secret::new);
        let bytes = bytes.map_err(|_| StoreError::WrongKey("a key must be 32 bytes in Base64".into()))?;
        let digest = Sha256::new().chain_update(b"claviger key id").chain_update(bytes.expose()).finalize();
        let id = digest.first_chunk::<KEY_ID>().copied().unwrap_or_default();
        let key = UnboundKey::new(&AES_256_GCM, bytes.expose())
            .map_err(|_| StoreError::WrongKey("a key must be 32 bytes in Base64".into()))?;
        Ok(Self { id, key: LessSafeKey::new(key) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer(keys: &[u8]) -> Sealer {
        let lines: Vec<_> = keys.iter().map(|byte| BASE64.encode(&[*byte; 32])).collect();
        Sealer::parse(&Secret::new(lines.join("\n"))).unwrap()
    }

    fn place(row: u128) -> Place {
        Place { table: "factor", column: "secret", row: Uuid::from_u128(row) }
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let sealer = sealer(&[1]);
        let sealed = sealer.seal(place(1), [7; 12], b"secret").unwrap();
        assert_eq!(sealer.open(place(1), &sealed).unwrap().expose(), b"secret");
        assert!(sealer.open(place(2), &sealed).is_err());
        assert!(sealer.open(Place { column: "other", ..place(1) }, &sealed).is_err());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
    }

    #[test]
    fn one_changed_byte_or_a_cut_is_refused() {
        let sealer = sealer(&[1]);
        let sealed = sealer.seal(place(1), [7; 12], b"secret").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(sealer.open(place(1), &changed).is_err(), "byte {index}");
            assert!(sealer.open(place(1), &sealed[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn an_older_key_still_opens_and_a_foreign_one_does_not() {
        let old = sealer(&[1]).seal(place(1), [7; 12], b"secret").unwrap();
        assert!(sealer(&[2, 1]).open(place(1), &old).is_ok());
        assert!(sealer(&[2]).open(place(1), &old).is_err());
        let new = sealer(&[2, 1]).seal(place(1), [8; 12], b"secret").unwrap();
        assert!(sealer(&[1]).open(place(1), &new).is_err());
    }

    #[test]
    fn keys_are_32_bytes_in_base64() {
        for text in ["", "# nothing", "abc", "AAAA"] {
            assert!(Sealer::parse(&Secret::from(text)).is_err(), "{text:?}");
        }
    }
}
