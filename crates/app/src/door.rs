//! Who stands at the door of an application, and whether they are let in: the same for every protocol (S10.1, S10.2).

use crate::{
    App, Problem,
    draft::{Draft, Target},
    saml::PostForm,
    session::{Origin, Visit},
    throttle,
};
use claviger_domain::{
    account::{Account, Realm},
    application::{
        Application,
        release::{Asked, Assignment, Reason, Release, Request, Visitor, release},
    },
    id::{AccountId, ApplicationId},
    permission::Actor,
    sign_in::Next,
    time::Span,
};
use claviger_store::table::{self, application_visit, session::Session};
use data_encoding::BASE32_NOPAD;

/// The action in the log.
pub(crate) const SIGN_IN: &str = "sign_in.application";

/// What comes of a request at the door.
#[derive(Clone, Debug)]
pub enum Entrance {
    /// The browser posts this to the application: it is told who it is, or only that nobody could be asked.
    Post(PostForm),
    /// The browser goes to this address of the application, which says the same.
    Go(String),
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
#[derive(Clone, Debug)]
pub(crate) struct AtDoor {
    pub(crate) session: Session,
    pub(crate) account: Account,
    pub(crate) groups: Vec<String>,
}

impl AtDoor {
    pub(crate) fn actor(&self, origin: &Origin) -> Actor {
        origin.actor(&self.account)
    }

    /// All that the decision rested on is still so; a conflict if not.
    pub(crate) fn stands(&self, draft: &mut Draft<'_>, application: &Application) {
        let organization = draft.organization.id;
        draft.write(table::account::unchanged(organization, &self.account));
        draft.write(table::session::stands(organization, &self.session));
        draft.write(table::application::is_had_by(organization, application, self.account.id));
    }
}

pub(crate) const fn assignment(groups: &[String]) -> Assignment {
    if groups.is_empty() { Assignment::NotAssigned } else { Assignment::Assigned }
}

impl App {
    /// Logs that somebody did not get in, and why.
    pub(crate) async fn log_refused_at_door(
        &self,
        at_door: Option<&AtDoor>,
        outcome: &str,
        details: serde_json::Value,
        origin: &Origin,
    ) -> Result<(), Problem> {
        let account = at_door.map(|person| &person.account);
        let actor = account.map_or_else(|| origin.visitor(), |account| origin.actor(account));
        let target = account.map(Target::from).unwrap_or_default();
        let mut draft = Draft::new(self, &actor).await?;
        draft.log(SIGN_IN, &target, outcome, details);
        draft.settle().await
    }

    /// Logs what a stranger sent for an application, as its action, whose it was and how it ended; of much from one address
    /// only now and then one entry, so that strangers don't fill the log.
    pub(crate) async fn log_stranger(
        &self,
        (action, target, outcome): (&'static str, &Target, &'static str),
        details: serde_json::Value,
        origin: &Origin,
    ) -> Result<(), Problem> {
        let from = throttle::subjects(action, Realm::User, &target.id, &origin.address);
        if self.wait_for(&from).await? > Span::ZERO {
            return Ok(());
        }
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        draft.write_all(table::throttle::count(draft.organization.id, &from, draft.now));
        draft.log(action, target, outcome, details);
        draft.settle().await
    }

    /// Who this visit is at the door of that application.
    pub(crate) async fn at_door(&self, id: ApplicationId, visit: &Visit) -> Result<Option<AtDoor>, Problem> {
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
        let groups = table::application::groups_of_user(store, organization, id, account.id).await?;
        Ok(Some(AtDoor { session, account, groups }))
    }

    /// Whether the application is told, by the rules.
    pub(crate) async fn released(
        &self,
        application: &Application,
        request: &Request,
        at_door: Option<&AtDoor>,
    ) -> Result<Release, Problem> {
        let organization = self.organization().await?;
        let visitor = at_door.map(|person| Visitor {
            account: &person.account,
            proven: person.session.proven,
            proven_at: person.session.proven_at,
            assignment: assignment(&person.groups),
        });
        let doors = (application.access, application.fresh_code);
        Ok(release(doors, request, visitor.as_ref(), (organization.totp, self.now())))
    }

    /// The name that the application alone knows the user by; it is made at the first sign-in, once.
    pub(crate) async fn own_name(
        &self,
        draft: &mut Draft<'_>,
        who: (ApplicationId, AccountId),
    ) -> Result<String, Problem> {
        let organization = draft.organization.id;
        if let Some(name) = application_visit::subject(&self.0.store, organization, who).await? {
            return Ok(name);
        }
        let name = BASE32_NOPAD.encode(&self.random::<20>());
        draft.write(application_visit::name_subject(organization, who, (&name, draft.now)));
        Ok(name)
    }
}
