//! One device: Highlights with its configuration, and what is known of it (S8.2, S8.9).

use super::{
    change::{Change, named},
    confirm::{Asks, Confirm},
    device_parts::{DeviceHeader, system_words, trail},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    routing::{Routes, get, post},
    view::{Fact, Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{
    device_admin::{DeviceChange, ListedDevice},
    session::SignedIn,
    stored::DeviceGroup,
    words,
};
use claviger_domain::{
    device::{FirstFactor, MfaStatus, NotEnrolled, Platform, SshChange, SshServer, Switch, WhenDown},
    id::DeviceId,
    permission::{ManageUsers, ViewUsers},
    time::{Span, Timestamp},
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/devices/{id}", get(show).post(save))
        .at("/admin/devices/{id}/delete", get(ask_delete).post(delete))
        .at("/admin/devices/{id}/mfa/confirm", post(confirm))
}

#[derive(Template)]
#[template(path = "admin/device.html")]
struct DevicePage {
    chrome: AdminChrome,
    header: DeviceHeader,
    may_edit: bool,
    problem: Option<String>,
    warning: Option<String>,
    revision: String,
    name: Field,
    /// Whether the rules of SSH, sudo and su are shown.
    has_ssh_rules: bool,
    password_login: Check,
    public_keys: Check,
    root_login: Check,
    /// The question of S8.9, once it is asked.
    first_factor: Option<Field>,
    sudo_asks: Check,
    when_down: Field,
    refuse_not_enrolled: Check,
    invites: Check,
    facts: Vec<Fact>,
    groups: Vec<Link>,
}

const fn tick(switch: Switch) -> Check {
    Check { on: matches!(switch, Switch::On), error: None }
}

impl DevicePage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: DeviceId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let listed = web.app().device(&granted, id).await?;
        let groups = web.app().groups_of_device(&granted, id).await?;
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let (device, rules) = (&listed.known.device, &listed.known.device.rules);
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "devices").await?,
            header: DeviceHeader::new(&listed, me, (now, zone), "highlights"),
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            problem: None,
            warning: warning(&listed),
            revision: device.revision.to_string(),
            name: Field::of(&device.name),
            has_ssh_rules: device.platform.has_ssh_rules(),
            password_login: tick(rules.ssh.password_login),
            public_keys: tick(rules.ssh.public_keys),
            root_login: tick(rules.ssh.root_login),
            first_factor: None,
            sudo_asks: tick(rules.sudo_asks),
            when_down: Field::of(rules.when_down.key()),
            invites: tick(rules.invites),
            refuse_not_enrolled: Check { on: rules.not_enrolled == NotEnrolled::Refused, error: None },
            facts: facts(&listed, now, zone),
            groups: groups.iter().map(link_to).collect(),
        })
    }

    /// The page with what was typed, so that nothing is lost on an error.
    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
        self.name = form.field("name", errors);
        self.password_login = form.check("password_login", errors);
        self.public_keys = form.check("public_keys", errors);
        self.root_login = form.check("root_login", errors);
        self.first_factor = form.has("first_factor").then(|| form.field("first_factor", errors));
        self.sudo_asks = form.check("sudo_asks", errors);
        self.when_down = form.field("when_down", errors);
        self.invites = form.check("invites", errors);
        self.refuse_not_enrolled = form.check("refuse_not_enrolled", errors);
        self
    }
}

fn link_to(group: &DeviceGroup) -> Link {
    Link { href: format!("/admin/device-groups/{}", group.id), label: group.name.as_str().to_owned() }
}

/// What an administrator should mend.
fn warning(listed: &ListedDevice) -> Option<String> {
    match listed.status {
        MfaStatus::Blocked(why) => {
            let detail = &listed.known.contact.told.detail;
            let said = if detail.is_empty() { String::new() } else { format!(" It said: {detail}") };
            Some(format!("The device can't put MFA in force. {}{said}", why.words()))
        }
        MfaStatus::On if listed.known.device.rules.when_down == WhenDown::Open => Some(
            "While the agent on this device can't be asked, enrolled users get in without a code.".into(),
        ),
        MfaStatus::On | MfaStatus::Off | MfaStatus::Waiting | MfaStatus::Paused => None,
    }
}

fn facts(listed: &ListedDevice, now: Timestamp, zone: &str) -> Vec<Fact> {
    let (device, contact) = (&listed.known.device, &listed.known.contact);
    let or_nothing = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let ahead = contact.told.clock_ahead;
    let off = Span::from_micros(ahead.saturating_abs());
    let clock = match ahead {
        _ if off < Span::seconds(5) => "In step with the server".to_owned(),
        1.. => format!("{} fast", words::span(off)),
        _ => format!("{} slow", words::span(off)),
    };
    let ssh_server = device.platform.has_ssh_rules().then(|| {
        let found = match contact.told.ssh_server {
            SshServer::Present => "openssh-server",
            SshServer::Missing => "None found; taken up when it appears",
        };
        Fact::new("SSH server", found)
    });
    let mut facts = vec![
        Fact::at("Last contact", contact.last_contact_at, now, zone),
        Fact::new("From", or_nothing(&contact.last_address)),
        Fact::new("Host name", or_nothing(&contact.told.hostname)),
        Fact::new("System", system_words(listed)),
        Fact::new("Agent", or_nothing(&contact.told.agent_version)),
    ];
    facts.extend(ssh_server);
    facts.extend([
        Fact::new("Clock", clock),
        Fact::at("Enrolled", device.enrolled_at, now, zone),
        Fact::new("Device ID", device.id.to_string()),
    ]);
    facts
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    Ok(page(&DevicePage::new(&web, &me, frame, named(&id)?).await?))
}

/// What was entered. The rules that the page doesn't show there stay: a box that is not there is not a box without a tick.
fn wanted(form: &Posted, platform: Platform) -> DeviceChange {
    let switch = |name: &str| match (platform.has_ssh_rules(), form.has(name)) {
        (true, true) => Some(Switch::On),
        (true, false) => Some(Switch::Off),
        (false, _) => None,
    };
    DeviceChange {
        name: Some(form.owned("name")),
        ssh: SshChange {
            password_login: switch("password_login"),
            public_keys: switch("public_keys"),
            root_login: switch("root_login"),
            first_factor: FirstFactor::from_key(form.text("first_factor")),
        },
        sudo_asks: switch("sudo_asks"),
        invites: switch("invites"),
        when_down: WhenDown::from_key(form.text("when_down")),
        not_enrolled: Some(match form.has("refuse_not_enrolled") {
            true => NotEnrolled::Refused,
            false => NotEnrolled::FirstFactorAlone,
        }),
    }
}

async fn save(change: Change<DeviceId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, form } = change;
    let revision = form.text("revision").parse().ok();
    let platform = web.app().device(&me.actor.granted::<ViewUsers>()?, id).await?.known.device.platform;
    let Again { status, errors, problem } =
        match web.app().change_device(&granted, id, &wanted(&form, platform), revision).await {
            Ok(_) => return Ok(flash::redirect(&format!("/admin/devices/{id}"), "saved")),
            Err(refusal) => Again::after(refusal)?,
        };
    let mut again = DevicePage::new(&web, &me, frame, id).await?.typed(&form, &errors);
    // S8.9: both ways in while MFA is on is a question.
    if again.has_ssh_rules && again.password_login.on && again.public_keys.on && again.header.is_on {
        again.first_factor.get_or_insert_default();
    }
    again.problem = problem;
    Ok(render(status, &again))
}

async fn confirm(Change { web, granted, id, .. }: Change<DeviceId>) -> Result<Response, PageError> {
    web.app().confirm_device_mfa(&granted, id).await?;
    Ok(flash::redirect(&format!("/admin/devices/{id}"), "device_mfa_confirmed"))
}

/// A page that asks before something is done to a device.
pub(super) async fn confirmation(
    (web, me, frame): (&Web, &SignedIn, Frame),
    id: &str,
    asks: &Asks,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let listed = web.app().device(&me.actor.granted::<ViewUsers>()?, named(id)?).await?;
    let (name, base) = (&listed.known.device.name, format!("/admin/devices/{}", listed.known.device.id));
    let chrome = AdminChrome::new(web, me, frame, "devices").await?;
    let blank = Confirm::new(chrome, trail(&base, name), format!("{base}/{}", asks.path), base);
    Ok(page(&blank.asking(asks, name)))
}

const DELETE: Asks = Asks {
    path: "delete",
    heading: "Delete",
    verb: "Delete device",
    effects: &[
        "Its agent goes on asking for codes until claviger-agent uninstall is run there.",
        "Accounts that it made stay on the device. What the log says of it stays here.",
        "To bring it back, enroll it again with a connect key.",
    ],
};

async fn ask_delete(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    confirmation((&web, &me, frame), &id, &DELETE).await
}

async fn delete(Change { web, granted, id, .. }: Change<DeviceId>) -> Result<Response, PageError> {
    web.app().delete_device(&granted, id).await?;
    Ok(flash::redirect("/admin/devices", "device_deleted"))
}
