//! Whom the agent answers at the login socket: one thread a call, each with its own limits. The thread that takes a call
//! answers it, and another one waits by then: nobody at a login waits for a thread to begin.

use crate::platform::{Standing, system::people::People};
use claviger_agent_core::{
    login::{Begun, Login, begin},
    port::Ports,
};
use claviger_agent_ipc::{Connection, Error, Gate, Listener, Peer, Place};
use claviger_wire::{
    login::{ANSWER_SECONDS, Hello, Phase, TURNS, Turn, typed},
    service::Service,
};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread::{self, Scope},
    time::Duration,
};

/// Room enough for a login; many at a time stay small.
const STACK: usize = 256 * 1024;
/// Threads that go on waiting for calls after their own is answered. There are more while more are answered.
const WAITING: usize = 2;
/// After a call that could not be taken, such as for lack of file descriptors.
const BREATH: Duration = Duration::from_millis(100);

/// What is served at a socket.
pub struct Desk<'a> {
    /// What logins need of the device.
    pub ports: Ports<'a>,
    /// How many calls there may be.
    pub gate: Gate,
    /// The accounts of this machine.
    pub people: People,
}

impl Desk<'_> {
    /// A seat, or, where all are taken, room to be told what takes no time: a device that is called too often asks
    /// nobody any more, and refuses who would be asked, but it is not away.
    fn admit(&self, peer: Peer) -> Option<(Place, Room)> {
        let seat = self.gate.sit(peer).map(|place| (place, Room::ToSit));
        seat.or_else(|| Some((self.gate.stand(peer)?, Room::ToStand)))
    }
}

/// What a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// The time that a person needs.
    ToSit,
    /// None.
    ToStand,
}

/// Takes calls until the process ends.
pub fn serve(listener: &Listener, desk: &Desk<'_>) -> ! {
    let threads = Threads { listener, desk, waiting: AtomicUsize::new(0) };
    thread::scope(|scope| {
        loop {
            threads.waiting.fetch_add(1, Ordering::AcqRel);
            threads.take_calls(scope);
        }
    })
}

/// Those who wait for calls and those who answer them.
struct Threads<'a> {
    listener: &'a Listener,
    desk: &'a Desk<'a>,
    /// How many wait: at least one, or one is about to.
    waiting: AtomicUsize,
}

impl Threads<'_> {
    /// Takes calls and answers them, for as long as a thread is needed that waits. It counts as one from the start.
    fn take_calls<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        loop {
            let call = self.listener.accept().and_then(|call| Ok((call.peer()?, call)));
            let (peer, call) = match call {
                Ok(both) => both,
                Err(error) => {
                    if matches!(error, Error::Stranger(_)) {
                        self.desk.ports.log.warn(&format!("A call was refused: {error}."));
                    }
                    thread::sleep(BREATH);
                    continue;
                }
            };
            let Some((place, room)) = self.desk.admit(peer) else {
                let line = format!("Too many logins at once: one of uid {} is closed.", peer.uid);
                self.desk.ports.log.warn(&line);
                continue;
            };
            if !self.leave(scope) {
                thread::sleep(BREATH);
                continue;
            }
            answer(&call, peer, self.desk, room);
            drop((call, place));
            let come_back = |waiting| (waiting < WAITING).then_some(waiting + 1);
            if self.waiting.fetch_update(Ordering::AcqRel, Ordering::Acquire, come_back).is_err() {
                return;
            }
        }
    }

    /// Waits no longer, if somebody else does: the last one starts another thread first. Whether it worked.
    fn leave<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) -> bool {
        let others = self
            .waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |waiting| (waiting > 1).then(|| waiting - 1));
        if others.is_ok() {
            return true;
        }
        // The new one takes the place of this one in the count.
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, || self.take_calls(scope)).is_ok()
    }
}

/// Answers one call. What goes wrong on the way ends it, and the login program lets nobody in.
fn answer(call: &Connection, peer: Peer, desk: &Desk<'_>, room: Room) {
    let outcome = call.receive().and_then(|packet| {
        let Ok(mut hello) = Hello::parse(&packet) else {
            desk.ports.log.warn(&format!("A packet of uid {} that is not a login: closed.", peer.uid));
            return Ok(());
        };
        if peer.uid != 0 {
            // sshd is root: nobody else has accepted a key.
            hello.key = None;
        }
        match desk.people.standing(peer, &hello.user) {
            Standing::Itself => converse(call, &hello, desk, room),
            Standing::Nobody => call.send(&Turn::Skip.packet()),
            Standing::Other => {
                desk.ports.log.warn(&format!("uid {} asked for {:?}: refused.", peer.uid, hello.user));
                call.send(&Turn::Deny.packet())
            }
        }
    });
    match outcome {
        // Whoever gives up at a prompt is gone, which is no news.
        Ok(()) | Err(Error::Closed) => {}
        Err(error) => desk.ports.log.note(&format!("A login of uid {} ended early: {error}.", peer.uid)),
    }
}

fn converse(call: &Connection, hello: &Hello, desk: &Desk<'_>, room: Room) -> Result<(), Error> {
    let (mut login, turns) = match (begin(desk.ports, hello), room) {
        (Begun::Over(turns), _) => return send_all(call, &turns),
        (Begun::Asking(login, turns), Room::ToSit) => (login, turns),
        (Begun::Asking(..), Room::ToStand) => {
            desk.ports.log.warn(&format!("Too many logins at once: {:?} is refused.", hello.user));
            return call.send(&Turn::Deny.packet());
        }
        (Begun::Lost, _) => return call.send(&without_state(hello, &desk.people).packet()),
    };
    call.wait(Duration::from_secs(ANSWER_SECONDS.into()))?;
    send_all(call, &turns)?;
    for _ in 0..TURNS {
        let turns = next(call, &mut login)?;
        send_all(call, &turns)?;
        if login.is_over() {
            break;
        }
    }
    Ok(())
}

fn next(call: &Connection, login: &mut Login<'_>) -> Result<Vec<Turn>, Error> {
    let packet = call.receive()?;
    Ok(typed(&packet).map_or_else(|_| vec![Turn::Deny], |typed| login.answer(typed)))
}

fn send_all(call: &Connection, turns: &[Turn]) -> Result<(), Error> {
    turns.iter().try_for_each(|turn| call.send(&turn.packet()))
}

/// While the device doesn't know what it must do, those are refused whom it asked before, and nobody else. That the login
/// program opens while the agent is away (S8.14) is not for this.
fn without_state(hello: &Hello, people: &People) -> Turn {
    let needs_code = match (Service::parse(&hello.service), hello.phase) {
        (None, _) | (_, Phase::Password) => false,
        (Some(_), Phase::Code) => true,
        (Some(service), Phase::Account) => service == Service::Sshd,
    };
    if needs_code && people.is_asked(&hello.user) { Turn::Deny } else { Turn::Skip }
}

#[cfg(all(test, unix, not(mac)))]
mod tests {
    use super::*;

    #[test]
    fn without_a_state_only_the_group_is_refused() {
        let folder = std::env::temp_dir().join(format!("claviger-group-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let groups = folder.join("group");
        std::fs::write(&groups, "root:x:0:alice\nclaviger-mfa:x:987:carol,alice\n").unwrap();
        let told = |phase, service: &str, user: &str| {
            let hello = Hello::at(service, phase, user);
            without_state(&hello, &People::at(folder.join("passwd")))
        };
        for (phase, service, user, expected) in [
            (Phase::Code, "sshd", "alice", Turn::Deny),
            (Phase::Code, "login", "carol", Turn::Deny),
            (Phase::Code, "sshd", "bob", Turn::Skip),
            (Phase::Code, "sshd", "", Turn::Skip),
            (Phase::Code, "cron", "alice", Turn::Skip),
            (Phase::Account, "sshd", "alice", Turn::Deny),
            (Phase::Account, "su", "alice", Turn::Skip),
            (Phase::Password, "login", "alice", Turn::Skip),
        ] {
            assert_eq!(told(phase, service, user), expected, "{service} {user}");
        }
        std::fs::remove_file(&groups).unwrap();
        assert_eq!(told(Phase::Code, "sshd", "bob"), Turn::Deny);
        assert_eq!(told(Phase::Code, "sshd", "root"), Turn::Skip);
    }
}
