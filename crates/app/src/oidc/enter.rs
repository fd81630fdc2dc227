//! The decision at the door of an application, by the account as it is at that moment (S10.1, S10.2).

use super::{Party, authorize::Pending, extended, issue::class};
use crate::{
    App, Problem, Token,
    door::{AtDoor, Entrance, Refused, SIGN_IN},
    draft::{Draft, Target},
    saml::REMEMBERED,
    session::{Origin, Visit},
    until_decided,
};
use claviger_domain::{
    application::{
        oidc::{
            grant::{CODE_LASTS, Code, Use},
            request::{Error, Fault, Prompt},
        },
        release::{Asked, Context, Reason, Release},
        saml::NameId,
    },
    id::{ApplicationId, OidcGrantId},
};
use claviger_store::{
    Commit,
    table::{
        application_visit,
        oidc::{self, Grant},
        saml,
    },
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

const MUST_SIGN_IN: Fault =
    Fault { error: Error::LoginRequired, description: "The person would have to be asked." };
const OTHER_PERSON: Fault =
    Fault { error: Error::LoginRequired, description: "Somebody else is signed in here." };
const NOT_LET_IN: Fault = Fault { error: Error::AccessDenied, description: "The person is not let in." };

impl App {
    /// S10.1, S10.2: whether the application gets a code for who stands there. The state of the account, of MFA and of
    /// the assignment are those of the moment at which the code is committed.
    pub async fn enter_oidc_application(
        &self,
        (id, kept): (ApplicationId, &str),
        visit: &Visit,
        origin: &Origin,
    ) -> Result<Entrance, Problem> {
        let Some(pending) = self.open_authorization(id, kept) else { return Ok(Entrance::Stale) };
        until_decided!({
            let Some(party) = self.oidc_party(id).await? else { return Ok(Entrance::Unknown) };
            if !party.settings.allows(&pending.asked.redirect) {
                return Ok(Entrance::Stale);
            }
            let at_door = self.at_door(id, visit).await?;
            self.decide_authorization(&party, &pending, at_door.as_ref(), origin).await?
        })
    }

    /// Nothing if another write came first.
    async fn decide_authorization(
        &self,
        party: &Party,
        pending: &Pending,
        at_door: Option<&AtDoor>,
        origin: &Origin,
    ) -> Result<Option<Entrance>, Problem> {
        let request = pending.asked.request(pending.at);
        let decided = self.released(&party.application, &request, at_door).await?;
        let why = match (decided, at_door) {
            (Release::Tell(context), Some(person)) => {
                return self.give_code(party, pending, (person, context), origin).await;
            }
            (Release::Tell(_), None) | (Release::Ask(Asked::SignIn), _) => return Ok(Some(Entrance::SignIn)),
            (Release::Ask(asked), _) => {
                return Ok(Some(Entrance::Show { asked, application: party.name() }));
            }
            (Release::Refuse(reason), _) => Refused::Reason(reason),
        };
        self.not_let_in(party, pending, (at_door, why), origin).await.map(Some)
    }

    /// The person learns why and the application nothing; but if the person may not be asked, nobody is there to learn.
    async fn not_let_in(
        &self,
        party: &Party,
        pending: &Pending,
        (at_door, why): (Option<&AtDoor>, Refused),
        origin: &Origin,
    ) -> Result<Entrance, Problem> {
        if at_door.is_some() {
            self.log_refused_at_door(at_door, why.key(), details(party), origin).await?;
        }
        if pending.asked.prompt != Prompt::None {
            return Ok(Entrance::Refused { application: party.name(), why });
        }
        let fault = match why {
            Refused::Reason(Reason::MayNotAsk(_)) => MUST_SIGN_IN,
            Refused::OtherPerson => OTHER_PERSON,
            Refused::Reason(_) | Refused::Context | Refused::NameKind => NOT_LET_IN,
        };
        let asked = &pending.asked;
        Ok(Entrance::Go(self.refused_at(&asked.redirect, asked.state.as_deref(), fault)))
    }

    /// Nothing if another write came first.
    async fn give_code(
        &self,
        party: &Party,
        pending: &Pending,
        (person, context): (&AtDoor, Context),
        origin: &Origin,
    ) -> Result<Option<Entrance>, Problem> {
        let actor = person.actor(origin);
        let mut draft = Draft::new(self, &actor).await?;
        let (organization, account) = (draft.organization.id, &person.account);
        let subject = self.own_name(&mut draft, (party.id(), account.id)).await?;
        if pending.subject.as_ref().is_some_and(|asked| *asked != subject) {
            let why = (Some(person), Refused::OtherPerson);
            return self.not_let_in(party, pending, why, origin).await.map(Some);
        }
        let (code, asked) = (Token::new("", self.random()), &pending.asked);
        let grant = Grant {
            id: OidcGrantId::new(draft.now, self.random()),
            account: account.id,
            session: person.session.id,
            code: Code {
                application: party.id(),
                redirect: asked.redirect.clone(),
                challenge: asked.challenge.clone(),
                until: draft.now.plus(CODE_LASTS),
                used: Use::Fresh,
            },
            nonce: asked.nonce.clone(),
            scopes: asked.scopes.clone(),
            context,
            class: class(context.by, &asked.acr_values).to_owned(),
            asked_at: pending.at,
            expires_at: person.session.expires_at,
        };
        person.stands(&mut draft, &party.application);
        let answered = (pending.digest(), draft.now.plus(REMEMBERED));
        draft.write(saml::answered(organization, party.id(), answered));
        draft.write(oidc::insert(organization, &grant, code.hash()));
        let visit = self.visit_of(&grant, subject).await?;
        draft.write(application_visit::put(organization, &visit));
        let mut told = details(party);
        if let Some(told) = told.as_object_mut() {
            told.insert("context".into(), json!(grant.class));
            told.insert("redirect".into(), json!(asked.redirect));
        }
        draft.log(SIGN_IN, &Target::from(account), "success", told);
        if draft.commit().await? == Commit::Committed {
            let mut back = vec![("code", code.expose())];
            back.extend(asked.state.as_deref().map(|state| ("state", state)));
            back.push(("iss", &self.0.public_url));
            return Ok(Some(Entrance::Go(extended(&asked.redirect, &back))));
        }
        let digest = pending.digest();
        if !saml::was_answered(&self.0.store, organization, party.id(), digest).await? {
            return Ok(None);
        }
        self.log_refused_at_door(Some(person), "repeated", details(party), origin).await?;
        Ok(Some(Entrance::Repeated))
    }

    /// That the application was told of somebody in that session, under a name of the session's own.
    async fn visit_of(&self, grant: &Grant, subject: String) -> Result<application_visit::Visit, Problem> {
        let organization = self.organization().await?.id;
        let application = grant.code.application;
        let before = application_visit::of_session(&self.0.store, organization, grant.session).await?;
        let before = before.into_iter().find(|visit| visit.application == application);
        let new = || BASE64URL_NOPAD.encode(&self.random::<16>());
        Ok(application_visit::Visit {
            session: grant.session,
            application,
            account: grant.account,
            name_kind: NameId::Persistent,
            name_id: subject,
            session_index: before.map_or_else(new, |before| before.session_index),
            visited_at: self.now(),
        })
    }
}

fn details(party: &Party) -> serde_json::Value {
    json!({
        "application": party.application.name.as_str(),
        "application_id": party.id().to_string(),
        "begun": "application",
    })
}
