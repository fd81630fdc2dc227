//! The way to the agent.

use claviger_agent_ipc::{
    Connection, Error,
    away::{self, Away, WhenDown},
    reach,
    talk::{self, Said},
};
use claviger_wire::{
    login::{Hello, Phase},
    service::MACOS,
};
use std::{path::PathBuf, thread, time::Duration};

/// How often, and with what pauses, a socket that isn't there is tried for: launchd has an agent that failed back in a
/// moment.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(200);
/// How long the agent is waited for: a password takes the server up to five seconds, and the account a moment more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the agent is, and what it wrote down for when it is away.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    socket: PathBuf,
    folder: PathBuf,
}

/// What becomes of somebody while the agent can't be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Without {
    /// They are asked for nothing.
    NotAsked,
    /// They are refused.
    Refused,
    /// They get in, and that is noted.
    LetIn,
}

impl Default for Agent {
    fn default() -> Self {
        Self { socket: away::SOCKET.into(), folder: away::FOLDER.into() }
    }
}

impl Agent {
    /// One that is somewhere else, for tests.
    #[cfg(test)]
    pub(crate) fn at(folder: &std::path::Path) -> Self {
        Self { socket: folder.join("login.sock"), folder: folder.to_owned() }
    }

    /// Asks about somebody, and hears what it has to say first.
    pub(crate) fn begin(&self, user: &str, phase: Phase) -> Result<(Connection, Said), Error> {
        let agent = self.reach()?;
        let said = talk::begin(&agent, &hello(user, phase))?;
        Ok((agent, said))
    }

    fn reach(&self) -> Result<Connection, Error> {
        for _ in 1..TRIES {
            match reach(&self.socket, PATIENCE) {
                Err(Error::System(..)) => thread::sleep(PAUSE),
                other => return other,
            }
        }
        reach(&self.socket, PATIENCE)
    }

    /// S8.14: those are refused whom it would ask, and nobody else. What it wrote down may be damaged; a name may be
    /// missing: then everybody may be one of them.
    pub(crate) fn without(&self, user: Option<&str>) -> Without {
        let Ok(away) = Away::read(&self.folder.join(away::FILE)) else {
            return if user == Some("root") { Without::NotAsked } else { Without::Refused };
        };
        let is_asked = user.map_or(!away.asked.is_empty(), |user| away.asks(user));
        match (is_asked, away.when_down) {
            (false, _) => Without::NotAsked,
            (true, WhenDown::Open) if user.is_some() => Without::LetIn,
            (true, _) => Without::Refused,
        }
    }

    /// Where notes lie of those who were let in.
    pub(crate) fn notes(&self) -> PathBuf {
        self.folder.join(away::TASKS).join(away::LET_IN)
    }
}

pub(crate) fn hello(user: &str, phase: Phase) -> Hello {
    Hello::at(MACOS, phase, user)
}
