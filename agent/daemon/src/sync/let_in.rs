//! S8.14: who was let in while this agent could not be asked, told to the server. The login programs left notes with the
//! root half.

use super::Sync;
use crate::{logs, tasks::Note};
use claviger_agent_core::port::Happened;
use claviger_domain::time::Timestamp;
use claviger_wire::server::{Place, State, What};

impl Sync {
    /// Keeps each note here before it is gone there: after a crash in between it is told twice.
    pub(super) fn pick_up_let_in(&self) {
        let Some(state) = self.vault.current() else { return };
        let mut taken = Vec::new();
        // A root half that is away is told of by whoever applies states.
        while let Ok(notes) = self.tasks.let_in(std::mem::take(&mut taken)) {
            taken.extend(notes.into_iter().filter(|note| self.keep(&state, note)).map(|note| note.name));
            if taken.is_empty() {
                return;
            }
        }
    }

    /// Whether nothing is left to do about it.
    fn keep(&self, state: &State, note: &Note) -> bool {
        let Some(user) = state.users.iter().find(|user| user.name == note.user) else {
            logs::warn(&format!("{:?} was let in without a code, and is nobody's account here", note.user));
            return true;
        };
        let place = Place { service: note.service.clone(), from: note.from.clone() };
        // A file can be of tomorrow, if the clock was.
        let at = Timestamp(note.at).min(self.now());
        let kept = self.vault.record(Happened { at, user: user.id, place, what: What::LetIn });
        kept.inspect_err(|error| logs::warn(&format!("{:?}: not noted: {error}", note.user))).is_ok()
    }
}
