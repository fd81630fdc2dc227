//! The poll that is held open, and each new state on its way in.

use super::{Link, Sync, pause::Pause};
use crate::{entropy, logs, server::Failure, vault};
use claviger_agent_core::port::Clock;
use claviger_domain::time::Span;
use claviger_wire::server::{SignedState, State};
use std::{sync::atomic::Ordering, thread};

/// The server hears of the device's clock so often at least.
const TELL_EVERY: Span = Span::hours(6);

/// What became of the last poll.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// The server, or nothing yet.
    Server,
    /// Nobody.
    Nobody,
}

/// Why a state was not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// Nobody, or somebody else, answered.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// It is older than the one in force.
    #[error(
        "the server's state {new} is older than {last}, the one in force: enroll this device again if the server was restored from a backup"
    )]
    Older { new: i64, last: i64 },
    /// It can't be kept.
    #[error(transparent)]
    Vault(#[from] vault::Error),
}

impl NotTaken {
    const fn heard(&self) -> Heard {
        match self {
            Self::Failure(Failure::Silent(_)) => Heard::Nobody,
            Self::Failure(_) | Self::Older { .. } | Self::Vault(_) => Heard::Server,
        }
    }
}

impl Sync {
    pub(super) fn keep_polling(&self) {
        let mut pause = Pause::none();
        let mut heard = Heard::Server;
        loop {
            let found = match heard {
                Heard::Server => Ok(()),
                Heard::Nobody => self.find_again(),
            };
            match found.and_then(|()| self.poll()) {
                Ok(()) => {
                    pause = Pause::none();
                    heard = Heard::Server;
                    self.met_again();
                    self.shared.apply.ring();
                    self.shared.fetch.ring();
                    self.tell_now_and_then();
                }
                Err(error) => {
                    self.failed(&error);
                    heard = error.heard();
                    thread::sleep(pause.next());
                }
            }
        }
    }

    /// A poll is held open for minutes where nothing is new. That the server is there again is found out before, so that
    /// it hears at once of what happened meanwhile.
    fn find_again(&self) -> Result<(), NotTaken> {
        self.server.reach()?;
        self.met_again();
        self.shared.tell.ring();
        Ok(())
    }

    fn poll(&self) -> Result<(), NotTaken> {
        let since = self.vault.current().map_or(0, |state| state.revision);
        let began = self.clock.clocks().uptime.since;
        match self.held.state(since)? {
            Some(signed) => self.take(&signed),
            None => {
                // A server that goes down lets everybody go at once.
                let held = self.clock.clocks().uptime.since.micros() - began.micros();
                if held < Span::seconds(1).micros() {
                    thread::sleep(entropy::jittered(Pause::FIRST));
                }
                Ok(())
            }
        }
    }

    /// Whoever is going to be asked is put into the group before logins are decided upon the new state, so that nobody
    /// is led past the code, or to a code without a question.
    fn take(&self, signed: &SignedState) -> Result<(), NotTaken> {
        let state: State = self.server_key.open(signed, self.device).map_err(Failure::from)?;
        if let Some(current) = self.vault.current()
            && state.revision < current.revision
        {
            return Err(NotTaken::Older { new: state.revision, last: current.revision });
        }
        self.shared.coming.store(state.revision, Ordering::Release);
        if let Err(error) = self.tasks.prepare(signed) {
            logs::warn(&format!("the root half could not prepare revision {}: {error}", state.revision));
        }
        self.vault.put_state(signed)?;
        self.met(signed.now);
        Ok(())
    }

    fn failed(&self, error: &NotTaken) {
        let why = match error {
            NotTaken::Failure(failure) if failure.is_unknown_device() => {
                "this device was deleted on the server: run `claviger-agent uninstall`, or enroll it again"
                    .to_owned()
            }
            error => error.to_string(),
        };
        self.put_link(Link::Down { since: self.now().0, why });
    }

    fn tell_now_and_then(&self) {
        let uptime = self.clock.clocks().uptime;
        let told = super::lock(&self.shared.told).at.clone();
        let is_long_ago = told.is_none_or(|told| {
            told.at.boot != uptime.boot
                || uptime.since.micros() - told.at.since.micros() >= TELL_EVERY.micros()
        });
        if is_long_ago {
            self.shared.tell.ring();
        }
    }
}
