//! One policy: what it lays down, what it is bound to, and how it stands on each device (S9.1).

use super::{
    bound::{Binder, GroupRow, to_bind, to_unbind},
    change::{Change, named},
    confirm::{Asks, Confirm},
    policies::{LIMIT, PATH},
    policy_form::{PolicyFields, typed},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Errors},
    routing::{Routes, get, post},
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    response::Response,
};
use claviger_app::{Refusal, session::SignedIn, stored::PolicyDevice, words};
use claviger_domain::{
    device::Platform,
    id::PolicyId,
    permission::{ManageUsers, ViewUsers},
    policy::{Policy, PolicyForm, Reported, Standing, Systems, Template as Kind},
    time::Timestamp,
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/policies/{id}", get(show).post(save))
        .at("/admin/policies/{id}/bind", post(bind))
        .at("/admin/policies/{id}/unbind", post(unbind))
        .at("/admin/policies/{id}/delete", get(ask_delete).post(delete))
        .layer(DefaultBodyLimit::max(LIMIT))
}

/// How a policy stands somewhere, as a badge and a sentence.
pub(super) struct StandingView {
    pub(super) key: &'static str,
    pub(super) words: &'static str,
    pub(super) detail: String,
}

impl StandingView {
    pub(super) fn of(
        platforms: (Systems, Platform),
        revision: i64,
        reported: Option<&Reported>,
        (now, zone): (Timestamp, &str),
    ) -> Self {
        let standing = Standing::of(platforms, revision, reported);
        let (words, detail) = match &standing {
            Standing::OtherSystem => ("Other system", "The policy is made for another system.".to_owned()),
            Standing::Pending => ("Pending", "The device hasn't said yet what became of it.".to_owned()),
            Standing::Applied => {
                ("Applied", reported.map(|reported| reported.detail.clone()).unwrap_or_default())
            }
            Standing::Corrected(corrected) => {
                let times = words::counted(corrected.count, "time");
                let last = corrected.at.map(|at| words::date(at, zone)).unwrap_or_default();
                let ago = corrected.at.map(|at| words::relative(at, now)).unwrap_or_default();
                ("Applied, corrected", format!("Found otherwise and put right {times}, last {ago} ({last})."))
            }
            Standing::Failed(why) => ("Failed", why.clone()),
        };
        Self { key: standing.key(), words, detail }
    }
}

#[derive(Template)]
#[template(path = "admin/policy.html")]
struct PolicyPage {
    chrome: AdminChrome,
    may_edit: bool,
    base: String,
    title: String,
    kind: &'static str,
    systems: &'static str,
    places: Vec<PlaceRow>,
    problem: Option<String>,
    revision: String,
    fields: PolicyFields,
    groups: Vec<GroupRow>,
    devices: Vec<DeviceRow>,
    binder: Option<Binder>,
}

/// A place, and the system that alone has it.
struct PlaceRow {
    place: String,
    only: Option<&'static str>,
}

impl From<(String, Option<Platform>)> for PlaceRow {
    fn from((place, only): (String, Option<Platform>)) -> Self {
        Self { place, only: only.map(Platform::words) }
    }
}

struct DeviceRow {
    id: String,
    href: String,
    name: String,
    directly: bool,
    standing: StandingView,
}

impl DeviceRow {
    fn of(policy: &Policy, device: PolicyDevice, when: (Timestamp, &str)) -> Self {
        let platforms = (policy.template.systems(), device.platform);
        Self {
            id: device.id.to_string(),
            href: format!("/admin/devices/{}/policies", device.id),
            directly: device.directly,
            standing: StandingView::of(platforms, policy.revision, device.reported.as_ref(), when),
            name: device.name,
        }
    }
}

impl PolicyPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: PolicyId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let policy = web.app().policy(&granted, id).await?;
        let devices = web.app().policy_devices(&granted, id).await?;
        let groups: Vec<GroupRow> =
            web.app().policy_groups(&granted, id).await?.iter().map(GroupRow::from).collect();
        let organization = web.app().organization().await?;
        let when = (web.app().now(), organization.settings.time_zone.as_str());
        let binder = match me.actor.granted::<ManageUsers>() {
            Ok(granted) => Some(Binder::new(web, &granted, &groups).await?),
            Err(_) => None,
        };
        let form = PolicyForm::of(&policy.name, &policy.description, &policy.template);
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "policies").await?,
            may_edit: binder.is_some(),
            base: format!("{PATH}/{id}"),
            title: policy.name.as_str().to_owned(),
            kind: Kind::words(policy.template.key()).unwrap_or_default(),
            systems: policy.template.systems().words(),
            places: policy.template.places().into_iter().map(PlaceRow::from).collect(),
            problem: None,
            revision: policy.revision.to_string(),
            fields: PolicyFields::of(&form, &Errors::default()),
            devices: devices.into_iter().map(|device| DeviceRow::of(&policy, device, when)).collect(),
            groups,
            binder,
        })
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    Ok(page(&PolicyPage::new(&web, &me, frame, named(&id)?).await?))
}

async fn save(change: Change<PolicyId>) -> Result<Response, PageError> {
    let Change { web, me, frame, granted, id, form } = change;
    let before = web.app().policy(&me.actor.granted::<ViewUsers>()?, id).await?;
    let typed = typed(&form, before.template.key());
    let revision = form.text("revision").parse().ok();
    let Again { status, errors, problem } =
        match web.app().change_policy(&granted, id, &typed, revision).await {
            Ok(_) => return Ok(flash::redirect(&format!("{PATH}/{id}"), "saved")),
            Err(refusal) => Again::after(refusal)?,
        };
    let mut again = PolicyPage::new(&web, &me, frame, id).await?;
    again.fields = PolicyFields::of(&typed, &errors);
    (again.revision, again.problem) = (form.owned("revision"), problem);
    Ok(render(status, &again))
}

impl Change<PolicyId> {
    /// What a form about bindings came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = PolicyPage::new(&web, &me, frame, id).await?;
        again.problem = problem;
        if let Some(binder) = &mut again.binder {
            form.put_back(&errors, [("device", &mut binder.device), ("group", &mut binder.group)]);
        }
        Ok(render(status, &again))
    }
}

async fn bind(change: Change<PolicyId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = match to_bind(web, granted, form).await {
        Ok(to) => web.app().bind_policy(granted, *id, to).await,
        Err(refusal) => Err(refusal),
    };
    change.answer(done.map(|()| "policy_bound")).await
}

async fn unbind(change: Change<PolicyId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().unbind_policy(granted, *id, to_unbind(form)?).await;
    change.answer(done.map(|()| "policy_unbound")).await
}

const DELETE: Asks = Asks {
    path: "delete",
    heading: "Delete",
    verb: "Delete policy",
    effects: &[
        "Every device that has it puts back what was there before, at its next contact.",
        "What the log says of it stays.",
    ],
};

async fn ask_delete(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let policy = web.app().policy(&me.actor.granted::<ViewUsers>()?, named(&id)?).await?;
    let (name, base) = (policy.name.as_str(), format!("{PATH}/{}", policy.id));
    let chrome = AdminChrome::new(&web, &me, frame, "policies").await?;
    let trail = vec![
        Link { href: PATH.into(), label: "Policies".into() },
        Link { href: base.clone(), label: name.to_owned() },
    ];
    let blank = Confirm::new(chrome, trail, format!("{base}/{}", DELETE.path), base);
    Ok(page(&blank.asking(&DELETE, name)))
}

async fn delete(Change { web, granted, id, .. }: Change<PolicyId>) -> Result<Response, PageError> {
    web.app().delete_policy(&granted, id).await?;
    Ok(flash::redirect(PATH, "policy_deleted"))
}
