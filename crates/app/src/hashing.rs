//! Argon2id on a bounded pool: as many threads as cores, each with its own memory, at a lower priority than
//! everything else, so that a storm of sign-ins exhausts neither memory nor the checking of codes.

use crate::{App, Problem};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use claviger_domain::{account::PasswordHash, secret::Secret};
use claviger_store::answers::{self, Answer};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use data_encoding::BASE64_NOPAD;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};
use subtle::ConstantTimeEq;

const WAITING: usize = 512;
const IDLE: Duration = Duration::from_secs(2);
const OUTPUT: usize = 32;
/// So many answers are given together at most: the first of them has waited for the hashes of the others.
const TOGETHER: usize = 32;
/// Room for so many blocks of 1 KiB is asked for, however few are used: what is larger than 32 MiB, glibc gives back to the
/// system as soon as it is free.
const MAPPED: usize = 33 * 1024;
const NICENESS: i32 = 10;

/// Argon2id's parameters: memory in KiB, passes, lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes.
    pub passes: u32,
}

impl Default for PasswordCost {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

impl PasswordCost {
    /// As cheap as Argon2 can be: for tests of everything else.
    pub const fn cheapest() -> Self {
        Self { memory: 8, passes: 1 }
    }
}

type Hashed = Result<[u8; OUTPUT], Problem>;

struct Job {
    password: Secret<String>,
    salt: Vec<u8>,
    cost: PasswordCost,
    answer: Answer<Hashed>,
}

pub(crate) struct Hasher {
    jobs: Sender<Job>,
    cost: PasswordCost,
}

impl Hasher {
    pub(crate) fn new(cost: PasswordCost) -> Result<Self, Problem> {
        let (jobs, waiting) = crossbeam_channel::bounded(WAITING);
        let done = Arc::new(Done::default());
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            let (waiting, done) = (waiting.clone(), Arc::clone(&done));
            thread::Builder::new()
                .name("argon2".into())
                .spawn(move || work(&waiting, &done))
                .map_err(|error| Problem::Internal(error.to_string()))?;
        }
        Ok(Self { jobs, cost })
    }

    async fn run(&self, password: &Secret<String>, salt: Vec<u8>, cost: PasswordCost) -> Hashed {
        let (answer, asked) = answers::ask();
        let job = Job { password: password.clone(), salt, cost, answer };
        self.jobs.try_send(job).map_err(|_| Problem::Busy)?;
        let ended = || Err(Problem::Internal("a hashing thread ended".into()));
        asked.answered().await.unwrap_or_else(ended)
    }
}

/// Hashes until the application is gone.
fn work(waiting: &Receiver<Job>, done: &Done) {
    // On Linux this concerns the calling thread only; where it is not allowed, hashing is merely less polite.
    let _ = rustix::process::nice(NICENESS);
    let mut memory: Vec<Block> = Vec::new();
    loop {
        let job = match waiting.try_recv() {
            Ok(job) => job,
            Err(_) => {
                done.give();
                let Some(job) = idle(waiting, &mut memory) else { return };
                job
            }
        };
        if !job.answer.is_unwanted() {
            let hashed = hash(&job.password, &job.salt, job.cost, &mut memory);
            done.keep((job.answer, hashed), waiting.len());
        }
    }
}

/// Answers that are given together, in a storm. A hash leaves nothing of the rest of the server in the caches of the
/// processors: what follows from an answer costs less than half where it follows from many, and they share commits.
#[derive(Default)]
struct Done(Mutex<Kept>);

type Kept = Vec<(Answer<Hashed>, Hashed)>;

impl Done {
    /// Nobody is held up by more hashes than wait behind them, nor by any where none do.
    fn keep(&self, one: (Answer<Hashed>, Hashed), waiting: usize) {
        let mut kept = self.kept();
        kept.push(one);
        if kept.len() > waiting.min(TOGETHER - 1) {
            Self::give_all(kept);
        }
    }

    fn give(&self) {
        Self::give_all(self.kept());
    }

    /// Whoever is woken may take this thread's processor at once: nobody else must wait for the lock meanwhile.
    fn give_all(mut kept: MutexGuard<'_, Kept>) {
        let all = std::mem::take(&mut *kept);
        drop(kept);
        answers::give(all);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next job, if one ever comes. The memory is kept for a while and given back.
fn idle(waiting: &Receiver<Job>, memory: &mut Vec<Block>) -> Option<Job> {
    match waiting.recv_timeout(IDLE) {
        Ok(job) => Some(job),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            *memory = Vec::new();
            waiting.recv().ok()
        }
    }
}

fn hash(password: &Secret<String>, salt: &[u8], cost: PasswordCost, memory: &mut Vec<Block>) -> Hashed {
    let failed = |error: argon2::Error| Problem::Internal(format!("argon2: {error}"));
    let params = Params::new(cost.memory, cost.passes, 1, Some(OUTPUT)).map_err(failed)?;
    memory.reserve_exact(params.block_count().max(MAPPED).saturating_sub(memory.len()));
    memory.resize(params.block_count(), Block::new());
    let mut output = [0; OUTPUT];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(
            password.expose().as_bytes(),
            salt,
            &mut output,
            memory.as_mut_slice(),
        )
        .map_err(failed)?;
    Ok(output)
}

/// Whether a password is the right one, and whether its hash is of today's cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right,
    RightButRehash,
}

impl App {
    /// A new hash under today's cost.
    pub(crate) async fn hash_password(&self, password: &Secret<String>) -> Result<PasswordHash, Problem> {
        let salt: [u8; 16] = self.random();
        let cost = self.0.hasher.cost;
        let output = self.0.hasher.run(password, salt.to_vec(), cost).await?;
        Ok(encode(cost, &salt, &output))
    }

    /// Compares; without a hash it takes as long as with one and is wrong.
    pub(crate) async fn check_password(
        &self,
        password: &Secret<String>,
        hash: Option<&PasswordHash>,
    ) -> Result<Verdict, Problem> {
        let dummy = self.0.dummy_hash.get_or_init(|| encode(self.0.hasher.cost, &[0; 16], &[0; OUTPUT]));
        let (cost, salt, expected) = decode(hash.unwrap_or(dummy))?;
        let output = self.0.hasher.run(password, salt, cost).await?;
        let same: bool = output.ct_eq(&expected).into();
        Ok(match (same && hash.is_some(), cost == self.0.hasher.cost) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButRehash,
        })
    }
}

/// PHC string format, as every other Argon2 program writes it.
fn encode(cost: PasswordCost, salt: &[u8], output: &[u8]) -> PasswordHash {
    let (salt, output) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(output));
    PasswordHash(format!("$argon2id$v=19$m={},t={},p=1${salt}${output}", cost.memory, cost.passes))
}

fn decode(hash: &PasswordHash) -> Result<(PasswordCost, Vec<u8>, [u8; OUTPUT]), Problem> {
    let parsed = (|| {
        let mut parts = hash.0.strip_prefix("$argon2id$v=19$m=")?.split('$');
        let (memory, rest) = parts.next()?.split_once(",t=")?;
        let passes = rest.strip_suffix(",p=1")?;
        let salt = BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let output = BASE64_NOPAD.decode(parts.next()?.as_bytes()).ok()?;
        let cost = PasswordCost { memory: memory.parse().ok()?, passes: passes.parse().ok()? };
        Some((cost, salt, output.try_into().ok()?))
    })();
    parsed.ok_or_else(|| Problem::Internal("a password hash can't be read".into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::pin::pin;

    #[test]
    fn a_hash_reads_back_and_nonsense_does_not() {
        let cost = PasswordCost { memory: 19456, passes: 2 };
        let hash = encode(cost, &[1; 16], &[2; OUTPUT]);
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(decode(&hash).unwrap(), (cost, vec![1; 16], [2; OUTPUT]));
        for text in ["", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"] {
            assert!(decode(&PasswordHash(text.into())).is_err(), "{text}");
        }
    }

    #[test]
    fn nobody_is_held_up_by_more_hashes_than_wait_behind() {
        for (waiting, together) in [(0, 1), (1, 2), (5, 6), (31, 32), (32, 32), (1_000, 32)] {
            let done = Done::default();
            let (answer, asked) = answers::ask();
            let (mut asked, mut kept) = (pin!(asked.answered()), 1);
            done.keep((answer, Ok([1; OUTPUT])), waiting);
            while asked.as_mut().now_or_never().is_none() {
                done.keep((answers::ask().0, Ok([2; OUTPUT])), waiting);
                kept += 1;
            }
            assert_eq!(kept, together, "{waiting} wait");
        }
    }

    #[tokio::test]
    async fn everybody_is_answered_though_nobody_comes_after_them() {
        let hasher = Hasher::new(PasswordCost::cheapest()).unwrap();
        let (password, salt) = (Secret::from("password"), vec![7; 16]);
        for people in [1, 2, 3, 4, 7, 5 * TOGETHER + 1, WAITING] {
            let all = (0..people).map(|_| hasher.run(&password, salt.clone(), hasher.cost));
            let all = tokio::time::timeout(Duration::from_secs(60), futures_util::future::join_all(all));
            assert!(all.await.unwrap().into_iter().all(|hashed| hashed.is_ok()), "{people}");
        }
    }

    #[test]
    fn the_hash_is_argon2id_of_rfc_9106() {
        // Made with the reference implementation: argon2 -id -v 13 -m 16 -t 2 -p 1, salt "somesalt".
        let cost = PasswordCost { memory: 65536, passes: 2 };
        let expected = "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7";
        let mut memory = Vec::new();
        // Whatever was hashed before in the same memory.
        for before in [PasswordCost::cheapest(), PasswordCost::default(), cost] {
            hash(&Secret::from("other"), b"othersalt", before, &mut memory).unwrap();
            let output = hash(&Secret::from("password"), b"somesalt", cost, &mut memory).unwrap();
            assert_eq!(data_encoding::HEXLOWER.encode(&output), expected);
        }
    }
}
