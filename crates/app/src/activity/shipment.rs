//! Entries made into what a collector takes, and handed to the courier: the one way out for entries and for tests.

use super::{Event, syslog};
use crate::{
    App,
    ports::{ShipError, Shipment},
};
use claviger_domain::{
    audit::Entry,
    organization::Organization,
    secret::Secret,
    stream::{self, Kind, Reach, Transport, WebhookUrl},
};
use claviger_store::table::{
    audit::{Head, Sealed},
    log_stream::{LogStream, secret_place},
};
use serde_json::json;

/// One entry on its way.
pub(super) struct Load<'a> {
    pub(super) entry: &'a Entry,
    /// Its place in the chain; a test has none.
    pub(super) sealed: Option<Head>,
}

impl<'a> From<&'a Sealed> for Load<'a> {
    fn from(sealed: &'a Sealed) -> Self {
        Self { entry: &sealed.entry, sealed: Some(Head { sequence: sealed.sequence, link: sealed.link }) }
    }
}

fn unreadable(what: &str) -> ShipError {
    ShipError(format!("{what} can't be read: save the settings again"))
}

impl App {
    /// Returns once the other side has taken it all.
    pub(super) async fn ship(
        &self,
        organization: &Organization,
        stream: &LogStream,
        load: &[Load<'_>],
    ) -> Result<(), ShipError> {
        let shipment = match stream.kind {
            Kind::Syslog => self.for_syslog(stream, load)?,
            Kind::Webhook => self.for_webhook(organization, stream, load)?,
        };
        self.0.courier.ship(&shipment).await
    }

    fn for_syslog(&self, stream: &LogStream, load: &[Load<'_>]) -> Result<Shipment, ShipError> {
        let place = stream.address.rsplit_once(':');
        let place = place.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
        let (host, port) = place.ok_or_else(|| unreadable("the address"))?;
        let transport = Transport::from_key(&stream.transport);
        let here = self.0.public_url.split("://").nth(1).unwrap_or_default();
        let here = here.split([':', '/']).next().unwrap_or_default();
        let message = |one: &Load<'_>| syslog::message(one.entry, one.sealed.map(|head| head.sequence), here);
        Ok(Shipment::Syslog {
            transport: transport.ok_or_else(|| unreadable("the transport"))?,
            host,
            port,
            messages: load.iter().map(message).collect(),
        })
    }

    fn for_webhook(
        &self,
        organization: &Organization,
        stream: &LogStream,
        load: &[Load<'_>],
    ) -> Result<Shipment, ShipError> {
        // Where it may go is judged again when it does: the configuration may have changed.
        let url = WebhookUrl::parse("webhook_url", &stream.address, Reach::Anywhere);
        let sealed = stream.secret.as_deref().ok_or_else(|| unreadable("the secret"))?;
        let opened = self.0.sealer.open(secret_place(organization.id), sealed);
        let opened = opened.map_err(|error| ShipError(error.to_string()))?;
        let secret = String::from_utf8(opened.expose().clone()).map_err(|_| unreadable("the secret"))?;
        let events: Vec<_> = load.iter().map(|one| Event::new(one.entry, one.sealed.as_ref())).collect();
        let body = json!({ "organization": organization.id.to_string(), "events": events }).to_string();
        Ok(Shipment::Webhook {
            url: url.map_err(|error| ShipError(error.message))?,
            signature: stream::signature(&Secret::new(secret), self.now(), &body),
            body,
        })
    }
}
