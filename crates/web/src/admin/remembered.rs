//! Logins on devices that are remembered, as a group and a user have them (S8.13b).

use super::change::named;
use crate::{
    Web,
    error::PageError,
    flash,
    routing::{Routes, post},
    view::When,
    visit::Admin,
};
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::{device_admin::RememberedLogins, stored::RememberedLogin, words};
use claviger_domain::{
    permission::{AssistUsers, ManageUsers},
    time::Timestamp,
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/device-groups/{id}/remembered/revoke", post(revoke_in_group))
        .at("/admin/users/{id}/remembered/revoke", post(revoke_of_user))
}

/// The part of a page that lists them.
pub(super) struct Remembered {
    pub(super) rows: Vec<Row>,
    pub(super) has_more: bool,
    /// Where all of them are revoked, for whoever may.
    pub(super) revoke: Option<String>,
}

pub(super) struct Row {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) from: String,
    pub(super) since: When,
    pub(super) until: String,
}

/// Whose page it is: the other side of a login is named in it.
#[derive(Clone, Copy)]
pub(super) enum Of {
    User,
    Group,
}

impl Remembered {
    pub(super) fn new(
        found: &RememberedLogins,
        of: Of,
        revoke: Option<String>,
        (now, zone): (Timestamp, &str),
    ) -> Self {
        Self {
            rows: found.logins.iter().map(|login| row(login, of, now, zone)).collect(),
            has_more: found.has_more,
            revoke: revoke.filter(|_| !found.logins.is_empty()),
        }
    }
}

fn row(login: &RememberedLogin, of: Of, now: Timestamp, zone: &str) -> Row {
    let (href, name) = match of {
        Of::User => (format!("/admin/device-groups/{}", login.remembered.group), login.group_name.clone()),
        Of::Group => (format!("/admin/users/{}", login.account), login.email.clone()),
    };
    let at = if login.device_name.is_empty() { String::new() } else { format!(" at {}", login.device_name) };
    Row {
        href,
        name,
        key: login.remembered.shown.key.fingerprint(),
        from: format!("{}{at}", login.remembered.shown.from),
        since: When::new(login.remembered.since, now, zone),
        until: words::date(login.remembered.ends(login.asks), zone),
    }
}

async fn revoke_in_group(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<ManageUsers>()?, named(&id)?);
    web.app().revoke_remembered_in_group(&granted, id).await?;
    Ok(flash::redirect(&format!("/admin/device-groups/{id}"), "remembered_revoked"))
}

async fn revoke_of_user(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let (granted, id) = (me.actor.granted::<AssistUsers>()?, named(&id)?);
    web.app().revoke_remembered_of_user(&granted, id).await?;
    Ok(flash::redirect(&format!("/admin/users/{id}/devices"), "remembered_revoked"))
}
