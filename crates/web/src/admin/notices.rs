//! For Home: what waits for somebody who may do something about it.

use super::{activity_settings, applications, resets};
use crate::{Web, error::PageError, view::When};
use claviger_app::{activity::Streams, session::SignedIn, stored::LogStream, words};
use claviger_domain::{
    application::certificate::{End, end},
    permission::{ManageOrganization, ManageUsers},
    stream::{Health, Kind},
    time::Timestamp,
};

/// A sentence, and where to go with it.
pub(super) struct Notice {
    pub(super) label: String,
    pub(super) href: String,
    pub(super) verb: &'static str,
}

/// Everything that `me` is to be told.
pub(super) async fn notices(web: &Web, me: &SignedIn) -> Result<Vec<Notice>, PageError> {
    let mut notices: Vec<_> = resets::notice(web, me).await?.into_iter().collect();
    notices.extend(failing_streams(web, me).await?);
    notices.extend(ending_certificates(web, me).await?);
    Ok(notices)
}

/// What is not forwarded although it should be (section 12).
async fn failing_streams(web: &Web, me: &SignedIn) -> Result<Vec<Notice>, PageError> {
    let Ok(granted) = me.actor.granted::<ManageOrganization>() else { return Ok(Vec::new()) };
    let streams = web.app().log_streams(&granted).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let told = |stream| sentence(&streams, stream, now, zone);
    let notice = |label| Notice { label, href: activity_settings::HERE.into(), verb: "Log settings" };
    Ok(streams.failing().filter_map(told).map(notice).collect())
}

/// Certificates that applications will soon take nothing signed with, or take nothing already (S10.1).
async fn ending_certificates(web: &Web, me: &SignedIn) -> Result<Vec<Notice>, PageError> {
    let Ok(granted) = me.actor.granted::<ManageUsers>() else { return Ok(Vec::new()) };
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let ending = web.app().applications_to_renew(&granted).await?;
    let notice = |(application, at): (claviger_domain::application::Application, Timestamp)| {
        let When { full, relative, .. } = When::new(at, now, zone);
        let ends = if end(at, now) == End::Past { "ended" } else { "ends" };
        Notice {
            label: format!("The certificate for {} {ends} {full} ({relative})", application.name.as_str()),
            href: format!("{}/{}", applications::PATH, application.id),
            verb: "Renew it",
        }
    };
    Ok(ending.into_iter().map(notice).collect())
}

/// Since when, why, and how much waits.
fn sentence(streams: &Streams, stream: &LogStream, now: Timestamp, zone: &str) -> Option<String> {
    let Health::Failing { since, error, .. } = &stream.health else { return None };
    let where_to = match stream.kind {
        Kind::Syslog => "syslog collector",
        Kind::Webhook => "webhook",
    };
    let When { full, relative, .. } = When::new(*since, now, zone);
    let waiting = match streams.waiting(stream) {
        1 => "1 entry waits".to_owned(),
        count => format!("{} wait", words::entries(count)),
    };
    Some(format!("The {where_to} has taken no log entries since {full} ({relative}): {error}. {waiting}"))
}
