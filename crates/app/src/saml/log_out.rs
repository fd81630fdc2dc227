//! Single Logout: a session ends here first, then one application after another is told by way of the browser, and whoever
//! asked is answered last (S10.1).

use super::{
    Posted, Wrong,
    party::{Party, format},
    reception,
};
use crate::{
    App, Problem, Token,
    draft::{Draft, Target, nothing},
    session::{Origin, Visit},
    token, until_decided,
};
use claviger_domain::{
    account::Realm,
    application::saml::{Binding, LogOut as Place},
    id::{AccountId, ApplicationId, SessionId},
    time::Span,
};
use claviger_saml::{
    Header, Id, LogoutRequest, LogoutResponse, NameId, Outgoing, Refusal,
    binding::{Demand, MessageKind, PostForm, Signed},
    names::Status,
    signature::{SignatureFault, Unsendable},
};
use claviger_store::{
    Commit,
    table::{
        self, application_visit,
        saml::{self, Asker, LogOut, Waiting},
    },
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The action in the log.
const SIGN_OUT: &str = "sign_out.application";
/// How long a log-out may be on its way.
const ON_ITS_WAY: Span = Span::minutes(10);
/// How long an application may take to act on a request to log out.
const ACTED_ON: std::time::Duration = std::time::Duration::from_secs(300);

/// Where the browser goes next.
#[derive(Clone, Debug)]
pub enum LogOutStep {
    /// It posts this to the application.
    Post {
        /// Which application.
        application: String,
        /// What it posts.
        form: PostForm,
    },
    /// It goes to this address of the application.
    Go {
        /// Which application.
        application: String,
        /// Where to.
        address: String,
    },
    /// Everybody was told who can be; so many were not, or did not confirm.
    Done {
        /// How many.
        missing: i64,
    },
}

/// What came of a message about a log-out.
#[derive(Clone, Debug)]
pub enum ReceivedLogOut {
    /// It goes on.
    Step(LogOutStep),
    /// The message is wrong; nothing was ended.
    Wrong(Wrong),
    /// There is no such application.
    Unknown,
}

fn digest(request: &Id) -> [u8; 32] {
    Sha256::new().chain_update(b"log-out\0").chain_update(request.as_str()).finalize().into()
}

fn unsendable(error: Unsendable) -> Problem {
    Problem::Internal(error.to_string())
}

impl App {
    /// Ends the session of this visit. The token leads on to the applications that were told of it, if there are any.
    pub async fn sign_out_everywhere(&self, visit: Visit) -> Result<Option<Token>, Problem> {
        self.sign_out_for(visit, None).await
    }

    /// The same for an application that asks for it, and is gone back to at the end.
    pub(crate) async fn sign_out_for(
        &self,
        visit: Visit,
        asker: Option<Asker>,
    ) -> Result<Option<Token>, Problem> {
        let Visit::Full(me) = &visit else {
            self.sign_out(visit).await?;
            return Ok(None);
        };
        let organization = self.organization().await?.id;
        let session = me.session.id;
        let told = application_visit::of_session(&self.0.store, organization, session).await?;
        let asks = asker.as_ref().map(|asker| asker.application);
        if told.iter().all(|told| Some(told.application) == asks) {
            self.sign_out(visit).await?;
            return Ok(None);
        }
        let token = Token::new("", self.random());
        let mut draft = Draft::new(self, &me.actor).await?;
        draft.write(table::session::end(organization, me.account.id, session));
        draft.log("sign_out", &Target::from(&me.account), "success", nothing());
        let begun = self.begun(&token, me.account.id, asker);
        draft.write_all(saml::begin_log_out(organization, &begun, &[session]));
        draft.settle().await?;
        Ok(Some(token))
    }

    fn begun(&self, token: &Token, account: AccountId, asker: Option<Asker>) -> LogOut {
        let expires_at = self.now().plus(ON_ITS_WAY);
        LogOut { token_hash: token.hash(), account, asker, waiting: None, missing: 0, step: 0, expires_at }
    }

    /// Goes on with a log-out. An application that was told and hasn't answered is left behind.
    pub async fn continue_log_out(&self, token: &str, origin: &Origin) -> Result<LogOutStep, Problem> {
        until_decided!({
            match self.log_out(token).await? {
                None => Some(LogOutStep::Done { missing: 0 }),
                Some(on_its_way) => {
                    let missing = on_its_way.missing + i64::from(on_its_way.waiting.is_some());
                    self.step(token, LogOut { missing, ..on_its_way }, origin).await?
                }
            }
        })
    }

    async fn log_out(&self, token: &str) -> Result<Option<LogOut>, Problem> {
        let organization = self.organization().await?.id;
        let found = saml::log_out(&self.0.store, organization, token::hash(token)).await?;
        Ok(found.filter(|found| found.expires_at > self.now()))
    }

    /// S10.1: a message of an application about a log-out.
    pub async fn receive_log_out(
        &self,
        id: ApplicationId,
        message: Posted<'_>,
        origin: &Origin,
    ) -> Result<ReceivedLogOut, Problem> {
        let Some(party) = self.saml_party(id).await? else { return Ok(ReceivedLogOut::Unknown) };
        let endpoint = party.addresses.log_out.clone();
        let reception = reception(&endpoint, self.saml_now());
        let inbound = match message.read().and_then(|inbound| Ok((inbound.kind()?, inbound))) {
            Ok((MessageKind::LogoutResponse, inbound)) => {
                let token = inbound.relay_state().unwrap_or_default().to_owned();
                let answers = |asked: &Id| {
                    LogoutResponse::accept(&inbound, &party.sender(Demand::Either), asked, &reception)
                };
                return self
                    .log_out_answered(&party, &token, answers, origin)
                    .await
                    .map(ReceivedLogOut::Step);
            }
            Ok((MessageKind::AuthnRequest | MessageKind::LogoutRequest, inbound)) => Ok(inbound),
            Err(refusal) => Err(refusal),
        };
        let accepted = inbound.and_then(|inbound| {
            let request = LogoutRequest::accept(&inbound, &party.sender(party.log_outs()), &reception)?;
            let is_signed = matches!(request.signed, Signed::Query { .. } | Signed::Document { .. });
            // The name of a session is known to the application and to nobody else; that of a person is to many.
            if !is_signed && request.session_indexes.is_empty() {
                return Err(Refusal::Signature(SignatureFault::Missing));
            }
            Ok(request)
        });
        match accepted {
            Ok(request) => self.asked_to_log_out(&party, &request, origin).await,
            Err(refusal) => {
                let target = Target::from(&party.application);
                Ok(ReceivedLogOut::Wrong(self.wrong((SIGN_OUT, target), &refusal, origin).await?))
            }
        }
    }

    /// An application wants the session of somebody to end: it does, whatever the others say.
    async fn asked_to_log_out(
        &self,
        party: &Party,
        request: &LogoutRequest,
        origin: &Origin,
    ) -> Result<ReceivedLogOut, Problem> {
        let organization = self.organization().await?.id;
        let name = (request.name_id.value.as_str(), request.session_indexes.as_slice());
        let visits = application_visit::by_name(&self.0.store, organization, party.id(), name).await?;
        let Some(account) = visits.first().map(|visit| visit.account) else {
            // Nothing of theirs is open here any more.
            return self.answer(party, request, Status::Success).map(ReceivedLogOut::Step);
        };
        let ids: Vec<SessionId> = visits.iter().map(|visit| visit.session).collect();
        let open = table::session::by_ids(&self.0.store, organization, &ids).await?;
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        for (session, account) in &open {
            draft.write(table::session::end(organization, account.id, session.id));
            let details = json!({ "application": party.application.name.as_str() });
            draft.log("sign_out", &Target::from(account), "success", details);
        }
        let until = draft.now.plus(super::REMEMBERED);
        draft.write(saml::answered(organization, party.id(), (digest(&request.id), until)));
        let asker = Asker {
            application: party.id(),
            request: request.id.as_str().to_owned(),
            relay_state: request.relay_state.clone(),
        };
        let token = Token::new("", self.random());
        let begun = self.begun(&token, account, Some(asker));
        draft.write_all(saml::begin_log_out(organization, &begun, &ids));
        match draft.commit().await? {
            Commit::Committed => {
                self.continue_log_out(token.expose(), origin).await.map(ReceivedLogOut::Step)
            }
            Commit::Conflict => {
                let refusal = Refusal::Replayed(request.id.as_str().to_owned());
                let target = Target::from(&party.application);
                Ok(ReceivedLogOut::Wrong(self.wrong((SIGN_OUT, target), &refusal, origin).await?))
            }
        }
    }

    fn answer(&self, party: &Party, request: &LogoutRequest, status: Status) -> Result<LogOutStep, Problem> {
        let Some(place) = &party.settings.log_out else { return Ok(LogOutStep::Done { missing: 0 }) };
        let outgoing = self.header(party, place).respond(&request.id, status);
        self.sent(party, place, &outgoing, request.relay_state.as_deref())
    }

    /// An application answers that it was told: on to the next.
    async fn log_out_answered(
        &self,
        party: &Party,
        token: &str,
        answers: impl Fn(&Id) -> Result<LogoutResponse, Refusal>,
        origin: &Origin,
    ) -> Result<LogOutStep, Problem> {
        until_decided!({
            let Some(on_its_way) = self.log_out(token).await? else {
                return Ok(LogOutStep::Done { missing: 0 });
            };
            let waiting = on_its_way.waiting.as_ref().filter(|waiting| waiting.application == party.id());
            let Some(asked) = waiting.and_then(|waiting| Id::parse(&waiting.message)) else {
                return Ok(LogOutStep::Done { missing: on_its_way.missing });
            };
            let missing = match answers(&asked) {
                Ok(response) => i64::from(response.status != Some(Status::Success)),
                Err(refusal) => {
                    self.wrong((SIGN_OUT, Target::from(&party.application)), &refusal, origin).await?;
                    1
                }
            };
            self.step(token, LogOut { missing: on_its_way.missing + missing, ..on_its_way }, origin).await?
        })
    }

    /// Tells the next application, or whoever asked that it is over. Nothing if another write came first.
    async fn step(
        &self,
        token: &str,
        on_its_way: LogOut,
        origin: &Origin,
    ) -> Result<Option<LogOutStep>, Problem> {
        let organization = self.organization().await?.id;
        let store = &self.0.store;
        let account = table::account::by_id(store, organization, Realm::User, on_its_way.account).await?;
        let target = account.as_ref().map(Target::from).unwrap_or_default();
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        let (mut told, mut missing) = (None, on_its_way.missing);
        let mut forgotten = BTreeSet::new();
        for session in saml::ended_sessions(store, organization, on_its_way.token_hash).await? {
            for visit in application_visit::of_session(store, organization, session).await? {
                let asked = on_its_way.asker.as_ref();
                if asked.is_some_and(|asker| asker.application == visit.application) {
                    draft.write(application_visit::take(organization, &visit));
                    continue;
                }
                let party = self.saml_party(visit.application).await?;
                let place = party.as_ref().and_then(|party| party.settings.log_out.clone());
                match (party, place) {
                    (Some(party), Some(place)) if told.is_none() => {
                        draft.write(application_visit::take(organization, &visit));
                        told = Some((party, place, visit));
                    }
                    (Some(_), Some(_)) => {}
                    (_, _) => {
                        draft.write(application_visit::take(organization, &visit));
                        missing += i64::from(forgotten.insert(visit.application));
                    }
                }
            }
        }
        let step = match told {
            None => {
                draft.write_all(saml::end_log_out(organization, &on_its_way));
                self.last_step(&on_its_way, missing).await?
            }
            Some((party, place, visit)) => {
                let header = self.header(&party, &place);
                let message = header.id.as_str().to_owned();
                let entity_id = party.settings.entity_id.as_str();
                let name = NameId::new(
                    format(visit.name_kind),
                    visit.name_id,
                    &party.addresses.entity_id,
                    entity_id,
                );
                let outgoing = header.request(&name, &visit.session_index, self.saml_now().plus(ACTED_ON));
                let waiting = Some(Waiting { application: party.id(), message });
                draft.write(saml::step_log_out(organization, &LogOut { waiting, missing, ..on_its_way }));
                let details = json!({ "application": party.application.name.as_str() });
                draft.log(SIGN_OUT, &target, "success", details);
                self.sent(&party, &place, &outgoing, Some(token))?
            }
        };
        Ok((draft.commit().await? == Commit::Committed).then_some(step))
    }

    async fn last_step(&self, over: &LogOut, missing: i64) -> Result<LogOutStep, Problem> {
        let done = LogOutStep::Done { missing };
        let Some(asker) = &over.asker else { return Ok(done) };
        let Some(party) = self.saml_party(asker.application).await? else {
            let name = self.name_after_log_out(asker.application).await?;
            let back = name.zip(asker.relay_state.clone());
            return Ok(back.map_or(done, |(application, address)| LogOutStep::Go { application, address }));
        };
        let (Some(place), Some(request)) = (&party.settings.log_out, Id::parse(&asker.request)) else {
            return Ok(done);
        };
        let status = if missing == 0 { Status::Success } else { Status::PartialLogout };
        let outgoing = self.header(&party, place).respond(&request, status);
        self.sent(&party, place, &outgoing, asker.relay_state.as_deref())
    }

    fn header(&self, party: &Party, place: &Place) -> Header {
        Header {
            id: Id::from_random(self.random()),
            issuer: party.addresses.entity_id.clone(),
            issued: self.saml_now(),
            destination: place.address.as_str().to_owned(),
        }
    }

    fn sent(
        &self,
        party: &Party,
        place: &Place,
        outgoing: &Outgoing,
        relay_state: Option<&str>,
    ) -> Result<LogOutStep, Problem> {
        let (application, signer) = (party.application.name.as_str().to_owned(), party.signer(self)?);
        Ok(match place.binding {
            Binding::Post => {
                let form = outgoing.post(relay_state, &signer).map_err(unsendable)?;
                LogOutStep::Post { application, form }
            }
            Binding::Redirect => {
                let address = outgoing.redirect(relay_state, &signer).map_err(unsendable)?;
                LogOutStep::Go { application, address }
            }
        })
    }
}
