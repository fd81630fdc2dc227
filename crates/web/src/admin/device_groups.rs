//! Device Groups: list, one group with its devices and the groups of users that are bound to it (S8.2).

use super::{
    address::{onwards, place},
    change::{Change, named},
    device_parts::{SudoChoice, sudo_choices, sudo_words},
    device_users::sudo,
    groups::{self, typed},
    remembered::{Of, Remembered},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Errors, Field},
    routing::{Routes, get, post},
    view::{Pager, filters, page, render, unprocessable},
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
    stored::{DeviceGroup, user_list::Cursor},
    words,
};
use claviger_domain::{
    device::{Sudo, ask_once::AskOnce},
    field::FieldError,
    id::{DeviceGroupId, DeviceId, GroupId},
    permission::{ManageUsers, ViewUsers},
};
use std::collections::BTreeMap;

const PATH: &str = "/admin/device-groups";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/device-groups", get(list).post(create))
        .at("/admin/device-groups/{id}", get(show).post(save))
        .at("/admin/device-groups/{id}/delete", post(delete))
        .at("/admin/device-groups/{id}/ask-once", post(ask_once))
        .at("/admin/device-groups/{id}/devices", post(add_device))
        .at("/admin/device-groups/{id}/devices/{device}/remove", post(remove_device))
        .at("/admin/device-groups/{id}/groups", post(bind))
        .at("/admin/device-groups/{id}/groups/{group}/unbind", post(unbind))
}

#[derive(Template)]
#[template(path = "admin/device_groups.html")]
struct Groups {
    chrome: AdminChrome,
    may_edit: bool,
    rows: Vec<GroupRow>,
    name: Field,
    description: Field,
}

struct GroupRow {
    href: String,
    name: String,
    description: String,
    devices: String,
    bindings: String,
}

/// All groups of devices, to choose one of.
pub(super) async fn choices(web: &Web, me: &SignedIn) -> Result<Vec<Choice>, PageError> {
    let groups = web.app().device_groups(&me.actor.granted::<ViewUsers>()?).await?;
    Ok(groups.iter().map(|counted| Choice::new(counted.group.id, counted.group.name.as_str())).collect())
}

async fn groups(web: &Web, me: &SignedIn, frame: Frame) -> Result<Groups, PageError> {
    let all = web.app().device_groups(&me.actor.granted::<ViewUsers>()?).await?;
    let rows = all.into_iter().map(|counted| GroupRow {
        href: format!("{PATH}/{}", counted.group.id),
        name: counted.group.name.as_str().to_owned(),
        description: counted.group.description,
        devices: words::number(counted.devices),
        bindings: words::number(counted.bindings),
    });
    Ok(Groups {
        chrome: AdminChrome::new(web, me, frame, "device-groups").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        rows: rows.collect(),
        name: Field::default(),
        description: Field::default(),
    })
}

async fn list(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    Ok(page(&groups(&web, &me, frame).await?))
}

async fn create(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let errors = match web.app().create_device_group(&granted, &typed(&form)).await {
        Ok(group) => return Ok(flash::redirect(&format!("{PATH}/{}", group.id), "group_created")),
        Err(refusal) => Errors::after(refusal)?,
    };
    let mut again = groups(&web, &me, frame).await?;
    (again.name, again.description) = (form.field("name", &errors), form.field("description", &errors));
    Ok(unprocessable(&again))
}

#[derive(Template)]
#[template(path = "admin/device_group.html")]
struct GroupPage {
    chrome: AdminChrome,
    may_edit: bool,
    id: String,
    title: String,
    problem: Option<String>,
    name: Field,
    description: Field,
    devices: Vec<DeviceRow>,
    pager: Pager,
    device: Field,
    bindings: Vec<BindingRow>,
    user_groups: Vec<Choice>,
    user_group: Field,
    sudo: Field,
    sudos: Vec<SudoChoice>,
    ask_once_hours: Field,
    remembered: Option<Remembered>,
}

struct DeviceRow {
    href: String,
    name: String,
    remove: String,
}

struct BindingRow {
    href: String,
    name: String,
    members: String,
    sudo: &'static str,
    unbind: String,
}

impl GroupPage {
    async fn new(
        web: &Web,
        me: &SignedIn,
        frame: Frame,
        id: DeviceGroupId,
        after: Option<Cursor>,
    ) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let group = web.app().device_group(&granted, id).await?;
        let came = after.is_some();
        let after = after.map(|Cursor { value, id }| (value, DeviceId(id)));
        let found = web.app().devices_in_group(&granted, id, (after, PAGE)).await?;
        let last = found.devices.last().filter(|_| found.has_more);
        let next = last.map(|last| Cursor { value: last.name_key.clone(), id: last.id.0 });
        let bindings = web.app().group_bindings(&granted, id).await?;
        let base = format!("{PATH}/{id}");
        let remembered = remembered(web, me, &group).await?;
        Ok(Self {
            ask_once_hours: Field::of(
                group.ask_once.hours().map(|hours| hours.to_string()).unwrap_or_default(),
            ),
            remembered,
            chrome: AdminChrome::new(web, me, frame, "device-groups").await?,
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            id: id.to_string(),
            title: group.name.as_str().to_owned(),
            problem: None,
            name: Field::of(group.name.as_str()),
            description: Field::of(&group.description),
            pager: onwards(&base, came, next),
            devices: found
                .devices
                .into_iter()
                .map(|device| DeviceRow {
                    href: format!("/admin/devices/{}", device.id),
                    remove: format!("{base}/devices/{}/remove", device.id),
                    name: device.name,
                })
                .collect(),
            device: Field::default(),
            bindings: bindings
                .into_iter()
                .map(|binding| BindingRow {
                    href: format!("/admin/groups/{}", binding.user_group),
                    unbind: format!("{base}/groups/{}/unbind", binding.user_group),
                    name: binding.name,
                    members: words::counted(binding.members, "member"),
                    sudo: sudo_words(binding.sudo),
                })
                .collect(),
            user_groups: groups::choices(web, me).await?,
            user_group: Field::default(),
            sudo: Field::of(Sudo::default().key()),
            sudos: sudo_choices(),
        })
    }
}

/// The logins that are remembered, where any can be.
async fn remembered(web: &Web, me: &SignedIn, group: &DeviceGroup) -> Result<Option<Remembered>, PageError> {
    if group.ask_once == AskOnce::EachTime {
        return Ok(None);
    }
    let found = web.app().remembered_in_group(&me.actor.granted::<ViewUsers>()?, group.id).await?;
    let revoke = me.actor.granted::<ManageUsers>().is_ok();
    let revoke = revoke.then(|| format!("{PATH}/{}/remembered/revoke", group.id));
    let organization = web.app().organization().await?;
    let at = (web.app().now(), organization.settings.time_zone.as_str());
    Ok(Some(Remembered::new(&found, Of::Group, revoke, at)))
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let after = query.get("after").and_then(|text| place(text));
    Ok(page(&GroupPage::new(&web, &me, frame, named(&id)?, after).await?))
}

impl Change<DeviceGroupId> {
    /// What the form came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = GroupPage::new(&web, &me, frame, id, None).await?;
        again.problem = problem;
        form.put_back(
            &errors,
            [
                ("name", &mut again.name),
                ("description", &mut again.description),
                ("device", &mut again.device),
                ("user_group", &mut again.user_group),
                ("sudo", &mut again.sudo),
                ("ask_once_hours", &mut again.ask_once_hours),
            ],
        );
        Ok(render(status, &again))
    }
}

async fn save(change: Change<DeviceGroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().edit_device_group(granted, *id, &typed(form)).await.map(|_| "saved");
    change.answer(done).await
}

async fn ask_once(change: Change<DeviceGroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = match AskOnce::parse("ask_once_hours", form.text("ask_once_hours")) {
        Ok(ask_once) => web.app().set_ask_once(granted, *id, ask_once).await.map(|_| "saved"),
        Err(error) => Err(error.into()),
    };
    change.answer(done).await
}

async fn add_device(change: Change<DeviceGroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().join_device_group_by_name(granted, *id, form.text("device")).await;
    change.answer(done.map(|()| "device_joined")).await
}

async fn bind(change: Change<DeviceGroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let group = form.text("user_group").parse();
    let done = match (group, sudo(form)) {
        (Ok(group), Ok(sudo)) => web.app().bind_group(granted, (*id, group), sudo).await,
        (Err(_), _) => Err(FieldError::new("user_group", "Choose a group of users.").into()),
        (_, Err(refusal)) => Err(refusal),
    };
    change.answer(done.map(|()| "group_bound")).await
}

async fn delete(Change { web, granted, id, .. }: Change<DeviceGroupId>) -> Result<Response, PageError> {
    web.app().delete_device_group(&granted, id).await?;
    Ok(flash::redirect(PATH, "device_group_deleted"))
}

async fn remove_device(
    Change { web, granted, id: (id, device), .. }: Change<(DeviceGroupId, DeviceId)>,
) -> Result<Response, PageError> {
    web.app().leave_device_group(&granted, id, device).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "device_left"))
}

async fn unbind(
    Change { web, granted, id: (id, group), .. }: Change<(DeviceGroupId, GroupId)>,
) -> Result<Response, PageError> {
    web.app().unbind_group(&granted, (id, group)).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "group_unbound"))
}
