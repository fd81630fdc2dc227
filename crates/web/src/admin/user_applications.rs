//! A user's tab Applications: what they have, and through which groups (S10.1).

use super::{
    change::named,
    user::{UserHeader, header},
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    routing::{Routes, get},
    view::{filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_domain::{application::Access, id::AccountId, permission::ViewUsers};

pub(super) fn routes() -> Router<Web> {
    Router::new().at("/admin/users/{id}/applications", get(show))
}

#[derive(Template)]
#[template(path = "admin/user_applications.html")]
struct UserApplications {
    chrome: AdminChrome,
    header: UserHeader,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    name: String,
    through: String,
    is_enabled: bool,
    test: String,
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let id: AccountId = named(&id)?;
    let holder = web.app().user_with_factor(&granted, id).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let user = serde_urlencoded::to_string([("user", holder.account.email.as_str())]).unwrap_or_default();
    let rows = web.app().applications_of_user(&granted, id).await?.into_iter().map(|(one, through)| Row {
        href: format!("/admin/applications/{}", one.id),
        test: format!("/admin/applications/{}/test?{user}", one.id),
        name: one.name.as_str().to_owned(),
        through: through.join(", "),
        is_enabled: one.access == Access::Enabled,
    });
    Ok(page(&UserApplications {
        rows: rows.collect(),
        chrome: AdminChrome::new(&web, &me, frame, "users").await?,
        header: header(&holder, &me, organization.totp, (now, zone), "applications"),
    }))
}
