//! The file with what codes of one user are checked with.
//!
//! A head with the factor, its key and a table of pieces, each of at most a day's steps, all under a checksum; then the
//! verifiers, piece by piece. A login reads the head and the few steps it needs. Each piece has a checksum of its own,
//! so that a damaged one is noticed when the coverage is looked at, dropped, and fetched again.

use super::{Error, disk};
use crate::platform::system::storage::Filled;
use claviger_domain::{
    id::{AccountId, FactorId},
    totp::Step,
    verifier::{DeviceKey, KEY_BYTES, STEPS_A_DAY, VERIFIER_BYTES, Verifier},
};
use claviger_wire::server::Verifiers;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use std::{
    io,
    ops::Range,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"clvverf1";
/// A factor's id as text.
const ID: usize = 36;
const SUM: usize = 12;
/// The part of the head before the table: magic, factor, key, number of pieces.
const FIXED: usize = 8 + ID + KEY_BYTES + 4;
/// A piece in the table: its first step, its number of steps, its checksum.
const PIECE: usize = 8 + 4 + SUM;
/// More pieces than a year has days, by far.
const PIECES: usize = 4_096;
const EXTENSION: &str = "verifiers";

/// Some consecutive steps of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    steps: Range<i64>,
    sum: [u8; SUM],
}

impl Piece {
    fn bytes(&self) -> u64 {
        u64::try_from(self.steps.end - self.steps.start).unwrap_or_default() * VERIFIER_BYTES as u64
    }
}

/// A file that is open, and whose head is whole.
pub(super) struct Opened {
    file: Filled,
    factor: FactorId,
    key: DeviceKey,
    /// Each with the place of its first byte.
    pieces: Vec<(Piece, u64)>,
}

/// What the server sent, understood.
pub(super) struct Sent {
    factor: FactorId,
    key: Zeroizing<[u8; KEY_BYTES]>,
    first: i64,
    verifiers: Vec<u8>,
}

/// Understands what the server sent.
pub(super) fn parse(sent: &Verifiers) -> Result<Sent, Error> {
    let refused = |_| Error::Malformed("verifiers");
    let key = Zeroizing::new(BASE64URL_NOPAD.decode(sent.key.as_bytes()).map_err(refused)?);
    let key = <[u8; KEY_BYTES]>::try_from(key.as_slice()).map_err(|_| Error::Malformed("key"))?;
    let verifiers = BASE64URL_NOPAD.decode(sent.verifiers.as_bytes()).map_err(refused)?;
    let count = i64::try_from(verifiers.len() / VERIFIER_BYTES).unwrap_or(i64::MAX);
    let is_whole = verifiers.len().is_multiple_of(VERIFIER_BYTES);
    if !is_whole || sent.first < 0 || sent.first.checked_add(count).is_none() {
        return Err(Error::Malformed("verifiers"));
    }
    Ok(Sent { factor: sent.factor, key: Zeroizing::new(key), first: sent.first, verifiers })
}

fn path(directory: &Path, user: AccountId) -> PathBuf {
    directory.join(format!("{user}.{EXTENSION}"))
}

/// Opens a user's file; nothing if there is none, or if its head is damaged or of another user or factor.
pub(super) fn open(directory: &Path, user: AccountId, factor: FactorId) -> Option<Opened> {
    let file = Filled::open(&path(directory, user)).ok()?;
    let opened = Opened::read(file, user)?;
    (opened.factor == factor).then_some(opened)
}

/// The steps whose verifiers are whole, joined where they touch.
pub(super) fn whole(directory: &Path, user: AccountId, factor: FactorId) -> Vec<Range<i64>> {
    let Some(opened) = open(directory, user, factor) else { return Vec::new() };
    let mut ranges: Vec<Range<i64>> = Vec::new();
    for (piece, _) in opened.pieces.iter().filter(|(piece, at)| opened.read_whole(piece, *at).is_some()) {
        match ranges.last_mut() {
            Some(last) if last.end == piece.steps.start => last.end = piece.steps.end,
            _ => ranges.push(piece.steps.clone()),
        }
    }
    ranges
}

/// What of `wanted` none of the `ranges`, which are in order, covers.
pub(super) fn without(wanted: Range<i64>, ranges: &[Range<i64>]) -> Vec<Range<i64>> {
    let mut missing = Vec::new();
    let mut from = wanted.start;
    for range in ranges.iter().filter(|range| range.end > wanted.start && range.start < wanted.end) {
        if range.start > from {
            missing.push(from..range.start);
        }
        from = from.max(range.end);
    }
    if from < wanted.end {
        missing.push(from..wanted.end);
    }
    missing
}

/// Adds what was sent to the whole pieces that are there, or puts it in the place of another factor's.
pub(super) fn put(directory: &Path, user: AccountId, sent: Sent, keep_from: i64) -> Result<(), Error> {
    let before = open(directory, user, sent.factor).filter(|opened| opened.key.expose() == &*sent.key);
    let mut parts: Vec<(Piece, Option<u64>)> = Vec::new();
    if let Some(before) = &before {
        let kept = before
            .pieces
            .iter()
            .filter(|(piece, at)| piece.steps.end > keep_from && before.read_whole(piece, *at).is_some());
        parts.extend(kept.map(|(piece, at)| (piece.clone(), Some(*at))));
    }
    let kept: Vec<_> = parts.iter().map(|(piece, _)| piece.steps.clone()).collect();
    for missing in without(sent.steps(keep_from), &kept) {
        for start in missing.clone().step_by(usize::try_from(STEPS_A_DAY).unwrap_or(1)) {
            let steps = start..missing.end.min(start.saturating_add(STEPS_A_DAY));
            let sum = sum(steps.start, sent.of(&steps));
            parts.push((Piece { steps, sum }, None));
        }
    }
    parts.sort_by_key(|(piece, _)| piece.steps.start);
    if parts.len() > PIECES {
        return Err(Error::Malformed("verifiers"));
    }
    let head = head(user, &sent, &parts);
    disk::replace_with(directory, &format!("{user}.{EXTENSION}"), |file| {
        file.write_all(&head)?;
        for (piece, at) in &parts {
            match (at, &before) {
                (Some(at), Some(before)) => {
                    let bytes = before.read_whole(piece, *at).ok_or(io::ErrorKind::InvalidData)?;
                    file.write_all(&bytes)?;
                }
                _ => file.write_all(sent.of(&piece.steps))?,
            }
        }
        Ok(())
    })
}

/// Removes a user's file.
pub(super) fn remove(directory: &Path, user: AccountId) -> Result<(), Error> {
    disk::remove(&path(directory, user))
}

/// Everybody who has a file.
pub(super) fn users(directory: &Path) -> Result<Vec<AccountId>, Error> {
    let found = disk::ending_in(directory, EXTENSION)?;
    Ok(found.iter().filter_map(|(stem, _)| stem.parse().ok()).collect())
}

fn head(user: AccountId, sent: &Sent, parts: &[(Piece, Option<u64>)]) -> Zeroizing<Vec<u8>> {
    let mut head = Zeroizing::new(Vec::with_capacity(FIXED + parts.len() * PIECE + SUM));
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(sent.factor.to_string().as_bytes());
    head.extend_from_slice(&*sent.key);
    head.extend_from_slice(&u32::try_from(parts.len()).unwrap_or_default().to_be_bytes());
    for (piece, _) in parts {
        let count = u32::try_from(piece.steps.end - piece.steps.start).unwrap_or_default();
        head.extend_from_slice(&piece.steps.start.to_be_bytes());
        head.extend_from_slice(&count.to_be_bytes());
        head.extend_from_slice(&piece.sum);
    }
    let sum = head_sum(user, &head);
    head.extend_from_slice(&sum);
    head
}

/// The user is in it: a file under another's name is no file.
fn head_sum(user: AccountId, head: &[u8]) -> [u8; SUM] {
    shortened(Sha256::new().chain_update(user.0.as_bytes()).chain_update(head))
}

fn sum(first: i64, verifiers: &[u8]) -> [u8; SUM] {
    shortened(Sha256::new().chain_update(first.to_be_bytes()).chain_update(verifiers))
}

fn shortened(hash: Sha256) -> [u8; SUM] {
    let hash = hash.finalize();
    let mut sum = [0; SUM];
    sum.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    sum
}

impl Sent {
    fn steps(&self, keep_from: i64) -> Range<i64> {
        let count = i64::try_from(self.verifiers.len() / VERIFIER_BYTES).unwrap_or_default();
        let end = self.first.saturating_add(count);
        self.first.max(keep_from).min(end)..end
    }

    fn of(&self, steps: &Range<i64>) -> &[u8] {
        let at = |step: i64| {
            usize::try_from(step - self.first).unwrap_or(usize::MAX).saturating_mul(VERIFIER_BYTES)
        };
        self.verifiers.get(at(steps.start)..at(steps.end)).unwrap_or_default()
    }
}

impl Opened {
    fn read(file: Filled, user: AccountId) -> Option<Self> {
        let mut fixed = Zeroizing::new([0; FIXED]);
        file.read_at(&mut *fixed, 0).ok()?;
        let (magic, rest) = fixed.split_first_chunk::<8>()?;
        let (factor, rest) = rest.split_first_chunk::<ID>()?;
        let (key, rest) = rest.split_first_chunk::<KEY_BYTES>()?;
        let count = usize::try_from(u32::from_be_bytes(rest.try_into().ok()?)).ok()?;
        if magic != MAGIC || count > PIECES {
            return None;
        }
        let mut table = vec![0; count * PIECE + SUM];
        file.read_at(&mut table, FIXED as u64).ok()?;
        let (table, sum) = table.split_last_chunk::<SUM>()?;
        let mut head = Zeroizing::new(Vec::with_capacity(FIXED + table.len()));
        head.extend_from_slice(&*fixed);
        head.extend_from_slice(table);
        if sum != &head_sum(user, &head) {
            return None;
        }
        let mut at = (FIXED + table.len() + SUM) as u64;
        let pieces = table.chunks_exact(PIECE).map(|entry| {
            let piece = parse_piece(entry)?;
            let start = at;
            at = at.saturating_add(piece.bytes());
            Some((piece, start))
        });
        let pieces = pieces.collect::<Option<_>>()?;
        let factor = std::str::from_utf8(factor).ok()?.parse().ok()?;
        Some(Self { file, factor, key: DeviceKey::new(*key), pieces })
    }

    /// The verifiers of a piece, if they are whole.
    fn read_whole(&self, piece: &Piece, at: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(piece.bytes()).ok()?];
        self.file.read_at(&mut bytes, at).ok()?;
        (sum(piece.steps.start, &bytes) == piece.sum).then_some(bytes)
    }

    pub(super) const fn key(&self) -> &DeviceKey {
        &self.key
    }

    pub(super) fn verifier(&self, step: Step) -> Option<Verifier> {
        let (piece, at) = self.pieces.iter().find(|(piece, _)| piece.steps.contains(&step.0))?;
        let offset = u64::try_from(step.0 - piece.steps.start).ok()? * VERIFIER_BYTES as u64;
        let mut verifier = [0; VERIFIER_BYTES];
        self.file.read_at(&mut verifier, at.saturating_add(offset)).ok()?;
        Some(verifier)
    }

    /// The first step after all pieces.
    pub(super) fn end(&self) -> Step {
        Step(self.pieces.last().map_or(0, |(piece, _)| piece.steps.end))
    }
}

fn parse_piece(entry: &[u8]) -> Option<Piece> {
    let (first, rest) = entry.split_first_chunk::<8>()?;
    let (count, sum) = rest.split_first_chunk::<4>()?;
    let first = i64::from_be_bytes(*first);
    let end = first.checked_add(i64::from(u32::from_be_bytes(*count)))?;
    Some(Piece { steps: first..end, sum: sum.try_into().ok()? })
}
