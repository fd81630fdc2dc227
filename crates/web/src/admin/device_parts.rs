//! What several pages of devices share: the header, the lock, and words for what the domain found.

use crate::view::{Link, Padlock, When};
use claviger_app::{device_admin::ListedDevice, session::SignedIn, words};
use claviger_domain::{
    device::{
        AccountState, FirstFactor, MfaStatus, Stage, Sudo, Switch,
        forecast::{Enrolling, Lacks, Note, Outcome, Reach},
    },
    permission::{ManageUsers, RunCommands},
    time::Timestamp,
};

/// The way to a page about a device.
pub(super) fn trail(base: &str, name: &str) -> Vec<Link> {
    vec![
        Link { href: "/admin/devices".into(), label: "Devices".into() },
        Link { href: base.to_owned(), label: name.to_owned() },
    ]
}

/// The drawing for a status of S8.3.
pub(super) const fn shape(status: &str) -> &'static str {
    match status.as_bytes() {
        b"on" => "active",
        b"waiting" => "enrolling",
        b"blocked" => "expired",
        b"paused" => "required_without_period",
        _ => "none",
    }
}

/// S8.3 as a padlock.
pub(super) fn padlock(listed: &ListedDevice) -> Padlock {
    let proof = listed.known.device.proof;
    let detail = match (listed.status, proof.stage) {
        (MfaStatus::Blocked(why), _) => Some(why.words().to_owned()),
        (MfaStatus::Paused, _) => Some("The organization's TOTP is disabled.".into()),
        (_, Stage::Wanted) => Some(format!(
            "Taken back unless somebody signs in with a code within {}.",
            words::counted(proof.seconds / 60, "minute")
        )),
        (_, Stage::TakenBack) => {
            Some("Nobody signed in with a code in time, so the device took it back.".into())
        }
        (_, Stage::None | Stage::Given) => None,
    };
    Padlock {
        id: format!("device-{}", listed.known.device.id),
        key: shape(listed.status.key()),
        words: MfaStatus::words(listed.status.key()),
        detail,
        at: None,
    }
}

/// When a device was last heard of, and whether that is now.
pub(super) struct Contact {
    pub(super) at: When,
    pub(super) is_online: bool,
}

impl Contact {
    pub(super) fn of(listed: &ListedDevice, now: Timestamp, zone: &str) -> Self {
        let at = listed.known.contact.last_contact_at;
        Self { at: When::new(at, now, zone), is_online: Reach::of(at, now) == Reach::Online }
    }
}

/// What stands above every page of a device.
pub(super) struct DeviceHeader {
    pub(super) base: String,
    pub(super) name: String,
    pub(super) system: String,
    pub(super) hostname: String,
    pub(super) padlock: Padlock,
    pub(super) contact: Contact,
    pub(super) tab: &'static str,
    pub(super) users: String,
    pub(super) may_edit: bool,
    /// Whether the tab of commands is theirs to see.
    pub(super) may_run: bool,
    pub(super) is_on: bool,
    pub(super) can_confirm: bool,
}

impl DeviceHeader {
    pub(super) fn new(
        listed: &ListedDevice,
        me: &SignedIn,
        (now, zone): (Timestamp, &str),
        tab: &'static str,
    ) -> Self {
        let device = &listed.known.device;
        let may_edit = me.actor.granted::<ManageUsers>().is_ok();
        // One that took MFA back is switched on again.
        let is_on = device.rules.mfa == Switch::On && device.proof.stage != Stage::TakenBack;
        Self {
            base: format!("/admin/devices/{}", device.id),
            name: device.name.clone(),
            system: system_words(listed),
            hostname: listed.known.contact.told.hostname.clone(),
            padlock: padlock(listed),
            contact: Contact::of(listed, now, zone),
            tab,
            users: words::number(listed.users),
            may_edit,
            may_run: me.actor.granted::<RunCommands>().is_ok(),
            is_on,
            can_confirm: may_edit && device.proof.stage == Stage::Wanted,
        }
    }
}

/// "Debian GNU/Linux 12 (bookworm)", or the platform where the device says nothing more.
pub(super) fn system_words(listed: &ListedDevice) -> String {
    let system = &listed.known.contact.told.system;
    if system.is_empty() { listed.known.device.platform.words().to_owned() } else { system.clone() }
}

pub(super) const fn sudo_words(sudo: Sudo) -> &'static str {
    match sudo {
        Sudo::None => "No sudo",
        Sudo::WithPassword => "sudo with password",
        Sudo::WithoutPassword => "sudo without password",
    }
}

/// A choice of a field, as its select shows it.
pub(super) struct SudoChoice {
    pub(super) value: &'static str,
    pub(super) label: &'static str,
}

pub(super) fn sudo_choices() -> Vec<SudoChoice> {
    Sudo::ALL.iter().map(|sudo| SudoChoice { value: sudo.key(), label: sudo_words(*sudo) }).collect()
}

/// What a device made of somebody's account; the flag is for what an administrator should look at.
pub(super) const fn account_words(state: AccountState) -> (&'static str, bool) {
    match state {
        AccountState::Unknown => ("Not reported yet", false),
        AccountState::Ready => ("Ready", false),
        AccountState::Locked => ("Locked", false),
        AccountState::NeedsTakeOver => ("An account of this name exists", true),
        AccountState::NameRefused => ("Name or number is taken", true),
        AccountState::Failed => ("Could not be made", true),
    }
}

/// What to know of a device before MFA is switched on.
pub(super) fn note_words(note: Note, now: Timestamp) -> String {
    match note {
        Note::SshConflict => {
            "Password login and SSH keys are both on: choose which one goes before the code.".into()
        }
        Note::AlreadyOn => "MFA is on already.".into(),
        Note::Blocked(why) => format!("When it last tried, it could not: {}", why.words()),
        Note::OfflineSince(at) => {
            format!("Last heard of {}. It takes MFA up when it is back.", words::relative(at, now))
        }
        Note::NoSshServer => {
            "No openssh-server: only console and greeter ask, until one is installed.".into()
        }
        Note::SshClosed => "SSH lets nobody in: neither passwords nor keys are on.".into(),
    }
}

pub(super) const fn first_words(first: FirstFactor) -> &'static str {
    match first {
        FirstFactor::Password => "password",
        FirstFactor::PublicKey => "SSH key",
        FirstFactor::Both => "password or SSH key",
    }
}

fn enrolling_words(enrolling: Enrolling, (now, zone): (Timestamp, &str)) -> String {
    match enrolling {
        Enrolling::NotRequired => "not enrolled, and not required to".into(),
        Enrolling::NextSignIn => "not enrolled, but must at the next sign-in to the portal".into(),
        Enrolling::Until(at) if at > now => {
            format!("not enrolled, has until {}", words::short_date(at, zone))
        }
        Enrolling::Until(_) => "not enrolled, and the time to do so has ended".into(),
    }
}

/// S8.7: what somebody meets; the word is that of the badge.
pub(super) fn outcome_words(outcome: Outcome, when: (Timestamp, &str)) -> (&'static str, String) {
    match outcome {
        Outcome::Asked(Some(first)) => {
            ("success", format!("Asked for the code after the {}", first_words(first)))
        }
        Outcome::Asked(None) => ("success", "Asked for the code at the machine itself".into()),
        Outcome::FirstFactorAlone(enrolling) => {
            ("plain", format!("First factor alone: {}", enrolling_words(enrolling, when)))
        }
        Outcome::Refused(enrolling) => ("danger", format!("Refused: {}", enrolling_words(enrolling, when))),
        Outcome::LockedOut(Lacks::Password) => {
            ("danger", "Would be locked out: has SSH keys only, and a password goes first".into())
        }
        Outcome::LockedOut(Lacks::Keys) => {
            ("danger", "Would be locked out of SSH: has a password only, and SSH keys go first".into())
        }
        Outcome::LockedOut(Lacks::Everything) => {
            ("danger", "Would be locked out: has neither a password nor an SSH key".into())
        }
        Outcome::NoAccess => ("plain", "No access: not activated".into()),
    }
}
