//! What administrators do with applications: make, change, delete, give to groups.

use super::form::{ApplicationForm, Parsed};
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    session::SignedIn,
};
use claviger_domain::{
    application::{
        Access, Application, Protocol, Tile,
        address::Address,
        certificate::{End, Stage, end},
    },
    field::FieldError,
    id::{AccountId, ApplicationId, GroupId},
    permission::{Granted, ManageUsers, ViewUsers},
    time::Timestamp,
};
use claviger_store::{
    Commit,
    table::{self, application::Assigned, application_key},
};
use serde_json::json;

/// An application of the list.
#[derive(Clone, Debug)]
pub struct ListedApplication {
    /// The application.
    pub application: Application,
    /// How many groups have it.
    pub groups: i64,
    /// When the certificate ends that signs for it.
    pub certificate_ends: Option<Timestamp>,
}

impl App {
    pub(crate) async fn load_application(&self, id: ApplicationId) -> Result<Application, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::application::load(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("application"))
    }

    /// Every application, by name.
    pub async fn applications(&self, _: &Granted<ViewUsers>) -> Result<Vec<ListedApplication>, Problem> {
        let organization = self.organization().await?.id;
        let ends = application_key::ends(&self.0.store, organization).await?;
        let listed = table::application::list(&self.0.store, organization).await?;
        let with_end = |counted: table::application::Counted| {
            let end = ends.iter().find(|(id, _)| *id == counted.application.id);
            ListedApplication {
                certificate_ends: end.map(|(_, at)| *at),
                application: counted.application,
                groups: counted.groups,
            }
        };
        Ok(listed.into_iter().map(with_end).collect())
    }

    /// Those that people use and whose certificate ends within 30 days or has ended, with when; by name.
    pub async fn applications_to_renew(
        &self,
        granted: &Granted<ManageUsers>,
    ) -> Result<Vec<(Application, Timestamp)>, Refusal> {
        let now = self.now();
        let to_renew = |one: ListedApplication| {
            let ends = one.certificate_ends.filter(|at| end(*at, now) != End::Far)?;
            (one.application.access == Access::Enabled).then_some((one.application, ends))
        };
        let all = self.applications(&granted.actor().granted()?).await?;
        Ok(all.into_iter().filter_map(to_renew).collect())
    }

    /// One application.
    pub async fn application(
        &self,
        _: &Granted<ViewUsers>,
        id: ApplicationId,
    ) -> Result<Application, Refusal> {
        self.load_application(id).await
    }

    /// The groups that have an application, by name.
    pub async fn groups_of_application(
        &self,
        _: &Granted<ViewUsers>,
        id: ApplicationId,
    ) -> Result<Vec<Assigned>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::application::groups(&self.0.store, organization, id).await?)
    }

    /// The applications of a group, by name.
    pub async fn applications_of_group(
        &self,
        _: &Granted<ViewUsers>,
        id: GroupId,
    ) -> Result<Vec<Application>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::application::of_group(&self.0.store, organization, id).await?)
    }

    /// The applications of a user, each with the names of the groups that it comes through.
    pub async fn applications_of_user(
        &self,
        _: &Granted<ViewUsers>,
        id: AccountId,
    ) -> Result<Vec<(Application, Vec<String>)>, Problem> {
        let organization = self.organization().await?.id;
        let mut all = Vec::new();
        for application in table::application::of_user(&self.0.store, organization, id).await? {
            let through =
                table::application::groups_of_user(&self.0.store, organization, application.id, id).await?;
            all.push((application, through));
        }
        Ok(all)
    }

    /// S5.1: the applications that a person sees on Home.
    pub async fn own_applications(&self, me: &SignedIn) -> Result<Vec<Application>, Problem> {
        let organization = self.organization().await?.id;
        let mut all = table::application::of_user(&self.0.store, organization, me.account.id).await?;
        all.retain(|one| {
            one.access == Access::Enabled && one.tile == Tile::Shown && one.protocol.can_begin_here()
        });
        Ok(all)
    }

    /// A new application with what is signed with for it. Nobody has it until a group does.
    pub async fn create_application(
        &self,
        granted: &Granted<ManageUsers>,
        form: &ApplicationForm,
    ) -> Result<Application, Refusal> {
        let parsed = form.parse()?;
        self.refuse_taken_application(&parsed, None).await?;
        let id = ApplicationId::new(self.now(), self.random());
        let key = self.new_application_key(id, Stage::Current).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let application = parsed.made(id, draft.now);
        let organization = draft.organization.id;
        draft.write(table::application::insert(organization, &application));
        draft.write(application_key::insert(organization, id, &key));
        draft.log("application.create", &Target::from(&application), "success", told(&application));
        match draft.commit().await? {
            Commit::Committed => Ok(application),
            Commit::Conflict => Err(taken("name")),
        }
    }

    /// Changes an application. It decides where people's names are sent to, so that a fresh code is asked for.
    pub async fn edit_application(
        &self,
        granted: &Granted<ManageUsers>,
        id: ApplicationId,
        form: &ApplicationForm,
    ) -> Result<Application, Refusal> {
        let before = self.load_application(id).await?;
        if !matches!(before.protocol, Protocol::Saml(_)) {
            return Err(Refusal::state("other_protocol", "The application doesn't speak SAML."));
        }
        let parsed = form.parse()?;
        self.require_fresh_code(granted.actor())?;
        self.refuse_taken_application(&parsed, Some(id)).await?;
        let after = Application { revision: before.revision, ..parsed.made(id, before.created_at) };
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::application::save(draft.organization.id, &after));
        draft.log("application.edit", &Target::from(&after), "success", told(&after));
        match draft.commit().await? {
            Commit::Committed => Ok(Application { revision: after.revision + 1, ..after }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    pub(super) async fn refuse_taken_application(
        &self,
        parsed: &Parsed,
        own: Option<ApplicationId>,
    ) -> Result<(), Refusal> {
        let organization = self.organization().await?.id;
        let all = table::application::list(&self.0.store, organization).await?;
        let others = || all.iter().map(|one| &one.application).filter(|one| Some(one.id) != own);
        if others().any(|other| other.name.key() == parsed.name.key()) {
            return Err(taken("name"));
        }
        let Protocol::Saml(settings) = &parsed.protocol else { return Ok(()) };
        let entity_id = settings.entity_id.as_str();
        match table::application::by_entity_id(&self.0.store, organization, entity_id).await? {
            Some(other) if Some(other.id) != own => Err(taken("entity_id")),
            _ => Ok(()),
        }
    }

    /// Deletes an application with what is signed with for it, and the names that it knows people by.
    pub async fn delete_application(
        &self,
        granted: &Granted<ManageUsers>,
        id: ApplicationId,
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let application = self.load_application(id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(table::application::delete(draft.organization.id, &application));
        draft.log("application.delete", &Target::from(&application), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Gives an application to a group; that it has it already is no error.
    pub async fn assign_application(
        &self,
        granted: &Granted<ManageUsers>,
        (id, group): (ApplicationId, GroupId),
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let (application, group) = (self.load_application(id).await?, self.load_group(group).await?);
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        draft.write(table::application::exists(organization, id));
        draft.write(table::group::exists(organization, group.id));
        draft.write(table::application::assign(organization, id, group.id));
        let details = json!({ "group": group.name.as_str() });
        draft.log("application.assign", &Target::from(&application), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Takes an application from a group. Whoever has it through no other one is refused from then on.
    pub async fn unassign_application(
        &self,
        granted: &Granted<ManageUsers>,
        (id, group): (ApplicationId, GroupId),
    ) -> Result<(), Refusal> {
        let (application, group) = (self.load_application(id).await?, self.load_group(group).await?);
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::application::unassign(draft.organization.id, id, group.id));
        let details = json!({ "group": group.name.as_str() });
        draft.log("application.unassign", &Target::from(&application), "success", details);
        Ok(draft.settle().await?)
    }
}

/// What the log says of an application: where it is told, and how.
pub(super) fn told(application: &Application) -> serde_json::Value {
    let mut told = json!({
        "protocol": application.protocol.key(),
        "access": application.access.key(),
        "fresh_code": application.fresh_code.key(),
    });
    let own = match &application.protocol {
        Protocol::Saml(settings) => {
            let consumers: Vec<_> =
                settings.consumers.iter().map(|consumer| consumer.address.as_str()).collect();
            json!({
                "entity_id": settings.entity_id.as_str(),
                "consumers": consumers,
                "requests": settings.requests.key(),
                "name_id": settings.name_id.key(),
            })
        }
        Protocol::Oidc(settings) => {
            let redirects: Vec<_> = settings.redirects.iter().map(Address::as_str).collect();
            let scopes: Vec<_> = settings.scopes.iter().map(|scope| scope.key()).collect();
            json!({ "client": settings.client.key(), "redirects": redirects, "scopes": scopes })
        }
    };
    if let (Some(told), serde_json::Value::Object(own)) = (told.as_object_mut(), own) {
        told.extend(own);
    }
    told
}

pub(super) fn taken(field: &'static str) -> Refusal {
    let message = match field {
        "name" => "Another application has this name.",
        _ => "Another application has this entity ID.",
    };
    FieldError::new(field, message).into()
}
