//! What each kind of mail says, and whether it goes out (section 11).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    path::OneKind,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
};
use axum::{Json, extract::DefaultBodyLimit, http::StatusCode};
use claviger_app::{
    mail::{MailKind, TextForm, Wording},
    stored::MailSwitch,
};
use claviger_domain::permission::ManageOrganization;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest body: a text of the most characters, each of which takes twelve bytes as JSON escapes it.
const BODY_MAX: usize = 256 * 1024;

pub(super) fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY_MAX)
}

/// A kind of mail.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MailTextView {
    /// Which: `registration`, `mfa_required`, `reminder` and so on.
    kind: &'static str,
    /// Counts every change; 0 if it was never changed.
    revision: i64,
    /// Whether mails of the kind go out.
    sent: bool,
    /// Whether it can be switched off.
    can_be_off: bool,
    /// Whether the words are the organization's own.
    own_words: bool,
    /// The subject, with placeholders.
    subject: String,
    /// The paragraphs, with placeholders.
    body: String,
}

impl From<MailKind> for MailTextView {
    fn from(mail: MailKind) -> Self {
        Self {
            kind: mail.kind.key(),
            revision: mail.revision,
            sent: mail.switch == MailSwitch::On,
            can_be_off: mail.kind.may_be_off(),
            own_words: mail.wording == Wording::Own,
            subject: mail.words.subject,
            body: mail.words.body,
        }
    }
}

impl Revised for MailTextView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// What a mail is to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailTextBody {
    /// The subject, with placeholders of the kind.
    #[schema(min_length = 1, max_length = 200)]
    subject: String,
    /// The paragraphs, with placeholders of the kind.
    #[schema(min_length = 1, max_length = 5000)]
    body: String,
    /// Whether mails of the kind go out; of no account for a kind that always does.
    #[serde(default = "yes")]
    sent: bool,
}

const fn yes() -> bool {
    true
}

#[utoipa::path(get, path = "/api/v1/mail-texts", tag = "mail", operation_id = "listMailTexts",
    extensions(("x-permission" = json!("ManageOrganization"))),
    responses((status = 200, body = Vec<MailTextView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ManageOrganization>,
) -> Result<Json<Vec<MailTextView>>, ApiError> {
    let kinds = web.app().mail_kinds(&granted).await?;
    Ok(Json(kinds.into_iter().map(MailTextView::from).collect()))
}

#[utoipa::path(get, path = "/api/v1/mail-texts/{kind}", tag = "mail", operation_id = "getMailText",
    extensions(("x-permission" = json!("ManageOrganization"))),
    params(("kind" = String, Path, description = "Such as `reminder`")),
    responses((status = 200, body = MailTextView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ManageOrganization>,
    OneKind(kind): OneKind,
) -> Result<Tagged<MailTextView>, ApiError> {
    Ok(Tagged(web.app().mail_kind(&granted, kind).await?.into()))
}

#[utoipa::path(put, path = "/api/v1/mail-texts/{kind}", tag = "mail", operation_id = "changeMailText",
    extensions(("x-permission" = json!("ManageOrganization"))),
    params(("kind" = String, Path, description = "Such as `reminder`")), request_body = MailTextBody,
    responses((status = 200, body = MailTextView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageOrganization>,
    OneKind(kind): OneKind,
    Body(text): Body<MailTextBody>,
) -> Result<Tagged<MailTextView>, ApiError> {
    let switch = if text.sent { MailSwitch::On } else { MailSwitch::Off };
    let form = TextForm { revision: None, switch, subject: text.subject, body: text.body };
    web.app().save_mail_text(&granted, kind, &form).await?;
    Ok(Tagged(web.app().mail_kind(&granted, kind).await?.into()))
}

#[utoipa::path(delete, path = "/api/v1/mail-texts/{kind}", tag = "mail", operation_id = "restoreMailText",
    extensions(("x-permission" = json!("ManageOrganization"))),
    params(("kind" = String, Path, description = "Such as `reminder`")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn restore(
    On(web): On,
    May(granted): May<ManageOrganization>,
    OneKind(kind): OneKind,
) -> Result<StatusCode, ApiError> {
    web.app().restore_mail_text(&granted, kind).await?;
    Ok(StatusCode::NO_CONTENT)
}
