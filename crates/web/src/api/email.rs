//! How mail is sent, and the mails that wait, went out or were given up (section 11).

use super::{
    body::{Body, Query},
    condition::{On, Revised, Tagged},
    key::May,
    listing::{chosen, cursor, page_size},
    path::OneMail,
    problem::{Absent, ApiError, BadBody, BadQuery, Conflicting, Refused},
    schema::{EncryptionWord, MailStateWord},
};
use axum::{Json, http::StatusCode};
use claviger_app::{
    email::{QueuedMail, SmtpForm},
    stored::{Delivery, MailListing, MailPage, MailState, Smtp},
    words,
};
use claviger_domain::{
    field::{FieldError, Fields},
    permission::ManageOrganization,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How mail is sent. The password is never told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SmtpView {
    /// Counts every change; 0 if mail was never set up.
    revision: i64,
    /// Whether mails go out; otherwise they wait.
    enabled: bool,
    /// The server's name.
    host: String,
    /// Its port.
    port: i64,
    /// `implicit`, `starttls` or `plain`.
    encryption: &'static str,
    /// Whom to sign in as; nobody if empty.
    username: String,
    /// Whether a password is stored.
    password_set: bool,
    /// What mails come from.
    from_address: String,
    /// The name beside it.
    from_name: String,
}

impl From<Option<Smtp>> for SmtpView {
    fn from(stored: Option<Smtp>) -> Self {
        let Some(smtp) = stored else {
            let none = String::new;
            return Self {
                revision: 0,
                enabled: false,
                host: none(),
                port: 465,
                encryption: "implicit",
                username: none(),
                password_set: false,
                from_address: none(),
                from_name: none(),
            };
        };
        Self {
            revision: smtp.revision,
            enabled: smtp.delivery == Delivery::On,
            host: smtp.host,
            port: smtp.port,
            encryption: smtp.encryption.key(),
            username: smtp.username,
            password_set: smtp.password.is_some(),
            from_address: smtp.from_address,
            from_name: smtp.from_name,
        }
    }
}

impl Revised for SmtpView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// How mail is to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmtpBody {
    /// Whether mails go out.
    enabled: bool,
    /// The server's name.
    #[serde(default)]
    #[schema(max_length = 255)]
    host: String,
    /// 1 to 65535; 465 if left out.
    #[schema(minimum = 1, maximum = 65535)]
    port: Option<i64>,
    /// `implicit`, `starttls` or `plain`.
    #[schema(value_type = EncryptionWord)]
    encryption: String,
    /// Whom to sign in as; empty for nobody, which forgets the password.
    #[serde(default)]
    #[schema(max_length = 255)]
    username: String,
    /// Left out or empty: the one that is stored stays.
    #[serde(default)]
    password: String,
    /// What mails come from.
    #[serde(default)]
    #[schema(max_length = 254)]
    from_address: String,
    /// The name beside it.
    #[serde(default)]
    #[schema(max_length = 100)]
    from_name: String,
}

#[utoipa::path(get, path = "/api/v1/organization/smtp", tag = "mail", operation_id = "getSmtp",
    extensions(("x-permission" = json!("ManageOrganization"))),
    responses((status = 200, body = SmtpView), Refused))]
pub(crate) async fn smtp(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Tagged<SmtpView>, ApiError> {
    Ok(Tagged(web.app().smtp(&granted).await?.into()))
}

#[utoipa::path(put, path = "/api/v1/organization/smtp", tag = "mail", operation_id = "changeSmtp",
    extensions(("x-permission" = json!("ManageOrganization"))),
    request_body = SmtpBody,
    responses((status = 200, body = SmtpView), Refused, Conflicting, BadBody))]
pub(crate) async fn set_smtp(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Body(body): Body<SmtpBody>,
) -> Result<Tagged<SmtpView>, ApiError> {
    let form = SmtpForm {
        enabled: body.enabled,
        host: body.host,
        port: body.port.map(|port| port.to_string()).unwrap_or_default(),
        encryption: body.encryption,
        username: body.username,
        password: body.password,
        from_address: body.from_address,
        from_name: body.from_name,
    };
    web.app().save_smtp(&granted, &form).await?;
    Ok(Tagged(web.app().smtp(&granted).await?.into()))
}

/// A mail of the queue. What it says, and links in it, are never told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailView {
    /// UUID.
    id: String,
    /// What it is about.
    kind: &'static str,
    /// Where it goes.
    to: String,
    /// `queued`, `sent` or `failed`.
    state: &'static str,
    /// How often it was tried.
    attempts: i64,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC; null unless it is queued.
    next_attempt_at: Option<String>,
    /// What the last failure was; null without one.
    last_error: Option<String>,
}

impl From<QueuedMail> for MailView {
    fn from(queued: QueuedMail) -> Self {
        let mail = queued.mail;
        Self {
            id: mail.id.to_string(),
            kind: mail.kind.key(),
            to: mail.recipient,
            state: mail.state.key(),
            attempts: mail.attempts,
            created_at: words::iso(mail.created_at),
            next_attempt_at: (mail.state == MailState::Queued).then(|| words::iso(mail.next_attempt_at)),
            last_error: (!mail.last_error.is_empty()).then_some(mail.last_error),
        }
    }
}

/// A page of the queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailsPage {
    /// The mails, the newest first.
    items: Vec<MailView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

/// Which mails to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MailQuery {
    /// `queued`, `sent` or `failed`.
    #[param(value_type = Option<MailStateWord>, inline)]
    state: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl MailQuery {
    fn parse(&self) -> Result<MailListing, Vec<FieldError>> {
        let mut fields = Fields::new();
        let words = MailState::ALL.map(|state| (state.key(), state));
        let state = fields.take(chosen("state", self.state.as_deref(), &words));
        let limit = fields.take(page_size(self.limit));
        let before = cursor(self.cursor.as_deref(), |text| text.parse().ok());
        let page = fields.take(before.map(|id| id.map_or(MailPage::Newest, MailPage::Older)));
        let parsed = state.zip(page).zip(limit);
        fields.finish(parsed.map(|((state, page), limit)| MailListing { state, page, limit }))
    }
}

#[utoipa::path(get, path = "/api/v1/mails", tag = "mail", operation_id = "listMails",
    extensions(("x-permission" = json!("ManageOrganization"))), params(MailQuery),
    responses((status = 200, body = MailsPage), Refused, BadQuery))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ManageOrganization>,
    Query(query): Query<MailQuery>,
) -> Result<Json<MailsPage>, ApiError> {
    let found = web.app().mail_page(&granted, &query.parse()?).await?;
    let last = found.mails.last().filter(|_| found.has_older).map(|last| last.mail.id.to_string());
    Ok(Json(MailsPage { items: found.mails.into_iter().map(MailView::from).collect(), next_cursor: last }))
}

#[utoipa::path(post, path = "/api/v1/mails/{id}/retry", tag = "mail", operation_id = "retryMail",
    extensions(("x-permission" = json!("ManageOrganization"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn retry(
    On(web): On,
    May(granted): May<ManageOrganization>,
    OneMail(id): OneMail,
) -> Result<StatusCode, ApiError> {
    web.app().retry_mail(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
