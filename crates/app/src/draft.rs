//! A batch in the making: the change, the log entry that tells of it, and the mails that follow from it.

use crate::{App, Problem, Token, mail::Facts};
use claviger_domain::{
    account::{Account, Realm},
    audit::{Entry, actor_words},
    device::{self, Touched},
    id::{AccountId, AuditId, IdEntropy, LinkId, MailId},
    mail::Kind,
    organization::Organization,
    permission::Actor,
    time::Timestamp,
};
use claviger_store::{
    Batch, Commit, Statement,
    table::{self, link::Purpose},
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, sync::Arc};

pub(crate) struct Draft<'a> {
    app: &'a App,
    pub(crate) organization: Arc<Organization>,
    pub(crate) now: Timestamp,
    actor: &'a Actor,
    batch: Batch,
    mails: usize,
    told_deadline: BTreeSet<AccountId>,
    written: u16,
    /// What every entry says besides its own details.
    circumstances: Map<String, Value>,
    /// Whether something was logged that devices may have to know.
    concerned: Touched,
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
        let batch = Batch::of(app.1.map(|seen| table::revision::unchanged(organization.id, seen)));
        Self {
            app,
            organization,
            now: app.now(),
            actor,
            batch,
            mails: 0,
            told_deadline: BTreeSet::new(),
            written: 0,
            circumstances: Map::new(),
            concerned: Touched::Nobody,
        }
    }

    /// The same with circumstances that every entry tells, such as the service that somebody signs in to.
    pub(crate) fn under(self, circumstances: Map<String, Value>) -> Self {
        Self { circumstances, ..self }
    }

    /// Randomness for an id that sorts after the ones before it in this batch.
    fn in_order(&mut self) -> IdEntropy {
        let mut entropy: IdEntropy = self.app.random();
        let [high, low] = self.written.to_be_bytes();
        let [_, _, first, second, ..] = &mut entropy;
        (*first, *second) = (high, low);
        self.written = self.written.saturating_add(1).min(0x3fff);
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
    pub(crate) fn log(&mut self, action: &str, target: &Target, outcome: &str, mut details: Value) {
        let (actor_kind, actor_id) = actor_words(self.actor);
        if let Some(details) = details.as_object_mut() {
            details.extend(self.circumstances.clone());
        }
        match device::touched(action, &target.id) {
            Touched::Nobody => {}
            concerned => self.concerned = concerned,
        }
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

    /// Queues a mail to the account, unless mails of the kind are switched off. `cause` makes it one mail for one
    /// cause.
    pub(crate) fn mail(
        &mut self,
        kind: Kind,
        account: &Account,
        cause: &str,
        facts: &Facts,
    ) -> Result<(), Problem> {
        if !self.organization.sends(kind) {
            return Ok(());
        }
        let mail = self.queued(kind, account, cause, facts)?;
        self.batch.push(mail);
        if kind.tells_deadline() && facts.until.is_some() {
            self.told_deadline.insert(account.id);
        }
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
        let guarded = if self.organization.sends(kind) {
            self.queued(kind, account, cause, facts)?.expect_rows(1)
        } else {
            table::mail::none_for(self.organization.id, cause)
        };
        self.batch.push(guarded);
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
        let email = account.email.as_str();
        let called = account.name.shown(account.username().map_or(email, |name| name.as_str()));
        let facts = Facts { name: Some(called), ..facts.clone() };
        let plain = serde_json::to_vec(&facts).map_err(|error| Problem::Internal(error.to_string()))?;
        let payload = self.app.0.sealer.seal(table::mail::payload_place(id), self.app.random(), &plain)?;
        let mail = table::mail::New { id, cause, kind, account: Some(account.id), recipient: email, payload };
        self.mails += 1;
        Ok(table::mail::insert(self.organization.id, mail, self.now))
    }

    /// Queues a mail about a change that its reader may not have made, with a link that says so.
    pub(crate) fn mail_of_change(
        &mut self,
        kind: Kind,
        account: &Account,
        cause: &str,
        facts: Facts,
    ) -> Result<(), Problem> {
        let token = self.another_link(account, Purpose::NotMe);
        let path = match account.kind.realm() {
            Realm::User => "not-me",
            Realm::Administrator => "admin/not-me",
        };
        let not_me = Some(format!("{}/{path}/{}", self.app.0.public_url, token.expose()));
        self.mail(kind, account, cause, &Facts { not_me, ..facts })
    }

    /// A new link for the account; earlier ones of the purpose are dead.
    pub(crate) fn link(&mut self, account: &Account, purpose: Purpose) -> Token {
        self.batch.push(table::link::kill(self.organization.id, account.id, purpose));
        self.another_link(account, purpose)
    }

    /// A new link for the account beside those that it has.
    fn another_link(&mut self, account: &Account, purpose: Purpose) -> Token {
        let token = Token::new("", self.app.random());
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

    pub(crate) fn actor(&self) -> &Actor {
        self.actor
    }

    pub(crate) fn actor_name(&self) -> String {
        self.actor.name.clone()
    }

    pub(crate) async fn commit(mut self) -> Result<Commit, Problem> {
        for account in self.told_deadline {
            self.batch.push(table::account_mail::told_deadline(self.organization.id, account, self.now));
        }
        let commit = self.app.0.store.commit(self.batch).await?;
        if commit == Commit::Committed && self.mails > 0 {
            self.app.0.queued.notify_one();
        }
        if commit == Commit::Committed && self.concerned != Touched::Nobody {
            self.app.0.watch.look();
        }
        if commit == Commit::Conflict {
            self.app.still_as_seen(self.organization.id).await?;
        }
        Ok(commit)
    }
}

/// No further facts.
pub(crate) fn nothing() -> Value {
    json!({})
}
