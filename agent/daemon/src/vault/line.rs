//! Lines of JSON with a checksum in front, so that damage is noticed.

use super::{Error, disk};
use crate::platform::system::storage;
use data_encoding::HEXLOWER;
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Hexadecimal digits of a checksum.
const CHECKSUM: usize = 16;
/// Bytes of a slot: a file that is overwritten in place.
const SLOT: usize = 512;

/// The line of `value`, its end included.
pub(super) fn seal<T: Serialize>(value: &T) -> Result<String, Error> {
    let json = serde_json::to_string(value).map_err(|_| Error::Malformed("answer"))?;
    Ok(format!("{} {json}\n", checksum(json.as_bytes())))
}

/// What a line says, without its end; nothing if it is damaged.
pub(super) fn open<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let (sum, json) = line.split_at_checked(CHECKSUM)?;
    let json = json.strip_prefix(b" ")?;
    if sum != checksum(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// What a text of JSON says.
pub(super) fn parse<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

/// What the line of a file says that [`write`] wrote; nothing if there is none, or if it is damaged.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    first(&storage::Filled::all(path).ok()?)
}

/// The same of a slot.
pub(super) fn read_slot<T: DeserializeOwned>(path: &Path) -> Option<T> {
    first(&std::fs::read(path).ok()?)
}

fn first<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    open(bytes.get(..end)?)
}

/// Puts a file with one line in the place of the one before, durably.
pub(super) fn write<T: Serialize>(directory: &Path, name: &str, value: &T) -> Result<(), Error> {
    let line = seal(value)?;
    disk::replace_with(directory, name, |file| file.write_all(line.as_bytes()))
}

/// Overwrites the line of a slot in place. What is torn by a crash is noticed when it is read.
pub(super) fn write_slot<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let mut bytes = seal(value)?.into_bytes();
    bytes.resize(bytes.len().next_multiple_of(SLOT), 0);
    let file = disk::private().truncate(false).open(path);
    file.and_then(|file| storage::write_at(&file, &bytes, 0)).map_err(disk::at(path))
}

fn checksum(bytes: &[u8]) -> String {
    let mut sum = HEXLOWER.encode(&Sha256::digest(bytes));
    sum.truncate(CHECKSUM);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flipped_bit_anywhere_is_noticed() {
        let line = seal(&vec!["alice", "bob"]).unwrap();
        let line = line.trim_end().as_bytes();
        assert_eq!(open(line), Some(vec!["alice".to_owned(), "bob".to_owned()]));
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut bad = line.to_owned();
                bad[at] ^= 1 << bit;
                assert_eq!(open::<Vec<String>>(&bad), None, "{at} {bit}");
            }
            assert_eq!(open::<Vec<String>>(&line[..at]), None);
        }
    }
}
