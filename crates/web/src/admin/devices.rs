//! The list of devices: the state of the list is the address (S8.2); and how a device is added (S8.1).

use super::{
    address::{Address, Hidden, Segmented, StatusChip},
    device_bulk::actions_of,
    device_parts::{Contact, padlock, shape, system_words},
    selection::Action,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    routing::{Routes, get},
    view::{Padlock, Pager, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
};
use claviger_app::{
    device_admin::ListedDevice,
    stored::device_list::{Filter, Presence, cursor},
    words,
};
use claviger_domain::{
    device::{MfaStatus, Platform},
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
};
use std::collections::BTreeMap;

const PATH: &str = "/admin/devices";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new().at("/admin/devices", get(show)).at("/admin/devices/new", get(add))
}

#[derive(Template)]
#[template(path = "admin/devices.html")]
struct Devices {
    chrome: AdminChrome,
    may_edit: bool,
    no_devices: bool,
    search: String,
    kept_filters: Vec<Hidden>,
    platforms: Vec<Segmented>,
    presences: Vec<Segmented>,
    statuses: Vec<StatusChip>,
    group: Option<String>,
    actions: Vec<Action>,
    query: String,
    everyone: String,
    rows: Vec<DeviceRow>,
    pager: Pager,
}

struct DeviceRow {
    id: String,
    href: String,
    name: String,
    hostname: String,
    system: String,
    agent: String,
    contact: Contact,
    padlock: Padlock,
    users: String,
}

/// The address of the list.
pub(super) struct Listing(Address);

const KNOWN: [&str; 4] = ["mfa_status", "platform", "presence", "group"];

impl Listing {
    pub(super) const fn new(query: BTreeMap<String, String>) -> Self {
        Self(Address::new(PATH, &KNOWN, query))
    }

    pub(super) fn filter(&self) -> Filter {
        let status = self.0.get("mfa_status");
        Filter {
            search: self.0.search(),
            status: MfaStatus::KEYS.contains(&status).then(|| status.to_owned()),
            platform: Platform::from_key(self.0.get("platform")),
            presence: match self.0.get("presence") {
                "online" => Some(Presence::Online),
                "offline" => Some(Presence::Offline),
                _ => None,
            },
            group: self.0.get("group").parse().ok(),
            ids: None,
        }
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let listing = Listing::new(query);
    let (filter, address) = (listing.filter(), listing.0);
    let found = web.app().devices(&granted, &filter, (&address.page(), PAGE)).await?;
    let all = web.app().devices_by_status(&granted, &Filter::default()).await?;
    let matching = match filter == Filter::default() {
        true => sum(&all),
        false => sum(&web.app().devices_by_status(&granted, &filter).await?),
    };
    let matching = words::counted(matching, "device");
    let group = match filter.group {
        Some(id) => web.app().device_group(&granted, id).await.ok(),
        None => None,
    };
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let newer = found.devices.first().filter(|_| found.has_newer);
    let older = found.devices.last().filter(|_| found.has_older);
    let beside = |listed: Option<&ListedDevice>| listed.map(|listed| cursor(&listed.known.device));
    let chip = |key| address.chip(key, (shape(key), MfaStatus::words(key)), &all);
    Ok(page(&Devices {
        chrome: AdminChrome::new(&web, &me, frame, "devices").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        no_devices: sum(&all) == 0,
        search: filter.search.clone(),
        kept_filters: address.kept(),
        platforms: address.segments(
            "platform",
            &[("", "All"), ("linux", "Linux"), ("windows", "Windows"), ("macos", "macOS")],
        ),
        presences: address.segments("presence", &[("", "All"), ("online", "Online"), ("offline", "Offline")]),
        statuses: MfaStatus::KEYS.into_iter().map(chip).collect(),
        group: group.map(|group| group.name.as_str().to_owned()),
        actions: actions_of(&me),
        query: address.query(),
        rows: found.devices.iter().map(|listed| row(listed, now, zone)).collect(),
        pager: address.pager(beside(newer), beside(older), matching.clone()),
        everyone: matching,
    }))
}

fn sum(counts: &[(String, i64)]) -> i64 {
    counts.iter().map(|(_, count)| count).sum()
}

fn row(listed: &ListedDevice, now: Timestamp, zone: &str) -> DeviceRow {
    let device = &listed.known.device;
    DeviceRow {
        id: device.id.to_string(),
        href: format!("{PATH}/{}", device.id),
        name: device.name.clone(),
        hostname: listed.known.contact.told.hostname.clone(),
        system: system_words(listed),
        agent: listed.known.contact.told.agent_version.clone(),
        contact: Contact::of(listed, now, zone),
        padlock: padlock(listed),
        users: words::number(listed.users),
    }
}

/// The commands that install an agent (S8.1).
pub(super) struct Install {
    pub(super) debian: String,
    pub(super) fedora: String,
    pub(super) windows: String,
    pub(super) macos: String,
    pub(super) enroll: String,
    pub(super) enroll_windows: String,
}

impl Install {
    /// With this text in the place of the connect key.
    pub(super) fn new(public_url: &str, key: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self {
            debian: format!("sudo apt install ./claviger-agent_{version}_amd64.deb"),
            fedora: format!("sudo dnf install ./claviger-agent-{version}-1.x86_64.rpm"),
            windows: format!("msiexec /i claviger-agent-{version}-x64.msi /qn"),
            macos: format!("sudo installer -pkg claviger-agent-{version}.pkg -target /"),
            enroll: format!("sudo claviger-agent enroll --server {public_url} --key {key}"),
            enroll_windows: format!(
                r"& 'C:\Program Files\Claviger\claviger-agent.exe' enroll --server {public_url} --key {key}"
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/device_new.html")]
struct NewDevice {
    chrome: AdminChrome,
    may_edit: bool,
    install: Install,
}

async fn add(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
    Ok(page(&NewDevice {
        chrome: AdminChrome::new(&web, &me, frame, "devices").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        install: Install::new(web.app().public_url(), "KEY"),
    }))
}
