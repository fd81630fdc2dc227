//! The list of devices: the state of the list is the address (S8.2); and how a device is added (S8.1).

use super::{
    device_bulk::{Action, actions_of},
    device_parts::{Contact, padlock, shape, status_words, system_words},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    view::{Padlock, Pager, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    response::Response,
    routing::get,
};
use claviger_app::{
    device_admin::ListedDevice,
    stored::{
        device_list::{Filter, Presence, STATUSES, cursor},
        user_list::{Cursor, Page},
    },
    words,
};
use claviger_domain::{
    device::{Device, Platform},
    permission::{ManageUsers, ViewUsers},
    time::Timestamp,
};
use std::collections::BTreeMap;

const PATH: &str = "/admin/devices";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new().route("/admin/devices", get(show)).route("/admin/devices/new", get(add))
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

struct Hidden {
    name: &'static str,
    value: String,
}

struct Segmented {
    href: String,
    label: &'static str,
    selected: bool,
}

struct StatusChip {
    href: String,
    key: &'static str,
    label: &'static str,
    count: String,
    selected: bool,
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

/// The address's query, of which only known words count.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing(BTreeMap<String, String>);

const FILTERS: [&str; 4] = ["mfa_status", "platform", "presence", "group"];

impl Listing {
    pub(super) fn new(query: BTreeMap<String, String>) -> Self {
        Self(query)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The query without its page.
    fn query(&self) -> String {
        let mut query = self.0.clone();
        query.retain(|name, value| {
            !value.is_empty() && (name == "search" || FILTERS.contains(&name.as_str()))
        });
        serde_urlencoded::to_string(&query).unwrap_or_default()
    }

    pub(super) fn filter(&self) -> Filter {
        let status = self.get("mfa_status");
        Filter {
            search: self.get("search").trim().chars().take(200).collect(),
            status: STATUSES.contains(&status).then(|| status.to_owned()),
            platform: Platform::from_key(self.get("platform")),
            presence: match self.get("presence") {
                "online" => Some(Presence::Online),
                "offline" => Some(Presence::Offline),
                _ => None,
            },
            group: self.get("group").parse().ok(),
            ids: None,
        }
    }

    fn page(&self) -> Page {
        match (place(self.get("after")), place(self.get("before"))) {
            (Some(after), _) => Page::After(after),
            (None, Some(before)) => Page::Before(before),
            (None, None) => Page::First,
        }
    }

    /// This list with some words changed, from its first page.
    fn href(&self, changes: &[(&str, &str)]) -> String {
        let mut query = self.0.clone();
        query.remove("after");
        query.remove("before");
        for (name, value) in changes {
            query.insert((*name).to_owned(), (*value).to_owned());
        }
        query.retain(|_, value| !value.is_empty());
        match serde_urlencoded::to_string(&query) {
            Ok(query) if !query.is_empty() => format!("{PATH}?{query}"),
            _ => PATH.into(),
        }
    }

    fn segments(&self, name: &str, words: &[(&'static str, &'static str)]) -> Vec<Segmented> {
        let known = words.iter().any(|(key, _)| *key == self.get(name));
        let segment = |(key, label): &(&'static str, &'static str)| Segmented {
            href: self.href(&[(name, key)]),
            label,
            selected: if known { *key == self.get(name) } else { key.is_empty() },
        };
        words.iter().map(segment).collect()
    }

    fn chips(&self, counts: &[(String, i64)]) -> Vec<StatusChip> {
        let chip = |key: &'static str| {
            let selected = self.get("mfa_status") == key;
            let count = counts.iter().find(|(status, _)| status == key).map_or(0, |(_, count)| *count);
            StatusChip {
                href: self.href(&[("mfa_status", if selected { "" } else { key })]),
                key: shape(key),
                label: status_words(key),
                count: words::number(count),
                selected,
            }
        };
        STATUSES.into_iter().map(chip).collect()
    }
}

/// A place in an address: the row's id, a dot, and its sort value.
fn place(text: &str) -> Option<Cursor> {
    let (id, value) = text.split_once('.')?;
    Some(Cursor { value: value.to_owned(), id: id.parse().ok()? })
}

fn place_text(device: &Device) -> String {
    let cursor = cursor(device);
    format!("{}.{}", cursor.id, cursor.value)
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let listing = Listing(query);
    let (filter, asked) = (listing.filter(), listing.page());
    let found = web.app().devices(&granted, &filter, (&asked, PAGE)).await?;
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
    let beside = |listed: Option<&ListedDevice>, side: &str, is_there: bool| {
        let listed = listed.filter(|_| is_there)?;
        Some(listing.href(&[(side, &place_text(&listed.known.device))]))
    };
    Ok(page(&Devices {
        chrome: AdminChrome::new(&web, &me, frame, "devices").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        no_devices: sum(&all) == 0,
        search: filter.search.clone(),
        kept_filters: kept(&listing),
        platforms: listing.segments(
            "platform",
            &[("", "All"), ("linux", "Linux"), ("windows", "Windows"), ("macos", "macOS")],
        ),
        presences: listing.segments("presence", &[("", "All"), ("online", "Online"), ("offline", "Offline")]),
        statuses: listing.chips(&all),
        group: group.map(|group| group.name.as_str().to_owned()),
        actions: actions_of(&me),
        query: listing.query(),
        rows: found.devices.iter().map(|listed| row(listed, now, zone)).collect(),
        pager: Pager {
            newer: beside(found.devices.first(), "before", found.has_newer),
            older: beside(found.devices.last(), "after", found.has_older),
            newer_label: "Previous",
            older_label: "Next",
            position: matching.clone(),
        },
        everyone: matching,
    }))
}

fn sum(counts: &[(String, i64)]) -> i64 {
    counts.iter().map(|(_, count)| count).sum()
}

fn kept(listing: &Listing) -> Vec<Hidden> {
    let kept = FILTERS.into_iter().map(|name| Hidden { name, value: listing.get(name).to_owned() });
    kept.filter(|hidden| !hidden.value.is_empty()).collect()
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
    pub(super) enroll: String,
}

impl Install {
    /// With this text in the place of the connect key.
    pub(super) fn new(public_url: &str, key: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        Self {
            debian: format!("sudo apt install ./claviger-agent_{version}_amd64.deb"),
            fedora: format!("sudo dnf install ./claviger-agent-{version}-1.x86_64.rpm"),
            enroll: format!("sudo claviger-agent enroll --server {public_url} --key {key}"),
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
