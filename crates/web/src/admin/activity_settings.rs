//! How long the activity log is kept, and where it is forwarded to (section 12).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Check, Errors, Field, Posted},
    view::{Fact, filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use claviger_app::{
    Refusal, Token,
    activity::{StreamForm, WebhookForm},
    session::SignedIn,
    stored::{Flow, LogStream},
    words,
};
use claviger_domain::{activity::Retention, permission::ManageOrganization, time::Timestamp};

const HERE: &str = "/admin/activity/settings";

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/admin/activity/settings", get(show))
        .route("/admin/activity/settings/retention", post(save_retention))
        .route("/admin/activity/settings/syslog", post(save_syslog))
        .route("/admin/activity/settings/webhook", post(save_webhook))
        .route("/admin/activity/settings/webhook/secret", post(renew_secret))
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

/// A stream's switch, and how it is doing.
struct Stream {
    enabled: Check,
    facts: Vec<Fact>,
    error: Option<String>,
}

impl Stream {
    fn of(stored: Option<&LogStream>, sealed: i64, (now, zone): (Timestamp, &str)) -> Self {
        let enabled = Check { on: stored.is_some_and(|stream| stream.flow == Flow::On), error: None };
        let Some(stream) = stored else { return Self { enabled, facts: Vec::new(), error: None } };
        let behind = (sealed - stream.position).max(0);
        let mut facts = vec![match stream.delivered_at {
            Some(at) => Fact::at("Last delivered", at, now, zone),
            None => Fact::new("Last delivered", "never"),
        }];
        facts.push(Fact::new("Delivered to", format!("entry {}", words::number(stream.position))));
        facts.push(Fact::new("Waiting", words::counted(behind, "sealed entry").replace("entrys", "entries")));
        if stream.attempts > 0 {
            facts.push(Fact::new("Failures in a row", words::number(stream.attempts)));
            facts.push(Fact::at("Next try", stream.next_attempt_at, now, zone));
        }
        let error = Some(stream.last_error.clone()).filter(|error| !error.is_empty());
        Self { enabled, facts, error }
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
            syslog: Stream::of(syslog, streams.sealed, (now, zone)),
            host: Field::of(place.map_or("", |(host, _)| host)),
            port: Field::of(place.map_or("6514", |(_, port)| port)),
            transport: Field::of(syslog.map_or("tls", |stream| stream.transport.as_str())),
            webhook: Stream::of(streams.webhook.as_ref(), streams.sealed, (now, zone)),
            url: Field::of(streams.webhook.as_ref().map_or("", |stream| stream.address.as_str())),
            has_secret: streams.webhook.as_ref().is_some_and(|stream| stream.secret.is_some()),
        })
    }
}

/// The page again with what was typed, after something that was not taken.
async fn again(
    (web, me, frame): (&Web, &SignedIn, Frame),
    refusal: Refusal,
    typed: impl FnOnce(&mut LogSettings, &Errors),
) -> Result<Response, PageError> {
    let mut shown = LogSettings::new(web, me, frame).await?;
    match refusal {
        Refusal::Fields(errors) => {
            typed(&mut shown, &errors.into());
            Ok(unprocessable(&shown))
        }
        Refusal::Changed => {
            typed(&mut shown, &Errors::default());
            let text = "Somebody else changed this meanwhile. Reload the page to see their change.";
            shown.problem = Some(text.into());
            Ok(render(StatusCode::CONFLICT, &shown))
        }
        other => Err(other.into()),
    }
}

async fn show(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
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
        enabled: form.has("syslog_enabled"),
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
    let typed = WebhookForm { enabled: form.has("webhook_enabled"), url: form.owned("webhook_url") };
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

/// The secret is in this answer and nowhere else, so that no address and no cookie has it.
async fn told_once(web: &Web, me: &SignedIn, frame: Frame, secret: &Token) -> Result<Response, PageError> {
    let chrome = AdminChrome::new(web, me, frame, "activity").await?;
    Ok(page(&SecretPage { chrome, secret: secret.expose().to_owned() }))
}
