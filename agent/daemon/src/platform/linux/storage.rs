//! Files of ours: the owner and the mode are what keeps them private.

pub(crate) use crate::platform::unix::storage::{
    make_folder, make_private, private, rename, set_mode, sync_names, write_at,
};

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::Path,
};
use zeroize::Zeroizing;

/// Writes to an empty file what `fill` gives, as it stands.
pub(crate) fn fill(file: &mut File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    fill(file)
}

/// A file that [`fill`] wrote, read a little at a time.
pub(crate) struct Filled(File);

impl Filled {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// The bytes from there on, exactly as many as there is room for.
    pub(crate) fn read_at(&self, room: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(room, offset)
    }

    /// All of them.
    pub(crate) fn all(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        fs::read(path).map(Zeroizing::new)
    }
}
