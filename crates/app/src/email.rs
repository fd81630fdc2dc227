//! Settings › E-mail: the mail server, a test, and the queue (section 11).

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
    draft::{Draft, Target, nothing},
    mail::{Addressed, Facts},
    ports::SmtpServer,
};
use claviger_domain::{
    account::Email,
    field::{FieldError, Fields, Presence, line, number},
    id::{AccountId, MailId, OrganizationId},
    mail::Kind,
    permission::{Granted, ManageOrganization, ViewUsers},
    secret::Secret,
    time::Timestamp,
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        account_mail::Bounced,
        mail::{Listing, Page, Queued},
        smtp::{Delivery, Encryption, Smtp, password_place},
    },
};

/// Whether mail may be sent without encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainSmtp {
    /// It may not.
    #[default]
    Refused,
    /// The configuration asks for it in so many words.
    Allowed,
}

/// The form as typed. An empty password keeps the one that is stored.
#[derive(Clone, Debug, Default)]
pub struct SmtpForm {
    /// Whether mails go out.
    pub enabled: bool,
    /// Server name.
    pub host: String,
    /// Port.
    pub port: String,
    /// `implicit`, `starttls` or `plain`.
    pub encryption: String,
    /// Whom to sign in as.
    pub username: String,
    /// With which password.
    pub password: String,
    /// What mails come from.
    pub from_address: String,
    /// The name beside it.
    pub from_name: String,
}

/// A mail of the queue as an administrator sees it.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    /// The mail.
    pub mail: Queued,
    /// Its link, while it waits and mail is not set up.
    pub link: Option<String>,
}

/// One page of the queue.
#[derive(Clone, Debug)]
pub struct MailPage {
    /// The mails, the newest first.
    pub mails: Vec<QueuedMail>,
    /// Whether there are mails before the first.
    pub has_newer: bool,
    /// Whether there are mails after the last.
    pub has_older: bool,
}

impl App {
    /// The settings, if there are any.
    pub async fn smtp(&self, _: &Granted<ManageOrganization>) -> Result<Option<Smtp>, Problem> {
        let organization = self.organization().await?;
        Ok(table::smtp::load(&self.0.store, organization.id).await?)
    }

    /// Whether mails go out.
    pub async fn delivery(&self) -> Result<Delivery, Problem> {
        let organization = self.organization().await?;
        let smtp = table::smtp::load(&self.0.store, organization.id).await?;
        Ok(smtp.map_or(Delivery::Off, |smtp| smtp.delivery))
    }

    /// Saves the settings; what waits in the queue is tried at once.
    pub async fn save_smtp(
        &self,
        granted: &Granted<ManageOrganization>,
        form: &SmtpForm,
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let id = draft.organization.id;
        let stored = table::smtp::load(&self.0.store, id).await?;
        let smtp = self.parse_smtp(id, form, stored)?;
        draft.write(table::smtp::save(id, &smtp));
        let target = Target { id: id.to_string(), name: smtp.host };
        draft.log("organization.smtp", &target, "success", nothing());
        match draft.commit().await? {
            Commit::Committed => {
                self.0.queued.notify_one();
                Ok(())
            }
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    fn parse_smtp(&self, id: OrganizationId, form: &SmtpForm, stored: Option<Smtp>) -> Result<Smtp, Refusal> {
        let needed = if form.enabled { Presence::Required } else { Presence::Optional };
        let mut fields = Fields::new();
        let host = fields.take(line("host", "Server", &form.host, 255, needed));
        let port = fields.take(number(
            "port",
            "Port",
            if form.port.is_empty() { "465" } else { &form.port },
            1,
            65_535,
        ));
        let chosen = Encryption::ALL.into_iter().find(|known| known.key() == form.encryption);
        let encryption = fields.take(match (chosen, self.0.plain_smtp) {
            (Some(Encryption::Plain), PlainSmtp::Refused) => Err(FieldError::new(
                "encryption",
                "Mail without encryption must be allowed in the server's configuration first (allow_plain_smtp).",
            )),
            (Some(encryption), _) => Ok(encryption),
            (None, _) => Err(FieldError::new("encryption", "Choose how the connection is encrypted.")),
        });
        let username = fields.take(line("username", "Username", &form.username, 255, Presence::Optional));
        let from = match (needed, form.from_address.trim()) {
            (Presence::Optional, "") => Ok(String::new()),
            (_, address) => Email::parse("from_address", address).map(|email| email.to_string()),
        };
        let from_address = fields.take(from);
        let from_name = fields.take(line("from_name", "Name", &form.from_name, 100, Presence::Optional));
        let password = match (form.password.as_str(), form.username.trim()) {
            (_, "") => None,
            ("", _) => stored.as_ref().and_then(|stored| stored.password.clone()),
            (new, _) => Some(self.0.sealer.seal(password_place(id), self.random(), new.as_bytes())?),
        };
        let smtp = (|| {
            Some(Smtp {
                revision: stored.map_or(0, |stored| stored.revision),
                delivery: if form.enabled { Delivery::On } else { Delivery::Off },
                host: host?,
                port: port?,
                encryption: encryption?,
                username: username?,
                password,
                from_address: from_address?,
                from_name: from_name?,
            })
        })();
        Ok(fields.finish(smtp)?)
    }

    /// How to reach the mail server, if mails go out.
    pub(crate) async fn smtp_server(&self) -> Result<Option<SmtpServer>, Problem> {
        let organization = self.organization().await?;
        let stored = table::smtp::load(&self.0.store, organization.id).await?;
        match stored.filter(|smtp| smtp.delivery == Delivery::On) {
            Some(smtp) => self.open_smtp(organization.id, smtp).map(Some),
            None => Ok(None),
        }
    }

    fn open_smtp(&self, id: OrganizationId, smtp: Smtp) -> Result<SmtpServer, Problem> {
        let password = match &smtp.password {
            Some(sealed) => {
                let opened = self.0.sealer.open(password_place(id), sealed)?;
                let text = String::from_utf8(opened.expose().clone());
                Some(Secret::new(
                    text.map_err(|_| Problem::Internal("the SMTP password can't be read".into()))?,
                ))
            }
            None => None,
        };
        let credentials = (!smtp.username.is_empty())
            .then(|| (smtp.username, password.unwrap_or_else(|| Secret::from(""))));
        Ok(SmtpServer {
            host: smtp.host,
            port: u16::try_from(smtp.port).unwrap_or(465),
            encryption: smtp.encryption,
            credentials,
            from_address: smtp.from_address,
            from_name: smtp.from_name,
        })
    }

    /// Sends a test at once, past the queue, and tells what the server said.
    pub async fn send_test(&self, granted: &Granted<ManageOrganization>, to: &str) -> Result<(), Refusal> {
        let to = Email::parse("to", to)?;
        let server = self.smtp_server().await?;
        let server =
            server.ok_or_else(|| Refusal::state("no_smtp", "Set up the mail server and enable it first."))?;
        let id = MailId::new(self.now(), self.random());
        let facts = Facts::default();
        let mail = Addressed { id, kind: Kind::Test, to: to.as_str(), facts: &facts };
        let message = self.letterhead().await?.compose(mail)?;
        let sent = self.0.mailer.send(&server, &message).await;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let target = Target { id: String::new(), name: to.to_string() };
        let outcome = if sent.is_ok() { "success" } else { "failed" };
        draft.log("organization.smtp.test", &target, outcome, nothing());
        draft.settle().await?;
        sent.map_err(|error| {
            Refusal::state("smtp_failed", format!("The mail server didn't take the test: {error}"))
        })
    }

    /// The newest mails.
    pub async fn mail_queue(
        &self,
        granted: &Granted<ManageOrganization>,
        limit: i64,
    ) -> Result<Vec<QueuedMail>, Problem> {
        let newest = Listing { state: None, page: Page::Newest, limit };
        Ok(self.mail_page(granted, &newest).await?.mails)
    }

    /// A page of the queue, the newest first. Links can be copied while mail is not set up.
    pub async fn mail_page(
        &self,
        _: &Granted<ManageOrganization>,
        listing: &Listing,
    ) -> Result<MailPage, Problem> {
        let organization = self.organization().await?;
        let more = Listing { limit: listing.limit.saturating_add(1), ..*listing };
        let mut found = table::mail::list(&self.0.store, organization.id, &more).await?;
        let read = match listing.page {
            Page::Newest => Read::First,
            Page::Older(_) => Read::Onward,
            Page::Newer(_) => Read::Back,
        };
        let (has_newer, has_older) = trim(&mut found, read, listing.limit);
        Ok(MailPage { mails: self.with_links(found).await?, has_newer, has_older })
    }

    async fn with_links(&self, found: Vec<Queued>) -> Result<Vec<QueuedMail>, Problem> {
        let shows_links = self.delivery().await? == Delivery::Off;
        let mut mails = Vec::with_capacity(found.len());
        for mail in found {
            let waits = mail.state == table::mail::State::Queued;
            // Nobody takes over an administrator's account by reading their mail here.
            let link = if waits && shows_links { self.facts(&mail)?.link } else { None };
            let link = link.filter(|link| !link.contains("/admin/"));
            mails.push(QueuedMail { mail, link });
        }
        Ok(mails)
    }

    /// S4.10: when the mail server refused a user's address for good; nothing if it takes mail for it.
    pub async fn mail_bounced_at(
        &self,
        granted: &Granted<ViewUsers>,
        id: AccountId,
    ) -> Result<Option<Timestamp>, Problem> {
        Ok(self.bounced_users(granted, &[id]).await?.first().map(|bounced| bounced.at))
    }

    /// S4.10: those of these users whose address the mail server refused for good.
    pub async fn bounced_users(
        &self,
        _: &Granted<ViewUsers>,
        ids: &[AccountId],
    ) -> Result<Vec<Bounced>, Problem> {
        let organization = self.organization().await?;
        Ok(table::account_mail::bounced(&self.0.store, organization.id, ids).await?)
    }

    /// How many mails wait, and how many were given up.
    pub async fn mail_counts(&self, _: &Granted<ManageOrganization>) -> Result<(i64, i64), Problem> {
        let organization = self.organization().await?;
        let counts = table::mail::by_state(&self.0.store, organization.id).await?;
        let of = |state: table::mail::State| {
            counts.iter().find(|(key, _)| key == state.key()).map_or(0, |(_, n)| *n)
        };
        Ok((of(table::mail::State::Queued), of(table::mail::State::Failed)))
    }

    /// Tries a waiting or failed mail again at once.
    pub async fn retry_mail(&self, _: &Granted<ManageOrganization>, id: MailId) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        let batch = Batch::of([table::mail::retry_now(organization.id, id, self.now())]);
        match self.0.store.commit(batch).await? {
            Commit::Committed => {
                self.0.queued.notify_one();
                Ok(())
            }
            Commit::Conflict => Err(Refusal::NotFound("mail")),
        }
    }
}
