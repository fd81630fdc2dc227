//! The queue's way out: each due mail is leased by one node, sent, and settled.

use super::{Facts, compose};
use crate::{App, Problem, ports::SmtpServer};
use claviger_domain::{mail::retry, time::Span};
use claviger_store::{
    Batch, Commit,
    table::{self, mail::Queued},
};
use futures_util::future::join_all;

/// How long a node may take for one mail before another tries.
const LEASE: Span = Span::minutes(5);
const AT_ONCE: i64 = 50;
/// Connections to the mail server at a time.
const TOGETHER: usize = 8;

impl App {
    pub(crate) fn facts(&self, mail: &Queued) -> Result<Facts, Problem> {
        let opened = self.0.sealer.open(table::mail::payload_place(mail.id), &mail.payload)?;
        serde_json::from_slice(opened.expose())
            .map_err(|error| Problem::Internal(format!("a mail can't be read: {error}")))
    }

    /// Sends what is due. Returns how many mails were settled.
    pub async fn deliver_mails(&self) -> Result<usize, Problem> {
        let Some(server) = self.smtp_server().await? else { return Ok(0) };
        let organization = self.organization().await?;
        let due = table::mail::due(&self.0.store, organization.id, self.now(), AT_ONCE).await?;
        let mut settled = 0;
        for group in due.chunks(TOGETHER) {
            let sent = join_all(group.iter().map(|mail| self.claim_and_deliver(&server, mail))).await;
            for delivered in sent {
                settled += usize::from(delivered?);
            }
        }
        Ok(settled)
    }

    /// Whether this node got the mail and settled it.
    async fn claim_and_deliver(&self, server: &SmtpServer, mail: &Queued) -> Result<bool, Problem> {
        let organization = self.organization().await?;
        let claim = table::mail::claim(organization.id, mail, self.now().plus(LEASE));
        if self.0.store.commit(Batch::of([claim])).await? == Commit::Conflict {
            return Ok(false);
        }
        self.deliver(server, mail).await?;
        Ok(true)
    }

    async fn deliver(&self, server: &SmtpServer, mail: &Queued) -> Result<(), Problem> {
        let organization = self.organization().await?;
        let sent = match self.facts(mail) {
            Ok(facts) => {
                let message = compose(mail.id, mail.kind, &mail.recipient, &facts, &organization)?;
                self.0.mailer.send(server, &message).await.map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        let settle = match &sent {
            Ok(()) => table::mail::sent(organization.id, mail.id, self.now()),
            Err(error) => {
                tracing::warn!(mail = %mail.id, kind = mail.kind.key(), attempts = mail.attempts + 1, error, "a mail was not taken");
                table::mail::failed(organization.id, mail.id, error, retry(mail.attempts + 1, self.now()))
            }
        };
        let _ = self.0.store.commit(Batch::of([settle])).await?;
        Ok(())
    }
}
