//! The decision at the door of an application, by the account as it is at that moment (S10.1, S10.2).

use super::{
    REMEMBERED,
    assertion::{Named, Person},
    party::{Party, format},
    pending::{Begun, Pending},
};
use crate::{
    App, Problem,
    door::{AtDoor, Entrance, Refused, SIGN_IN},
    draft::{Draft, Target},
    session::{Origin, Visit},
    until_decided,
};
use claviger_domain::{
    account::Account,
    application::{
        release::{Asked, By, Context, Reason, Release},
        saml::{NameId as Naming, Settings},
    },
    id::ApplicationId,
    permission::Actor,
};
use claviger_saml::{Id, names::Status};
use claviger_store::{
    Commit,
    table::{application_visit, saml},
};
use serde_json::json;

impl App {
    /// S10.1, S10.2: whether the application is told who stands there. The state of the account, of MFA and of the
    /// assignment are those of the moment at which the answer is committed.
    pub async fn enter_application(
        &self,
        (id, kept): (ApplicationId, &str),
        visit: &Visit,
        origin: &Origin,
    ) -> Result<Entrance, Problem> {
        let Some(pending) = self.open_pending(id, kept) else { return Ok(Entrance::Stale) };
        until_decided!({
            let Some(party) = self.saml_party(id).await? else { return Ok(Entrance::Unknown) };
            let known = party.settings.consumers.iter().any(|one| one.address.as_str() == pending.consumer);
            if !known {
                return Ok(Entrance::Stale);
            }
            let at_door = self.at_door(party.id(), visit).await?;
            self.decide_at_door(&party, &pending, at_door.as_ref(), origin).await?
        })
    }

    /// Nothing if another write came first.
    async fn decide_at_door(
        &self,
        party: &Party,
        pending: &Pending,
        at_door: Option<&AtDoor>,
        origin: &Origin,
    ) -> Result<Option<Entrance>, Problem> {
        let decided = self.released(&party.application, &pending.request(), at_door).await?;
        let application = party.application.name.as_str().to_owned();
        let why = match (decided, at_door) {
            (Release::Tell(context), Some(person)) => {
                match wanted(&party.settings, pending, &person.account, context.by) {
                    Ok(class) => return self.tell((party, pending), person, (context, class), origin).await,
                    Err(why) => why,
                }
            }
            (Release::Tell(_), None) | (Release::Ask(Asked::SignIn), _) => return Ok(Some(Entrance::SignIn)),
            (Release::Ask(asked), _) => return Ok(Some(Entrance::Show { asked, application })),
            (Release::Refuse(Reason::MayNotAsk(_)), _) => {
                return self.status(party, pending, Status::NoPassive).map(Entrance::Post).map(Some);
            }
            (Release::Refuse(reason), _) => Refused::Reason(reason),
        };
        self.log_refused_at_door(at_door, why.key(), details(party, pending), origin).await?;
        Ok(Some(match (why, pending.passive) {
            (Refused::Context, true) => {
                Entrance::Post(self.status(party, pending, Status::NoAuthnContext)?)
            }
            _ => Entrance::Refused { application, why },
        }))
    }

    /// Nothing if another write came first.
    async fn tell(
        &self,
        (party, pending): (&Party, &Pending),
        person: &AtDoor,
        (context, class): (Context, &'static str),
        origin: &Origin,
    ) -> Result<Option<Entrance>, Problem> {
        let account = &person.account;
        let actor: Actor = origin.actor(account);
        let mut draft = Draft::new(self, &actor).await?;
        let organization = draft.organization.id;
        let named = self.name_at_application(&mut draft, party, (pending, account)).await?;
        if pending.subject.as_ref().is_some_and(|asked| *asked != named.value) {
            let why = Refused::OtherPerson;
            self.log_refused_at_door(Some(person), why.key(), details(party, pending), origin).await?;
            let application = party.application.name.as_str().to_owned();
            return Ok(Some(Entrance::Refused { application, why }));
        }
        let visits = application_visit::of_session(&self.0.store, organization, person.session.id).await?;
        let before = visits.into_iter().find(|visit| visit.application == party.id());
        let session_index = before.map_or_else(
            || Id::from_random(self.random()).as_str().to_owned(),
            |before| before.session_index,
        );
        let answer = self.assertion(
            party,
            pending,
            &Person {
                account,
                groups: &person.groups,
                named: &named,
                context,
                class,
                session_index: &session_index,
                session_ends: person.session.expires_at,
            },
        )?;
        person.stands(&mut draft, &party.application);
        let answered = (pending.digest(), draft.now.plus(REMEMBERED));
        draft.write(saml::answered(organization, party.id(), answered));
        draft.write(application_visit::put(
            organization,
            &application_visit::Visit {
                session: person.session.id,
                application: party.id(),
                account: account.id,
                name_kind: named.kind,
                name_id: named.value.clone(),
                session_index,
                visited_at: draft.now,
            },
        ));
        let mut told = details(party, pending);
        if let Some(told) = told.as_object_mut() {
            told.insert("context".into(), json!(class));
            told.insert("consumer".into(), json!(pending.consumer));
        }
        draft.log(SIGN_IN, &Target::from(account), "success", told);
        if draft.commit().await? == Commit::Committed {
            return Ok(Some(Entrance::Post(answer)));
        }
        if !saml::was_answered(&self.0.store, organization, party.id(), pending.digest()).await? {
            return Ok(None);
        }
        self.log_refused_at_door(Some(person), "repeated", details(party, pending), origin).await?;
        Ok(Some(Entrance::Repeated))
    }

    /// The name that the application knows the user by. One of its own is made at the first sign-in, once.
    async fn name_at_application(
        &self,
        draft: &mut Draft<'_>,
        party: &Party,
        (pending, account): (&Pending, &Account),
    ) -> Result<Named, Problem> {
        let kind = naming(&party.settings, pending).unwrap_or(party.settings.name_id);
        let value = match kind {
            Naming::Email => account.email.as_str().to_owned(),
            Naming::Username => account.username().map(|name| name.as_str().to_owned()).unwrap_or_default(),
            Naming::Transient => Id::from_random(self.random()).as_str().to_owned(),
            Naming::Persistent => self.own_name(draft, (party.id(), account.id)).await?,
        };
        Ok(Named { kind, value })
    }
}

/// The class to answer with, if the application can be told what it asks for.
fn wanted(
    settings: &Settings,
    pending: &Pending,
    account: &Account,
    by: By,
) -> Result<&'static str, Refused> {
    let kind = naming(settings, pending).ok_or(Refused::NameKind)?;
    if kind == Naming::Username && account.username().is_none() {
        return Err(Refused::NameKind);
    }
    pending.class(by).ok_or(Refused::Context)
}

/// The kind of name: the one that is set, or one that is asked for and tells nothing.
fn naming(settings: &Settings, pending: &Pending) -> Option<Naming> {
    match pending.name() {
        None => Some(settings.name_id),
        Some(asked) if asked == format(settings.name_id) => Some(settings.name_id),
        Some(asked) => {
            [Naming::Persistent, Naming::Transient].into_iter().find(|kind| format(*kind) == asked)
        }
    }
}

fn details(party: &Party, pending: &Pending) -> serde_json::Value {
    json!({
        "application": party.application.name.as_str(),
        "application_id": party.id().to_string(),
        "request": pending.id,
        "begun": match pending.begun { Begun::There => "application", Begun::Here => "portal" },
    })
}
