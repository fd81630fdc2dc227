//! One application: settings, groups, certificates, and what it would be told (S10).

use super::{
    application_form::{Shown, typed},
    applications::PATH,
    change::{Change, named},
    groups,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Field},
    view::{Fact, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use claviger_app::{
    Refusal,
    applications::{ApplicationForm, Preview},
    session::SignedIn,
    words,
};
use claviger_domain::{
    application::{
        certificate::{End, Stage},
        release::{Asked, Reason},
        saml::NameId,
    },
    field::FieldError,
    id::{ApplicationId, ApplicationKeyId, GroupId},
    permission::{ManageUsers, ViewUsers},
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/admin/applications/{id}", get(show).post(save))
        .route("/admin/applications/{id}/delete", post(delete))
        .route("/admin/applications/{id}/groups", post(assign))
        .route("/admin/applications/{id}/groups/{group}/remove", post(unassign))
        .route("/admin/applications/{id}/test", get(test))
        .route("/admin/applications/{id}/certificates", post(make_certificate))
        .route("/admin/applications/{id}/certificates/{certificate}", get(certificate))
        .route("/admin/applications/{id}/certificates/{certificate}/switch", post(switch_certificate))
        .route("/admin/applications/{id}/certificates/{certificate}/remove", post(remove_certificate))
}

#[derive(Template)]
#[template(path = "admin/application.html")]
struct Page {
    chrome: AdminChrome,
    may_edit: bool,
    base: String,
    title: String,
    problem: Option<String>,
    form: Shown,
    metadata: String,
    sign_on: String,
    log_out: String,
    groups: Vec<GroupRow>,
    group_choices: Vec<Choice>,
    group: Field,
    certificates: Vec<CertificateRow>,
    may_make: bool,
    user: Field,
    preview: Option<ShownPreview>,
}

struct GroupRow {
    href: String,
    name: String,
    members: String,
    remove: String,
}

struct CertificateRow {
    href: String,
    state: &'static str,
    is_current: bool,
    fingerprint: String,
    ends: String,
    is_warned: bool,
}

/// What the application would be told.
struct ShownPreview {
    kind: &'static str,
    text: String,
    facts: Vec<Fact>,
}

impl Page {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, id: ApplicationId) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let app = web.app();
        let application = app.application(&granted, id).await?;
        let form = ApplicationForm::of(&application).ok_or(PageError::NotFound("application"))?;
        let zone = app.organization().await?.settings.time_zone.clone();
        let certificates = app.application_certificates(&granted, id).await?;
        let groups = app.groups_of_application(&granted, id).await?;
        let addresses = app.saml_addresses(id);
        let base = format!("{PATH}/{id}");
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "applications").await?,
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            title: application.name.as_str().to_owned(),
            problem: None,
            form: Shown::of(&form),
            metadata: addresses.entity_id,
            sign_on: addresses.sign_on,
            log_out: addresses.log_out,
            groups: groups
                .into_iter()
                .map(|one| GroupRow {
                    href: format!("/admin/groups/{}", one.user_group),
                    remove: format!("{base}/groups/{}/remove", one.user_group),
                    name: one.name,
                    members: words::counted(one.members, "member"),
                })
                .collect(),
            group_choices: groups::choices(web, me).await?,
            group: Field::default(),
            may_make: certificates.iter().all(|one| one.stage != Stage::Next),
            certificates: certificates
                .into_iter()
                .map(|one| CertificateRow {
                    href: format!("{base}/certificates/{}", one.id),
                    state: match one.stage {
                        Stage::Current => "Signs",
                        Stage::Next => "Next",
                        Stage::Retired => "Retired",
                    },
                    is_current: one.stage == Stage::Current,
                    fingerprint: one.fingerprint,
                    ends: words::date(one.expires_at, &zone),
                    is_warned: one.end != End::Far,
                })
                .collect(),
            user: Field::default(),
            preview: None,
            base,
        })
    }
}

fn shown(preview: &Preview) -> ShownPreview {
    let who = preview.account.email.as_str();
    let told = match &preview.outcome {
        Ok(told) => told,
        Err(reason) => {
            let text =
                format!("{who} would not get in: {}. The application would be told nothing.", why(*reason));
            return ShownPreview { kind: "warning", text, facts: Vec::new() };
        }
    };
    let asks = match preview.asks {
        None => "",
        Some(Asked::Code) => " A code is asked for at the door.",
        Some(Asked::Password | Asked::SignIn) => " The password is asked for at the door.",
    };
    let kind = match told.name_kind {
        NameId::Email => "NameID (e-mail)",
        NameId::Username => "NameID (username)",
        NameId::Persistent => "NameID (persistent)",
        NameId::Transient => "NameID (transient)",
    };
    let name = match (&told.name_id, told.name_kind) {
        (Some(name), _) => name.clone(),
        (None, NameId::Transient) => "another one each time".into(),
        (None, NameId::Email | NameId::Username | NameId::Persistent) => "made at the first sign-in".into(),
    };
    let mut facts = vec![
        Fact::new("Sent to", &told.consumer),
        Fact::new(kind, name),
        Fact::new("AuthnContext", told.context),
    ];
    facts.extend(told.attributes.iter().map(|(name, values)| {
        let values = if values.is_empty() { "nothing: left out".to_owned() } else { values.join(", ") };
        Fact::new(name, values)
    }));
    ShownPreview {
        kind: "success",
        text: format!("{who} would get in.{asks} The application would be told:"),
        facts,
    }
}

const fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Disabled => "the application is switched off",
        Reason::Barred => "the account is not active",
        Reason::LockedOut { .. } => "the time to set up MFA has ended",
        Reason::NotAssigned => "no group of theirs has the application",
        Reason::NoFactor => "the application asks for a code, and MFA is not set up",
        Reason::MayNotAsk(_) => {
            "the sign-in here isn't finished, such as by a new password or the set-up of MFA"
        }
    }
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    Ok(page(&Page::new(&web, &me, frame, named(&id)?).await?))
}

impl Change<ApplicationId> {
    /// What the form came to.
    async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = Page::new(&web, &me, frame, id).await?;
        again.problem = problem;
        again.form.put_back(&form, &errors);
        form.put_back(&errors, [("group", &mut again.group)]);
        Ok(render(status, &again))
    }
}

async fn save(change: Change<ApplicationId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().edit_application(granted, *id, &typed(form)).await.map(|_| "saved");
    change.answer(done).await
}

async fn delete(Change { web, granted, id, .. }: Change<ApplicationId>) -> Result<Response, PageError> {
    web.app().delete_application(&granted, id).await?;
    Ok(flash::redirect(PATH, "application_deleted"))
}

async fn assign(change: Change<ApplicationId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = match form.text("group").parse::<GroupId>() {
        Ok(group) => web.app().assign_application(granted, (*id, group)).await,
        Err(_) => Err(FieldError::new("group", "Choose a group.").into()),
    };
    change.answer(done.map(|()| "application_assigned")).await
}

async fn unassign(
    Change { web, granted, id: (id, group), .. }: Change<(ApplicationId, GroupId)>,
) -> Result<Response, PageError> {
    web.app().unassign_application(&granted, (id, group)).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "application_unassigned"))
}

/// What the application would be told of somebody: a question, so that it has an address.
async fn test(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
    axum::extract::Query(query): axum::extract::Query<std::collections::BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let id = named(&id)?;
    let user = query.get("user").map_or("", String::as_str);
    let previewed = web.app().preview_application(&me.actor.granted::<ViewUsers>()?, id, user).await;
    let mut again = Page::new(&web, &me, frame, id).await?;
    again.user = Field::of(user);
    let status = match previewed {
        Ok(preview) => {
            again.preview = Some(shown(&preview));
            axum::http::StatusCode::OK
        }
        Err(refusal) => {
            let Again { status, errors, problem } = Again::after(refusal)?;
            again.user.error = errors.of("user");
            again.problem = problem;
            status
        }
    };
    Ok(render(status, &again))
}

async fn certificate(
    State(web): State<Web>,
    Admin(me): Admin,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let key: ApplicationKeyId = named(&key)?;
    let all = web.app().application_certificates(&granted, named(&id)?).await?;
    let found = all.into_iter().find(|one| one.id == key).ok_or(PageError::NotFound("certificate"))?;
    let head = [
        (header::CONTENT_TYPE, "application/x-pem-file"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"claviger.pem\""),
    ];
    Ok((head, found.pem).into_response())
}

async fn make_certificate(
    Change { web, granted, id, .. }: Change<ApplicationId>,
) -> Result<Response, PageError> {
    web.app().make_next_certificate(&granted, id).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "certificate_made"))
}

async fn switch_certificate(
    Change { web, granted, id: (id, key), .. }: Change<(ApplicationId, ApplicationKeyId)>,
) -> Result<Response, PageError> {
    web.app().switch_certificate(&granted, (id, key)).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "certificate_switched"))
}

async fn remove_certificate(
    Change { web, granted, id: (id, key), .. }: Change<(ApplicationId, ApplicationKeyId)>,
) -> Result<Response, PageError> {
    web.app().remove_certificate(&granted, (id, key)).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "certificate_removed"))
}
