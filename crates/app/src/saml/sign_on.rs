//! The decision at the door of an application, by the account as it is at that moment (S10.1, S10.2).

use super::{
    REMEMBERED,
    assertion::{Named, Person},
    party::{Party, format},
    pending::{Begun, Pending},
};
use crate::{
    App, Problem,
    draft::{Draft, Target},
    session::{Origin, Visit},
    until_decided,
};
use claviger_domain::{
    account::Account,
    application::{
        release::{Asked, Assignment, By, Context, Reason, Release, Visitor, release},
        saml::{NameId as Naming, Settings},
    },
    id::ApplicationId,
    permission::Actor,
    sign_in::Next,
};
use claviger_saml::{Id, binding::PostForm, names::Status};
use claviger_store::{
    Commit,
    table::{self, application_visit, saml, session::Session},
};
use data_encoding::BASE32_NOPAD;
use serde_json::json;

/// What comes of a request at the door.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// The browser posts this to the application: it is told who it is, or only that nobody could be asked.
    Post(PostForm),
    /// The person signs in first, or goes on signing in.
    SignIn,
    /// The person shows a code or the password again first.
    Show {
        /// Which.
        asked: Asked,
        /// For which application.
        application: String,
    },
    /// The person is told why not, and the application gets nothing.
    Refused {
        /// Which application.
        application: String,
        /// Why.
        why: Refused,
    },
    /// The request is too old, or was not sealed here.
    Stale,
    /// The request was answered before.
    Repeated,
    /// There is no such application.
    Unknown,
}

/// Why an application is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// By the rules of S10.2.
    Reason(Reason),
    /// The application asks for a way of signing in that the person has not got, such as a code.
    Context,
    /// The application asks about somebody else.
    OtherPerson,
    /// The application asks for a kind of name that it is not given.
    NameKind,
}

impl Refused {
    /// The word in the log.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reason(Reason::Disabled) => "application_disabled",
            Self::Reason(Reason::Barred) => "barred",
            Self::Reason(Reason::LockedOut { .. }) => "locked_out",
            Self::Reason(Reason::NotAssigned) => "not_assigned",
            Self::Reason(Reason::NoFactor) => "no_factor",
            Self::Reason(Reason::MayNotAsk(_)) => "may_not_ask",
            Self::Context => "no_such_context",
            Self::OtherPerson => "other_person",
            Self::NameKind => "name_not_given",
        }
    }
}

/// Who stands there, as the database has them now.
struct AtDoor {
    session: Session,
    account: Account,
    groups: Vec<String>,
}

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
            let at_door = self.at_door(&party, visit).await?;
            self.decide_at_door(&party, &pending, at_door.as_ref(), origin).await?
        })
    }

    async fn at_door(&self, party: &Party, visit: &Visit) -> Result<Option<AtDoor>, Problem> {
        let organization = self.organization().await?.id;
        let store = &self.0.store;
        let (session, account) = match visit {
            Visit::Stranger => return Ok(None),
            // Whoever is locked out is told so; any other step of a sign-in comes first.
            Visit::Half(half) if matches!(half.next, Next::LockedOut { .. }) => {
                (half.session.clone(), half.account.clone())
            }
            Visit::Half(_) => return Ok(None),
            Visit::Full(me) => {
                let found = table::session::by_ids(store, organization, &[me.session.id]).await?;
                let Some(found) = found.into_iter().next() else { return Ok(None) };
                found
            }
        };
        let groups = table::application::groups_of_user(store, organization, party.id(), account.id).await?;
        Ok(Some(AtDoor { session, account, groups }))
    }

    /// Nothing if another write came first.
    async fn decide_at_door(
        &self,
        party: &Party,
        pending: &Pending,
        at_door: Option<&AtDoor>,
        origin: &Origin,
    ) -> Result<Option<Entrance>, Problem> {
        let organization = self.organization().await?;
        let visitor = at_door.map(|person| Visitor {
            account: &person.account,
            proven: person.session.proven,
            proven_at: person.session.proven_at,
            assignment: assignment(&person.groups),
        });
        let doors = (party.application.access, party.application.fresh_code);
        let moment = (organization.totp, self.now());
        let decided = release(doors, &pending.request(), visitor.as_ref(), moment);
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
        self.log_refused_entrance(party, pending, (at_door, why), origin).await?;
        Ok(Some(match (why, pending.passive) {
            (Refused::Context, true) => {
                Entrance::Post(self.status(party, pending, Status::NoAuthnContext)?)
            }
            _ => Entrance::Refused { application, why },
        }))
    }

    async fn log_refused_entrance(
        &self,
        party: &Party,
        pending: &Pending,
        (at_door, why): (Option<&AtDoor>, Refused),
        origin: &Origin,
    ) -> Result<(), Problem> {
        let account = at_door.map(|person| &person.account);
        let actor = account.map_or_else(|| origin.visitor(), |account| origin.actor(account));
        let target = account.map(Target::from).unwrap_or_default();
        let mut draft = Draft::new(self, &actor).await?;
        draft.log("sign_in.application", &target, why.key(), details(party, pending));
        draft.settle().await
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
            self.log_refused_entrance(party, pending, (Some(person), why), origin).await?;
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
        draft.write(table::account::unchanged(organization, account));
        draft.write(table::session::stands(organization, &person.session));
        draft.write(table::application::is_had_by(organization, &party.application, account.id));
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
        draft.log("sign_in.application", &Target::from(account), "success", told);
        if draft.commit().await? == Commit::Committed {
            return Ok(Some(Entrance::Post(answer)));
        }
        let digest = pending.digest();
        let repeated = saml::was_answered(&self.0.store, organization, party.id(), digest).await?;
        Ok(repeated.then_some(Entrance::Repeated))
    }

    /// The name that the application knows the user by. One of its own is made at the first sign-in, once.
    async fn name_at_application(
        &self,
        draft: &mut Draft<'_>,
        party: &Party,
        (pending, account): (&Pending, &Account),
    ) -> Result<Named, Problem> {
        let kind = naming(&party.settings, pending).unwrap_or(party.settings.name_id);
        let organization = draft.organization.id;
        let value = match kind {
            Naming::Email => account.email.as_str().to_owned(),
            Naming::Username => account.username().map(|name| name.as_str().to_owned()).unwrap_or_default(),
            Naming::Transient => Id::from_random(self.random()).as_str().to_owned(),
            Naming::Persistent => {
                let who = (party.id(), account.id);
                match application_visit::subject(&self.0.store, organization, who).await? {
                    Some(name) => name,
                    None => {
                        let name = BASE32_NOPAD.encode(&self.random::<20>());
                        draft.write(application_visit::name_subject(organization, who, (&name, draft.now)));
                        name
                    }
                }
            }
        };
        Ok(Named { kind, value })
    }
}

pub(crate) const fn assignment(groups: &[String]) -> Assignment {
    if groups.is_empty() { Assignment::NotAssigned } else { Assignment::Assigned }
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
        "begun": match pending.begun { Begun::There => "application", Begun::Here => "portal" },
    })
}
