//! S8.7a: MFA is taken back unless somebody proves in time that codes work.

use claviger_agent_core::clock::Clocks;
use claviger_domain::time::{Span, Timestamp};
use claviger_wire::server;
use serde::{Deserialize, Serialize};

/// How far the attempts are; kept across restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Proof {
    began: Option<Began>,
    /// The last attempt that was proved.
    proven: i64,
    /// The last one that was taken back.
    taken_back: i64,
}

/// When an attempt came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Began {
    attempt: i64,
    wall: i64,
    boot: String,
    since: i64,
}

/// What has to happen to the attempt of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing; nobody waits for a proof.
    Stays,
    /// It waits for this long, from the moment it is in force.
    Waits(Span),
    /// Its time is over.
    IsOver,
    /// It was taken back.
    WasTakenBack,
}

impl Proof {
    pub(super) const fn taken_back(&self) -> i64 {
        self.taken_back
    }

    /// Somebody proved this attempt.
    pub(super) fn prove(&mut self, attempt: i64) {
        self.proven = self.proven.max(attempt);
    }

    /// What is to happen now.
    pub(super) fn verdict(&self, wanted: server::Proof, clocks: &Clocks) -> Verdict {
        let server::Proof::Within { seconds, attempt } = wanted else { return Verdict::Stays };
        if attempt <= self.taken_back {
            return Verdict::WasTakenBack;
        }
        if attempt <= self.proven {
            return Verdict::Stays;
        }
        let whole = Span::seconds(seconds);
        let Some(began) = self.began.as_ref().filter(|began| began.attempt == attempt) else {
            return Verdict::Waits(whole);
        };
        let passed = if began.boot == clocks.uptime.boot {
            clocks.uptime.since.micros() - began.since
        } else {
            // A wall clock that went back has measured nothing.
            clocks.wall.since(Timestamp(began.wall)).micros()
        };
        match whole.micros() - passed.max(0) {
            left if left > 0 => Verdict::Waits(Span::from_micros(left)),
            _ => Verdict::IsOver,
        }
    }

    /// The attempt is in force: its time begins, unless it did before.
    pub(super) fn begin(&mut self, wanted: server::Proof, clocks: &Clocks) {
        let server::Proof::Within { attempt, .. } = wanted else { return self.pause() };
        if self.began.as_ref().is_none_or(|began| began.attempt != attempt) {
            self.began = Some(Began {
                attempt,
                wall: clocks.wall.0,
                boot: clocks.uptime.boot.clone(),
                since: clocks.uptime.since.micros(),
            });
        }
    }

    /// Codes aren't asked for any more: the time begins anew when they are.
    pub(super) fn pause(&mut self) {
        self.began = None;
    }

    /// The attempt is taken back.
    pub(super) fn take_back(&mut self, wanted: server::Proof) {
        if let server::Proof::Within { attempt, .. } = wanted {
            self.taken_back = self.taken_back.max(attempt);
            self.began = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_agent_core::clock::Uptime;

    const WANTED: server::Proof = server::Proof::Within { seconds: 600, attempt: 3 };

    fn clocks(wall: i64, boot: &str, since: i64) -> Clocks {
        Clocks {
            wall: Timestamp::from_seconds(wall),
            uptime: Uptime { boot: boot.into(), since: Span::seconds(since) },
        }
    }

    fn begun() -> Proof {
        let mut proof = Proof::default();
        proof.begin(WANTED, &clocks(1_000_000, "a", 100));
        proof
    }

    #[test]
    fn the_time_runs_from_the_moment_it_is_in_force() {
        let waits = |seconds| Verdict::Waits(Span::seconds(seconds));
        let now = clocks(1_000_000, "a", 100);
        assert_eq!(Proof::default().verdict(WANTED, &now), waits(600));
        let mut proof = begun();
        // What is in force already doesn't begin again, and a wall clock that jumps changes nothing.
        proof.begin(WANTED, &clocks(1_000_300, "a", 400));
        assert_eq!(proof.verdict(WANTED, &clocks(9_000_000, "a", 400)), waits(300));
        assert_eq!(proof.verdict(WANTED, &clocks(0, "a", 700)), Verdict::IsOver);
    }

    #[test]
    fn a_boot_changes_nothing() {
        assert_eq!(begun().verdict(WANTED, &clocks(1_000_500, "b", 1)), Verdict::Waits(Span::seconds(100)));
        assert_eq!(begun().verdict(WANTED, &clocks(1_000_600, "b", 1)), Verdict::IsOver);
        assert_eq!(begun().verdict(WANTED, &clocks(5, "b", 1)), Verdict::Waits(Span::seconds(600)));
    }

    #[test]
    fn what_was_taken_back_waits_for_the_next_attempt() {
        let (mut proof, now) = (begun(), clocks(1_000_000, "a", 100));
        proof.take_back(WANTED);
        assert_eq!(proof.verdict(WANTED, &now), Verdict::WasTakenBack);
        assert_eq!(proof.verdict(server::Proof::NotNeeded, &now), Verdict::Stays);
        let next = server::Proof::Within { seconds: 60, attempt: 4 };
        assert_eq!(proof.verdict(next, &now), Verdict::Waits(Span::seconds(60)));
    }

    #[test]
    fn what_was_proved_stays() {
        let mut proof = begun();
        proof.prove(3);
        assert_eq!(proof.verdict(WANTED, &clocks(0, "a", 100_000)), Verdict::Stays);
    }
}
