//! How long the activity log is kept, and where it is forwarded to (section 12).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    routing::{Routes, get, post},
    view::{Fact, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{Router, extract::State, http::StatusCode, response::Response};
use claviger_app::{
    Refusal, Token,
    activity::{StreamForm, Streams, Tested, WebhookForm},
    session::SignedIn,
    stored::{Flow, LogStream},
    words,
};
use claviger_domain::{
    activity::Retention,
    permission::ManageOrganization,
    stream::{Health, Kind},
    time::Timestamp,
};

pub(super) const HERE: &str = "/admin/activity/settings";

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/activity/settings", get(show))
        .at("/admin/activity/settings/retention", post(save_retention))
        .at("/admin/activity/settings/syslog", post(save_syslog))
        .at("/admin/activity/settings/webhook", post(save_webhook))
        .at("/admin/activity/settings/webhook/secret", post(renew_secret))
        .at("/admin/activity/settings/syslog/test", post(test_syslog))
        .at("/admin/activity/settings/webhook/test", post(test_webhook))
}

#[derive(Template)]
#[template(path = "admin/activity_settings.html")]
struct LogSettings {
    chrome: AdminChrome,
    problem: Option<String>,
    keep: Field,
    days: Field,
    syslog: Stream,
    host: Field,
    port: Field,
    transport: Field,
    webhook: Stream,
    url: Field,
    has_secret: bool,
}

#[derive(Template)]
#[template(path = "admin/activity_secret.html")]
struct SecretPage {
    chrome: AdminChrome,
    secret: String,
}

/// A stream's switch, how it is doing, and what became of a test.
struct Stream {
    enabled: Check,
    facts: Vec<Fact>,
    error: Option<String>,
    has_test: bool,
    tested: Option<String>,
}

impl Stream {
    fn of(streams: &Streams, stored: Option<&LogStream>, (now, zone): (Timestamp, &str)) -> Self {
        let enabled = Check { on: stored.is_some_and(|stream| stream.flow == Flow::On), error: None };
        let Some(stream) = stored else {
            return Self { enabled, facts: Vec::new(), error: None, has_test: false, tested: None };
        };
        let mut facts = vec![match stream.delivered_at {
            Some(at) => Fact::at("Last delivered", at, now, zone),
            None => Fact::new("Last delivered", "never"),
        }];
        facts.push(Fact::new("Delivered to", format!("entry {}", words::number(stream.position))));
        facts.push(Fact::new("Waiting", words::entries(streams.waiting(stream))));
        let error = match &stream.health {
            Health::Well => None,
            Health::Failing { since, attempts, next_attempt_at, error } => {
                facts.push(Fact::at("Failing since", *since, now, zone));
                facts.push(Fact::new("Failures in a row", words::number(*attempts)));
                facts.push(Fact::at("Next try", *next_attempt_at, now, zone));
                Some(error.clone())
            }
        };
        Self { enabled, facts, error, has_test: true, tested: None }
    }
}

impl LogSettings {
    async fn new(web: &Web, me: &SignedIn, frame: Frame) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ManageOrganization>()?;
        let streams = web.app().log_streams(&granted).await?;
        let organization = web.app().organization().await?;
        let (now, zone) = (web.app().now(), organization.settings.time_zone.as_str());
        let (keep, days) = match organization.settings.log_kept {
            Retention::Forever => ("forever", "365".to_owned()),
            Retention::Days(days) => ("days", days.to_string()),
        };
        let syslog = streams.syslog.as_ref();
        let place = syslog.and_then(|stream| stream.address.rsplit_once(':'));
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "activity").await?,
            problem: None,
            keep: Field::of(keep),
            days: Field::of(days),
            syslog: Stream::of(&streams, syslog, (now, zone)),
            host: Field::of(place.map_or("", |(host, _)| host)),
            port: Field::of(place.map_or("6514", |(_, port)| port)),
            transport: Field::of(syslog.map_or("tls", |stream| stream.transport.as_str())),
            webhook: Stream::of(&streams, streams.webhook.as_ref(), (now, zone)),
            url: Field::of(streams.webhook.as_ref().map_or("", |stream| stream.address.as_str())),
            has_secret: streams.webhook.as_ref().is_some_and(|stream| stream.secret.is_some()),
        })
    }
}

fn flow(form: &Posted, switch: &str) -> Flow {
    if form.has(switch) { Flow::On } else { Flow::Off }
}

/// The page again with what was typed, after something that was not taken.
async fn again(
    (web, me, frame): (&Web, &SignedIn, Frame),
    refusal: Refusal,
    typed: impl FnOnce(&mut LogSettings, &Errors),
) -> Result<Response, PageError> {
    let Again { status, errors, problem } = Again::after(refusal)?;
    let mut shown = LogSettings { problem, ..LogSettings::new(web, me, frame).await? };
    typed(&mut shown, &errors);
    Ok(render(status, &shown))
}

async fn show(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ManageOrganization>()?;
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&LogSettings::new(&web, &me, frame).await?))
}

async fn save_retention(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let current = web.app().organization().await?;
    let text = if form.text("keep") == "forever" { "forever" } else { form.text(Retention::FIELD) };
    let changed = |name: &'static str| (name == Retention::FIELD).then_some(text);
    let saved = match current.settings.changed(changed, words::zone_exists) {
        Ok(settings) => web.app().save_settings(&granted, settings, Some(current.revision)).await,
        Err(errors) => Err(errors.into()),
    };
    match saved {
        Ok(_) => Ok(flash::redirect(HERE, "saved")),
        Err(refusal) => {
            again((&web, &me, frame), refusal, |shown, errors| {
                shown.keep = form.field("keep", errors);
                shown.days = form.field(Retention::FIELD, errors);
            })
            .await
        }
    }
}

async fn save_syslog(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let typed = StreamForm {
        flow: flow(&form, "syslog_enabled"),
        transport: form.owned("syslog_transport"),
        host: form.owned("syslog_host"),
        port: form.owned("syslog_port"),
    };
    match web.app().save_syslog(&granted, &typed).await {
        Ok(()) => Ok(flash::redirect(HERE, "saved")),
        Err(refusal) => {
            again((&web, &me, frame), refusal, |shown, errors| {
                shown.syslog.enabled = form.check("syslog_enabled", errors);
                shown.transport = form.field("syslog_transport", errors);
                shown.host = form.field("syslog_host", errors);
                shown.port = form.field("syslog_port", errors);
            })
            .await
        }
    }
}

async fn save_webhook(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let typed = WebhookForm { flow: flow(&form, "webhook_enabled"), url: form.owned("webhook_url") };
    match web.app().save_webhook(&granted, &typed).await {
        Ok(None) => Ok(flash::redirect(HERE, "saved")),
        Ok(Some(secret)) => told_once(&web, &me, frame, &secret).await,
        Err(refusal) => {
            again((&web, &me, frame), refusal, |shown, errors| {
                shown.webhook.enabled = form.check("webhook_enabled", errors);
                shown.url = form.field("webhook_url", errors);
            })
            .await
        }
    }
}

async fn renew_secret(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let secret = web.app().renew_webhook_secret(&granted).await?;
    told_once(&web, &me, frame, &secret).await
}

async fn test_syslog(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    test(&web, &me, frame, Kind::Syslog).await
}

async fn test_webhook(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    test(&web, &me, frame, Kind::Webhook).await
}

async fn test(web: &Web, me: &SignedIn, frame: Frame, kind: Kind) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let told = match web.app().test_stream(&granted, kind).await {
        Ok(Tested::Taken) => return Ok(flash::redirect(HERE, "stream_tested")),
        Ok(Tested::Sent) => return Ok(flash::redirect(HERE, "stream_test_sent")),
        Ok(refused @ Tested::NotTaken(_)) => refused.words(kind),
        Err(Refusal::State { message, .. }) => message,
        Err(refusal) => return Err(refusal.into()),
    };
    let mut shown = LogSettings::new(web, me, frame).await?;
    match kind {
        Kind::Syslog => shown.syslog.tested = Some(told),
        Kind::Webhook => shown.webhook.tested = Some(told),
    }
    Ok(render(StatusCode::CONFLICT, &shown))
}

/// The secret is in this answer and nowhere else, so that no address and no cookie has it.
async fn told_once(web: &Web, me: &SignedIn, frame: Frame, secret: &Token) -> Result<Response, PageError> {
    let chrome = AdminChrome::new(web, me, frame, "activity").await?;
    Ok(page(&SecretPage { chrome, secret: secret.expose().to_owned() }))
}
