//! Sessions: from a browser's token to who is there and how far they have come (S4.20).

use crate::{
    App, Problem, Refusal, Token,
    draft::{Draft, Target, nothing},
    token,
};
use claviger_domain::{
    account::{Account, Kind, Realm},
    id::SessionId,
    permission::{Actor, Who},
    sign_in::{self, Next, Proven},
    time::{Span, Timestamp},
};
use claviger_store::{
    Batch,
    table::{
        self,
        session::{Session, Stage},
    },
};

/// Where a request came from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address of the client.
    pub address: String,
    /// The browser's name for itself, cut short.
    pub user_agent: String,
}

impl Origin {
    /// Someone not known yet.
    pub fn visitor(&self) -> Actor {
        Actor { who: Who::Visitor, name: String::new(), address: self.address.clone() }
    }

    pub(crate) fn actor(&self, account: &Account) -> Actor {
        actor(account, (Proven::Password, Timestamp(0)), &self.address)
    }
}

fn actor(account: &Account, (proven, proven_at): (Proven, Timestamp), address: &str) -> Actor {
    let who = match account.kind {
        Kind::User { .. } => Who::User(account.id),
        Kind::Administrator { role } => Who::Administrator { id: account.id, role, proven, proven_at },
    };
    Actor { who, name: account.email.to_string(), address: address.to_owned() }
}

/// A session that was just made: the only time its token is known.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// For the browser's cookie.
    pub token: Token,
    /// Of which portal.
    pub realm: Realm,
    /// What comes next.
    pub next: Next,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// A sign-in on its way: it can do nothing but the next step.
#[derive(Clone, Debug)]
pub struct HalfSignedIn {
    pub(crate) session: Session,
    /// Whose.
    pub account: Account,
    /// The next step.
    pub next: Next,
    /// Where the request came from.
    pub origin: Origin,
}

impl HalfSignedIn {
    pub(crate) fn actor(&self) -> Actor {
        actor(&self.account, self.session.shown(), &self.origin.address)
    }
}

/// Someone who is in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub(crate) session: Session,
    /// Who.
    pub account: Account,
    /// As the log and the permission check know them.
    pub actor: Actor,
    /// Where the request came from.
    pub origin: Origin,
}

impl SignedIn {
    /// The session's name.
    pub const fn session_id(&self) -> SessionId {
        self.session.id
    }
}

/// What a browser's token stands for.
#[derive(Clone, Debug)]
pub enum Visit {
    /// Nobody.
    Stranger,
    /// Someone on the way in.
    Half(Box<HalfSignedIn>),
    /// Someone who is in.
    Full(Box<SignedIn>),
}

/// A last use is noted once a minute.
const NOTED_EVERY: Span = Span::minutes(1);

impl App {
    /// Who is behind a token. What comes next is asked anew each time, so that a suspension, a new requirement
    /// or a passed deadline takes effect at once.
    pub async fn visit(&self, realm: Realm, token: &str, origin: Origin) -> Result<Visit, Problem> {
        let organization = self.organization().await?;
        let now = self.now();
        let found =
            table::session::find(&self.0.store, organization.id, realm, token::session_key(token)).await?;
        let Some((session, account)) = found else { return Ok(Visit::Stranger) };
        let idle = organization.settings.idle(realm);
        if session.expires_at <= now
            || (session.stage == Stage::Full && now.since(session.last_seen_at) >= idle)
        {
            return Ok(Visit::Stranger);
        }
        match (sign_in::next(&account, organization.totp, session.proven, now), session.stage) {
            (Next::Barred, _) => Ok(Visit::Stranger),
            (Next::Enter, Stage::Full) => {
                self.note_use(&session, now).await?;
                let actor = actor(&account, session.shown(), &origin.address);
                Ok(Visit::Full(Box::new(SignedIn { session, account, actor, origin })))
            }
            (next, _) => Ok(Visit::Half(Box::new(HalfSignedIn { session, account, next, origin }))),
        }
    }

    async fn note_use(&self, session: &Session, now: Timestamp) -> Result<(), Problem> {
        if now.since(session.last_seen_at) >= NOTED_EVERY {
            let organization = self.organization().await?;
            let _ = self
                .0
                .store
                .commit(Batch::of([table::session::touch(organization.id, session, now)]))
                .await?;
        }
        Ok(())
    }

    /// Adds a session to the draft: a complete one where nothing more is asked, else one on its way.
    pub(crate) fn new_session(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        proven: Proven,
        origin: &Origin,
    ) -> NewSession {
        let now = draft.now;
        self.session_after(draft, account, (proven, now), origin).0
    }

    /// The same for what was shown at some time before; with the session's name.
    pub(crate) fn session_after(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        (proven, proven_at): (Proven, Timestamp),
        origin: &Origin,
    ) -> (NewSession, SessionId) {
        let next = sign_in::next(account, draft.organization.totp, proven, draft.now);
        let now = draft.now;
        let token = Token::of_session(now, self.random());
        let realm = account.kind.realm();
        let (stage, lifetime) = match next {
            Next::Enter => (Stage::Full, draft.organization.settings.session_overall),
            step => (Stage::Half, step.lifetime()),
        };
        let session = Session {
            id: SessionId::new(now, self.random()),
            token_hash: token.session_key(),
            account: account.id,
            realm,
            stage,
            proven,
            proven_at,
            wrong_codes: 0,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(lifetime),
            address: origin.address.clone(),
            user_agent: origin.user_agent.clone(),
        };
        draft.write(table::session::insert(draft.organization.id, &session));
        if next == Next::Enter {
            draft.write(table::account::signed_in(draft.organization.id, account.id, now));
            draft.log(
                "sign_in",
                &Target::from(account),
                "success",
                serde_json::json!({ "proven": proven.key() }),
            );
        }
        (NewSession { token, realm, next, expires_at: session.expires_at }, session.id)
    }

    /// Ends the session of this token, whatever it is.
    pub async fn sign_out(&self, visit: Visit) -> Result<(), Problem> {
        let (session, account, actor) = match visit {
            Visit::Stranger => return Ok(()),
            Visit::Half(half) => {
                let actor = half.actor();
                (half.session, half.account, actor)
            }
            Visit::Full(full) => (full.session, full.account, full.actor),
        };
        let mut draft = Draft::new(self, &actor).await?;
        draft.write(table::session::end(draft.organization.id, account.id, session.id));
        draft.log("sign_out", &Target::from(&account), "success", nothing());
        draft.settle().await
    }

    /// S4.8: the person's own sessions, the newest first.
    pub async fn own_sessions(&self, me: &SignedIn) -> Result<Vec<Session>, Problem> {
        let organization = self.organization().await?;
        Ok(table::session::of_account(&self.0.store, organization.id, me.account.id, self.now()).await?)
    }

    /// S4.8: ends one of the person's own sessions.
    pub async fn end_session(&self, me: &SignedIn, id: SessionId) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, &me.actor).await?;
        draft.write(table::session::end(draft.organization.id, me.account.id, id).expect_rows(1));
        draft.log("session.end", &Target::from(&me.account), "success", nothing());
        match draft.commit().await? {
            claviger_store::Commit::Committed => Ok(()),
            claviger_store::Commit::Conflict => Err(Refusal::NotFound("session")),
        }
    }

    /// S4.8: ends all of the person's sessions but this one.
    pub async fn end_other_sessions(&self, me: &SignedIn) -> Result<(), Problem> {
        let mut draft = Draft::new(self, &me.actor).await?;
        draft.write(table::session::end_others(draft.organization.id, &me.session));
        draft.log("session.end_others", &Target::from(&me.account), "success", nothing());
        draft.settle().await
    }
}
