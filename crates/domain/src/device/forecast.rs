//! S8.7: what switching MFA on would do to a device and to everybody who is bound to it.

use super::{Blocked, FirstFactor, MfaStatus, NotEnrolled, Platform, Ssh, SshConflict, SshServer};
use crate::{
    account::State,
    mfa::{Enrollment, Requirement},
    time::{Span, Timestamp},
};

/// A device that was heard of within this time is online: longer than it waits for news, and a little more.
pub const ONLINE_FOR: Span = Span::minutes(6);

/// Whether a device can be told something now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It is there.
    Online,
    /// It was last heard of then.
    OfflineSince(Timestamp),
}

impl Reach {
    /// From when it was last heard of.
    pub fn of(last_contact: Timestamp, now: Timestamp) -> Self {
        if now.since(last_contact) <= ONLINE_FOR { Self::Online } else { Self::OfflineSince(last_contact) }
    }
}

/// What is known of a device before MFA is switched on.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its status as it is.
    pub status: MfaStatus,
    /// Whether it can be told.
    pub reach: Reach,
    /// What it runs on.
    pub platform: Platform,
    /// Whether SSH asks at all.
    pub ssh_server: SshServer,
    /// The SSH settings as they would be, or the question of S8.9.
    pub ssh: Result<Ssh, SshConflict>,
    /// What would happen to those who aren't enrolled.
    pub not_enrolled: NotEnrolled,
}

/// What an administrator should know of a device beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// S8.9: somebody must choose first; in bulk it is left out.
    SshConflict,
    /// MFA is on already.
    AlreadyOn,
    /// The device said that it can't, when it last tried.
    Blocked(Blocked),
    /// It was last heard of then, and takes MFA up when it is back.
    OfflineSince(Timestamp),
    /// SSH is not asked until there is a server; console and greeter are.
    NoSshServer,
    /// SSH lets nobody in.
    SshClosed,
}

impl Facts {
    /// Everything that an administrator should know beforehand, what stops it first.
    pub fn notes(&self) -> Vec<Note> {
        let conflict = self.ssh.is_err().then_some(Note::SshConflict);
        let status = match self.status {
            MfaStatus::On | MfaStatus::Waiting => Some(Note::AlreadyOn),
            MfaStatus::Blocked(why) => Some(Note::Blocked(why)),
            MfaStatus::Off | MfaStatus::Paused => None,
        };
        let reach = match self.reach {
            Reach::Online => None,
            Reach::OfflineSince(at) => Some(Note::OfflineSince(at)),
        };
        let ssh = match (self.ssh_server, self.ssh.map(|ssh| ssh.first_factor())) {
            _ if !self.platform.has_ssh_rules() => None,
            (SshServer::Missing, _) => Some(Note::NoSshServer),
            (SshServer::Present, Ok(None)) => Some(Note::SshClosed),
            (SshServer::Present, Ok(Some(_)) | Err(_)) => None,
        };
        [conflict, status, reach, ssh].into_iter().flatten().collect()
    }
}

/// What is known of somebody who is bound to the device.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Whether they may sign in at all.
    pub state: State,
    /// Whether they are enrolled.
    pub enrollment: Enrollment,
    /// What is demanded of them.
    pub requirement: Requirement,
    /// What they can show first.
    pub has: Has,
}

/// What somebody can show before the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// Neither a password nor a key.
    Nothing,
    /// A password only.
    Password,
    /// SSH keys only.
    Keys,
    /// Both.
    Both,
}

impl Has {
    /// From what is stored of them.
    pub const fn of(passwords: usize, keys: usize) -> Self {
        match (passwords, keys) {
            (0, 0) => Self::Nothing,
            (_, 0) => Self::Password,
            (0, _) => Self::Keys,
            (_, _) => Self::Both,
        }
    }
}

/// What somebody meets at the device's login once MFA is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They are asked for the code, at SSH after this; nothing where SSH is not there or lets nobody in.
    Asked(Option<FirstFactor>),
    /// S8.4: not enrolled, so the first factor is enough.
    FirstFactorAlone(Enrolling),
    /// S8.7b: not enrolled, and refused for it.
    Refused(Enrolling),
    /// They can't show what goes before the code at SSH.
    LockedOut(Lacks),
    /// Suspended or staged: their account is locked anyway.
    NoAccess,
}

/// Whether somebody who isn't enrolled has to be soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolling {
    /// Nobody demands it.
    NotRequired,
    /// They have until then, or had.
    Until(Timestamp),
    /// At their next sign-in to the portal.
    NextSignIn,
}

/// What somebody lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lacks {
    /// Passwords go first, and they have SSH keys only.
    Password,
    /// Keys go first, and they have a password only.
    Keys,
    /// They have neither.
    Everything,
}

impl From<Requirement> for Enrolling {
    fn from(requirement: Requirement) -> Self {
        match requirement {
            Requirement::NotRequired | Requirement::Paused(_) => Self::NotRequired,
            Requirement::By(until) => Self::Until(until),
            Requirement::AtOnce => Self::NextSignIn,
        }
    }
}

/// S8.7: what `person` meets on a device with these facts. Where the question of S8.9 is still open, both ways are
/// taken to stay.
pub fn outcome(facts: &Facts, person: &Person) -> Outcome {
    let first = match (facts.ssh_server, facts.ssh) {
        _ if !facts.platform.has_ssh_rules() => None,
        (SshServer::Missing, _) => None,
        (SshServer::Present, Ok(ssh)) => ssh.first_factor(),
        (SshServer::Present, Err(SshConflict)) => Some(FirstFactor::Both),
    };
    match (person.state, person.enrollment, facts.not_enrolled, lacks(first, person.has)) {
        (State::Staged | State::Suspended, ..) => Outcome::NoAccess,
        (State::Activated, Enrollment::NotEnrolled, NotEnrolled::Refused, _) => {
            Outcome::Refused(person.requirement.into())
        }
        (State::Activated, _, _, Some(lacks)) => Outcome::LockedOut(lacks),
        (State::Activated, Enrollment::Enrolled(_), _, None) => Outcome::Asked(first),
        (State::Activated, Enrollment::NotEnrolled, NotEnrolled::FirstFactorAlone, None) => {
            Outcome::FirstFactorAlone(person.requirement.into())
        }
    }
}

/// What somebody lacks of what goes first; where SSH doesn't ask, the console takes a password.
const fn lacks(first: Option<FirstFactor>, has: Has) -> Option<Lacks> {
    match (first, has) {
        (_, Has::Nothing) => Some(Lacks::Everything),
        (None | Some(FirstFactor::Password), Has::Keys) => Some(Lacks::Password),
        (Some(FirstFactor::PublicKey), Has::Password) => Some(Lacks::Keys),
        (_, Has::Both)
        | (None | Some(FirstFactor::Password | FirstFactor::Both), Has::Password)
        | (Some(FirstFactor::PublicKey | FirstFactor::Both), Has::Keys) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::Switch, id::FactorId};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const UNTIL: Timestamp = Timestamp::from_seconds(1_800_600_000);

    fn ssh(password_login: Switch, public_keys: Switch) -> Ssh {
        Ssh { password_login, public_keys, both_chosen: password_login, ..Ssh::default() }
    }

    fn facts(ssh: Result<Ssh, SshConflict>) -> Facts {
        Facts {
            status: MfaStatus::Off,
            reach: Reach::Online,
            platform: Platform::Linux,
            ssh_server: SshServer::Present,
            ssh,
            not_enrolled: NotEnrolled::FirstFactorAlone,
        }
    }

    fn person(enrollment: Enrollment, has: Has) -> Person {
        Person { state: State::Activated, enrollment, requirement: Requirement::By(UNTIL), has }
    }

    fn enrolled() -> Enrollment {
        Enrollment::Enrolled(FactorId::new(NOW, [1; 10]))
    }

    /// S8.7: who is asked, who isn't enrolled, and who would be locked out, for every way in and everything that
    /// somebody can have.
    #[test]
    fn the_table_of_the_forecast_holds() {
        use FirstFactor as F;
        use Switch::{Off, On};
        let (passwords, keys) = (Ok(ssh(On, Off)), Ok(ssh(Off, On)));
        let (both, open) = (Ok(ssh(On, On)), Err(SshConflict));
        let (asked, locked) = (|first| Outcome::Asked(Some(first)), Outcome::LockedOut);
        let table = [
            (passwords, Has::Password, asked(F::Password)),
            (passwords, Has::Keys, locked(Lacks::Password)),
            (passwords, Has::Both, asked(F::Password)),
            (keys, Has::Password, locked(Lacks::Keys)),
            (keys, Has::Keys, asked(F::PublicKey)),
            (keys, Has::Both, asked(F::PublicKey)),
            (both, Has::Password, asked(F::Both)),
            (both, Has::Keys, asked(F::Both)),
            (open, Has::Keys, asked(F::Both)),
            (open, Has::Nothing, locked(Lacks::Everything)),
            (Ok(ssh(Off, Off)), Has::Password, Outcome::Asked(None)),
            (Ok(ssh(Off, Off)), Has::Keys, locked(Lacks::Password)),
        ];
        for (ssh, has, expected) in table {
            let facts = facts(ssh);
            assert_eq!(outcome(&facts, &person(enrolled(), has)), expected, "{ssh:?} {has:?}");
            let alone = match expected {
                Outcome::Asked(_) => Outcome::FirstFactorAlone(Enrolling::Until(UNTIL)),
                other @ (Outcome::FirstFactorAlone(_)
                | Outcome::Refused(_)
                | Outcome::LockedOut(_)
                | Outcome::NoAccess) => other,
            };
            let other = person(Enrollment::NotEnrolled, has);
            assert_eq!(outcome(&facts, &other), alone, "{ssh:?} {has:?}, not enrolled");
            let strict = Facts { not_enrolled: NotEnrolled::Refused, ..facts };
            assert_eq!(outcome(&strict, &other), Outcome::Refused(Enrolling::Until(UNTIL)), "S8.7b");
            assert_eq!(outcome(&strict, &person(enrolled(), has)), expected, "S8.7b is for others");
            for state in [State::Staged, State::Suspended] {
                assert_eq!(outcome(&facts, &Person { state, ..other }), Outcome::NoAccess);
            }
        }
    }

    #[test]
    fn without_an_ssh_server_keys_help_nobody_and_the_console_asks() {
        let missing = Facts { ssh_server: SshServer::Missing, ..facts(Err(SshConflict)) };
        assert_eq!(outcome(&missing, &person(enrolled(), Has::Password)), Outcome::Asked(None));
        assert_eq!(outcome(&missing, &person(enrolled(), Has::Keys)), Outcome::LockedOut(Lacks::Password));
    }

    /// S8.15, S8.18: a Mac's own sshd asks nobody for a code, so its rules lock nobody out.
    #[test]
    fn where_ssh_is_not_looked_after_the_machine_itself_asks() {
        for platform in [Platform::Windows, Platform::Macos] {
            for ssh_server in [SshServer::Present, SshServer::Missing] {
                let closed = Ok(ssh(Switch::Off, Switch::Off));
                for ssh in [Ok(ssh(Switch::On, Switch::On)), Ok(ssh(Switch::Off, Switch::On)), closed] {
                    let facts = Facts { platform, ssh_server, ..facts(ssh) };
                    let meets = |has| outcome(&facts, &person(enrolled(), has));
                    assert_eq!(meets(Has::Password), Outcome::Asked(None), "{facts:?}");
                    assert_eq!(meets(Has::Keys), Outcome::LockedOut(Lacks::Password), "{facts:?}");
                    assert_eq!(facts.notes(), [], "nobody expects an SSH server there");
                }
            }
        }
    }

    #[test]
    fn what_stops_it_is_noted_first() {
        let clean = facts(Ok(ssh(Switch::Off, Switch::On)));
        assert_eq!(clean.notes(), []);
        let all = Facts {
            status: MfaStatus::Blocked(Blocked::Disk),
            reach: Reach::OfflineSince(NOW),
            ssh_server: SshServer::Missing,
            ..facts(Err(SshConflict))
        };
        let expected =
            [Note::SshConflict, Note::Blocked(Blocked::Disk), Note::OfflineSince(NOW), Note::NoSshServer];
        assert_eq!(all.notes(), expected);
        for status in [MfaStatus::On, MfaStatus::Waiting] {
            assert_eq!(Facts { status, ..clean }.notes(), [Note::AlreadyOn]);
        }
        assert_eq!(facts(Ok(ssh(Switch::Off, Switch::Off))).notes(), [Note::SshClosed]);
    }

    #[test]
    fn a_device_is_online_while_it_was_heard_of() {
        assert_eq!(Reach::of(NOW.minus(ONLINE_FOR), NOW), Reach::Online);
        let before = NOW.minus(Span::minutes(7));
        assert_eq!(Reach::of(before, NOW), Reach::OfflineSince(before));
    }

    #[test]
    fn how_soon_somebody_must_enroll_follows_their_requirement() {
        assert_eq!(Enrolling::from(Requirement::AtOnce), Enrolling::NextSignIn);
        assert_eq!(Enrolling::from(Requirement::NotRequired), Enrolling::NotRequired);
        assert_eq!(Has::of(1, 0), Has::Password);
        assert_eq!((Has::of(0, 2), Has::of(1, 1), Has::of(0, 0)), (Has::Keys, Has::Both, Has::Nothing));
    }
}
