//! The file that is written with every login: lines, and behind them zeros up to its end, so that a line goes where
//! the disk has room already and one flush of it is enough.

use super::{Error, book::Record, disk, line};
use crate::platform::system::storage;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

const NAME: &str = "journal";
/// The least room behind the lines of a new file.
const ROOM: usize = 64 * 1024;

/// Whether everything in a journal could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It could.
    Whole,
    /// It could not, or there was none.
    Damaged,
}

/// Whether somebody waits for a line to be on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flush {
    /// Before anything else happens.
    Now,
    /// Whenever the system likes.
    Later,
}

/// The open file.
pub(super) struct Journal {
    directory: PathBuf,
    path: PathBuf,
    /// Nothing where it could not be opened again.
    file: Option<File>,
    end: u64,
    size: u64,
}

/// Every line that is whole, wherever it stands: a damaged one hides nothing but itself.
pub(super) fn read(directory: &Path) -> Result<(Vec<Record>, Health), Error> {
    let path = directory.join(NAME);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), Health::Damaged)),
        Err(error) => return Err(disk::at(&path)(error)),
    };
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..end).unwrap_or_default();
    let lines = text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n');
    let (mut records, mut damaged) = (Vec::new(), text.last() != Some(&b'\n'));
    for bytes in lines {
        match line::open(bytes) {
            Some(record) => records.push(record),
            None => damaged = true,
        }
    }
    damaged |= !matches!(records.first(), Some(Record::Begin { .. }));
    Ok((records, if damaged { Health::Damaged } else { Health::Whole }))
}

impl Journal {
    /// Puts a journal of these records in the place of the one before.
    pub(super) fn begin(directory: &Path, records: &[Record]) -> Result<Self, Error> {
        let text = text(records)?;
        let zeros = vec![0; ROOM.max(text.len())];
        disk::replace(directory, NAME, &[text.as_bytes(), &zeros])?;
        let path = directory.join(NAME);
        let file = disk::private().open(&path).map_err(disk::at(&path))?;
        let end = text.len() as u64;
        let size = end + zeros.len() as u64;
        Ok(Self { directory: directory.to_owned(), path, file: Some(file), end, size })
    }

    /// The same in the place of this one. It is closed meanwhile: not every system replaces a file that is open.
    pub(super) fn renew(&mut self, records: &[Record]) -> Result<(), Error> {
        self.file = None;
        *self = Self::begin(&self.directory, records)?;
        Ok(())
    }

    fn file(&mut self) -> Result<&File, Error> {
        if self.file.is_none() {
            self.file = Some(disk::private().open(&self.path).map_err(disk::at(&self.path))?);
        }
        self.file.as_ref().ok_or(Error::OutOfOrder)
    }

    /// Whether the records have room behind those that are there.
    pub(super) fn has_room_for(&self, records: &[Record]) -> Result<bool, Error> {
        Ok(self.end + text(records)?.len() as u64 <= self.size)
    }

    /// Adds records. If that fails, none of them counts.
    pub(super) fn add(&mut self, records: &[Record], flush: Flush) -> Result<(), Error> {
        let (text, end) = (text(records)?, self.end);
        let file = self.file()?;
        let written = storage::write_at(file, text.as_bytes(), end).and_then(|()| match flush {
            Flush::Now => file.sync_data(),
            Flush::Later => Ok(()),
        });
        match written {
            Ok(()) => {
                self.end += text.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Best effort: a whole line of what failed would count after a restart, in the safe direction.
                let _ = storage::write_at(file, &vec![0; text.len()], end);
                Err(disk::at(&self.path)(error))
            }
        }
    }
}

fn text(records: &[Record]) -> Result<String, Error> {
    records.iter().map(line::seal).collect()
}
