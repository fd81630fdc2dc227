//! Where a user or an administrator is signed in, and ending it (S4.8, S6.3).

use super::{
    administrators::administrator_id,
    change::named,
    user::{UserHeader, header},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    routing::{Routes, get, post},
    view::{SessionRow, When, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{
    session::SignedIn,
    sessions::{Ended, Sessions, ends_sessions_of},
};
use claviger_domain::{
    id::{AccountId, SessionId},
    permission::{AssistUsers, ManageAdministrators, ViewUsers},
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/users/{id}/sessions", get(of_user))
        .at("/admin/users/{id}/sessions/end-all", post(end_all_of_user))
        .at("/admin/users/{id}/sessions/{session}/end", post(end_of_user))
        .at("/admin/administrators/{id}/sessions", get(of_administrator))
        .at("/admin/administrators/{id}/sessions/end-all", post(end_all_of_administrator))
        .at("/admin/administrators/{id}/sessions/{session}/end", post(end_of_administrator))
}

/// The sessions as rows, and where all of them are ended.
struct Listed {
    rows: Vec<OpenSession>,
    end_all: Option<String>,
}

struct OpenSession {
    row: SessionRow,
    since: When,
}

impl Listed {
    async fn new(web: &Web, me: &SignedIn, found: &Sessions, end: Option<&str>) -> Result<Self, PageError> {
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let rows = found.open.iter().map(|session| OpenSession {
            row: SessionRow::of(
                session,
                session.id == me.session_id(),
                end.map(|base| format!("{base}/{}/end", session.id)),
                now,
            ),
            since: When::new(session.created_at, now, zone),
        });
        Ok(Self {
            rows: rows.collect(),
            end_all: end.filter(|_| !found.open.is_empty()).map(|base| format!("{base}/end-all")),
        })
    }
}

#[derive(Template)]
#[template(path = "admin/user_sessions.html")]
struct UserSessions {
    chrome: AdminChrome,
    header: UserHeader,
    listed: Listed,
}

#[derive(Template)]
#[template(path = "admin/administrator_sessions.html")]
struct AdministratorSessions {
    chrome: AdminChrome,
    name: String,
    email: String,
    base: String,
    listed: Listed,
}

fn user_path(id: AccountId) -> String {
    format!("/admin/users/{id}/sessions")
}

fn administrator_path(id: AccountId) -> String {
    format!("/admin/administrators/{id}/sessions")
}

fn session_id(text: &str) -> Result<SessionId, PageError> {
    text.parse().map_err(|_| PageError::NotFound("session"))
}

async fn of_user(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<ViewUsers>()?, named(&id)?);
    let holder = web.app().user_with_factor(&granted, id).await?;
    let found = web.app().user_sessions(&granted, id).await?;
    let organization = web.app().organization().await?;
    let at = (web.app().now(), organization.settings.time_zone.as_str());
    let path = user_path(id);
    let end = me.actor.granted::<AssistUsers>().is_ok().then_some(path.as_str());
    Ok(page(&UserSessions {
        chrome: AdminChrome::new(&web, &me, frame, "users").await?,
        header: header(&holder, &me, organization.totp, at, "sessions"),
        listed: Listed::new(&web, &me, &found, end).await?,
    }))
}

async fn end_all_of_user(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<AssistUsers>()?, named(&id)?);
    web.app().end_user_sessions(&granted, id, Ended::All).await?;
    Ok(flash::redirect(&user_path(id), "all_sessions_ended"))
}

async fn end_of_user(
    State(web): State<Web>,
    Admin(me): Admin,
    Path((id, session)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<AssistUsers>()?, named(&id)?);
    web.app().end_user_sessions(&granted, id, Ended::One(session_id(&session)?)).await?;
    Ok(flash::redirect(&user_path(id), "session_ended"))
}

async fn of_administrator(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<ManageAdministrators>()?, administrator_id(&id)?);
    let found = web.app().administrator_sessions(&granted, id).await?;
    let path = administrator_path(id);
    let end = ends_sessions_of(&me.actor, &found.account).then_some(path.as_str());
    let account = &found.account;
    Ok(page(&AdministratorSessions {
        chrome: AdminChrome::new(&web, &me, frame, "administrators").await?,
        name: account.name.shown(account.email.as_str()),
        email: account.email.to_string(),
        base: format!("/admin/administrators/{id}"),
        listed: Listed::new(&web, &me, &found, end).await?,
    }))
}

async fn end_all_of_administrator(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<ManageAdministrators>()?, administrator_id(&id)?);
    web.app().end_administrator_sessions(&granted, id, Ended::All).await?;
    Ok(flash::redirect(&administrator_path(id), "all_sessions_ended"))
}

async fn end_of_administrator(
    State(web): State<Web>,
    Admin(me): Admin,
    Path((id, session)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<ManageAdministrators>()?, administrator_id(&id)?);
    web.app().end_administrator_sessions(&granted, id, Ended::One(session_id(&session)?)).await?;
    Ok(flash::redirect(&administrator_path(id), "session_ended"))
}
