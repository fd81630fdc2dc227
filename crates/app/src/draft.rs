//! A batch in the making: the change, the log entry that tells of it, and the mails that follow from it.

use crate::{App, Problem, Token, mail::Facts};
use claviger_domain::{
    account::Account,
    audit::{Entry, actor_words},
    id::{AuditId, IdEntropy, LinkId, MailId},
    mail::Kind,
    organization::Organization,
    permission::Actor,
    time::Timestamp,
};
use claviger_store::{
    Batch, Commit, Statement,
    table::{self, link::Purpose},
};
use serde_json::json;
use std::sync::Arc;

pub(crate) struct Draft<'a> {
    app: &'a App,
    pub(crate) organization: Arc<Organization>,
    pub(crate) now: Timestamp,
    actor: &'a Actor,
    batch: Batch,
    mails: usize,
    written: u8,
}

/// To whom something was done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl From<&Account> for Target {
    fn from(account: &Account) -> Self {
        Self { id: account.id.to_string(), name: account.email.to_string() }
    }
}

impl<'a> Draft<'a> {
    pub(crate) async fn new(app: &'a App, actor: &'a Actor) -> Result<Self, Problem> {
        Ok(Self::of(app, actor, app.organization().await?))
    }

    pub(crate) fn of(app: &'a App, actor: &'a Actor, organization: Arc<Organization>) -> Self {
        Self { app, organization, now: app.now(), actor, batch: Batch::new(), mails: 0, written: 0 }
    }

    /// Randomness for an id that sorts after the ones before it in this batch.
    fn in_order(&mut self) -> IdEntropy {
        let mut entropy: IdEntropy = self.app.random();
        if let Some(byte) = entropy.get_mut(2) {
            *byte = self.written;
        }
        self.written = self.written.saturating_add(1).min(0x3f);
        entropy
    }

    pub(crate) fn write(&mut self, statement: Statement) {
        self.batch.push(statement);
    }

    pub(crate) fn write_all(&mut self, statements: impl IntoIterator<Item = Statement>) {
        for statement in statements {
            self.batch.push(statement);
        }
    }

    /// S4.13: who did what to whom, and how it ended.
    pub(crate) fn log(&mut self, action: &str, target: &Target, outcome: &str, details: serde_json::Value) {
        let (actor_kind, actor_id) = actor_words(self.actor);
        let id = AuditId::new(self.now, self.in_order());
        self.batch.push(table::audit::insert(&Entry {
            id,
            organization: self.organization.id,
            at: self.now,
            actor_kind: actor_kind.into(),
            actor_id,
            actor_name: self.actor.name.clone(),
            address: self.actor.address.clone(),
            action: action.into(),
            target_id: target.id.clone(),
            target_name: target.name.clone(),
            outcome: outcome.into(),
            details: details.to_string(),
        }));
    }

    /// Queues a mail to the account. `cause` makes it one mail for one cause.
    pub(crate) fn mail(
        &mut self,
        kind: Kind,
        account: &Account,
        cause: &str,
        facts: &Facts,
    ) -> Result<(), Problem> {
        let mail = self.queued(kind, account, cause, facts)?;
        self.batch.push(mail);
        Ok(())
    }

    /// The same, but the whole batch is a conflict if a mail for its cause was queued before.
    pub(crate) fn mail_once(
        &mut self,
        kind: Kind,
        account: &Account,
        cause: &str,
        facts: &Facts,
    ) -> Result<(), Problem> {
        let mail = self.queued(kind, account, cause, facts)?;
        self.batch.push(mail.expect_rows(1));
        Ok(())
    }

    fn queued(
        &mut self,
        kind: Kind,
        account: &Account,
        cause: &str,
        facts: &Facts,
    ) -> Result<Statement, Problem> {
        let id = MailId::new(self.now, self.in_order());
        let plain = serde_json::to_vec(facts).map_err(|error| Problem::Internal(error.to_string()))?;
        let payload = self.app.0.sealer.seal(table::mail::payload_place(id), self.app.random(), &plain)?;
        let recipient = account.email.as_str();
        let mail = table::mail::New { id, cause, kind, account: Some(account.id), recipient, payload };
        self.mails += 1;
        Ok(table::mail::insert(self.organization.id, mail, self.now))
    }

    /// A new link for the account; earlier ones of the purpose are dead.
    pub(crate) fn link(&mut self, account: &Account, purpose: Purpose) -> Token {
        let token = Token::new("", self.app.random());
        self.batch.push(table::link::kill(self.organization.id, account.id, purpose));
        self.batch.push(table::link::insert(
            self.organization.id,
            &table::link::Link {
                id: LinkId::new(self.now, self.app.random()),
                token_hash: token.hash(),
                account: Some(account.id),
                purpose,
                created_at: self.now,
                expires_at: self.now.plus(purpose.lifetime()),
                used_at: None,
            },
        ));
        token
    }

    /// Commits what has no guard, so that only an overloaded database can refuse it.
    pub(crate) async fn settle(self) -> Result<(), Problem> {
        match self.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Problem::Busy),
        }
    }

    pub(crate) fn actor_name(&self) -> String {
        self.actor.name.clone()
    }

    pub(crate) async fn commit(self) -> Result<Commit, Problem> {
        let commit = self.app.0.store.commit(self.batch).await?;
        if commit == Commit::Committed && self.mails > 0 {
            self.app.0.queued.notify_one();
        }
        Ok(commit)
    }
}

/// No further facts.
pub(crate) fn nothing() -> serde_json::Value {
    json!({})
}
