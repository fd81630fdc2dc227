//! Other people's sessions: those of users for Help Desk, those of administrators for whoever manages them (S4.8, S6.3).

use crate::{
    App, Problem, Refusal,
    administrators::refused,
    draft::{Draft, Target, nothing},
};
use claviger_domain::{
    account::{Account, Kind, Realm},
    administrator::{Hand, Refused},
    id::{AccountId, SessionId},
    permission::{Actor, AssistUsers, Granted, ManageAdministrators, ViewUsers},
};
use claviger_store::{
    Commit,
    table::{self, session::Session},
};

/// Somebody with the sessions that are open, the newest first.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Who.
    pub account: Account,
    /// Complete ones that have not ended.
    pub open: Vec<Session>,
}

/// Which sessions are ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// This one.
    One(SessionId),
    /// All of them.
    All,
}

impl App {
    /// A user's sessions.
    pub async fn user_sessions(&self, _: &Granted<ViewUsers>, id: AccountId) -> Result<Sessions, Refusal> {
        self.sessions_of(Realm::User, id).await
    }

    /// An administrator's sessions.
    pub async fn administrator_sessions(
        &self,
        _: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<Sessions, Refusal> {
        self.sessions_of(Realm::Administrator, id).await
    }

    async fn sessions_of(&self, realm: Realm, id: AccountId) -> Result<Sessions, Refusal> {
        let account = self.load_account(realm, id).await?;
        let organization = self.organization().await?;
        let now = self.now();
        let mut open = table::session::of_account(&self.0.store, organization.id, id, now).await?;
        // One that was idle too long is dead already.
        open.retain(|session| now.since(session.last_seen_at) < organization.settings.idle(realm));
        Ok(Sessions { account, open })
    }

    /// Ends a user's sessions.
    pub async fn end_user_sessions(
        &self,
        granted: &Granted<AssistUsers>,
        id: AccountId,
        ended: Ended,
    ) -> Result<(), Refusal> {
        let account = self.load_account(Realm::User, id).await?;
        self.end_sessions(granted.actor(), &account, ended).await
    }

    /// S6.3: ends sessions of an administrator whom the actor manages.
    pub async fn end_administrator_sessions(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
        ended: Ended,
    ) -> Result<(), Refusal> {
        let account = self.load_account(Realm::Administrator, id).await?;
        if !ends_sessions_of(granted.actor(), &account) {
            return Err(refused(Refused::BeyondReach));
        }
        self.end_sessions(granted.actor(), &account, ended).await
    }

    async fn end_sessions(&self, actor: &Actor, account: &Account, ended: Ended) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, actor).await?;
        let id = draft.organization.id;
        let (statement, action) = match ended {
            Ended::One(session) => {
                (table::session::end(id, account.id, session).expect_rows(1), "session.end")
            }
            Ended::All => (table::session::end_all(id, account.id), "session.end_all"),
        };
        draft.write(statement);
        draft.log(action, &Target::from(account), "success", nothing());
        match (draft.commit().await?, ended) {
            (Commit::Committed, _) => Ok(()),
            (Commit::Conflict, Ended::One(_)) => Err(Refusal::NotFound("session")),
            (Commit::Conflict, Ended::All) => Err(Problem::Busy.into()),
        }
    }
}

/// Whether the actor may end that administrator's sessions.
pub fn ends_sessions_of(actor: &Actor, administrator: &Account) -> bool {
    match administrator.kind {
        Kind::Administrator { role } => Hand::of(actor.who).reach.covers(role),
        Kind::User { .. } => false,
    }
}
