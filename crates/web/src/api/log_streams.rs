//! Where the activity log is forwarded to: a syslog collector and a webhook (section 12).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    repeat::ShownOnce,
    schema::TransportWord,
};
use crate::Web;
use axum::{
    Extension, Json,
    response::{IntoResponse, Response},
};
use claviger_app::{
    Refusal,
    activity::{StreamForm, Streams, Tested, WebhookForm},
    stored::{Flow, LogStream},
    words,
};
use claviger_domain::{
    permission::{Granted, ManageOrganization},
    stream::{Health, Kind},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far a stream is, and how it is doing.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct StreamProgress {
    /// The number of the last entry that was delivered, or after which it begins.
    delivered_to: i64,
    /// How many sealed entries wait.
    waiting: i64,
    /// RFC 3339, UTC; null if nothing was delivered yet.
    last_delivered_at: Option<String>,
    /// Since when nothing is taken; null while what is sent is taken.
    failing: Option<StreamFailing>,
}

/// A stream that fails.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamFailing {
    /// RFC 3339, UTC.
    since: String,
    /// Failures in a row.
    attempts: i64,
    /// RFC 3339, UTC.
    next_attempt_at: String,
    /// What went wrong last, for people.
    error: String,
}

impl StreamProgress {
    fn of(streams: &Streams, stream: &LogStream) -> Self {
        let failing = match &stream.health {
            Health::Well => None,
            Health::Failing { since, attempts, next_attempt_at, error } => Some(StreamFailing {
                since: words::iso(*since),
                attempts: *attempts,
                next_attempt_at: words::iso(*next_attempt_at),
                error: error.clone(),
            }),
        };
        Self {
            delivered_to: stream.position,
            waiting: streams.waiting(stream),
            last_delivered_at: stream.delivered_at.map(words::iso),
            failing,
        }
    }
}

/// The stream to a syslog collector.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SyslogView {
    /// Counts every change of the settings; 0 if it was never set up.
    revision: i64,
    /// Whether entries are forwarded; otherwise they wait.
    enabled: bool,
    /// `tls`, `tcp` or `udp`.
    transport: String,
    /// The collector's name or address; empty if it was never set up.
    host: String,
    /// Its port.
    port: i64,
    /// How far it is.
    progress: StreamProgress,
}

/// The stream to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    /// Counts every change of the settings; 0 if it was never set up.
    revision: i64,
    /// Whether entries are forwarded; otherwise they wait.
    enabled: bool,
    /// Where to; empty if it was never set up.
    url: String,
    /// How far it is.
    progress: StreamProgress,
    /// What every request is signed with: in the answer to the call that makes it, and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<&Streams> for SyslogView {
    fn from(streams: &Streams) -> Self {
        let Some(stream) = &streams.syslog else {
            return Self {
                revision: 0,
                enabled: false,
                transport: "tls".into(),
                host: String::new(),
                port: 6_514,
                progress: StreamProgress::default(),
            };
        };
        let (host, port) = stream.address.rsplit_once(':').unwrap_or_default();
        Self {
            revision: stream.revision,
            enabled: stream.flow == Flow::On,
            transport: stream.transport.clone(),
            host: host.to_owned(),
            port: port.parse().unwrap_or_default(),
            progress: StreamProgress::of(streams, stream),
        }
    }
}

impl From<&Streams> for WebhookView {
    fn from(streams: &Streams) -> Self {
        let stored = streams.webhook.as_ref();
        Self {
            revision: stored.map_or(0, |stream| stream.revision),
            enabled: stored.is_some_and(|stream| stream.flow == Flow::On),
            url: stored.map(|stream| stream.address.clone()).unwrap_or_default(),
            progress: stored.map(|stream| StreamProgress::of(streams, stream)).unwrap_or_default(),
            secret: None,
        }
    }
}

impl Revised for SyslogView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

impl Revised for WebhookView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// Where syslog messages are to go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyslogBody {
    /// Whether entries are forwarded.
    enabled: bool,
    /// `tls`, `tcp` or `udp`.
    #[schema(value_type = TransportWord)]
    transport: String,
    /// The collector's name or address.
    #[schema(min_length = 1, max_length = 253)]
    host: String,
    /// 1 to 65535.
    #[schema(minimum = 1, maximum = 65535)]
    port: i64,
}

/// Where batches are to be posted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookBody {
    /// Whether entries are forwarded.
    enabled: bool,
    /// `https` only.
    #[schema(max_length = 500, pattern = "^https://[!-~]+$")]
    url: String,
}

/// What became of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamTest {
    /// `delivered`, `sent` (over UDP nobody says whether it arrived) or `not_delivered`.
    result: &'static str,
    /// In words.
    detail: String,
}

/// The webhook's new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookSecret {
    /// It is in this answer and nowhere else; the one before is dead.
    secret: String,
}

const fn flow(enabled: bool) -> Flow {
    if enabled { Flow::On } else { Flow::Off }
}

#[utoipa::path(get, path = "/api/v1/log-streams/syslog", tag = "log-streams", operation_id = "getSyslogStream",
    extensions(("x-permission" = json!("ManageOrganization"))),
    responses((status = 200, body = SyslogView), Refused))]
pub(crate) async fn syslog(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Tagged<SyslogView>, ApiError> {
    Ok(Tagged(SyslogView::from(&web.app().log_streams(&granted).await?)))
}

#[utoipa::path(put, path = "/api/v1/log-streams/syslog", tag = "log-streams", operation_id = "changeSyslogStream",
    extensions(("x-permission" = json!("ManageOrganization"))), request_body = SyslogBody,
    responses((status = 200, body = SyslogView), Refused, Conflicting, BadBody))]
pub(crate) async fn set_syslog(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Body(body): Body<SyslogBody>,
) -> Result<Tagged<SyslogView>, ApiError> {
    let SyslogBody { enabled, transport, host, port } = body;
    let form = StreamForm { flow: flow(enabled), transport, host, port: port.to_string() };
    let called = |refusal: Refusal| {
        let error = ApiError::from(refusal).renamed("syslog_transport", "transport");
        error.renamed("syslog_host", "host").renamed("syslog_port", "port")
    };
    web.app().save_syslog(&granted, &form).await.map_err(called)?;
    Ok(Tagged(SyslogView::from(&web.app().log_streams(&granted).await?)))
}

#[utoipa::path(get, path = "/api/v1/log-streams/webhook", tag = "log-streams", operation_id = "getWebhookStream",
    extensions(("x-permission" = json!("ManageOrganization"))),
    responses((status = 200, body = WebhookView), Refused))]
pub(crate) async fn webhook(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Tagged<WebhookView>, ApiError> {
    Ok(Tagged(WebhookView::from(&web.app().log_streams(&granted).await?)))
}

#[utoipa::path(put, path = "/api/v1/log-streams/webhook", tag = "log-streams", operation_id = "changeWebhookStream",
    extensions(("x-permission" = json!("ManageOrganization"))), request_body = WebhookBody,
    responses((status = 200, body = WebhookView), Refused, Conflicting, BadBody))]
pub(crate) async fn set_webhook(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Body(body): Body<WebhookBody>,
) -> Result<Tagged<WebhookView>, ApiError> {
    let form = WebhookForm { flow: flow(body.enabled), url: body.url };
    let made = web.app().save_webhook(&granted, &form).await;
    let made = made.map_err(|refusal| ApiError::from(refusal).renamed("webhook_url", "url"))?;
    let secret = made.map(|secret| secret.expose().to_owned());
    Ok(Tagged(WebhookView { secret, ..WebhookView::from(&web.app().log_streams(&granted).await?) }))
}

#[utoipa::path(post, path = "/api/v1/log-streams/webhook/secret", tag = "log-streams", operation_id = "renewWebhookSecret",
    extensions(("x-permission" = json!("ManageOrganization"))),
    responses((status = 200, body = WebhookSecret), Refused, Absent))]
pub(crate) async fn renew_secret(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Response, ApiError> {
    let secret = web.app().renew_webhook_secret(&granted).await?.expose().to_owned();
    Ok((Extension(ShownOnce), Json(WebhookSecret { secret })).into_response())
}

#[utoipa::path(post, path = "/api/v1/log-streams/syslog/test", tag = "log-streams", operation_id = "testSyslogStream",
    extensions(("x-permission" = json!("ManageOrganization"))),
    description = "Sends one message that is marked as a test, at once, whether the stream is enabled or not. It can take up to 45 seconds.",
    responses((status = 200, body = StreamTest), Refused, Conflicting))]
pub(crate) async fn test_syslog(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Json<StreamTest>, ApiError> {
    tested(&web, &granted, Kind::Syslog).await
}

#[utoipa::path(post, path = "/api/v1/log-streams/webhook/test", tag = "log-streams", operation_id = "testWebhookStream",
    extensions(("x-permission" = json!("ManageOrganization"))),
    description = "Posts one event that is marked as a test, at once, whether the stream is enabled or not. It can take up to 45 seconds.",
    responses((status = 200, body = StreamTest), Refused, Conflicting))]
pub(crate) async fn test_webhook(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Json<StreamTest>, ApiError> {
    tested(&web, &granted, Kind::Webhook).await
}

async fn tested(
    web: &Web,
    granted: &Granted<ManageOrganization>,
    kind: Kind,
) -> Result<Json<StreamTest>, ApiError> {
    let tested = web.app().test_stream(granted, kind).await?;
    let result = match &tested {
        Tested::Taken => "delivered",
        Tested::Sent => "sent",
        Tested::NotTaken(_) => "not_delivered",
    };
    Ok(Json(StreamTest { result, detail: tested.words(kind) }))
}
