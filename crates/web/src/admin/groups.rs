//! User Groups: list, one group with its members and the rule that membership requires MFA.

use super::change::{Change, named};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Errors, Field, Posted},
    view::{Link, filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::{Refusal, groups::GroupForm, session::SignedIn, words};
use claviger_domain::{
    group::{Group, Rule, RuleForm, Terms, Wave},
    id::GroupId,
    permission::{ManageUsers, ViewUsers},
};

#[derive(Template)]
#[template(path = "admin/groups.html")]
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
    members: String,
    enrolled: String,
    rule: &'static str,
}

const fn rule_words(rule: &Rule) -> &'static str {
    match rule {
        Rule::None => "Not required",
        Rule::Running(Terms { wave: Wave::Everyone, .. }) => "Required of every member",
        Rule::Running(_) => "Required in waves",
        Rule::Paused(_) => "Paused",
    }
}

/// All groups, to choose one of.
pub(super) async fn choices(web: &Web, me: &SignedIn) -> Result<Vec<Choice>, PageError> {
    let groups = web.app().groups(&me.actor.granted::<ViewUsers>()?).await?;
    Ok(groups.iter().map(|counted| Choice::new(counted.group.id, counted.group.name.as_str())).collect())
}

async fn groups(web: &Web, me: &SignedIn, frame: Frame) -> Result<Groups, PageError> {
    let all = web.app().groups(&me.actor.granted::<ViewUsers>()?).await?;
    let rows = all.into_iter().map(|counted| GroupRow {
        href: format!("/admin/groups/{}", counted.group.id),
        name: counted.group.name.as_str().to_owned(),
        members: words::number(counted.members),
        enrolled: format!(
            "{} of {}",
            words::number(counted.enrolled),
            words::counted(counted.members, "member")
        ),
        rule: rule_words(&counted.group.rule),
        description: counted.group.description,
    });
    Ok(Groups {
        chrome: AdminChrome::new(web, me, frame, "groups").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        rows: rows.collect(),
        name: Field::default(),
        description: Field::default(),
    })
}

pub(super) fn typed(form: &Posted) -> GroupForm {
    GroupForm { name: form.owned("name"), description: form.owned("description") }
}

pub(super) async fn list(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    Ok(page(&groups(&web, &me, frame).await?))
}

pub(super) async fn create(
    Change { web, me, frame, granted, form, .. }: Change<()>,
) -> Result<Response, PageError> {
    let errors = match web.app().create_group(&granted, &typed(&form)).await {
        Ok(group) => return Ok(flash::redirect(&format!("/admin/groups/{}", group.id), "group_created")),
        Err(refusal) => Errors::after(refusal)?,
    };
    let mut again = groups(&web, &me, frame).await?;
    (again.name, again.description) = (form.field("name", &errors), form.field("description", &errors));
    Ok(unprocessable(&again))
}

#[derive(Template)]
#[template(path = "admin/group.html")]
struct GroupPage {
    chrome: AdminChrome,
    may_edit: bool,
    id: String,
    title: String,
    members: String,
    problem: Option<String>,
    name: Field,
    description: Field,
    rule_words: &'static str,
    progress: Option<String>,
    is_paused: bool,
    has_rule: bool,
    rule: Field,
    enrollment_days: Field,
    start: Field,
    size: Field,
    hours: Field,
    pause_at: Field,
    user: Field,
    applications: Vec<Link>,
}

impl GroupPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, group: &Group) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let organization = web.app().organization().await?;
        let counted = web.app().groups(&granted).await?;
        let members = counted.iter().find(|counted| counted.group.id == group.id);
        let members = members.map_or(0, |counted| counted.members);
        let applications = web.app().applications_of_group(&granted, group.id).await?;
        let progress = web.app().rule_progress(&granted, group.id).await?;
        let zone = &organization.settings.time_zone;
        let default_days = organization.settings.enrollment_days.get();
        let terms = group.rule.terms();
        let (kind, size, hours, pause_at) = match terms.map(|terms| terms.wave) {
            None => ("none", 100, 24, 20),
            Some(Wave::Everyone) => ("everyone", 100, 24, 20),
            Some(Wave::Of { size, hours, pause_at }) => ("waves", size, hours, pause_at),
        };
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "groups").await?,
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            id: group.id.to_string(),
            title: group.name.as_str().to_owned(),
            members: words::counted(members, "member"),
            problem: None,
            name: Field::of(group.name.as_str()),
            description: Field::of(&group.description),
            rule_words: rule_words(&group.rule),
            progress: terms.map(|_| {
                format!(
                    "{} required so far, {} let their period pass.",
                    words::counted(progress.required, "member"),
                    words::number(progress.failed)
                )
            }),
            is_paused: matches!(group.rule, Rule::Paused(_)),
            has_rule: group.rule != Rule::None,
            rule: Field::of(kind),
            enrollment_days: Field::of(terms.map_or(default_days, |terms| terms.days.get()).to_string()),
            start: Field::of(terms.map(|terms| words::date_field(terms.starts_at, zone)).unwrap_or_default()),
            size: Field::of(size.to_string()),
            hours: Field::of(hours.to_string()),
            pause_at: Field::of(pause_at.to_string()),
            user: Field::default(),
            applications: applications
                .iter()
                .map(|one| Link {
                    href: format!("/admin/applications/{}", one.id),
                    label: one.name.as_str().to_owned(),
                })
                .collect(),
        })
    }
}

impl Change<GroupId> {
    /// What the form came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("/admin/groups/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let group = web.app().group(&me.actor.granted::<ViewUsers>()?, id).await?;
        let mut again = GroupPage::new(&web, &me, frame, &group).await?;
        again.problem = problem;
        form.put_back(
            &errors,
            [
                ("name", &mut again.name),
                ("description", &mut again.description),
                ("rule", &mut again.rule),
                ("enrollment_days", &mut again.enrollment_days),
                ("start", &mut again.start),
                ("size", &mut again.size),
                ("hours", &mut again.hours),
                ("pause_at", &mut again.pause_at),
                ("user", &mut again.user),
            ],
        );
        Ok(render(status, &again))
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let group = web.app().group(&me.actor.granted::<ViewUsers>()?, named(&id)?).await?;
    Ok(page(&GroupPage::new(&web, &me, frame, &group).await?))
}

pub(super) async fn save(change: Change<GroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().edit_group(granted, *id, &typed(form)).await.map(|_| "saved");
    change.answer(done).await
}

pub(super) async fn set_rule(change: Change<GroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let rule = RuleForm {
        kind: form.text("rule"),
        days: form.text("enrollment_days"),
        size: form.text("size"),
        hours: form.text("hours"),
        pause_at: form.text("pause_at"),
    };
    let done = web.app().set_rule(granted, *id, &rule, form.text("start")).await.map(|_| "saved");
    change.answer(done).await
}

pub(super) async fn toggle_rule(change: Change<GroupId>) -> Result<Response, PageError> {
    let done = change.web.app().toggle_rule(&change.granted, change.id).await.map(|_| "saved");
    change.answer(done).await
}

pub(super) async fn add_member(change: Change<GroupId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().add_member(granted, *id, form.text("user")).await.map(|()| "member_added");
    change.answer(done).await
}

pub(super) async fn delete(Change { web, granted, id, .. }: Change<GroupId>) -> Result<Response, PageError> {
    web.app().delete_group(&granted, id).await?;
    Ok(flash::redirect("/admin/groups", "group_deleted"))
}
