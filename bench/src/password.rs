//! What Argon2id alone allows on this machine: the measure for sign-ins.
//!
//! At the priority that the server hashes with: whatever else the machine does takes as much from both.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::{thread, time::Duration};
use tokio::time::Instant;

/// The server's, for its hashing threads.
const NICENESS: i32 = 10;

/// Hashes a second on a thread for each core, each with its own memory, which is there before anything is counted.
pub(crate) fn hashes_per_second(during: Duration) -> f64 {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = move || {
        // On Linux this concerns the calling thread only.
        let _ = rustix::process::nice(NICENESS);
        let Ok(params) = Params::new(19 * 1024, 2, 1, Some(32)) else { return 0.0 };
        let mut memory = vec![Block::new(); params.block_count()];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut output = [0; 32];
        let mut hash = || {
            let salt = b"saltsaltsaltsalt";
            argon2.hash_password_into_with_memory(b"password", salt, &mut output, &mut memory).is_ok()
        };
        hash();
        let (begun, mut count) = (Instant::now(), 0_u64);
        while begun.elapsed() < during {
            count += u64::from(hash());
        }
        count as f64 / begun.elapsed().as_secs_f64()
    };
    let hashers: Vec<_> = (0..threads).map(|_| thread::spawn(work)).collect();
    hashers.into_iter().filter_map(|hasher| hasher.join().ok()).sum()
}
