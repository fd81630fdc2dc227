//! `claviger-fuzz [HOW MANY [FROM [TARGET]]]`: reads so many changed inputs with each target, from that number on.

use anyhow::{Context, Result, bail};
use claviger_fuzz::{TARGETS, Target, run};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Inputs between two lines.
const CHUNK: u64 = 1_000_000;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, usual: u64| match words.get(place) {
        Some(word) => word.replace('_', "").parse().with_context(|| format!("{word} is no number")),
        None => Ok(usual),
    };
    let (many, from) = (number(0, CHUNK)?, number(1, 0)?);
    let only = words.get(2).map_or("", String::as_str);
    let chosen: Vec<_> = TARGETS.iter().filter(|target| only.is_empty() || target.name == only).collect();
    if chosen.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        bail!("{only} is no target: {}", names.join(", "));
    }
    for target in chosen {
        all(target, from, many)?;
    }
    Ok(())
}

fn all(target: &Target, from: u64, many: u64) -> Result<()> {
    let (mut done, mut read, mut took) = (0, 0, Duration::ZERO);
    while done < many {
        let next = from + done..from + many.min(done + CHUNK);
        let begun = now();
        let tally = run(*target, next)
            .map_err(|found| anyhow::anyhow!("{} from {}: {}", found.target, found.from, found.what))?;
        took += begun.elapsed();
        done += tally.inputs;
        read += tally.read;
        let rate = done as f64 / took.as_secs_f64().max(1e-9);
        say(&format!(
            "{}: {done} inputs, {read} of them read, {rate:.0} a second, none crashed or hung",
            target.name
        ));
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a run is timed by the clock of the machine")]
fn now() -> Instant {
    Instant::now()
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
