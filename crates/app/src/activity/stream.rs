//! Sealed entries forwarded to a syslog collector and to a webhook: in order, from a stored position, at least once.

use super::shipment::Load;
use crate::{
    App, Problem, Refusal, Token,
    draft::{Draft, Target},
};
use claviger_domain::{
    field::{FieldError, Fields, number},
    id::OrganizationId,
    permission::{Granted, ManageOrganization},
    stream::{self, Health, Kind, Transport, WebhookUrl},
    time::Span,
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        audit::Head,
        log_stream::{Flow, LogStream, secret_place},
    },
};
use serde_json::json;

/// Entries of one shipment.
const AT_ONCE: i64 = 100;
/// Shipments of one turn, so that no stream keeps its lease for long.
const SHIPMENTS: usize = 10;
/// After that long no further shipment of the turn begins: with the last one it is less than the lease.
const TURN: Span = Span::minutes(3);

/// The form of the syslog stream as typed.
#[derive(Clone, Debug, Default)]
pub struct StreamForm {
    /// Whether entries are forwarded.
    pub flow: Flow,
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
    pub flow: Flow,
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
    /// The last number that was removed: nobody waits for it any more.
    pub removed: i64,
}

impl Streams {
    /// Those that should forward entries and get nothing taken.
    pub fn failing(&self) -> impl Iterator<Item = &LogStream> {
        let fails = |stream: &&LogStream| stream.flow == Flow::On && stream.health != Health::Well;
        [&self.syslog, &self.webhook].into_iter().flatten().filter(fails)
    }

    /// How many entries wait for the stream.
    pub fn waiting(&self, stream: &LogStream) -> i64 {
        (self.sealed - stream.position.max(self.removed)).max(0)
    }
}

impl App {
    /// The streams.
    pub async fn log_streams(&self, _: &Granted<ManageOrganization>) -> Result<Streams, Problem> {
        let organization = self.organization().await?.id;
        let all = table::log_stream::all(&self.0.store, organization).await?;
        let of = |kind| all.iter().find(|stream| stream.kind == kind).cloned();
        let head = table::audit::head(&self.0.store, organization).await?;
        let removed = table::audit_anchor::load(&self.0.store, organization).await?;
        Ok(Streams {
            syslog: of(Kind::Syslog),
            webhook: of(Kind::Webhook),
            sealed: head.map_or(0, |head| head.sequence),
            removed: removed.map_or(0, |anchor| anchor.removed.sequence),
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
            before: self.log_streams(granted).await?.syslog,
            kind: Kind::Syslog,
            flow: form.flow,
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
        let before = self.log_streams(granted).await?.webhook;
        let stored = before.as_ref().and_then(|stream| stream.secret.clone());
        let made = stored.is_none().then(|| self.new_secret());
        let organization = self.organization().await?.id;
        let sealed = made.as_ref().map(|secret| self.seal_secret(organization, secret)).transpose()?;
        let changed = Changed {
            before,
            kind: Kind::Webhook,
            flow: form.flow,
            transport: "https".into(),
            address: url.to_string(),
            secret: sealed.or(stored),
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
        let Changed { before, kind, flow, transport, address, secret } = changed;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let id = draft.organization.id;
        let head = table::audit::head(&self.0.store, id).await?.unwrap_or(Head::GENESIS);
        let target = Target { id: String::new(), name: address.clone() };
        let facts = json!({ "stream": kind.key(), "transport": transport, "forwarded": flow == Flow::On });
        draft.log("activity.stream", &target, "success", facts);
        let stream = LogStream {
            kind,
            revision: before.map_or(0, |before| before.revision),
            flow,
            transport,
            address,
            secret,
            position: head.sequence,
            health: Health::Well,
            delivered_at: None,
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
        stream.flow == Flow::On && stream.health.is_due(self.now())
    }

    /// Forwards what is due on the stream of that kind. Whoever calls has its lease.
    pub(crate) async fn forward(&self, kind: Kind) -> Result<(), Problem> {
        let organization = self.organization().await?;
        let end = self.now().plus(TURN);
        for _ in 0..SHIPMENTS {
            let all = table::log_stream::all(&self.0.store, organization.id).await?;
            let due = all.into_iter().find(|stream| stream.kind == kind && self.is_due(stream));
            let Some(stream) = due.filter(|_| self.now() < end) else {
                return Ok(());
            };
            let entries =
                table::audit::chain(&self.0.store, organization.id, stream.position, AT_ONCE).await?;
            let Some(last) = entries.last().map(|sealed| sealed.sequence) else { return Ok(()) };
            let load: Vec<_> = entries.iter().map(Load::from).collect();
            let shipped = self.ship(&organization, &stream, &load).await;
            let statement = match &shipped {
                Ok(()) => table::log_stream::delivered(organization.id, &stream, last, self.now()),
                Err(error) => {
                    tracing::warn!(stream = kind.key(), %error, "log entries were not taken");
                    let health = stream.health.failed(&error.0, self.now());
                    table::log_stream::failing(organization.id, &stream, &health)
                }
            };
            let noted = self.0.store.commit(Batch::of([statement])).await?;
            if shipped.is_err() || noted == Commit::Conflict {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// What a form changes of a stream.
struct Changed {
    /// As it was when the form was judged; whoever changed it since wins.
    before: Option<LogStream>,
    kind: Kind,
    flow: Flow,
    transport: String,
    address: String,
    secret: Option<Vec<u8>>,
}
