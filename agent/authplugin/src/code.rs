//! The code: asked for as the agent says, until it has said yes or no.

use crate::{
    agent::{Agent, Without},
    engine::{Engine, Known, Verdict, WayIn, name},
    view::{Field, Page, Typed},
    words,
};
use claviger_agent_ipc::{
    Connection,
    talk::{self, Said},
};
use claviger_wire::login::{Phase, Turn};

/// How far it has come.
pub(crate) enum Conversation {
    /// Not begun, or over.
    Idle,
    /// The code was asked for: from here on nobody gets in without it.
    Asking(Connection),
    /// There is something to read before it begins anew.
    Refused,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This is shown.
    Show(Page),
    /// It is over.
    End(Verdict, Option<WayIn>),
}

impl Conversation {
    /// Begins: who is it, and are they asked?
    pub(crate) fn begin(&mut self, agent: &Agent, engine: &impl Engine) -> Next {
        *self = Self::Idle;
        // What was known of an earlier try counts no more.
        engine.tell(Known::WayIn, b"");
        let Some(user) = name(engine) else { return self.without(agent.without(None)) };
        match agent.begin(&user, Phase::Code) {
            Ok((connection, said)) => self.heard(connection, said),
            Err(_) => self.without(agent.without(Some(&user))),
        }
    }

    /// Somebody typed something.
    pub(crate) fn typed(&mut self, typed: &Typed) -> Next {
        match (std::mem::replace(self, Self::Idle), typed) {
            (Self::Asking(agent), Typed::Code(code)) => match talk::go_on(&agent, code.trim().as_bytes()) {
                Ok(said) => self.heard(agent, said),
                Err(_) => self.refuse(words::BROKEN_OFF.into()),
            },
            (_, Typed::Back) => Next::End(Verdict::Canceled, None),
            (Self::Refused | Self::Idle, Typed::Code(_)) => Next::End(Verdict::Deny, None),
        }
    }

    /// What the agent said; it may be asked further.
    fn heard(&mut self, agent: Connection, said: Said) -> Next {
        let message = said.words.join(" ");
        let field = match said.last {
            Turn::Ok => return Next::End(Verdict::Allow, Some(WayIn::WithCode)),
            Turn::Skip => return Next::End(Verdict::Allow, Some(WayIn::NotAsked)),
            Turn::Prompt(_) => Field::Hidden,
            Turn::PromptEcho(_) => Field::Shown,
            _ if message.is_empty() => return self.refuse(words::REFUSED.into()),
            _ => return self.refuse(message),
        };
        *self = Self::Asking(agent);
        Next::Show(Page { message, field })
    }

    fn without(&mut self, without: Without) -> Next {
        match without {
            Without::NotAsked => Next::End(Verdict::Allow, Some(WayIn::NotAsked)),
            Without::LetIn => Next::End(Verdict::Allow, Some(WayIn::LetIn)),
            Without::Refused => self.refuse(words::AWAY.into()),
        }
    }

    fn refuse(&mut self, message: String) -> Next {
        *self = Self::Refused;
        Next::Show(Page { message, field: Field::None })
    }
}
