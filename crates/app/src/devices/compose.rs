//! What a device must do, put together from what is laid down (S8.3–S8.12).

use super::orders;
use claviger_domain::{
    account::State as AccountStanding,
    device::{AccountState, Device, Platform, Stage, Switch, TakeOver},
    id::AccountId,
    mfa,
    organization::Organization,
    posix::DEFAULT_SHELL,
    sign_in::TotpSwitch,
    time::Timestamp,
    totp,
};
use claviger_store::table::{
    break_glass::BreakGlass as Stored,
    command_run::RunOnDevice,
    device_bound::{Binding, Bound, Clock, KeyLine, OnDevice, Person},
    policy_bound::OnDevice as PolicyOnDevice,
};
use claviger_wire::server::{
    Access, BreakGlass, Codes, Factor, Invite, Proof, Remembers, Requirement, State, User, Window,
};
use data_encoding::BASE64URL_NOPAD;
use std::collections::HashMap;

/// What a device's state is made of.
pub(super) struct Parts {
    pub(super) bound: Vec<Bound>,
    pub(super) keys: Vec<KeyLine>,
    pub(super) codes: Vec<Stored>,
    pub(super) policies: Vec<PolicyOnDevice>,
    pub(super) runs: Vec<RunOnDevice>,
    /// S8.13b.
    pub(super) remembers: Remembers,
    /// S8.13b: nothing where the device is not to show it.
    pub(super) invite: Option<Invite>,
}

/// A state without its revision, and the accounts that the device is told of as it was not before.
pub(super) struct Composed {
    pub(super) state: State,
    pub(super) news: Vec<(AccountId, String)>,
}

pub(super) fn compose(
    organization: &Organization,
    device: &Device,
    parts: Parts,
    now: Timestamp,
) -> Composed {
    let mut keys: HashMap<AccountId, Vec<String>> = HashMap::new();
    for KeyLine { account, line } in parts.keys {
        keys.entry(account).or_default().push(line);
    }
    let mut codes: HashMap<AccountId, Vec<BreakGlass>> = HashMap::new();
    for code in parts.codes {
        let known = BreakGlass {
            id: code.id,
            hash: BASE64URL_NOPAD.encode(&code.code_hash),
            expires_at: code.expires_at.0,
        };
        codes.entry(code.account).or_default().push(known);
    }
    let (mut users, mut news) = (Vec::with_capacity(parts.bound.len()), Vec::new());
    for bound in &parts.bound {
        let Some(mut user) = user(bound, now) else { continue };
        if device.platform != Platform::Windows {
            user.requirement = Requirement::NotRequired;
        }
        if parts.invite.is_none() || user.access == Access::Locked {
            user.enrolls_until = None;
        }
        if user.access == Access::Open {
            user.ssh_keys = keys.remove(&bound.account).unwrap_or_default();
            user.break_glass = codes.remove(&bound.account).unwrap_or_default();
        }
        if is_news(&user, bound.on_device.as_ref()) {
            news.push((user.id, user.name.clone()));
        }
        users.push(user);
    }
    let policies = orders::policies(device.platform, &parts.policies);
    let runs = orders::runs(organization.settings.commands, &parts.runs, now);
    let (remembers, invite) = (parts.remembers, parts.invite);
    let state = State { remembers, invite, policies, runs, ..state(organization, device, users) };
    Composed { state, news }
}

fn state(organization: &Organization, device: &Device, users: Vec<User>) -> State {
    let settings = &organization.settings;
    State {
        device: device.id,
        revision: 0,
        organization: settings.name.clone(),
        support: settings.support_contact.clone(),
        codes: match (device.rules.mfa, organization.totp) {
            (Switch::On, TotpSwitch::Enabled) => Codes::Asked,
            (Switch::Off, _) | (_, TotpSwitch::Disabled) => Codes::NotAsked,
        },
        rules: device.rules,
        offline_days: settings.offline_days,
        window: match settings.window {
            totp::Window::Tolerant => Window::Tolerant,
            totp::Window::Strict => Window::Strict,
        },
        proof: match (device.rules.mfa, device.proof.stage) {
            // S8.7a: a device that took MFA back goes on waiting for the next attempt.
            (Switch::On, Stage::Wanted | Stage::TakenBack) => {
                Proof::Within { seconds: device.proof.seconds, attempt: device.proof.attempt }
            }
            (Switch::Off, _) | (_, Stage::None | Stage::Given) => Proof::NotNeeded,
        },
        remembers: Remembers::default(),
        invite: None,
        users,
        policies: Vec::new(),
        runs: Vec::new(),
    }
}

/// S8.12: what the device is to do about somebody; nothing once an account that has gone is locked.
fn user(bound: &Bound, now: Timestamp) -> Option<User> {
    match (&bound.person, bound.binding, &bound.on_device) {
        (Some(person), Binding::Bound(sudo), on_device) => {
            let known = on_device.as_ref();
            let user = User {
                sudo,
                take_over: known.map_or(TakeOver::Ask, |o| o.take_over),
                ..laid_down(bound.account, person)
            };
            Some(match person.state {
                AccountStanding::Activated => User {
                    access: Access::Open,
                    requirement: requirement(person.requirement),
                    factor: person.clock.map(|clock| factor(clock, now)),
                    ..user
                },
                AccountStanding::Staged | AccountStanding::Suspended => user,
            })
        }
        (person, _, Some(on_device)) if may_have_account(on_device) => {
            let name = on_device.name.clone();
            Some(match person {
                Some(person) => User { name, ..laid_down(bound.account, person) },
                None => User { full_name: name.clone(), name, ..nobody(bound.account) },
            })
        }
        (_, _, Some(_) | None) => None,
    }
}

/// Whether the device may have made an account that is open. One that it never took over is not ours to lock.
fn may_have_account(on_device: &OnDevice) -> bool {
    let told = !on_device.name.is_empty();
    told && match on_device.state {
        AccountState::Unknown | AccountState::Ready | AccountState::Failed => true,
        AccountState::Locked | AccountState::NeedsTakeOver | AccountState::NameRefused => false,
    }
}

/// Locked, as long as nobody says otherwise.
fn nobody(id: AccountId) -> User {
    User {
        id,
        name: String::new(),
        full_name: String::new(),
        access: Access::Locked,
        uid: None,
        gid: None,
        shell: DEFAULT_SHELL.to_owned(),
        ssh_keys: Vec::new(),
        sudo: claviger_domain::device::Sudo::None,
        take_over: TakeOver::Ask,
        requirement: Requirement::NotRequired,
        factor: None,
        break_glass: Vec::new(),
        enrolls_until: None,
    }
}

fn laid_down(id: AccountId, person: &Person) -> User {
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    User {
        name: person.username.clone(),
        full_name: person.name.shown(&person.username),
        uid: number(person.uid),
        gid: number(person.gid),
        enrolls_until: person.enrolls_until.map(|until| until.0),
        shell: if person.shell.is_empty() { DEFAULT_SHELL.to_owned() } else { person.shell.clone() },
        ..nobody(id)
    }
}

/// S8.15: whether the device must see to it that nobody goes round the code.
const fn requirement(of: mfa::Requirement) -> Requirement {
    match of {
        mfa::Requirement::AtOnce | mfa::Requirement::By(_) => Requirement::Required,
        mfa::Requirement::NotRequired | mfa::Requirement::Paused(_) => Requirement::NotRequired,
    }
}

/// Only whole steps are told, so that a mean that moves a little with every code is no news for every device.
fn factor(clock: Clock, now: Timestamp) -> Factor {
    let drift = clock.drift.faded(now.since(clock.last_used_at));
    let learned = i32::try_from(drift.steps()).unwrap_or_default().saturating_mul(1_000);
    Factor { id: clock.factor, resynced: drift.resynced, learned }
}

/// Whether the device must say anew what it made of the account before that is believed.
fn is_news(user: &User, before: Option<&OnDevice>) -> bool {
    let Some(before) = before else { return true };
    let confirmed = before.state == AccountState::NeedsTakeOver && user.take_over == TakeOver::Confirmed;
    let opened = before.state == AccountState::Locked && user.access == Access::Open;
    before.name != user.name || confirmed || opened
}

#[cfg(test)]
mod tests;
