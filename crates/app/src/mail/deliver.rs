//! The queue's way out: each due mail is leased by one node, sent, and settled.

use super::{Addressed, Facts, Letterhead};
use crate::{
    App, Problem,
    ports::{MailError, SmtpServer},
};
use claviger_domain::{
    mail::{Failure, retry},
    time::Span,
};
use claviger_store::{
    Batch, Commit,
    table::{self, mail::Queued},
};
use futures_util::stream::{FuturesUnordered, StreamExt};

/// How long a node may take for one mail before another tries.
const LEASE: Span = Span::minutes(5);
const AT_ONCE: i64 = 200;
/// Connections to the mail server at a time.
const TOGETHER: usize = 8;

impl App {
    pub(crate) fn facts(&self, mail: &Queued) -> Result<Facts, Problem> {
        let opened = self.0.sealer.open(table::mail::payload_place(mail.id), &mail.payload)?;
        serde_json::from_slice(opened.expose())
            .map_err(|error| Problem::Internal(format!("a mail can't be read: {error}")))
    }

    /// Sends until nothing is due.
    pub(crate) async fn deliver_all(&self) -> Result<(), Problem> {
        while self.deliver_mails().await? > 0 {}
        Ok(())
    }

    /// Sends what is due, up to some. Returns how many mails were settled.
    pub async fn deliver_mails(&self) -> Result<usize, Problem> {
        let Some(server) = self.smtp_server().await? else { return Ok(0) };
        let organization = self.organization().await?;
        let due = table::mail::due(&self.0.store, organization.id, self.now(), AT_ONCE).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let letterhead = self.letterhead().await?;
        let (mut waiting, mut sendings) = (due.iter(), FuturesUnordered::new());
        let mut settled = 0;
        loop {
            while sendings.len() < TOGETHER
                && let Some(mail) = waiting.next()
            {
                sendings.push(self.claim_and_deliver(&server, &letterhead, mail));
            }
            match sendings.next().await {
                Some(delivered) => settled += usize::from(delivered?),
                None => return Ok(settled),
            }
        }
    }

    /// Whether this node got the mail and settled it.
    async fn claim_and_deliver(
        &self,
        server: &SmtpServer,
        letterhead: &Letterhead,
        mail: &Queued,
    ) -> Result<bool, Problem> {
        let organization = self.organization().await?;
        let claim = table::mail::claim(organization.id, mail, self.now().plus(LEASE));
        if self.0.store.commit(Batch::of([claim])).await? == Commit::Conflict {
            return Ok(false);
        }
        let sent = match self.facts(mail) {
            Ok(facts) => {
                let addressed =
                    Addressed { id: mail.id, kind: mail.kind, to: &mail.recipient, facts: &facts };
                self.0.mailer.send(server, &letterhead.compose(addressed)?).await
            }
            Err(error) => Err(MailError::Failed(error.to_string())),
        };
        self.settle(mail, sent).await?;
        Ok(true)
    }

    /// Notes what the mail server said: of the mail, and of the address that it went to.
    async fn settle(&self, mail: &Queued, sent: Result<(), MailError>) -> Result<(), Problem> {
        let (organization, now) = (self.organization().await?.id, self.now());
        let mut batch = match &sent {
            Ok(()) => Batch::of([table::mail::sent(organization, mail.id, now)]),
            Err(error) => {
                let attempts = mail.attempts + 1;
                tracing::warn!(mail = %mail.id, kind = mail.kind.key(), attempts, %error, "a mail was not taken");
                let again = retry(attempts, error.failure(), now);
                Batch::of([table::mail::failed(organization, mail.id, &error.to_string(), again)])
            }
        };
        match (mail.account, sent.map_err(|error| error.failure())) {
            (Some(account), Ok(())) => {
                batch.push(table::account_mail::taken(organization, account, &mail.recipient));
            }
            (Some(account), Err(Failure::AddressRefused)) => {
                batch.push(table::account_mail::bounced_now(organization, account, &mail.recipient, now));
            }
            (Some(_), Err(Failure::Passing)) | (None, _) => {}
        }
        let _ = self.0.store.commit(batch).await?;
        Ok(())
    }
}
