//! Sealed entries forwarded to a syslog collector and to a webhook: in order, from a stored position, at least once.

use super::{Event, syslog};
use crate::{
    App, Problem, Refusal, Token,
    draft::{Draft, Target},
    ports::{ShipError, Shipment},
};
use claviger_domain::{
    field::{FieldError, Fields, number},
    id::OrganizationId,
    organization::Organization,
    permission::{Granted, ManageOrganization},
    secret::Secret,
    stream::{self, Reach, Transport, WebhookUrl},
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        audit::{Head, Sealed},
        log_stream::{Flow, Kind, LogStream, secret_place},
    },
};
use serde_json::json;

/// Entries of one shipment.
const AT_ONCE: i64 = 100;
/// Shipments of one turn, so that no stream keeps its lease for long.
const SHIPMENTS: usize = 10;

/// The form of the syslog stream as typed.
#[derive(Clone, Debug, Default)]
pub struct StreamForm {
    /// Whether entries are forwarded.
    pub enabled: bool,
    /// `tls`, `tcp` or `udp`.
    pub transport: String,
    /// The collector's name or address.
    pub host: String,
    /// Its port.
    pub port: String,
}

/// The form of the webhook as typed.
#[derive(Clone, Debug, Default)]
pub struct WebhookForm {
    /// Whether entries are forwarded.
    pub enabled: bool,
    /// Where to.
    pub url: String,
}

/// The streams, as far as they were ever set up.
#[derive(Clone, Debug, Default)]
pub struct Streams {
    /// To a syslog collector.
    pub syslog: Option<LogStream>,
    /// To a webhook.
    pub webhook: Option<LogStream>,
    /// The number of the last sealed entry: what the positions are behind.
    pub sealed: i64,
}

impl App {
    /// The streams.
    pub async fn log_streams(&self, _: &Granted<ManageOrganization>) -> Result<Streams, Problem> {
        let organization = self.organization().await?.id;
        let all = table::log_stream::all(&self.0.store, organization).await?;
        let of = |kind| all.iter().find(|stream| stream.kind == kind).cloned();
        let head = table::audit::head(&self.0.store, organization).await?;
        Ok(Streams {
            syslog: of(Kind::Syslog),
            webhook: of(Kind::Webhook),
            sealed: head.map_or(0, |head| head.sequence),
        })
    }

    /// Saves where syslog messages go. A new stream begins with what is sealed from now on; another goes on from where
    /// it was.
    pub async fn save_syslog(
        &self,
        granted: &Granted<ManageOrganization>,
        form: &StreamForm,
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let mut fields = Fields::new();
        let transport = fields.take(
            Transport::from_key(&form.transport)
                .ok_or_else(|| FieldError::new("syslog_transport", "Choose TLS, TCP or UDP.")),
        );
        let host = form.host.trim();
        let host = fields.take(if stream::is_host(host) {
            Ok(host.to_owned())
        } else {
            Err(FieldError::new("syslog_host", "Enter a name or an address, such as siem.example.com."))
        });
        let port = fields.take(number("syslog_port", "Port", &form.port, 1, 65_535));
        let parsed = (|| Some((transport?, host?, port?)))();
        let (transport, host, port) = fields.finish(parsed)?;
        let changed = Changed {
            kind: Kind::Syslog,
            flow: flow(form.enabled),
            transport: transport.key().to_owned(),
            address: format!("{host}:{port}"),
            secret: None,
        };
        self.save_stream(granted, changed).await
    }

    /// Saves where batches are posted. The first time there is a secret to sign them with, told this once.
    pub async fn save_webhook(
        &self,
        granted: &Granted<ManageOrganization>,
        form: &WebhookForm,
    ) -> Result<Option<Token>, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let url = WebhookUrl::parse("webhook_url", &form.url, self.0.courier.reach())?;
        let stored = self.log_streams(granted).await?.webhook;
        let made = stored.and_then(|stream| stream.secret).is_none().then(|| self.new_secret());
        let organization = self.organization().await?.id;
        let sealed = made.as_ref().map(|secret| self.seal_secret(organization, secret)).transpose()?;
        let changed = Changed {
            kind: Kind::Webhook,
            flow: flow(form.enabled),
            transport: "https".into(),
            address: url.to_string(),
            secret: sealed,
        };
        self.save_stream(granted, changed).await?;
        Ok(made)
    }

    /// Makes a new secret for the webhook, told this once; the old one is dead at once.
    pub async fn renew_webhook_secret(
        &self,
        granted: &Granted<ManageOrganization>,
    ) -> Result<Token, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let stored = self.log_streams(granted).await?.webhook.ok_or(Refusal::NotFound("webhook"))?;
        let secret = self.new_secret();
        let mut draft = Draft::new(self, granted.actor()).await?;
        let sealed = self.seal_secret(draft.organization.id, &secret)?;
        let target = Target { id: String::new(), name: stored.address.clone() };
        draft.log("activity.stream.secret", &target, "success", json!({ "stream": "webhook" }));
        let renewed = LogStream { secret: Some(sealed), ..stored };
        draft.write(table::log_stream::save(draft.organization.id, &renewed));
        match draft.commit().await? {
            Commit::Committed => Ok(secret),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    fn new_secret(&self) -> Token {
        Token::new("clw_", self.random())
    }

    fn seal_secret(&self, organization: OrganizationId, secret: &Token) -> Result<Vec<u8>, Problem> {
        let plain = secret.expose().as_bytes();
        Ok(self.0.sealer.seal(secret_place(organization), self.random(), plain)?)
    }

    async fn save_stream(
        &self,
        granted: &Granted<ManageOrganization>,
        changed: Changed,
    ) -> Result<(), Refusal> {
        let Changed { kind, flow, transport, address, secret } = changed;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let id = draft.organization.id;
        let all = table::log_stream::all(&self.0.store, id).await?;
        let stored = all.into_iter().find(|stream| stream.kind == kind);
        let head = table::audit::head(&self.0.store, id).await?.unwrap_or(Head::GENESIS);
        let target = Target { id: String::new(), name: address.clone() };
        let facts = json!({ "stream": kind.key(), "transport": transport, "forwarded": flow == Flow::On });
        draft.log("activity.stream", &target, "success", facts);
        let stream = LogStream {
            kind,
            revision: stored.as_ref().map_or(0, |stored| stored.revision),
            flow,
            transport,
            address,
            secret: secret.or_else(|| stored.as_ref().and_then(|stored| stored.secret.clone())),
            position: head.sequence,
            attempts: 0,
            next_attempt_at: draft.now,
            delivered_at: None,
            last_error: String::new(),
        };
        draft.write(table::log_stream::save(id, &stream));
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Whether the stream has something to forward now.
    pub(crate) async fn is_behind(&self, kind: Kind) -> Result<bool, Problem> {
        let organization = self.organization().await?.id;
        let all = table::log_stream::all(&self.0.store, organization).await?;
        let Some(stream) = all.iter().find(|stream| stream.kind == kind && self.is_due(stream)) else {
            return Ok(false);
        };
        let head = table::audit::head(&self.0.store, organization).await?;
        Ok(head.is_some_and(|head| head.sequence > stream.position))
    }

    fn is_due(&self, stream: &LogStream) -> bool {
        stream.flow == Flow::On && stream.next_attempt_at <= self.now()
    }

    /// Forwards what is due on the stream of that kind. Whoever calls has its lease.
    pub(crate) async fn forward(&self, kind: Kind) -> Result<(), Problem> {
        let organization = self.organization().await?;
        for _ in 0..SHIPMENTS {
            let all = table::log_stream::all(&self.0.store, organization.id).await?;
            let due = all.into_iter().find(|stream| stream.kind == kind && self.is_due(stream));
            let Some(stream) = due else {
                return Ok(());
            };
            let entries =
                table::audit::chain(&self.0.store, organization.id, stream.position, AT_ONCE).await?;
            let Some(last) = entries.last().map(|sealed| sealed.sequence) else { return Ok(()) };
            let shipped = match self.shipment(&organization, &stream, &entries) {
                Ok(shipment) => self.0.courier.ship(&shipment).await,
                Err(error) => Err(error),
            };
            let batch = match &shipped {
                Ok(()) => table::log_stream::delivered(organization.id, &stream, last, self.now()),
                Err(error) => {
                    let attempts = stream.attempts + 1;
                    tracing::warn!(stream = kind.key(), attempts, %error, "log entries were not taken");
                    let next = self.now().plus(stream::pause(attempts));
                    let told: String = error.0.chars().take(500).collect();
                    table::log_stream::failed(organization.id, &stream, &told, next)
                }
            };
            let noted = self.0.store.commit(Batch::of([batch])).await?;
            if shipped.is_err() || noted == Commit::Conflict {
                return Ok(());
            }
        }
        Ok(())
    }

    fn shipment(
        &self,
        organization: &Organization,
        stream: &LogStream,
        entries: &[Sealed],
    ) -> Result<Shipment, ShipError> {
        let unreadable = |what: &str| ShipError(format!("{what} can't be read: save the settings again"));
        match stream.kind {
            Kind::Syslog => {
                let place = stream.address.rsplit_once(':');
                let place = place.and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)));
                let (host, port) = place.ok_or_else(|| unreadable("the address"))?;
                let transport = Transport::from_key(&stream.transport);
                let here = self.0.public_url.split("://").nth(1).unwrap_or_default();
                let here = here.split([':', '/']).next().unwrap_or_default();
                let message = |sealed: &Sealed| syslog::message(&sealed.entry, sealed.sequence, here);
                Ok(Shipment::Syslog {
                    transport: transport.ok_or_else(|| unreadable("the transport"))?,
                    host,
                    port,
                    messages: entries.iter().map(message).collect(),
                })
            }
            Kind::Webhook => {
                // Where it may go is judged again when it does: the configuration may have changed.
                let url = WebhookUrl::parse("webhook_url", &stream.address, Reach::Anywhere);
                let sealed = stream.secret.as_deref().ok_or_else(|| unreadable("the secret"))?;
                let opened = self.0.sealer.open(secret_place(organization.id), sealed);
                let opened = opened.map_err(|error| ShipError(error.to_string()))?;
                let secret =
                    String::from_utf8(opened.expose().clone()).map_err(|_| unreadable("the secret"))?;
                let event = |sealed: &Sealed| {
                    Event::new(&sealed.entry, Some(&Head { sequence: sealed.sequence, link: sealed.link }))
                };
                let events: Vec<_> = entries.iter().map(event).collect();
                let body =
                    json!({ "organization": organization.id.to_string(), "events": events }).to_string();
                Ok(Shipment::Webhook {
                    url: url.map_err(|error| ShipError(error.message))?,
                    signature: stream::signature(&Secret::new(secret), self.now(), &body),
                    body,
                })
            }
        }
    }
}

/// What a form changes of a stream.
struct Changed {
    kind: Kind,
    flow: Flow,
    transport: String,
    address: String,
    secret: Option<Vec<u8>>,
}

const fn flow(enabled: bool) -> Flow {
    if enabled { Flow::On } else { Flow::Off }
}
