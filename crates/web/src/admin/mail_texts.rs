//! Settings › E-mail › Texts: what each mail says, and whether it goes out (section 11).

use super::confirm::Confirm;
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Errors, Field, Posted},
    view::{Link, filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::stored::MailSwitch;
use claviger_app::{
    Refusal,
    mail::{MailKind, Preview, TextForm, Wording},
    session::SignedIn,
};
use claviger_domain::{
    mail::Kind,
    mail_text::{Placeholder, Words},
    permission::ManageOrganization,
};

/// The largest form: a text of the most characters, each of which takes twelve bytes on its way.
pub(super) const FORM_MAX: usize = 256 * 1024;
const PATH: &str = "/admin/settings/email/texts";

#[derive(Template)]
#[template(path = "admin/mail_texts.html")]
struct MailTexts {
    chrome: AdminChrome,
    rows: Vec<KindRow>,
}

struct KindRow {
    href: String,
    words: &'static str,
    subject: String,
    always: bool,
    sent: bool,
    own: bool,
}

pub(super) async fn list(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let kinds = web.app().mail_kinds(&granted).await?;
    let rows = kinds.into_iter().map(|mail| KindRow {
        href: address(mail.kind),
        words: mail.kind.words(),
        subject: mail.words.subject,
        always: !mail.kind.may_be_off(),
        sent: mail.switch == MailSwitch::On,
        own: mail.wording == Wording::Own,
    });
    let chrome = AdminChrome::new(&web, &me, frame, "email").await?;
    Ok(page(&MailTexts { chrome, rows: rows.collect() }))
}

fn address(kind: Kind) -> String {
    format!("{PATH}/{}", kind.key())
}

fn kind_of(key: &str) -> Result<Kind, PageError> {
    Kind::from_key(key).ok_or(PageError::NotFound("mail"))
}

#[derive(Template)]
#[template(path = "admin/mail_text.html")]
struct MailTextPage {
    chrome: AdminChrome,
    logo: Option<String>,
    trail: Vec<Link>,
    heading: &'static str,
    action: String,
    problem: Option<String>,
    revision: String,
    may_be_off: bool,
    own: bool,
    sent: Check,
    subject: Field,
    body: Field,
    placeholders: Vec<Meaning>,
    preview: Option<Preview>,
}

struct Meaning {
    written: String,
    words: &'static str,
}

impl MailTextPage {
    async fn new(web: &Web, me: &SignedIn, frame: Frame, mail: &MailKind) -> Result<Self, PageError> {
        let action = address(mail.kind);
        let link = |href: &str, label: &str| Link { href: href.to_owned(), label: label.to_owned() };
        let meanings = Placeholder::of(mail.kind).into_iter();
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "email").await?,
            logo: crate::logo::address(&*web.app().organization().await?),
            trail: vec![
                link("/admin/settings/email", "E-mail"),
                link(PATH, "Texts"),
                link(&action, mail.kind.words()),
            ],
            heading: mail.kind.words(),
            action,
            problem: None,
            revision: mail.revision.to_string(),
            may_be_off: mail.kind.may_be_off(),
            own: mail.wording == Wording::Own,
            sent: Check { on: mail.switch == MailSwitch::On, error: None },
            subject: Field::of(&mail.words.subject),
            body: Field::of(&mail.words.body),
            placeholders: meanings
                .map(|placeholder| Meaning { written: placeholder.written(), words: placeholder.words() })
                .collect(),
            preview: None,
        })
    }

    async fn of(web: &Web, me: &SignedIn, frame: Frame, kind: Kind) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ManageOrganization>()?;
        let mail = web.app().mail_kind(&granted, kind).await?;
        Self::new(web, me, frame, &mail).await
    }

    fn typed(mut self, form: &Posted, errors: &Errors) -> Self {
        self.revision = form.owned("revision");
        self.sent = form.check("sent", errors);
        self.subject = form.field("subject", errors);
        self.body = form.field("body", errors);
        self
    }

    /// Shows the mail with the words in the fields, or what is wrong with them.
    async fn previewed(mut self, web: &Web, me: &SignedIn, kind: Kind) -> Result<Response, PageError> {
        let granted = me.actor.granted::<ManageOrganization>()?;
        let words = Words { subject: self.subject.value.clone(), body: self.body.value.clone() };
        match web.app().preview_mail(&granted, kind, &words).await {
            Ok(preview) => {
                self.preview = Some(preview);
                Ok(page(&self))
            }
            Err(Refusal::Fields(errors)) => {
                let errors = Errors::from(errors);
                self.subject.error = errors.of("subject");
                self.body.error = errors.of("body");
                Ok(unprocessable(&self))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(key): Path<String>,
) -> Result<Response, PageError> {
    let kind = kind_of(&key)?;
    MailTextPage::of(&web, &me, frame, kind).await?.previewed(&web, &me, kind).await
}

pub(super) async fn preview(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(key): Path<String>,
    form: Posted,
) -> Result<Response, PageError> {
    let kind = kind_of(&key)?;
    let typed = MailTextPage::of(&web, &me, frame, kind).await?.typed(&form, &Errors::default());
    typed.previewed(&web, &me, kind).await
}

pub(super) async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(key): Path<String>,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let kind = kind_of(&key)?;
    let typed = TextForm {
        revision: form.text("revision").parse().ok(),
        switch: if form.has("sent") { MailSwitch::On } else { MailSwitch::Off },
        subject: form.owned("subject"),
        body: form.owned("body"),
    };
    let Again { status, errors, problem } = match web.app().save_mail_text(&granted, kind, &typed).await {
        Ok(()) => return Ok(flash::redirect(&address(kind), "saved")),
        Err(refusal) => Again::after(refusal)?,
    };
    let again = MailTextPage::of(&web, &me, frame, kind).await?.typed(&form, &errors);
    Ok(render(status, &MailTextPage { problem, ..again }))
}

/// Says what would be lost.
pub(super) async fn ask_restore(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path(key): Path<String>,
) -> Result<Response, PageError> {
    let asked = MailTextPage::of(&web, &me, frame, kind_of(&key)?).await?;
    let MailTextPage { chrome, trail, heading, action, own, subject, .. } = asked;
    if !own {
        return Ok(Redirect::to(&action).into_response());
    }
    Ok(page(&Confirm {
        heading: format!("Go back to the original words of “{heading}”?"),
        effects: vec![
            format!("Your own words, with the subject “{}”, are deleted.", subject.value),
            "Mails that wait in the queue go out with the original words, too.".into(),
        ],
        danger: true,
        verb: "Restore the original words".into(),
        ..Confirm::new(chrome, trail, format!("{action}/original"), action)
    }))
}

pub(super) async fn restore(
    State(web): State<Web>,
    Admin(me): Admin,
    Path(key): Path<String>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let kind = kind_of(&key)?;
    web.app().restore_mail_text(&granted, kind).await?;
    Ok(flash::redirect(&address(kind), "mail_text_restored"))
}
