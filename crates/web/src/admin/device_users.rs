//! Who is bound to a device (S8.2, S8.12).

use super::{
    address::{onwards, place},
    change::{Change, named},
    confirm::{Asks, Confirm},
    device_parts::{DeviceHeader, SudoChoice, account_words, sudo_choices, sudo_words, trail},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field, Posted},
    routing::{Routes, get},
    view::{Link, Pager, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, Query, State},
    response::Response,
};
use claviger_app::{
    Refusal,
    session::SignedIn,
    stored::{
        BoundUser,
        device_binding::{After, Way},
        user_list::Cursor,
    },
    words,
};
use claviger_domain::{
    device::{AccountState, Sudo},
    field::FieldError,
    id::{AccountId, DeviceId},
    mfa::Enrollment,
    permission::{AssistUsers, ManageUsers, ViewUsers},
    time::Timestamp,
};
use std::collections::BTreeMap;

const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/devices/{id}/users", get(show).post(bind))
        .at("/admin/devices/{id}/users/{user}/unbind", get(ask_unbind).post(unbind))
        .at("/admin/devices/{id}/users/{user}/take-over", get(ask_take_over).post(take_over))
        .merge(super::device_break_glass::routes())
}

#[derive(Template)]
#[template(path = "admin/device_users.html")]
struct UsersPage {
    chrome: AdminChrome,
    header: DeviceHeader,
    may_edit: bool,
    rows: Vec<Row>,
    pager: Pager,
    problem: Option<String>,
    user: Field,
    sudo: Field,
    sudos: Vec<SudoChoice>,
}

struct Row {
    href: String,
    name: String,
    email: String,
    is_enrolled: bool,
    sudo: &'static str,
    through: String,
    account: &'static str,
    needs_attention: bool,
    offline_until: Option<String>,
    take_over: Option<String>,
    unbind: Option<String>,
    break_glass: Option<String>,
}

fn row(bound: &BoundUser, me: &SignedIn, (now, zone): (Timestamp, &str)) -> Row {
    let (account, binding) = (&bound.account, &bound.binding);
    let base = format!("/admin/devices/{}/users/{}", bound.device, account.id);
    let may_edit = me.actor.granted::<ManageUsers>().is_ok();
    let may_assist = me.actor.granted::<AssistUsers>().is_ok();
    let is_enrolled = account.mfa.enrollment != Enrollment::NotEnrolled;
    let (account_state, needs_attention) = account_words(binding.state);
    Row {
        href: format!("/admin/users/{}", account.id),
        name: account.name.shown(account.username().map_or("", |name| name.as_str())),
        email: account.email.to_string(),
        is_enrolled,
        sudo: sudo_words(binding.sudo),
        through: match (binding.way, binding.through.as_str()) {
            (Way::Direct, "") => "Directly".into(),
            (Way::Direct, through) => format!("Directly, and {through}"),
            (Way::Groups, through) => through.to_owned(),
        },
        account: account_state,
        needs_attention,
        offline_until: binding
            .offline_until
            .filter(|until| *until > now)
            .map(|until| format!("offline until {}", words::short_date(until, zone))),
        take_over: (may_edit && binding.state == AccountState::NeedsTakeOver)
            .then(|| format!("{base}/take-over")),
        unbind: (may_edit && binding.way == Way::Direct).then(|| format!("{base}/unbind")),
        break_glass: (may_assist && is_enrolled).then(|| format!("{base}/break-glass")),
    }
}

async fn users_page(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    id: DeviceId,
    after: Option<After>,
) -> Result<UsersPage, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let listed = web.app().device(&granted, id).await?;
    let found = web.app().device_users(&granted, id, (after.as_ref(), PAGE)).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let base = format!("/admin/devices/{id}/users");
    let next = found.next.map(|After { name, id }| Cursor { value: name, id });
    Ok(UsersPage {
        chrome: AdminChrome::new(web, me, frame, "devices").await?,
        header: DeviceHeader::new(&listed, me, (now, zone), "users"),
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        rows: found.users.iter().map(|bound| row(bound, me, (now, zone))).collect(),
        pager: onwards(&base, after.is_some(), next),
        problem: None,
        user: Field::default(),
        sudo: Field::of(Sudo::default().key()),
        sudos: sudo_choices(),
    })
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let after = query.get("after").and_then(|text| place(text));
    let after = after.map(|Cursor { value, id }| After { name: value, id });
    Ok(page(&users_page(&web, &me, frame, named(&id)?, after).await?))
}

pub(super) fn sudo(form: &Posted) -> Result<Sudo, Refusal> {
    Sudo::from_key(form.text("sudo"))
        .ok_or_else(|| FieldError::new("sudo", "Choose what they may do.").into())
}

async fn bind(change: Change<DeviceId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, form } = change;
    let done = match sudo(&form) {
        Ok(sudo) => web.app().bind_named_user(&granted, (id, form.text("user")), sudo).await,
        Err(refusal) => Err(refusal),
    };
    let Again { status, errors, problem } = match done {
        Ok(()) => return Ok(back(id, "device_bound")),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = users_page(&web, &me, frame, id, None).await?;
    (again.user, again.sudo) = (form.field("user", &errors), form.field("sudo", &errors));
    again.problem = problem;
    Ok(render(status, &again))
}

/// A page that asks about one user on one device.
pub(super) struct About {
    pub(super) device: DeviceId,
    pub(super) user: AccountId,
    pub(super) device_name: String,
    pub(super) user_name: String,
    pub(super) base: String,
}

impl About {
    pub(super) async fn new(
        web: &Web,
        me: &SignedIn,
        (id, user): &(String, String),
    ) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let listed = web.app().device(&granted, named(id)?).await?;
        let account = web.app().user(&granted, named(user)?).await?;
        let device = &listed.known.device;
        Ok(Self {
            device: device.id,
            user: account.id,
            device_name: device.name.clone(),
            user_name: account.name.shown(account.email.as_str()),
            base: format!("/admin/devices/{}/users", device.id),
        })
    }

    pub(super) fn trail(&self) -> Vec<Link> {
        trail(&self.base, &self.device_name)
    }

    async fn confirm(
        self,
        (web, me, frame): (&Web, &SignedIn, Frame),
        (asks, about): (&Asks, &str),
    ) -> Result<Response, PageError> {
        let chrome = AdminChrome::new(web, me, frame, "devices").await?;
        let action = format!("{}/{}/{}", self.base, self.user, asks.path);
        Ok(page(&Confirm::new(chrome, self.trail(), action, self.base).asking(asks, about)))
    }
}

pub(super) type At = Path<(String, String)>;

type Bound = Change<(DeviceId, AccountId)>;

fn back(id: DeviceId, word: &'static str) -> Response {
    flash::redirect(&format!("/admin/devices/{id}/users"), word)
}

const UNBIND: Asks = Asks {
    path: "unbind",
    heading: "Unbind",
    verb: "Unbind",
    effects: &[
        "Their account there is locked, for keys too, and their sessions end. Its home stays.",
        "A binding through groups stays, if there is one.",
    ],
};

async fn ask_unbind(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(at): At,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    let about = About::new(&web, &me, &at).await?;
    let whom = format!("{} from {}", about.user_name, about.device_name);
    about.confirm((&web, &me, frame), (&UNBIND, &whom)).await
}

async fn unbind(Change { web, granted, id, .. }: Bound) -> Result<Response, PageError> {
    web.app().unbind_user(&granted, id).await?;
    Ok(back(id.0, "device_unbound"))
}

const TAKE_OVER: Asks = Asks {
    path: "take-over",
    heading: "Let",
    verb: "Take over",
    effects: &[
        "An account of that name was on the device before. Make sure that it is theirs.",
        "From then on its password, shell, SSH keys and sudo are what is laid down here. Its home stays.",
    ],
};

async fn ask_take_over(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(at): At,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let about = About::new(&web, &me, &at).await?;
    let whom = format!("{} take over its account for {}", about.device_name, about.user_name);
    about.confirm((&web, &me, frame), (&TAKE_OVER, &whom)).await
}

async fn take_over(Change { web, granted, id, .. }: Bound) -> Result<Response, PageError> {
    web.app().confirm_take_over(&granted, id).await?;
    Ok(back(id.0, "device_taken_over"))
}
