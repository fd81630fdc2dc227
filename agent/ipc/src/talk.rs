//! A conversation as a login program has it that shows everything in one place: what the agent says is gathered up to a
//! question or its verdict.

use crate::{Connection, Error};
use claviger_wire::login::{Hello, TURNS, Turn, answer};

/// What the agent said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What there is to show.
    pub words: Vec<String>,
    /// The question, or the verdict.
    pub last: Turn,
}

/// Says who wants in, and hears what comes of it.
pub fn begin(agent: &Connection, hello: &Hello) -> Result<Said, Error> {
    agent.send(&hello.packet())?;
    listen(agent)
}

/// Says what was typed, and hears what comes of it.
pub fn go_on(agent: &Connection, typed: &[u8]) -> Result<Said, Error> {
    agent.send(&answer(typed))?;
    listen(agent)
}

fn listen(agent: &Connection) -> Result<Said, Error> {
    let mut words = Vec::new();
    for _ in 0..TURNS {
        let packet = agent.receive()?;
        match Turn::parse(&packet).map_err(|_| Error::Closed)? {
            Turn::Info(text) | Turn::Error(text) => words.push(text),
            last => return Ok(Said { words, last }),
        }
    }
    Err(Error::Silent)
}
