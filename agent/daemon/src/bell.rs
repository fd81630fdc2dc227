//! What wakes a thread that has nothing to do.

use std::{
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

/// Rings as often as it is rung while nobody listens: once.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<Rung>,
    waken: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rung {
    #[default]
    Not,
    Once,
}

impl Bell {
    /// Rings.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = Rung::Once;
        self.waken.notify_one();
    }

    /// Waits until it is rung, or for so long.
    pub fn wait(&self, patience: Option<Duration>) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = |rung: &mut Rung| *rung == Rung::Not;
        let mut rung = match patience {
            Some(patience) => {
                let waited = self.waken.wait_timeout_while(rung, patience, is_silent);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.waken.wait_while(rung, is_silent).unwrap_or_else(PoisonError::into_inner),
        };
        *rung = Rung::Not;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_anybody_listens_is_heard_once() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        bell.wait(None);
        bell.wait(Some(Duration::from_millis(1)));
        std::thread::scope(|scope| {
            scope.spawn(|| bell.ring());
            bell.wait(None);
        });
    }
}
