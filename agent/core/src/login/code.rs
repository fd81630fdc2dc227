//! How a typed code is judged: by the device, and by the server if it answers in time. Both must say yes.

use super::{Login, without_blanks};
use crate::{
    port::{Broken, Checks, Judged, Use},
    words::Words,
};
use claviger_domain::{
    time::Timestamp,
    totp::{Around, Code, Drift, Match, Step, Window},
};
use claviger_wire::{
    login::Turn,
    server::{
        self, BREAK_GLASS_CHARACTERS, CodeVerdict, Factor, Proof, Refused, What, normalize_break_glass,
    },
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use std::cell::Cell;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Steps around now at which a code is looked for that the server has found right: it knows the drift better.
const VOUCHED: i64 = 4;

const UNCONFIRMED: &str = "refused: the server accepted the code, but it is not among this device's. \
                           Run claviger-agent doctor.";

/// What the device thinks of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Local {
    /// It is that of a step that is not used.
    Fresh(Step),
    /// It is that of a used step.
    Used,
    /// It is that of no step.
    Wrong,
    /// It is that of no step that could be looked at, but some are missing.
    Partly,
    /// Nothing could be looked at.
    Unable(Refused),
}

impl Login<'_> {
    pub(super) fn judge_code(&mut self, typed: &[u8], factor: &Factor, tries: u32) -> Vec<Turn> {
        let Some(text) = without_blanks(typed) else { return self.again(factor, tries, Words::NotACode) };
        let judged = match Code::parse("code", &text) {
            Ok(code) => self.judge(&code, &text, factor),
            Err(_) => self.judge_break_glass(&text),
        };
        match judged {
            Ok(Verdict::In) => vec![Turn::Ok],
            Ok(Verdict::Again(words)) => self.again(factor, tries, words),
            Ok(Verdict::Refused(why)) => self.refuse(why),
            Ok(Verdict::Over(words)) => self.end(&words, Turn::NoMoreTries),
            Err(broken) => self.broken(&broken),
        }
    }

    fn again(&mut self, factor: &Factor, tries: u32, words: Words) -> Vec<Turn> {
        match tries.saturating_sub(1) {
            0 => self.end(&words, Turn::NoMoreTries),
            left => self.ask(factor.clone(), left, Some(&words)),
        }
    }

    fn judge(&self, code: &Code, text: &str, factor: &Factor) -> Result<Verdict, Broken> {
        let checks = self.ports.vault.checks(self.user.id, factor.id);
        let checks = checks.as_deref();
        let local = self.look(code, factor, checks);
        if local == Local::Used {
            self.note("the code was used before");
            return Ok(Verdict::Again(Words::AlreadyUsed));
        }
        let Some(verdict) = self.ports.online.code(self.user.id, text, &self.place, self.key) else {
            return self.alone(local, factor);
        };
        match (verdict, local) {
            (CodeVerdict::Accepted, Local::Fresh(step)) => self.accept(factor, step),
            (CodeVerdict::Accepted, _) => {
                match (checks.and_then(|checks| self.look_around(code, factor, checks)), local) {
                    (Some(step), _) => self.accept(factor, step),
                    (None, Local::Partly | Local::Unable(_)) => {
                        self.note("code accepted on the server's word");
                        self.prove();
                        Ok(Verdict::In)
                    }
                    (None, _) => {
                        self.warn(UNCONFIRMED);
                        Ok(Verdict::Again(Words::Wrong))
                    }
                }
            }
            (CodeVerdict::AlreadyUsed, Local::Fresh(step)) => {
                self.ports.vault.use_step(self.user.id, factor.id, step, Judged::UsedBefore)?;
                self.note("the code was used elsewhere before");
                Ok(Verdict::Again(Words::AlreadyUsed))
            }
            (other, _) => Ok(self.told(other)),
        }
    }

    /// What the server says of a code that it didn't accept.
    fn told(&self, verdict: CodeVerdict) -> Verdict {
        match verdict {
            CodeVerdict::AlreadyUsed => {
                self.note("the code was used before");
                Verdict::Again(Words::AlreadyUsed)
            }
            CodeVerdict::Locked { until } => {
                self.warn("refused: the factor is locked after too many wrong codes");
                let wait = until.map(|until| Timestamp(until).since(self.now()));
                Verdict::Over(Words::Locked(wait))
            }
            CodeVerdict::NotEnrolled => {
                self.note("refused: the factor was removed just now");
                Verdict::Over(Words::Changed)
            }
            CodeVerdict::Wrong | CodeVerdict::Accepted => {
                self.note("wrong code");
                Verdict::Again(Words::Wrong)
            }
        }
    }

    /// S8.5: the server is silent.
    fn alone(&self, local: Local, factor: &Factor) -> Result<Verdict, Broken> {
        let step = match local {
            Local::Fresh(step) => step,
            Local::Used => return Ok(Verdict::Again(Words::AlreadyUsed)),
            Local::Unable(why) => return Ok(Verdict::Refused(why)),
            Local::Wrong | Local::Partly => {
                let happened = self.happened(What::OfflineWrongCode { factor: factor.id });
                return Ok(match self.ports.vault.wrong(happened)? {
                    Use::Fresh | Use::Used => {
                        self.note("wrong code, without the server");
                        Verdict::Again(Words::Wrong)
                    }
                    Use::TooManyWrong => Verdict::Refused(Refused::TooManyWrong),
                });
            }
        };
        let happened = self.happened(What::OfflineCode { factor: factor.id, step: step.0 });
        let used = self.ports.vault.use_step(self.user.id, factor.id, step, Judged::Alone(happened))?;
        Ok(match used {
            Use::Fresh => {
                self.note("code accepted without the server");
                self.prove();
                Verdict::In
            }
            Use::Used => Verdict::Again(Words::AlreadyUsed),
            Use::TooManyWrong => Verdict::Refused(Refused::TooManyWrong),
        })
    }

    /// The server said yes, and the device knows the step: it is used up before anybody hears of it.
    fn accept(&self, factor: &Factor, step: Step) -> Result<Verdict, Broken> {
        let used = self.ports.vault.use_step(self.user.id, factor.id, step, Judged::WithServer)?;
        Ok(match used {
            Use::Fresh => {
                self.note("code accepted");
                self.prove();
                Verdict::In
            }
            Use::Used | Use::TooManyWrong => Verdict::Again(Words::AlreadyUsed),
        })
    }

    /// S4.17, as the server does it.
    fn look(&self, code: &Code, factor: &Factor, checks: Option<&dyn Checks>) -> Local {
        let Some(checks) = checks else { return Local::Unable(Refused::NothingToCheckBy) };
        let now = self.now();
        if now >= self.window_end(checks.end().starts()) {
            return Local::Unable(Refused::WindowEnded);
        }
        let window = match self.state.window {
            server::Window::Tolerant => Window::Tolerant,
            server::Window::Strict => Window::Strict,
        };
        let drift = Drift { resynced: factor.resynced, learned: factor.learned };
        let (there, missing) = (Cell::new(0_u32), Cell::new(0_u32));
        let stored = |step| {
            let verifier = checks.verifier(step);
            let count = if verifier.is_some() { &there } else { &missing };
            count.set(count.get() + 1);
            verifier
        };
        let found = checks.key().matching(code, Around { now, window, drift }, checks.last(), stored);
        match (found, there.get(), missing.get()) {
            (Match::Fresh(step), ..) => Local::Fresh(step),
            (Match::Used, ..) => Local::Used,
            (Match::None, _, 0) => Local::Wrong,
            (Match::None, 0, _) => Local::Unable(Refused::NothingToCheckBy),
            (Match::None, ..) => Local::Partly,
        }
    }

    /// Looks farther for a code that the server has accepted: it knows the time and the factor's drift better, and the
    /// device knows whether the step was used here.
    fn look_around(&self, code: &Code, factor: &Factor, checks: &dyn Checks) -> Option<Step> {
        let wall = self.ports.clock.clocks().wall;
        [self.now(), wall].into_iter().find_map(|now| {
            let center = Step::at(now).0.saturating_add(factor.resynced);
            let steps = center.saturating_sub(VOUCHED)..=center.saturating_add(VOUCHED);
            steps.map(Step).filter(|step| *step > checks.last()).find(|step| {
                let typed = checks.key().verifier(*step, code);
                checks.verifier(*step).is_some_and(|stored| stored.ct_eq(&typed).into())
            })
        })
    }

    /// S8.8: a code for a person who is stuck.
    fn judge_break_glass(&self, text: &str) -> Result<Verdict, Broken> {
        let typed = Zeroizing::new(normalize_break_glass(text));
        if typed.len() != BREAK_GLASS_CHARACTERS {
            return Ok(Verdict::Again(Words::NotACode));
        }
        let hash = BASE64URL_NOPAD.encode(&Sha256::digest(typed.as_bytes()));
        let codes = &self.user.break_glass;
        let found = codes.iter().find(|code| code.hash.as_bytes().ct_eq(hash.as_bytes()).into());
        let Some(found) = found else {
            self.note("a break-glass code that is not known here");
            return Ok(Verdict::Again(Words::Wrong));
        };
        if self.now() >= Timestamp(found.expires_at) {
            self.note("a break-glass code whose time is over");
            return Ok(Verdict::Over(Words::BreakGlassExpired));
        }
        let happened = self.happened(What::BreakGlass { id: found.id });
        Ok(match self.ports.vault.use_break_glass(found.id, happened)? {
            Use::Fresh => {
                self.warn("a break-glass code was used");
                Verdict::In
            }
            Use::Used | Use::TooManyWrong => {
                self.warn("refused: a break-glass code that was used before");
                Verdict::Over(Words::BreakGlassUsed)
            }
        })
    }

    /// S8.7a: somebody signed in with a code.
    fn prove(&self) {
        let Proof::Within { attempt, .. } = self.state.proof else { return };
        if self.ports.vault.attempts().proven >= attempt {
            return;
        }
        if let Err(broken) = self.ports.vault.prove(attempt, self.happened(What::Proven)) {
            self.warn(&format!("not noted: {broken}"));
        }
    }
}

/// How a code was judged in the end.
enum Verdict {
    In,
    Again(Words),
    Refused(Refused),
    Over(Words),
}
