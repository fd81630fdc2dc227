//! Files that are sealed, and opened as a whole.

use super::system::storage::opened;
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
};
use zeroize::Zeroizing;

/// What such a file holds.
pub(crate) struct Filled(Zeroizing<Vec<u8>>);

impl Filled {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::all(path).map(Self)
    }

    /// The bytes from there on, exactly as many as there is room for.
    pub(crate) fn read_at(&self, room: &mut [u8], offset: u64) -> io::Result<()> {
        let end = || ErrorKind::UnexpectedEof;
        let start = usize::try_from(offset).map_err(|_| end())?;
        let found = start.checked_add(room.len()).and_then(|end| self.0.get(start..end)).ok_or_else(end)?;
        room.copy_from_slice(found);
        Ok(())
    }

    /// All of them.
    pub(crate) fn all(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        opened(&fs::read(path)?)
    }
}
