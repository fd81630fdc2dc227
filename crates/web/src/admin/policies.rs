//! The list of policies, and a new one (S9.1).

use super::{
    change::Change,
    policy_form::{PolicyFields, typed},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Errors},
    routing::{Routes, get},
    view::{Link, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Query, State},
    response::Response,
};
use claviger_app::{session::SignedIn, words};
use claviger_domain::{
    permission::{ManageUsers, ViewUsers},
    policy::{PolicyForm, Template as Kind},
};
use std::collections::BTreeMap;

pub(super) const PATH: &str = "/admin/policies";
/// 64 KiB of content, however it is escaped.
pub(super) const LIMIT: usize = 512 * 1024;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/policies", get(list))
        .at("/admin/policies/new", get(ask_new).post(create))
        .layer(DefaultBodyLimit::max(LIMIT))
}

#[derive(Template)]
#[template(path = "admin/policies.html")]
struct Policies {
    chrome: AdminChrome,
    may_edit: bool,
    rows: Vec<PolicyRow>,
    kinds: Vec<KindRow>,
}

struct PolicyRow {
    href: String,
    name: String,
    description: String,
    kind: &'static str,
    systems: &'static str,
    devices: String,
    groups: String,
    failed: i64,
}

struct KindRow {
    link: Link,
    systems: &'static str,
}

fn kinds() -> Vec<KindRow> {
    let kind = |key: &&'static str| KindRow {
        link: Link {
            href: format!("{PATH}/new?template={key}"),
            label: Kind::words(key).unwrap_or(key).to_owned(),
        },
        systems: Kind::systems_of(key).words(),
    };
    Kind::KEYS.iter().map(kind).collect()
}

async fn list(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    let policies = web.app().policies(&me.actor.granted::<ViewUsers>()?).await?;
    let rows = policies.into_iter().map(|counted| PolicyRow {
        href: format!("{PATH}/{}", counted.policy.id),
        name: counted.policy.name.as_str().to_owned(),
        kind: Kind::words(counted.policy.template.key()).unwrap_or_default(),
        systems: counted.policy.template.systems().words(),
        description: counted.policy.description,
        devices: words::number(counted.devices),
        groups: words::number(counted.groups),
        failed: counted.failed,
    });
    Ok(page(&Policies {
        chrome: AdminChrome::new(&web, &me, frame, "policies").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        rows: rows.collect(),
        kinds: kinds(),
    }))
}

#[derive(Template)]
#[template(path = "admin/policy_new.html")]
struct NewPolicy {
    chrome: AdminChrome,
    problem: Option<String>,
    fields: PolicyFields,
}

async fn blank(web: &Web, me: &SignedIn, frame: Frame, fields: PolicyFields) -> Result<NewPolicy, PageError> {
    let chrome = AdminChrome::new(web, me, frame, "policies").await?;
    Ok(NewPolicy { chrome, problem: None, fields })
}

async fn ask_new(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    let template = query.get("template").filter(|key| Kind::words(key).is_some());
    let template = template.ok_or(PageError::NotFound("template"))?.clone();
    let name = match template.as_str() {
        "disable_arso" | "block_safe_mode" => Kind::words(&template).unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let form = PolicyForm { template, name, ..PolicyForm::default() };
    Ok(page(&blank(&web, &me, frame, PolicyFields::of(&form, &Errors::default())).await?))
}

async fn create(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let typed = typed(&form, form.text("template"));
    let Again { status, errors, problem } = match web.app().create_policy(&granted, &typed).await {
        Ok(policy) => return Ok(flash::redirect(&format!("{PATH}/{}", policy.id), "policy_created")),
        Err(refusal) => Again::after(refusal)?,
    };
    let problem = problem.or_else(|| errors.of("template"));
    let again = blank(&web, &me, frame, PolicyFields::of(&typed, &errors)).await?;
    Ok(render(status, &NewPolicy { problem, ..again }))
}
