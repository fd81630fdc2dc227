//! What stands behind the module's name in a stack.

use claviger_wire::login::LET_IN;
use std::{path::PathBuf, time::Duration};

/// What a line of a stack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Jumps over the password if sshd has accepted a key.
    FirstFactorDone,
    /// The password, judged by the server.
    Password,
    /// The code.
    Code,
    /// In the account phase: nobody who is enrolled goes on without one.
    RequireMfa,
}

/// S8.14: what happens to enrolled users while the agent can't be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenDown {
    Closed,
    Open,
}

/// The options of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) line: Line,
    pub(crate) socket: PathBuf,
    /// How long the agent is waited for, each time.
    pub(crate) patience: Duration,
    pub(crate) when_down: WhenDown,
    /// Where a note is left of whom [`WhenDown::Open`] let in.
    pub(crate) notes: PathBuf,
    /// Words that mean nothing. They close nothing and open nothing.
    pub(crate) unknown: Vec<String>,
}

const SOCKET: &str = "/run/claviger-agent/login.sock";
const PATIENCE: u64 = 5;
const LONGEST: u64 = 60;

impl Options {
    /// The options that these words are.
    pub(crate) fn parse(words: &[String]) -> Self {
        let mut options = Self {
            line: Line::Code,
            socket: SOCKET.into(),
            patience: Duration::from_secs(PATIENCE),
            when_down: WhenDown::Closed,
            notes: LET_IN.into(),
            unknown: Vec::new(),
        };
        for word in words {
            match word.split_once('=').unwrap_or((word, "")) {
                ("first_factor_done", "") => options.line = Line::FirstFactorDone,
                ("password", "") => options.line = Line::Password,
                ("require_mfa", "") => options.line = Line::RequireMfa,
                ("fail_open", "") => options.when_down = WhenDown::Open,
                ("notes", path) if path.starts_with('/') => options.notes = path.into(),
                ("socket", path) if path.starts_with('/') => options.socket = path.into(),
                ("timeout", seconds) if seconds.parse::<u64>().is_ok() => {
                    let seconds = seconds.parse().unwrap_or(PATIENCE);
                    options.patience = Duration::from_secs(seconds.clamp(1, LONGEST));
                }
                _ => options.unknown.push(word.clone()),
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Options {
        Options::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_line_without_words_asks_for_the_code_and_is_closed() {
        let options = parse(&[]);
        assert_eq!((options.line, options.when_down), (Line::Code, WhenDown::Closed));
        assert_eq!(options.patience, Duration::from_secs(5));
    }

    #[test]
    fn words_are_understood_exactly() {
        let options = parse(&["require_mfa", "socket=/tmp/s", "timeout=99", "fail_open", "notes=/tmp/n"]);
        assert_eq!((options.line, options.when_down), (Line::RequireMfa, WhenDown::Open));
        assert_eq!((options.socket, options.patience), ("/tmp/s".into(), Duration::from_secs(60)));
        assert_eq!(options.notes, PathBuf::from("/tmp/n"));
        let odd =
            ["fail_open=1", "Fail_Open", "timeout=x", "timeout=-1", "socket=relative", "notes=n", "nodelay"];
        let options = parse(&odd);
        assert_eq!(options, Options { unknown: odd.map(str::to_owned).to_vec(), ..parse(&[]) });
    }
}
