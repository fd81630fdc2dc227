//! The conversation: name and password first, then, if the agent wants one, the code.

use crate::{
    blob::Credentials,
    name::{self, Who},
    words,
};
use claviger_agent_ipc::{
    Connection, Error, PIPE,
    away::{self, WhenDown},
    note, reach,
    talk::{self, Said},
};
use claviger_win32::{
    event_log::{self, Level},
    logon::{self, Verdict},
    session,
};
use claviger_wire::{
    login::{Hello, Phase, Turn},
    service::{REMOTE_DESKTOP, WINDOWS},
};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a pipe that isn't there is tried for: a service that failed is there again after a second.
const REACH: Duration = Duration::from_secs(5);
/// How long the agent is waited for: a password takes the server up to five seconds, and the account a moment more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where somebody sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// At the machine.
    Here,
    /// At another one, over Remote Desktop.
    Remote,
}

/// How somebody came in, as far as it is ours to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayIn {
    /// With the code.
    WithCode,
    /// Without one: none is asked of them.
    NotAsked,
    /// Without one, because the agent could not be asked (S8.14).
    LetIn,
}

/// What comes next.
pub(crate) enum Next {
    /// Windows is handed this.
    In(Credentials, WayIn),
    /// The code is asked for; there may be something to say.
    Code(Box<Asked>, String),
    /// From the start, with why.
    Start(String),
}

/// Somebody who is asked for a code.
pub(crate) struct Asked {
    agent: Connection,
    who: Who,
    password: Zeroizing<String>,
}

/// What the agent said of the password.
enum Password {
    Right,
    Unknown,
    Wrong(String),
}

/// Judges name and password, and finds out whether there is a code to ask for.
pub(crate) fn first(typed: &str, password: Zeroizing<String>, seat: Seat) -> Next {
    if typed.trim().is_empty() {
        return Next::Start(words::EMPTY.into());
    }
    let Ok(who) = name::resolve(typed) else { return Next::Start(words::UNKNOWN_NAME.into()) };
    let judged = match judge(&who, &password, seat) {
        Ok(judged) => judged,
        Err(error) => return without_agent(who, password, &error),
    };
    if let Password::Wrong(words) = judged {
        return Next::Start(words);
    }
    let (agent, said) = match begin(&who, Phase::Code, seat) {
        Ok(begun) => begun,
        Err(error) => return without_agent(who, password, &error),
    };
    match said.last {
        Turn::Skip | Turn::Ok => Next::In(credentials(&who, password), WayIn::NotAsked),
        Turn::Prompt(_) | Turn::PromptEcho(_) => match confirmed(&judged, &who, &password) {
            Ok(()) => Next::Code(Box::new(Asked { agent, who, password }), said.words.join(" ")),
            Err(words) => Next::Start(words.into()),
        },
        _ => Next::Start(or(&said.words, words::REFUSED)),
    }
}

/// S8.15: unlocking asks for no code.
pub(crate) fn unlock(typed: &str, password: Zeroizing<String>) -> Next {
    if typed.trim().is_empty() {
        return Next::Start(words::EMPTY.into());
    }
    match name::resolve(typed) {
        Ok(who) => Next::In(credentials(&who, password), WayIn::NotAsked),
        Err(_) => Next::Start(words::UNKNOWN_NAME.into()),
    }
}

/// S8.12: the directory's password, if the server has a word on it.
fn judge(who: &Who, password: &str, seat: Seat) -> Result<Password, Error> {
    let (agent, said) = begin(who, Phase::Password, seat)?;
    // Without a word of the server Windows judges.
    let Turn::Password(_) = said.last else { return Ok(Password::Unknown) };
    let Ok(said) = talk::go_on(&agent, password.as_bytes()) else {
        return Ok(Password::Unknown);
    };
    Ok(match said.last {
        Turn::Ok => Password::Right,
        Turn::Deny | Turn::NoMoreTries => Password::Wrong(or(&said.words, words::INCORRECT)),
        _ => Password::Unknown,
    })
}

/// S4.19: only who has the right password is asked for a code, and so can lock a factor.
fn confirmed(judged: &Password, who: &Who, password: &str) -> Result<(), &'static str> {
    if matches!(judged, Password::Right) {
        return Ok(());
    }
    match logon::check(&who.domain, &who.user, password) {
        Ok(Verdict::Right) => Ok(()),
        Ok(Verdict::LockedOut) => Err(words::LOCKED_OUT),
        Ok(Verdict::Wrong) | Err(_) => Err(words::INCORRECT),
    }
}

/// S8.14: while the agent can't be asked, those are refused whom it would ask, and nobody else.
fn without_agent(who: Who, password: Zeroizing<String>, error: &Error) -> Next {
    match (away::is_asked(&who.hello), away::when_down()) {
        (false, _) => Next::In(credentials(&who, password), WayIn::NotAsked),
        (true, WhenDown::Open) => {
            tell(&format!("{:?} goes on WITHOUT A CODE: the agent can't be asked ({error}).", who.hello));
            Next::In(credentials(&who, password), WayIn::LetIn)
        }
        (true, WhenDown::Closed) => {
            tell(&format!("{:?} refused: the agent can't be asked ({error}).", who.hello));
            Next::Start(words::AWAY.into())
        }
    }
}

fn tell(line: &str) {
    // Nobody is let in or kept out for it.
    let _ = event_log::write(Level::Warning, line);
}

impl Asked {
    /// Judges a code; whatever goes wrong from here on keeps them out.
    pub(crate) fn code(self: Box<Self>, typed: &str) -> Next {
        let sent = talk::go_on(&self.agent, typed.as_bytes());
        let Ok(said) = sent else { return Next::Start(words::BROKEN_OFF.into()) };
        match said.last {
            Turn::Ok => Next::In(credentials(&self.who, self.password), WayIn::WithCode),
            Turn::Prompt(_) | Turn::PromptEcho(_) => Next::Code(self, said.words.join(" ")),
            _ => Next::Start(or(&said.words, words::REFUSED)),
        }
    }
}

/// Windows let somebody in: the agent notes those who showed no code, now or when it is back.
pub(crate) fn entered(typed: &str, seat: Seat, way_in: WayIn) {
    let Ok(who) = name::resolve(typed) else { return };
    match way_in {
        WayIn::WithCode => {}
        WayIn::NotAsked => drop(begin(&who, Phase::Account, seat)),
        WayIn::LetIn => {
            let left = away::notes().and_then(|folder| note::leave(&folder, &hello(&who, Phase::Code, seat)));
            if let Err(error) = left {
                let who = &who.hello;
                tell(&format!("{who:?} let in without a code: the server won't hear of it ({error})."));
            }
        }
    }
}

fn credentials(who: &Who, password: Zeroizing<String>) -> Credentials {
    Credentials { domain: who.domain.clone(), user: who.user.clone(), password }
}

fn or(words: &[String], other: &str) -> String {
    if words.is_empty() { other.into() } else { words.join(" ") }
}

fn begin(who: &Who, phase: Phase, seat: Seat) -> Result<(Connection, Said), Error> {
    let agent = reach(PIPE.as_ref(), REACH)?;
    agent.wait(PATIENCE)?;
    let said = talk::begin(&agent, &hello(who, phase, seat))?;
    Ok((agent, said))
}

fn hello(who: &Who, phase: Phase, seat: Seat) -> Hello {
    let (service, rhost) = match seat {
        Seat::Here => (WINDOWS, String::new()),
        Seat::Remote => (REMOTE_DESKTOP, session::client()),
    };
    Hello { rhost, ..Hello::at(service, phase, &who.hello) }
}
