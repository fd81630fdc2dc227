//! What happened to a device, and at its logins (section 12).

use super::{activity_row::ActivityRow, change::named, device_parts::DeviceHeader};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    routing::{Routes, get},
    view::{Link, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{Path, State},
    response::Response,
};
use claviger_app::activity::{Asked, Place};
use claviger_domain::permission::ViewUsers;

const SHOWN: usize = 100;

pub(super) fn routes() -> Router<Web> {
    Router::new().at("/admin/devices/{id}/activity", get(show))
}

#[derive(Template)]
#[template(path = "admin/device_activity.html")]
struct DeviceActivity {
    chrome: AdminChrome,
    header: DeviceHeader,
    rows: Vec<ActivityRow>,
    further: Vec<Link>,
}

async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let listed = web.app().device(&granted, named(&id)?).await?;
    let id = listed.known.device.id.to_string();
    let limit = i64::try_from(SHOWN).unwrap_or(i64::MAX);
    let about = Asked { target: id.clone(), ..Asked::default() };
    let by = Asked { actor: id.clone(), ..Asked::default() };
    let mut entries = web.app().activity_page(&granted, &about, Place::Newest, limit).await?.entries;
    entries.extend(web.app().activity_page(&granted, &by, Place::Newest, limit).await?.entries);
    entries.sort_by_key(|listed| std::cmp::Reverse(listed.entry.id));
    entries.dedup_by_key(|listed| listed.entry.id);
    entries.truncate(SHOWN);
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let further = [("target", "Everything done to it"), ("actor", "Everything it told")];
    Ok(page(&DeviceActivity {
        chrome: AdminChrome::new(&web, &me, frame, "devices").await?,
        header: DeviceHeader::new(&listed, &me, (now, zone), "activity"),
        rows: entries.iter().map(|listed| ActivityRow::of(listed, now, zone)).collect(),
        further: further
            .map(|(name, label)| Link { href: format!("/admin/activity?{name}={id}"), label: label.into() })
            .into(),
    }))
}
