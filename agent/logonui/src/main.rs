//! Plays LogonUI: it loads the credential provider as Windows would, makes every call in the same order, and tells what
//! came of it. One line of JSON for each attempt comes in, one goes out; each attempt has a thread of its own.

#[cfg(windows)]
mod attempt;
#[cfg(windows)]
mod blob;
#[cfg(windows)]
mod events;

#[cfg(windows)]
fn main() {
    use std::io::{BufRead, Write};
    let mut attempts = Vec::new();
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        attempts.push(std::thread::spawn(move || {
            let told = attempt::run(&line);
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{told}").and_then(|()| out.flush());
        }));
    }
    for attempt in attempts {
        let _ = attempt.join();
    }
}

#[cfg(not(windows))]
fn main() {}
