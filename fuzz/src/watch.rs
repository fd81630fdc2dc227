//! Runs a target, and sees when it panics, hangs, or reads what should not be.

use crate::{Broken, Outcome, Target};
use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

/// An input takes microseconds. As many as there are between two reports take less than this, or one of them hangs.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two reports.
const REPORTED: u64 = 4_096;

/// What became of inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there were.
    pub inputs: u64,
    /// How many of them were read.
    pub read: u64,
}

/// An input that should not have ended so. It is made again from the target and its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub target: &'static str,
    /// From this number.
    pub from: u64,
    /// What it did.
    pub what: String,
}

/// Reads the inputs of these numbers one after another.
///
/// # Errors
/// The first input that panicked or broke a rule; if it hangs, the number of one shortly before it.
pub fn run(target: Target, numbers: Range<u64>) -> Result<Tally, Found> {
    let (tell, told) = channel();
    let first = numbers.start;
    let worker = thread::spawn(move || {
        let mut tally = Tally::default();
        for number in numbers {
            if number % REPORTED == 0 {
                let _ = tell.send(number);
            }
            tally.inputs += 1;
            tally.read += u64::from(one(target, number)? == Outcome::Read);
        }
        Ok(tally)
    });
    let from = watched(&told, first).map_err(|from| Found {
        target: target.name,
        from,
        what: format!("hangs: {REPORTED} inputs took more than {} seconds", PATIENCE.as_secs()),
    })?;
    let ended = worker.join();
    ended.unwrap_or_else(|_| Err(Found { target: target.name, from, what: "ended by itself".to_owned() }))
}

/// The number that was reported last when the worker ended; as an error, when it has said nothing for too long.
fn watched(told: &Receiver<u64>, first: u64) -> Result<u64, u64> {
    let mut last = first;
    loop {
        match told.recv_timeout(PATIENCE) {
            Ok(number) => last = number,
            Err(RecvTimeoutError::Timeout) => return Err(last),
            Err(RecvTimeoutError::Disconnected) => return Ok(last),
        }
    }
}

fn one(target: Target, number: u64) -> Result<Outcome, Found> {
    let input = (target.input)(number);
    let ended = catch_unwind(AssertUnwindSafe(|| (target.read)(&input)));
    let found = |what: String| Found { target: target.name, from: number, what };
    match ended {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(Broken(what))) => Err(found(format!("{what}: {}", input.escape_ascii()))),
        Err(_) => Err(found(format!("panics: {}", input.escape_ascii()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn target(read: fn(&[u8]) -> Result<Outcome, Broken>) -> Target {
        Target { name: "x", input: |number| number.to_string().into_bytes(), read }
    }

    #[test]
    fn what_panics_or_breaks_a_rule_is_found_with_its_number() {
        let fine = target(|_| Ok(Outcome::Read));
        assert_eq!(run(fine, 0..10_000), Ok(Tally { inputs: 10_000, read: 10_000 }));
        let breaks = target(|input| Broken::unless(input != b"41", "41").map(|()| Outcome::Refused));
        assert_eq!(run(breaks, 0..50), Err(Found { target: "x", from: 41, what: "41: 41".to_owned() }));
        let panics = target(|input| if input == b"7" { panic!("seven") } else { Ok(Outcome::Read) });
        assert_eq!(run(panics, 0..50), Err(Found { target: "x", from: 7, what: "panics: 7".to_owned() }));
    }
}
