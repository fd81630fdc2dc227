//! The three mechanisms, between the engine and the agent.

use crate::{
    agent::{Agent, Without, hello},
    code::{Conversation, Next},
    engine::{Engine, Known, Verdict, WayIn, name, text, typed_name},
    view::{Typed, View},
};
use claviger_agent_ipc::{note, talk};
use claviger_wire::login::{Phase, Turn};
use std::{
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};
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

/// One mechanism, as the engine made it. It may be called from one thread while somebody types on another.
pub(crate) struct Mechanism<E, V> {
    kind: Kind,
    agent: Agent,
    engine: E,
    view: V,
    conversation: Mutex<Conversation>,
    stage: Mutex<Stage>,
}

impl<E: Engine, V: View> Mechanism<E, V> {
    pub(crate) fn new(kind: Kind, agent: Agent, engine: E, view: V) -> Self {
        let (conversation, stage) = (Mutex::new(Conversation::Idle), Mutex::new(Stage::Resting));
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
        self.enter(Stage::Invoked);
        match self.kind {
            Kind::Password => self.end(self.password()),
            Kind::Entered => self.end(self.entered()),
            Kind::Code => {
                let next = match self.conversation.try_lock() {
                    Ok(mut conversation) => conversation.begin(&self.agent, &self.engine),
                    Err(_) => Next::End(Verdict::Deny, None),
                };
                self.go_on(next);
            }
        }
    }

    /// Somebody typed something.
    pub(crate) fn typed(&self, typed: &Typed) {
        if *self.stage() == Stage::Resting {
            return;
        }
        // Typed in the middle of something: what comes of that is shown first.
        let Ok(mut conversation) = self.conversation.try_lock() else { return };
        let next = conversation.typed(typed);
        drop(conversation);
        self.go_on(next);
    }

    /// The engine doesn't wait any more: whatever was begun is over, and nobody is let in by it.
    pub(crate) fn deactivate(&self) {
        self.enter(Stage::Resting);
        if let Ok(mut conversation) = self.conversation.try_lock() {
            *conversation = Conversation::Idle;
        }
        self.view.hide();
        self.engine.rest();
    }

    /// What went wrong in here lets nobody in.
    pub(crate) fn fail(&self) {
        self.end(Verdict::Deny);
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it was before.
    fn enter(&self, stage: Stage) -> Stage {
        mem::replace(&mut *self.stage(), stage)
    }

    /// Unless the engine has turned away meanwhile.
    fn go_on(&self, next: Next) {
        match next {
            Next::Show(_) if *self.stage() == Stage::Resting => {}
            Next::Show(page) => self.view.show(&page),
            Next::End(verdict, way_in) => {
                self.view.hide();
                if self.enter(Stage::Resting) == Stage::Invoked {
                    if let Some(way_in) = way_in {
                        self.engine.tell(Known::WayIn, way_in.key());
                    }
                    self.engine.end(verdict);
                }
            }
        }
    }

    fn end(&self, verdict: Verdict) {
        self.go_on(Next::End(verdict, None));
    }

    /// The server judges the password, if it has a word on it; if not, macOS does.
    fn password(&self) -> Verdict {
        let (Some(user), Some(password)) = (typed_name(&self.engine), self.engine.known(Known::Password))
        else {
            return Verdict::Allow;
        };
        let Some(password) = text(&password).map(Zeroizing::new) else { return Verdict::Allow };
        let Ok((agent, said)) = self.agent.begin(&user, Phase::Password) else { return Verdict::Allow };
        let Turn::Password(_) = said.last else { return Verdict::Allow };
        match talk::go_on(&agent, password.as_bytes()).map(|said| said.last) {
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
