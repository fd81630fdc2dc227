//! How many may come in at a time.

use super::Peer;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many calls there may be at a time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// All of them.
    pub all: usize,
    /// Those of anybody but root, together: the rest is root's, whose are sshd and the greeters.
    pub others: usize,
    /// Those of one user who isn't root.
    pub each: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: 64, others: 32, each: 4 }
    }
}

/// Counts the calls.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    limits: Limits,
    seats: Taken,
    standing: Taken,
}

/// How many places each user has.
type Taken = Arc<Mutex<BTreeMap<u32, usize>>>;

/// The place of one call; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    uid: u32,
    taken: Taken,
}

impl Gate {
    /// A gate with these limits.
    pub fn new(limits: Limits) -> Self {
        Self { limits, seats: Taken::default(), standing: Taken::default() }
    }

    /// A seat for that caller, if there is one, for as long as a person takes.
    pub fn sit(&self, peer: Peer) -> Option<Place> {
        self.take(peer, &self.seats)
    }

    /// Room to stand for that caller, for what takes no time.
    pub fn stand(&self, peer: Peer) -> Option<Place> {
        self.take(peer, &self.standing)
    }

    fn take(&self, peer: Peer, places: &Taken) -> Option<Place> {
        let mut taken = places.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = taken.values().sum();
        let of_root = taken.get(&0).copied().unwrap_or_default();
        let own = taken.get(&peer.uid).copied().unwrap_or_default();
        let is_full = all >= self.limits.all
            || (peer.uid != 0 && (own >= self.limits.each || all - of_root >= self.limits.others));
        if is_full {
            return None;
        }
        taken.insert(peer.uid, own + 1);
        Some(Place { uid: peer.uid, taken: Arc::clone(places) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.uid) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.uid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn seats_are_limited_for_each_user_and_root_keeps_its_own() {
        let gate = Gate::new(Limits { all: 6, others: 3, each: 2 });
        let peer = |uid| Peer { uid };
        let first = gate.sit(peer(1000)).unwrap();
        let _second = gate.sit(peer(1000)).unwrap();
        assert!(gate.sit(peer(1000)).is_none(), "one user");
        let _other = gate.sit(peer(1001)).unwrap();
        assert!(gate.sit(peer(1002)).is_none(), "all but root");
        let roots: Vec<_> = (0..3).map(|_| gate.sit(peer(0)).unwrap()).collect();
        assert!(gate.sit(peer(0)).is_none(), "all");
        assert!(gate.stand(peer(1000)).is_some(), "there is room to stand");
        drop(roots);
        drop(first);
        assert!(gate.sit(peer(1000)).is_some(), "a seat is free again");
    }

    #[test]
    fn seats_come_back_from_threads_that_die() {
        let gate = Gate::default();
        for _ in 0..100 {
            let seat = gate.sit(Peer { uid: 1000 });
            assert!(seat.is_some());
            let _ = thread::spawn(move || drop(seat)).join();
        }
    }
}
