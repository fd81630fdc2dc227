//! Plays the login window of macOS on Linux: it reads the right, loads the plug-in as macOS would, makes every call in the
//! same order, and tells what came of it. One line of JSON for each attempt comes in, one goes out.

#[cfg(target_os = "linux")]
mod attempt;
#[cfg(target_os = "linux")]
mod engine;
#[cfg(target_os = "linux")]
mod password;
#[cfg(target_os = "linux")]
mod plug_in;

#[cfg(target_os = "linux")]
fn main() {
    use std::io::{BufRead, Write};
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let told = attempt::run(&line);
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{told}").and_then(|()| out.flush());
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
