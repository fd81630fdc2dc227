//! What a login program asks the agent: one packet, one message, the agent leads.
//!
//! The program says who wants in and where; the agent answers with what to show, what to ask, and how it ended. The
//! words come from the agent, so that a new factor needs no new module.

use claviger_domain::device::ask_once::KeyHash;
use std::fmt::Write;
use zeroize::Zeroizing;

/// The largest packet, both ways.
pub const PACKET: usize = 4096;
/// The first packet is there within so many seconds.
pub const FIRST_SECONDS: u32 = 5;
/// An answer of a person is waited for so long; the login program ends it earlier.
pub const ANSWER_SECONDS: u32 = 180;
/// How many messages one login has at most.
pub const TURNS: usize = 32;
/// Where notes lie of those who were let in because the agent could not be asked (S8.14): each a [`Hello`], root's alone.
pub const LET_IN: &str = "/var/lib/claviger-agent-tasks/let-in";
/// So many notes wait at most; the journal has all of them.
pub const LET_IN_NOTES: usize = 100;

/// What a login program is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The password, of users whose password the agent can judge.
    Password,
    /// The code.
    Code,
    /// Whether somebody who showed no code may go on.
    Account,
}

impl Phase {
    const fn key(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Account => "account",
        }
    }
}

/// What the login program knows to have been shown already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing that it knows of.
    Nothing,
    /// A key that sshd accepted.
    PublicKey,
}

/// Who wants in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// What it is about.
    pub phase: Phase,
    /// The name that was given.
    pub user: String,
    /// The PAM service, such as `sshd`.
    pub service: String,
    /// Where they come from; may be empty.
    pub rhost: String,
    /// Their terminal; may be empty.
    pub tty: String,
    /// What was shown before.
    pub shown: Shown,
    /// The key that sshd accepted; nothing if none was shown, or from a module that doesn't tell.
    pub key: Option<KeyHash>,
}

/// The key in what sshd says of the methods that somebody has passed, `SSH_AUTH_INFO_0`.
pub fn shown_key(methods: &str) -> Option<KeyHash> {
    KeyHash::of_methods(methods)
}

/// A packet that is not what was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packet that is not of this protocol")]
pub struct Malformed;

const FIRST_LINE: &str = "claviger login 1";

impl Hello {
    /// Somebody at the machine itself, of whom nothing was shown yet that the login program knows of.
    pub fn at(service: &str, phase: Phase, user: &str) -> Self {
        Self {
            phase,
            user: user.to_owned(),
            service: service.to_owned(),
            rhost: String::new(),
            tty: String::new(),
            shown: Shown::Nothing,
            key: None,
        }
    }

    /// The packet. A line break in a value becomes a blank: nothing that is given can add a line.
    pub fn packet(&self) -> Vec<u8> {
        let shown = match self.shown {
            Shown::Nothing => "nothing",
            Shown::PublicKey => "public_key",
        };
        let key = self.key.map(|key| key.to_string()).unwrap_or_default();
        let mut text = format!("{FIRST_LINE}\n");
        let lines = [
            ("phase", self.phase.key()),
            ("user", &self.user),
            ("service", &self.service),
            ("rhost", &self.rhost),
            ("tty", &self.tty),
            ("shown", shown),
            ("key", &key),
        ];
        for (name, value) in lines {
            let value: String =
                value.chars().map(|c| if c.is_control() { ' ' } else { c }).take(512).collect();
            // Writing to a String can't fail.
            let _ = writeln!(text, "{name}={value}");
        }
        text.into_bytes()
    }

    /// What a packet says.
    pub fn parse(packet: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(packet).map_err(|_| Malformed)?;
        let mut lines = text.lines();
        if lines.next() != Some(FIRST_LINE) {
            return Err(Malformed);
        }
        let mut value = |name: &str| {
            let line = lines.next()?;
            line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned)
        };
        let phase = match value("phase").as_deref() {
            Some("password") => Phase::Password,
            Some("code") => Phase::Code,
            Some("account") => Phase::Account,
            _ => return Err(Malformed),
        };
        let mut text = |name| value(name).ok_or(Malformed);
        let (user, service, rhost, tty) = (text("user")?, text("service")?, text("rhost")?, text("tty")?);
        let shown = match text("shown")?.as_str() {
            "nothing" => Shown::Nothing,
            "public_key" => Shown::PublicKey,
            _ => return Err(Malformed),
        };
        // A module that was loaded before an update has no such line, and what comes after it is for newer agents.
        let key = value("key").and_then(|key| key.parse().ok());
        Ok(Self { phase, user, service, rhost, tty, shown, key })
    }
}

/// What the agent wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Show this.
    Info(String),
    /// Show this as an error.
    Error(String),
    /// Ask this, what is typed stays unseen.
    Prompt(String),
    /// Ask this, what is typed is seen.
    PromptEcho(String),
    /// Ask for the password, and keep it for the modules that come after.
    Password(String),
    /// In.
    Ok,
    /// The agent has no opinion: somebody else decides.
    Skip,
    /// Refused.
    Deny,
    /// Refused, and nothing more is to be tried on this connection.
    NoMoreTries,
}

impl Turn {
    /// The packet.
    pub fn packet(&self) -> Vec<u8> {
        let (word, text) = match self {
            Self::Info(text) => ("info", text.as_str()),
            Self::Error(text) => ("error", text.as_str()),
            Self::Prompt(text) => ("prompt", text.as_str()),
            Self::PromptEcho(text) => ("prompt_echo", text.as_str()),
            Self::Password(text) => ("password", text.as_str()),
            Self::Ok => ("ok", ""),
            Self::Skip => ("skip", ""),
            Self::Deny => ("deny", ""),
            Self::NoMoreTries => ("no_more_tries", ""),
        };
        format!("{word}\n{text}").into_bytes()
    }

    /// What a packet says.
    pub fn parse(packet: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(packet).map_err(|_| Malformed)?;
        let (word, text) = text.split_once('\n').ok_or(Malformed)?;
        let text = || text.to_owned();
        Ok(match word {
            "info" => Self::Info(text()),
            "error" => Self::Error(text()),
            "prompt" => Self::Prompt(text()),
            "prompt_echo" => Self::PromptEcho(text()),
            "password" => Self::Password(text()),
            "ok" => Self::Ok,
            "skip" => Self::Skip,
            "deny" => Self::Deny,
            "no_more_tries" => Self::NoMoreTries,
            _ => return Err(Malformed),
        })
    }
}

const ANSWER: &[u8] = b"answer\n";

/// The packet of what a person typed; wiped when it is dropped.
pub fn answer(typed: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut packet = Zeroizing::new(Vec::with_capacity(ANSWER.len() + typed.len()));
    packet.extend_from_slice(ANSWER);
    packet.extend_from_slice(typed);
    packet
}

/// What a person typed.
pub fn typed(packet: &[u8]) -> Result<&[u8], Malformed> {
    packet.strip_prefix(ANSWER).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(user: &str) -> Hello {
        Hello {
            phase: Phase::Code,
            user: user.into(),
            service: "sshd".into(),
            rhost: "192.0.2.1".into(),
            tty: "ssh".into(),
            shown: Shown::PublicKey,
            key: Some(KeyHash([7; 32])),
        }
    }

    #[test]
    fn a_packet_without_a_key_is_that_of_an_older_module() {
        let packet = String::from_utf8(hello("alice").packet()).unwrap();
        let (older, _) = packet.split_once("key=BwcH").unwrap();
        assert_eq!(Hello::parse(older.as_bytes()), Ok(Hello { key: None, ..hello("alice") }));
        let newer = format!("{packet}later=1\n");
        assert_eq!(Hello::parse(newer.as_bytes()), Ok(hello("alice")));
        let odd = format!("{older}key=nonsense\n");
        assert_eq!(Hello::parse(odd.as_bytes()), Ok(Hello { key: None, ..hello("alice") }));
    }

    #[test]
    fn packets_come_back_as_they_were() {
        assert_eq!(Hello::parse(&hello("alice").packet()), Ok(hello("alice")));
        let turns = [
            Turn::Info("a\nb".into()),
            Turn::Error("é".into()),
            Turn::Prompt("Verification code: ".into()),
            Turn::PromptEcho(String::new()),
            Turn::Password("Password: ".into()),
            Turn::Ok,
            Turn::Skip,
            Turn::Deny,
            Turn::NoMoreTries,
        ];
        for turn in turns {
            assert_eq!(Turn::parse(&turn.packet()), Ok(turn));
        }
        assert_eq!(typed(&answer(b"123456")), Ok(&b"123456"[..]));
    }

    #[test]
    fn nothing_that_is_given_adds_a_line() {
        let parsed = Hello::parse(&hello("x\nservice=cron\nphase=account").packet()).unwrap();
        assert_eq!((parsed.service.as_str(), parsed.phase), ("sshd", Phase::Code));
    }

    #[test]
    fn anything_else_is_malformed() {
        for packet in [&b""[..], b"claviger login 2\nphase=code\n", b"\xff", b"claviger login 1\nphase=x\n"] {
            assert_eq!(Hello::parse(packet), Err(Malformed));
            assert_eq!(Turn::parse(packet), Err(Malformed));
        }
        assert_eq!(typed(b"no answer"), Err(Malformed));
    }
}
