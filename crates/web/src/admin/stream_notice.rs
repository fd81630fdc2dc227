//! For Home: what is not forwarded although it should be (section 12).

use super::activity_settings;
use crate::{
    Web,
    error::PageError,
    view::{Link, When},
};
use claviger_app::{activity::Streams, session::SignedIn, stored::LogStream, words};
use claviger_domain::{
    permission::ManageOrganization,
    stream::{Health, Kind},
    time::Timestamp,
};

/// A sentence for each stream that fails, for those who may see it.
pub(super) async fn notices(web: &Web, me: &SignedIn) -> Result<Vec<Link>, PageError> {
    let Ok(granted) = me.actor.granted::<ManageOrganization>() else { return Ok(Vec::new()) };
    let streams = web.app().log_streams(&granted).await?;
    let organization = web.app().organization().await?;
    let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
    let told = |stream| sentence(&streams, stream, now, zone);
    let link = |label| Link { href: activity_settings::HERE.into(), label };
    Ok(streams.failing().filter_map(told).map(link).collect())
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
