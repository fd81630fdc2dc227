//! One login: who is asked for what, and how it ends (S8.4, S8.5, S8.7b, S8.8, S8.11, S8.14).
//!
//! Each answer that a person typed leads to the next turns; the last of them is a prompt or the verdict. A login program
//! that has no verdict yet lets nobody in.

mod code;

use crate::{
    port::{Broken, Happened, Ownership, Ports},
    words::{self, Words},
};
use claviger_domain::{
    device::{
        NotEnrolled, Switch, WINDOW_WARNING,
        ask_once::{KeyHash, Shown},
    },
    time::{Span, Timestamp},
};
use claviger_wire::{
    login::{Hello, Phase, Turn},
    server::{
        Access, Codes, Factor, HOLD_SECONDS, PasswordVerdict, Place, Proof, Recalled, Refused, Remembers,
        State, User, What,
    },
    service::Service,
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Codes that may be tried on one connection.
const TRIES: u32 = 3;
/// The longest password that is sent on.
const PASSWORD_BYTES: usize = 1_024;

/// A login under way.
pub struct Login<'a> {
    ports: Ports<'a>,
    state: Arc<State>,
    user: User,
    service: Service,
    place: Place,
    /// The key that sshd accepted.
    key: Option<KeyHash>,
    stage: Stage,
}

/// What was asked for last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Password,
    Code { factor: Factor, tries: u32 },
    Over,
}

/// What comes first.
pub enum Begun<'a> {
    /// These turns, and nothing after them.
    Over(Vec<Turn>),
    /// These turns, the last of which is a prompt.
    Asking(Box<Login<'a>>, Vec<Turn>),
    /// The device doesn't know what it must do: whoever was asked before is refused.
    Lost,
}

/// Begins a login.
pub fn begin<'a>(ports: Ports<'a>, hello: &Hello) -> Begun<'a> {
    let Some(state) = ports.vault.state() else {
        ports.log.warn("The state of this device is missing or damaged: it is fetched again.");
        return Begun::Lost;
    };
    let skip = || Begun::Over(vec![Turn::Skip]);
    let Some(service) = Service::parse(&hello.service) else { return skip() };
    let Some(user) = state.users.iter().find(|user| user.name == hello.user).cloned() else { return skip() };
    if ports.vault.ownership(user.id) == Ownership::NotOurs {
        return skip();
    }
    let place = Place { service: hello.service.clone(), from: hello.rhost.clone() };
    let mut login = Login { ports, state, user, service, place, key: hello.key, stage: Stage::Over };
    let turns = match hello.phase {
        Phase::Password => login.begin_password(),
        Phase::Code => login.begin_code(),
        Phase::Account => login.account(),
    };
    match login.stage {
        Stage::Over => Begun::Over(turns),
        Stage::Password | Stage::Code { .. } => Begun::Asking(Box::new(login), turns),
    }
}

impl Login<'_> {
    /// What comes after an answer.
    pub fn answer(&mut self, typed: &[u8]) -> Vec<Turn> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Password => self.judge_password(typed),
            Stage::Code { factor, tries } => self.judge_code(typed, &factor, tries),
            Stage::Over => vec![Turn::Deny],
        }
    }

    /// Whether the last turns were the verdict.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    /// S8.12: only for accounts that are ours beyond doubt is the directory's password any good.
    fn begin_password(&mut self) -> Vec<Turn> {
        if self.user.access != Access::Open || self.ports.vault.ownership(self.user.id) != Ownership::Ours {
            return vec![Turn::Skip];
        }
        self.stage = Stage::Password;
        vec![Turn::Password(words::PASSWORD.into())]
    }

    /// Without the server's word the password goes on to the modules that come after: they know this host's hash.
    fn judge_password(&self, typed: &[u8]) -> Vec<Turn> {
        let typed = std::str::from_utf8(typed).ok();
        let Some(password) = typed.filter(|text| !text.is_empty() && text.len() <= PASSWORD_BYTES) else {
            return vec![Turn::Skip];
        };
        match self.ports.online.password(self.user.id, password, &self.place) {
            Some(PasswordVerdict::Right) => {
                self.ports.passwords.keep(self.user.id, password);
                vec![Turn::Ok]
            }
            Some(PasswordVerdict::Wrong) => {
                self.note("wrong password");
                vec![Turn::Deny]
            }
            Some(PasswordVerdict::Wait { seconds }) => {
                self.note("too many wrong passwords");
                self.end(&Words::Wait(Span::seconds(seconds)), Turn::Deny)
            }
            None => vec![Turn::Skip],
        }
    }

    fn begin_code(&mut self) -> Vec<Turn> {
        if self.user.access == Access::Locked {
            self.note("refused: the account is locked");
            return self.end(&Words::AccountLocked, Turn::Deny);
        }
        if !self.asks_here() {
            return vec![Turn::Skip];
        }
        let Some(factor) = self.user.factor.clone() else {
            return match self.state.rules.not_enrolled {
                NotEnrolled::FirstFactorAlone => vec![Turn::Skip],
                NotEnrolled::Refused => self.refuse(Refused::NotEnrolled),
            };
        };
        if self.is_remembered() {
            self.note("no code is asked for: one was given a while ago");
            return vec![Turn::Ok];
        }
        let warning = self.warning(&factor);
        self.ask(factor, TRIES, warning.as_ref())
    }

    /// S8.13b: whether the server says that no code is needed. While it is silent, one is.
    fn is_remembered(&self) -> bool {
        if self.state.remembers == Remembers::Never {
            return false;
        }
        let shown = Shown::at(&self.place.service, self.key, &self.place.from);
        shown.is_some_and(|shown| {
            self.ports.online.recall(self.user.id, shown.key, &self.place) == Some(Recalled::Remembered)
        })
    }

    /// What a program that asked for no code does. At sshd somebody enrolled who is here without one was let in by a
    /// key alone; elsewhere they may be root's su, cron, or a ticket of sudo's.
    fn account(&self) -> Vec<Turn> {
        if self.user.access == Access::Locked && self.is_asking_service() {
            self.note("refused: the account is locked");
            return vec![Turn::Deny];
        }
        if !self.asks_here() {
            return vec![Turn::Skip];
        }
        match (&self.user.factor, self.service, self.state.rules.not_enrolled) {
            (Some(_), Service::Sshd, _) => {
                self.warn("refused: sshd asked for no code. Run claviger-agent doctor.");
                vec![Turn::Deny]
            }
            (None, Service::Sshd, NotEnrolled::Refused) => self.refuse(Refused::NotEnrolled),
            (None, service, _) if !service.is_inside() => {
                self.record(What::FirstFactorAlone);
                let mut turns = self.invitation();
                turns.push(Turn::Skip);
                turns
            }
            _ => vec![Turn::Skip],
        }
    }

    /// S8.13b: how to set MFA up, for somebody who has to by a date. sshd keeps what is said here for a shell that a
    /// person sits at; a command, a copy or a transfer never sees it.
    fn invitation(&self) -> Vec<Turn> {
        let (Some(invite), Some(until)) = (&self.state.invite, self.user.enrolls_until) else {
            return Vec::new();
        };
        let left = Timestamp(until).since(self.now());
        if self.service != Service::Sshd || left <= Span::ZERO {
            return Vec::new();
        }
        words::invitation(invite, left)
    }

    /// Whether this program asks for codes on this device at the moment.
    fn asks_here(&self) -> bool {
        let taken_back = match self.state.proof {
            Proof::NotNeeded => false,
            Proof::Within { attempt, .. } => self.ports.vault.attempts().taken_back >= attempt,
        };
        self.state.codes == Codes::Asked && !taken_back && self.is_asking_service()
    }

    fn is_asking_service(&self) -> bool {
        !self.service.is_inside() || self.state.rules.sudo_asks == Switch::On
    }

    /// S8.5: until when codes work here, from five days before on, while the server is away.
    fn warning(&self, factor: &Factor) -> Option<Words> {
        let now = self.now();
        let contact = self.ports.vault.contact();
        let away = contact.as_ref().is_none_or(|contact| now.since(contact.server) > CONTACT_IS_DUE);
        if !away {
            return None;
        }
        let end = self.window_end(self.ports.vault.checks(self.user.id, factor.id)?.end().starts());
        (now < end && end.since(now) <= WINDOW_WARNING).then_some(Words::Until(end))
    }

    /// When codes can't be checked without the server any more: with the last verifier, or with the offline window,
    /// should it have become shorter since they were sent.
    fn window_end(&self, last_verifier: Timestamp) -> Timestamp {
        let window = Span::days(i64::from(self.state.offline_days));
        let contact = self.ports.vault.contact();
        contact.map_or(last_verifier, |contact| last_verifier.min(contact.server.plus(window)))
    }

    fn ask(&mut self, factor: Factor, tries: u32, words: Option<&Words>) -> Vec<Turn> {
        self.stage = Stage::Code { factor, tries };
        words::prompt(self.service, words, &self.state.support)
    }

    fn end(&self, words: &Words, verdict: Turn) -> Vec<Turn> {
        words::end(self.service, words, &self.state.support, verdict)
    }

    /// Refuses without a look at a code, and tells the server.
    fn refuse(&self, why: Refused) -> Vec<Turn> {
        let (words, reason) = match why {
            Refused::WindowEnded => (Words::WindowEnded, "the offline window ended"),
            Refused::NothingToCheckBy => (Words::NothingToCheckBy, "nothing to check a code by"),
            Refused::TooManyWrong => (Words::TooManyWrong, "too many wrong codes without the server"),
            Refused::NotEnrolled => (Words::NotEnrolled, "not enrolled"),
        };
        self.warn(&format!("refused: {reason}"));
        self.record(What::Refused { why });
        self.end(&words, Turn::Deny)
    }

    fn broken(&self, broken: &Broken) -> Vec<Turn> {
        self.warn(&format!("refused: {broken}. Enrolled users are refused until this is mended."));
        self.end(&Words::Broken, Turn::Deny)
    }

    /// Notes what the login doesn't hang on.
    fn record(&self, what: What) {
        if let Err(broken) = self.ports.vault.record(self.happened(what)) {
            self.warn(&format!("not noted: {broken}"));
        }
    }

    fn happened(&self, what: What) -> Happened {
        Happened { at: self.now(), user: self.user.id, place: self.place.clone(), what }
    }

    fn now(&self) -> Timestamp {
        self.ports.clock.clocks().best(self.ports.vault.contact().as_ref())
    }

    fn note(&self, what: &str) {
        self.ports.log.note(&self.line(what));
    }

    fn warn(&self, what: &str) {
        self.ports.log.warn(&self.line(what));
    }

    fn line(&self, what: &str) -> String {
        let from = match self.place.from.as_str() {
            "" => String::new(),
            from => format!(" from {from:?}"),
        };
        format!("{}: {}{from}: {what}", self.place.service, self.user.name)
    }
}

/// A poll is held for a while; after twice that time without a word the server is away.
const CONTACT_IS_DUE: Span = Span::seconds(2 * HOLD_SECONDS.cast_signed());

/// A text of a person, without the blanks around and in it.
fn without_blanks(typed: &[u8]) -> Option<Zeroizing<String>> {
    let text = std::str::from_utf8(typed).ok()?;
    Some(Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect()))
}

#[cfg(test)]
mod tests;
