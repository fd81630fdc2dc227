//! S8.7: what switching MFA on would do, told before it is done.

use super::list::ListedDevice;
use crate::{App, Problem, Refusal};
use claviger_domain::{
    account::Account,
    device::{
        FirstFactor, SshChange, Switch,
        forecast::{Facts, Has, Note, Outcome, Person, Reach, outcome},
    },
    permission::{Granted, ViewUsers},
};
use claviger_store::table::{
    device_binding::{self, BoundUser},
    device_list::Filter,
    user_list::Page,
};

/// Devices that are foretold at once.
const DEVICES: i64 = 100;
/// People that are foretold at once.
const PEOPLE: i64 = 5_000;

/// What would happen.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The devices, by name.
    pub devices: Vec<DevicePreview>,
    /// How many match that are not among them.
    pub further_devices: i64,
    /// How many people of these devices are not among them.
    pub further_people: i64,
}

/// What would happen to one device.
#[derive(Clone, Debug)]
pub struct DevicePreview {
    /// The device as it is.
    pub listed: ListedDevice,
    /// What to know beforehand, what stops it first.
    pub notes: Vec<Note>,
    /// What each of those who are bound to it meets, by name.
    pub people: Vec<PersonPreview>,
}

/// What somebody meets.
#[derive(Clone, Debug)]
pub struct PersonPreview {
    /// Who.
    pub account: Account,
    /// What.
    pub outcome: Outcome,
}

impl Preview {
    /// How many people meet what is asked for where MFA would be switched on.
    pub fn count(&self, is_meant: impl Fn(&Outcome) -> bool) -> usize {
        let devices = self.devices.iter().filter(|device| !device.notes.contains(&Note::SshConflict));
        let people = devices.flat_map(|device| &device.people);
        people.filter(|person| is_meant(&person.outcome)).count()
    }

    /// How many devices have a note that is asked for.
    pub fn count_devices(&self, is_meant: impl Fn(&Note) -> bool) -> usize {
        self.devices.iter().filter(|device| device.notes.iter().any(&is_meant)).count()
    }
}

impl App {
    /// S8.7: what switching MFA on would do to the devices that match, and to everybody who is bound to them.
    pub async fn preview_device_mfa(
        &self,
        granted: &Granted<ViewUsers>,
        filter: &Filter,
        first_factor: Option<FirstFactor>,
    ) -> Result<Preview, Refusal> {
        let found = self.devices(granted, filter, (&Page::First, DEVICES)).await?;
        let total: i64 = self.devices_by_status(granted, filter).await?.iter().map(|(_, count)| count).sum();
        let shown = i64::try_from(found.devices.len()).unwrap_or(DEVICES);
        let expected: i64 = found.devices.iter().map(|listed| listed.users).sum();
        let people = self.people_of(&found.devices).await?;
        let told = i64::try_from(people.len()).unwrap_or(PEOPLE);
        let devices = found.devices.into_iter().map(|listed| {
            let facts = self.facts_of(&listed, first_factor);
            let bound = people.iter().filter(|bound| bound.device == listed.known.device.id);
            let people = bound.map(|bound| person(&facts, bound)).collect();
            DevicePreview { notes: facts.notes(), people, listed }
        });
        Ok(Preview {
            devices: devices.collect(),
            further_devices: (total - shown).max(0),
            further_people: (expected - told).max(0),
        })
    }

    async fn people_of(&self, devices: &[ListedDevice]) -> Result<Vec<BoundUser>, Problem> {
        let ids: Vec<_> = devices.iter().map(|listed| listed.known.device.id).collect();
        let organization = self.organization().await?.id;
        Ok(device_binding::of_devices(&self.0.store, organization, &ids, None, PEOPLE).await?)
    }

    fn facts_of(&self, listed: &ListedDevice, first_factor: Option<FirstFactor>) -> Facts {
        let rules = &listed.known.device.rules;
        let change = SshChange { first_factor, ..SshChange::default() };
        Facts {
            status: listed.status,
            reach: Reach::of(listed.known.contact.last_contact_at, self.now()),
            platform: listed.known.device.platform,
            ssh_server: listed.known.contact.told.ssh_server,
            ssh: rules.ssh.changed(&change, Switch::On),
            not_enrolled: rules.not_enrolled,
        }
    }
}

fn person(facts: &Facts, bound: &BoundUser) -> PersonPreview {
    let account = &bound.account;
    let passwords = usize::from(account.password.hash().is_some());
    let person = Person {
        state: account.state,
        enrollment: account.mfa.enrollment,
        requirement: account.mfa.requirement,
        has: Has::of(passwords, bound.keys),
    };
    PersonPreview { account: account.clone(), outcome: outcome(facts, &person) }
}
