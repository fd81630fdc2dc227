//! Device Groups: list, one group with its devices and the groups of users that are bound to it (S8.2).

use super::{
    device_parts::{SudoChoice, device_id, sudo_choices, sudo_words},
    device_users::sudo,
    groups::group_id,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Errors, Field, Posted},
    view::{Pager, filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{FromRequest, FromRequestParts, Path, Query, Request, State},
    response::Response,
    routing::{get, post},
};
use claviger_app::{Refusal, groups::GroupForm, session::SignedIn, stored::DeviceMember, words};
use claviger_domain::{
    device::Sudo,
    field::FieldError,
    id::{DeviceGroupId, DeviceId},
    permission::{Granted, ManageUsers, ViewUsers},
};
use std::collections::BTreeMap;

const PATH: &str = "/admin/device-groups";
const PAGE: i64 = 50;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/admin/device-groups", get(list).post(create))
        .route("/admin/device-groups/{id}", get(show).post(save))
        .route("/admin/device-groups/{id}/delete", post(delete))
        .route("/admin/device-groups/{id}/devices", post(add_device))
        .route("/admin/device-groups/{id}/devices/{device}/remove", post(remove_device))
        .route("/admin/device-groups/{id}/groups", post(bind))
        .route("/admin/device-groups/{id}/groups/{group}/unbind", post(unbind))
}

fn device_group_id(text: &str) -> Result<DeviceGroupId, PageError> {
    text.parse().map_err(|_| PageError::NotFound("device group"))
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

fn typed(form: &Posted) -> GroupForm {
    GroupForm { name: form.owned("name"), description: form.owned("description") }
}

async fn list(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    Ok(page(&groups(&web, &me, frame).await?))
}

async fn create(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    match web.app().create_device_group(&granted, &typed(&form)).await {
        Ok(group) => Ok(flash::redirect(&format!("{PATH}/{}", group.id), "group_created")),
        Err(Refusal::Fields(errors)) => {
            let errors = Errors::from(errors);
            let mut again = groups(&web, &me, frame).await?;
            again.name = form.field("name", &errors);
            again.description = form.field("description", &errors);
            Ok(unprocessable(&again))
        }
        Err(refusal) => Err(refusal.into()),
    }
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

struct Choice {
    value: String,
    label: String,
}

/// A place in the list of devices: the id, a dot, and what it is sorted by.
fn place(text: &str) -> Option<(String, DeviceId)> {
    let (id, name_key) = text.split_once('.')?;
    Some((name_key.to_owned(), id.parse().ok()?))
}

fn pager(base: &str, last: Option<&DeviceMember>, came: bool) -> Pager {
    let older = last.and_then(|last| {
        let place = format!("{}.{}", last.id, last.name_key);
        Some(format!("{base}?{}", serde_urlencoded::to_string([("after", place)]).ok()?))
    });
    Pager {
        newer: came.then(|| base.to_owned()),
        newer_label: "From the start",
        older,
        older_label: "Next",
        position: String::new(),
    }
}

impl GroupPage {
    async fn new(
        web: &Web,
        me: &SignedIn,
        frame: Frame,
        id: DeviceGroupId,
        after: Option<(String, DeviceId)>,
    ) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let group = web.app().device_group(&granted, id).await?;
        let came = after.is_some();
        let found = web.app().devices_in_group(&granted, id, (after, PAGE)).await?;
        let bindings = web.app().group_bindings(&granted, id).await?;
        let user_groups = web.app().groups(&granted).await?;
        let base = format!("{PATH}/{id}");
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "device-groups").await?,
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            id: id.to_string(),
            title: group.name.as_str().to_owned(),
            problem: None,
            name: Field::of(group.name.as_str()),
            description: Field::of(&group.description),
            pager: pager(&base, found.devices.last().filter(|_| found.has_more), came),
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
            user_groups: user_groups
                .into_iter()
                .map(|counted| Choice {
                    value: counted.group.id.to_string(),
                    label: counted.group.name.as_str().to_owned(),
                })
                .collect(),
            user_group: Field::default(),
            sudo: Field::of(Sudo::default().key()),
            sudos: sudo_choices(),
        })
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let after = query.get("after").and_then(|text| place(text));
    Ok(page(&GroupPage::new(&web, &me, frame, device_group_id(&id)?, after).await?))
}

/// One of the page's forms, posted by somebody who may change groups.
struct Change {
    web: Web,
    me: SignedIn,
    frame: Frame,
    granted: Granted<ManageUsers>,
    id: DeviceGroupId,
    form: Posted,
}

impl FromRequest<Web> for Change {
    type Rejection = PageError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let Admin(me) = Admin::from_request_parts(&mut parts, web).await?;
        let granted = me.actor.granted::<ManageUsers>()?;
        let path = Path::<BTreeMap<String, String>>::from_request_parts(&mut parts, web).await;
        let path = path.map_err(|_| PageError::NotFound("device group"))?;
        let id = device_group_id(path.get("id").map_or("", String::as_str))?;
        let Ok(frame) = Frame::from_request_parts(&mut parts, web).await;
        let form = Posted::from_request(Request::from_parts(parts, body), web).await?;
        Ok(Self { web: web.clone(), me, frame, granted, id, form })
    }
}

impl Change {
    /// What the form came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = GroupPage::new(&web, &me, frame, id, None).await?;
        again.problem = problem;
        for (name, field) in [
            ("name", &mut again.name),
            ("description", &mut again.description),
            ("device", &mut again.device),
            ("user_group", &mut again.user_group),
            ("sudo", &mut again.sudo),
        ] {
            if form.has(name) {
                *field = form.field(name, &errors);
            }
        }
        Ok(render(status, &again))
    }
}

async fn save(change: Change) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().edit_device_group(granted, *id, &typed(form)).await.map(|_| "saved");
    change.answer(done).await
}

async fn add_device(change: Change) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().join_device_group_by_name(granted, *id, form.text("device")).await;
    change.answer(done.map(|()| "device_joined")).await
}

async fn bind(change: Change) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let group = form.text("user_group").parse();
    let done = match (group, sudo(form)) {
        (Ok(group), Ok(sudo)) => web.app().bind_group(granted, (*id, group), sudo).await,
        (Err(_), _) => Err(FieldError::new("user_group", "Choose a group of users.").into()),
        (_, Err(refusal)) => Err(refusal),
    };
    change.answer(done.map(|()| "group_bound")).await
}

async fn delete(change: Change) -> Result<Response, PageError> {
    change.web.app().delete_device_group(&change.granted, change.id).await?;
    Ok(flash::redirect(PATH, "device_group_deleted"))
}

type At = Path<(String, String)>;

async fn remove_device(
    State(web): State<Web>,
    Admin(me): Admin,
    Path((id, device)): At,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let id = device_group_id(&id)?;
    web.app().leave_device_group(&granted, id, device_id(&device)?).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "device_left"))
}

async fn unbind(
    State(web): State<Web>,
    Admin(me): Admin,
    Path((id, group)): At,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let id = device_group_id(&id)?;
    web.app().unbind_group(&granted, (id, group_id(&group)?)).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "group_unbound"))
}
