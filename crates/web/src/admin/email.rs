//! Settings › E-mail: the mail server, and a test (section 11).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    view::{Flash, filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_app::stored::{Delivery, Smtp};
use claviger_app::{email::SmtpForm, session::SignedIn, words};
use claviger_domain::permission::ManageOrganization;

#[derive(Template)]
#[template(path = "admin/settings_email.html")]
struct EmailSettings {
    chrome: AdminChrome,
    problem: Option<String>,
    queue_text: String,
    enabled: Check,
    host: Field,
    port: Field,
    encryption: Field,
    username: Field,
    password: Field,
    from_address: Field,
    from_name: Field,
    password_set: bool,
    test_to: Field,
    test_result: Option<Flash>,
}

impl EmailSettings {
    async fn new(web: &Web, me: &SignedIn, frame: Frame) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ManageOrganization>()?;
        let stored = web.app().smtp(&granted).await?;
        let (waiting, failed) = web.app().mail_counts(&granted).await?;
        let text = |of: fn(&Smtp) -> &str| Field::of(stored.as_ref().map_or("", of));
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "email").await?,
            problem: None,
            queue_text: queue_text(waiting, failed),
            enabled: Check {
                on: stored.as_ref().is_none_or(|smtp| smtp.delivery == Delivery::On),
                error: None,
            },
            host: text(|smtp| &smtp.host),
            port: Field::of(stored.as_ref().map_or_else(|| "465".into(), |smtp| smtp.port.to_string())),
            encryption: Field::of(stored.as_ref().map_or("implicit", |smtp| smtp.encryption.key())),
            username: text(|smtp| &smtp.username),
            password: Field::default(),
            from_address: text(|smtp| &smtp.from_address),
            from_name: text(|smtp| &smtp.from_name),
            password_set: stored.as_ref().is_some_and(|smtp| smtp.password.is_some()),
            test_to: Field::of(me.account.email.as_str()),
            test_result: None,
        })
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.enabled = form.check("enabled", errors);
        self.host = form.field("host", errors);
        self.port = form.field("port", errors);
        self.encryption = form.field("encryption", errors);
        self.username = form.field("username", errors);
        self.password = Field::secret("password", errors);
        self.from_address = form.field("from_address", errors);
        self.from_name = form.field("from_name", errors);
        self
    }
}

fn queue_text(waiting: i64, failed: i64) -> String {
    match (waiting, failed) {
        (0, 0) => "The queue is empty.".into(),
        (waiting, 0) => format!("{} waiting.", words::counted(waiting, "mail")),
        (waiting, failed) => {
            format!("{} waiting, {} given up.", words::counted(waiting, "mail"), words::number(failed))
        }
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageOrganization>()?;
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&EmailSettings::new(&web, &me, frame).await?))
}

pub(super) async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let typed = SmtpForm {
        enabled: form.has("enabled"),
        host: form.owned("host"),
        port: form.owned("port"),
        encryption: form.owned("encryption"),
        username: form.owned("username"),
        password: form.owned("password"),
        from_address: form.owned("from_address"),
        from_name: form.owned("from_name"),
    };
    let Again { status, errors, problem } = match web.app().save_smtp(&granted, &typed).await {
        Ok(()) => return Ok(flash::redirect("/admin/settings/email", "saved")),
        Err(refusal) => Again::after(refusal)?,
    };
    let again = EmailSettings::new(&web, &me, frame).await?.typed(&form, &errors);
    Ok(render(status, &EmailSettings { problem, ..again }))
}

pub(super) async fn test(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let Again { status, errors, problem } = match web.app().send_test(&granted, form.text("to")).await {
        Ok(()) => return Ok(flash::redirect("/admin/settings/email", "test_sent")),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = EmailSettings::new(&web, &me, frame).await?;
    again.test_to = form.field("to", &errors);
    again.test_result = problem.map(Flash::danger);
    Ok(render(status, &again))
}
