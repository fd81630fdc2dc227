//! The three mechanisms, between the engine and the agent.

use crate::{
    agent::{Agent, Without, hello, send},
    code::{Conversation, Next},
    engine::{Engine, Known, Verdict, WayIn, name, text},
    view::{Typed, View},
};
use claviger_agent_ipc::note;
use claviger_wire::login::{Phase, Turn};
use std::cell::{Cell, RefCell};
use zeroize::Zeroizing;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// S8.12: the directory's password.
    Password,
    /// The code.
    Code,
    /// Who is in.
    Entered,
}

impl Kind {
    /// The one that the right names so.
    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        match name {
            b"password" => Some(Self::Password),
            b"code" => Some(Self::Code),
            b"entered" => Some(Self::Entered),
            _ => None,
        }
    }
}

/// Whether the engine waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It does.
    Invoked,
    /// It doesn't: a verdict would be for somebody else.
    Resting,
}

/// One mechanism, as the engine made it.
pub(crate) struct Mechanism<E, V> {
    kind: Kind,
    agent: Agent,
    engine: E,
    view: V,
    conversation: RefCell<Conversation>,
    stage: Cell<Stage>,
}

impl<E: Engine, V: View> Mechanism<E, V> {
    pub(crate) fn new(kind: Kind, agent: Agent, engine: E, view: V) -> Self {
        let (conversation, stage) = (RefCell::new(Conversation::Idle), Cell::new(Stage::Resting));
        Self { kind, agent, engine, view, conversation, stage }
    }

    /// Who waits for it.
    #[cfg(target_os = "macos")]
    pub(crate) const fn engine(&self) -> &E {
        &self.engine
    }

    /// What is on the screen.
    pub(crate) const fn view(&self) -> &V {
        &self.view
    }

    /// The engine waits for a verdict from now on.
    pub(crate) fn invoke(&self) {
        self.stage.set(Stage::Invoked);
        match self.kind {
            Kind::Password => self.end(self.password()),
            Kind::Entered => self.end(self.entered()),
            Kind::Code => {
                let next = match self.conversation.try_borrow_mut() {
                    Ok(mut conversation) => conversation.begin(&self.agent, &self.engine),
                    Err(_) => Next::End(Verdict::Deny, None),
                };
                self.go_on(next);
            }
        }
    }

    /// Somebody typed something.
    pub(crate) fn typed(&self, typed: &Typed) {
        if self.stage.get() == Stage::Resting {
            return;
        }
        // Typed in the middle of something: what comes of that is shown first.
        let Ok(mut conversation) = self.conversation.try_borrow_mut() else { return };
        let next = conversation.typed(typed);
        drop(conversation);
        self.go_on(next);
    }

    /// The engine doesn't wait any more: whatever was begun is over, and nobody is let in by it.
    pub(crate) fn deactivate(&self) {
        self.stage.set(Stage::Resting);
        if let Ok(mut conversation) = self.conversation.try_borrow_mut() {
            *conversation = Conversation::Idle;
        }
        self.view.hide();
        self.engine.rest();
    }

    /// What went wrong in here lets nobody in.
    pub(crate) fn fail(&self) {
        self.end(Verdict::Deny);
    }

    fn go_on(&self, next: Next) {
        match next {
            Next::Show(page) => self.view.show(&page),
            Next::End(verdict, way_in) => {
                if let Some(way_in) = way_in {
                    self.engine.tell(Known::WayIn, way_in.key());
                }
                self.view.hide();
                self.end(verdict);
            }
        }
    }

    fn end(&self, verdict: Verdict) {
        if self.stage.replace(Stage::Resting) == Stage::Invoked {
            self.engine.end(verdict);
        }
    }

    /// The server judges the password, if it has a word on it; if not, macOS does.
    fn password(&self) -> Verdict {
        let (Some(user), Some(password)) = (name(&self.engine), self.engine.known(Known::Password)) else {
            return Verdict::Allow;
        };
        let Some(password) = text(&password).map(Zeroizing::new) else { return Verdict::Allow };
        let Ok((agent, said)) = self.agent.begin(&user, Phase::Password) else { return Verdict::Allow };
        let Turn::Password(_) = said.last else { return Verdict::Allow };
        match send(&agent, password.as_bytes()).map(|said| said.last) {
            Ok(Turn::Deny | Turn::NoMoreTries) => Verdict::Deny,
            Ok(_) | Err(_) => Verdict::Allow,
        }
    }

    /// Whoever comes here with a code, or without because none is asked of them, goes on. The agent is told of the others,
    /// and whoever it would ask and has no word of the mechanism before is refused.
    fn entered(&self) -> Verdict {
        let user = name(&self.engine);
        let way_in = self.engine.known(Known::WayIn).and_then(|key| WayIn::of(&key));
        match (way_in, &user) {
            (Some(WayIn::WithCode), _) => Verdict::Allow,
            (Some(WayIn::LetIn), Some(user)) => {
                // Nobody is kept out for a note that can't be left.
                let _ = note::leave(&self.agent.notes(), &hello(user, Phase::Code));
                Verdict::Allow
            }
            (Some(WayIn::NotAsked), Some(user)) => match self.agent.begin(user, Phase::Account) {
                Ok((_, said)) if matches!(said.last, Turn::Ok | Turn::Skip) => Verdict::Allow,
                Ok(_) => Verdict::Deny,
                // Nobody is refused here but for a lock, which the Mac has, too.
                Err(_) => Verdict::Allow,
            },
            (Some(WayIn::NotAsked | WayIn::LetIn), None) | (None, _) => {
                match self.agent.without(user.as_deref()) {
                    Without::NotAsked => Verdict::Allow,
                    Without::Refused | Without::LetIn => Verdict::Deny,
                }
            }
        }
    }
}
