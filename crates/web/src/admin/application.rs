//! One application: settings, groups, certificates, and what it would be told (S10).

use super::{
    application_form::typed,
    application_page::{Page, shown},
    applications::PATH,
    change::{Change, named},
    confirm::{Asks, Confirm},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field},
    routing::{Routes, get, post},
    view::{Link, page, render},
    visit::Admin,
};
use axum::{
    Router,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::Refusal;
use claviger_domain::{
    field::FieldError,
    id::{ApplicationId, ApplicationKeyId, GroupId},
    permission::{ManageUsers, ViewUsers},
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/applications/{id}", get(show).post(save))
        .at("/admin/applications/{id}/delete", get(ask_delete).post(delete))
        .at("/admin/applications/{id}/groups", post(assign))
        .at("/admin/applications/{id}/groups/{group}/remove", post(unassign))
        .at("/admin/applications/{id}/test", get(test))
        .at("/admin/applications/{id}/certificates", post(make_certificate))
        .at("/admin/applications/{id}/certificates/{certificate}", get(certificate))
        .at("/admin/applications/{id}/certificates/{certificate}/switch", post(switch_certificate))
        .at("/admin/applications/{id}/certificates/{certificate}/remove", post(remove_certificate))
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
    pub(super) async fn answer(self, done: Result<&'static str, Refusal>) -> Result<Response, PageError> {
        let Self { web, me, frame, id, form, .. } = self;
        let Again { status, errors, problem } = match done {
            Ok(word) => return Ok(flash::redirect(&format!("{PATH}/{id}"), word)),
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = Page::new(&web, &me, frame, id).await?;
        again.problem = problem;
        again.put_back(&form, &errors);
        Ok(render(status, &again))
    }
}

async fn save(change: Change<ApplicationId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().edit_application(granted, *id, &typed(form)).await.map(|_| "saved");
    change.answer(done).await
}

const DELETE: Asks = Asks {
    path: "delete",
    heading: "Delete",
    verb: "Delete application",
    effects: &[
        "Nobody opens it with their sign-in here any more, and what it was signed with, or its secret, is gone.",
        "The names that it alone knows people by are forgotten: made again, it takes them for new people.",
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
    let application = web.app().application(&me.actor.granted::<ViewUsers>()?, named(&id)?).await?;
    let (name, base) = (application.name.as_str(), format!("{PATH}/{id}"));
    let trail = vec![
        Link { href: PATH.into(), label: "SSO Applications".into() },
        Link { href: base.clone(), label: name.into() },
    ];
    let chrome = AdminChrome::new(&web, &me, frame, "applications").await?;
    let blank = Confirm::new(chrome, trail, format!("{base}/{}", DELETE.path), base);
    Ok(page(&blank.asking(&DELETE, name)))
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
