//! Randomness of tests: other bytes each time, and the same in each run.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// How many keys that cost much to make one process of tests has.
const KEYS: usize = 8;

static MADE: [OnceLock<Option<Vec<u8>>>; KEYS] = [const { OnceLock::new() }; KEYS];

/// Gives a test its bytes and keys.
#[derive(Debug, Default)]
pub struct Chance {
    asked: AtomicU64,
    keys: AtomicUsize,
}

impl Chance {
    /// Fills `bytes`.
    pub fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.asked.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for byte in bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[1];
        }
    }

    /// A key that costs much to make: the next one of a few that all tests of this process share.
    pub fn key(&self, make: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let next = self.keys.fetch_add(1, Ordering::SeqCst) % KEYS;
        MADE.get(next).and_then(|key| key.get_or_init(make).clone())
    }
}
