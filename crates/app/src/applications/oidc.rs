//! What is entered of an application that speaks OpenID Connect, and the secret that it shows itself by (S10.1).

use super::{
    administer::{taken, told},
    form::{AttributeForm, Common, Parsed, word},
};
use crate::{
    App, Refusal, Token,
    draft::{Draft, Target},
};
use claviger_domain::{
    application::{
        Application, Protocol,
        address::Address,
        oidc::{Algorithm, Client, Refresh, Scope, Settings, addresses, claims::own_claims},
        saml::Attribute,
    },
    field::{FieldError, Fields},
    id::ApplicationId,
    permission::{Granted, ManageUsers, ViewUsers},
    time::{Span, Timestamp},
};
use claviger_store::{
    Commit,
    table::{self, application_secret},
};
use serde_json::json;

/// What a client's secret begins with, so that it is known when it is found where it should not be.
const PREFIX: &str = "cvs_";
/// How long the secret before is taken beside a new one at the most.
const MOST_HOURS: i64 = 7 * 24;

/// An application that speaks OpenID Connect, as entered. What is left empty of words is what most applications want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcForm {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `enabled` or `disabled`.
    pub access: String,
    /// `shown` or `hidden`.
    pub tile: String,
    /// `not_asked`, `every_time` or `older_than`.
    pub fresh_code: String,
    /// With `older_than`: minutes.
    pub fresh_minutes: String,
    /// `confidential` or `public`.
    pub client: String,
    /// Where people come back to with a code, one a line.
    pub redirects: String,
    /// Where people may land after they signed out, one a line.
    pub after_log_out: String,
    /// Where its tile leads; empty for no tile.
    pub start: String,
    /// `profile`, `email`, `groups`.
    pub scopes: Vec<String>,
    /// `none` or `rotating`.
    pub refresh: String,
    /// What it is told beside.
    pub claims: Vec<AttributeForm>,
    /// `RS256` or `ES256`.
    pub signed: String,
}

/// The scopes of a new application.
pub const USUAL_SCOPES: [Scope; 2] = [Scope::Profile, Scope::Email];

impl OidcForm {
    /// The form that would make this application; nothing if it speaks another protocol.
    pub fn of(application: &Application) -> Option<Self> {
        let Protocol::Oidc(settings) = &application.protocol else { return None };
        let minutes = application.fresh_code.minutes();
        let lines = |all: &[Address]| all.iter().map(Address::as_str).collect::<Vec<_>>().join("\n");
        let chosen = settings.scopes.iter().filter(|scope| is_chosen(**scope));
        Some(Self {
            name: application.name.as_str().to_owned(),
            description: application.description.clone(),
            access: application.access.key().to_owned(),
            tile: application.tile.key().to_owned(),
            fresh_code: application.fresh_code.key().to_owned(),
            fresh_minutes: minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            client: settings.client.key().to_owned(),
            redirects: lines(&settings.redirects),
            after_log_out: lines(&settings.after_log_out),
            start: settings.start.as_ref().map(|start| start.as_str().to_owned()).unwrap_or_default(),
            scopes: chosen.map(|scope| scope.key().to_owned()).collect(),
            refresh: settings.refresh.key().to_owned(),
            claims: settings.claims.iter().map(AttributeForm::of).collect(),
            signed: settings.signed.key().to_owned(),
        })
    }

    pub(super) fn parse(&self) -> Result<Parsed, Vec<FieldError>> {
        let common = Common {
            name: &self.name,
            description: &self.description,
            access: &self.access,
            tile: &self.tile,
            fresh_code: &self.fresh_code,
            fresh_minutes: &self.fresh_minutes,
        };
        common.parse(|fields| self.settings(fields).map(Protocol::Oidc))
    }

    fn settings(&self, fields: &mut Fields) -> Option<Settings> {
        let client = fields.take(word("client", &self.client, Client::Confidential, Client::from_key));
        let redirects = fields.take(addresses("redirects", &self.redirects));
        if redirects.as_ref().is_some_and(Vec::is_empty) {
            let message = "Enter where people come back to: at least one address.";
            fields.refuse(FieldError::new("redirects", message));
        }
        let after_log_out = fields.take(addresses("after_log_out", &self.after_log_out));
        let start = fields.take(self.start());
        let refresh = fields.take(word("refresh", &self.refresh, Refresh::None, Refresh::from_key));
        let scopes = fields.take(self.scopes(refresh.unwrap_or(Refresh::None)));
        let claims = fields.take(self.claims());
        let signed = fields.take(word("signed", &self.signed, Algorithm::Rs256, Algorithm::from_key));
        Some(Settings {
            client: client?,
            redirects: redirects?,
            after_log_out: after_log_out?,
            scopes: scopes?,
            refresh: refresh?,
            claims: claims?,
            signed: signed?,
            start: start?,
        })
    }

    fn start(&self) -> Result<Option<Address>, FieldError> {
        if self.start.trim().is_empty() {
            return Ok(None);
        }
        Address::parse("start", &self.start).map(Some)
    }

    /// What is chosen, with what goes without saying.
    fn scopes(&self, refresh: Refresh) -> Result<Vec<Scope>, FieldError> {
        let mut all = vec![Scope::Openid];
        for key in &self.scopes {
            match Scope::from_key(key).filter(|scope| is_chosen(*scope)) {
                Some(scope) if !all.contains(&scope) => all.push(scope),
                Some(_) => {}
                None => return Err(FieldError::new("scopes", "Choose of profile, email and groups.")),
            }
        }
        if refresh == Refresh::Rotating {
            all.push(Scope::OfflineAccess);
        }
        all.sort();
        Ok(all)
    }

    fn claims(&self) -> Result<Vec<Attribute>, FieldError> {
        let read = |one: &AttributeForm| {
            Attribute::parse(&one.name, &one.source, &one.constant)
                .map_err(|error| FieldError { field: "claims", ..error })
        };
        own_claims("claims", self.claims.iter().map(read).collect::<Result<_, _>>()?)
    }
}

const fn is_chosen(scope: Scope) -> bool {
    match scope {
        Scope::Profile | Scope::Email | Scope::Groups => true,
        Scope::Openid | Scope::OfflineAccess => false,
    }
}

/// What is known of an application's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShownSecret {
    /// When it was made; nothing if there is none.
    pub made_at: Option<Timestamp>,
    /// Until when the one before is taken beside it.
    pub old_until: Option<Timestamp>,
}

impl App {
    /// A new application that speaks OpenID Connect, and its secret if it keeps one: the only time that it is known.
    pub async fn create_oidc_application(
        &self,
        granted: &Granted<ManageUsers>,
        form: &OidcForm,
    ) -> Result<(Application, Option<Token>), Refusal> {
        let parsed = form.parse()?;
        self.refuse_taken_application(&parsed, None).await?;
        self.make_first_oidc_keys().await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        let application = parsed.made(ApplicationId::new(draft.now, self.random()), draft.now);
        draft.write(table::application::insert(organization, &application));
        let secret = keeps_secret(&application).then(|| Token::new(PREFIX, self.random()));
        if let Some(secret) = &secret {
            let kept = (secret.hash(), draft.now);
            draft.write(application_secret::first(organization, application.id, kept));
        }
        draft.log("application.create", &Target::from(&application), "success", told(&application));
        match draft.commit().await? {
            Commit::Committed => Ok((application, secret)),
            Commit::Conflict => Err(taken("name")),
        }
    }

    /// Changes an application that speaks OpenID Connect. It decides where people's names are sent to, so that a fresh
    /// code is asked for.
    pub async fn edit_oidc_application(
        &self,
        granted: &Granted<ManageUsers>,
        id: ApplicationId,
        form: &OidcForm,
    ) -> Result<Application, Refusal> {
        let parsed = form.parse()?;
        let before = self.load_oidc_application(id).await?;
        self.require_fresh_code(granted.actor())?;
        self.refuse_taken_application(&parsed, Some(id)).await?;
        let after = Application { revision: before.revision, ..parsed.made(id, before.created_at) };
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::application::save(draft.organization.id, &after));
        if !keeps_secret(&after) {
            draft.write(application_secret::forget(draft.organization.id, id));
        }
        draft.log("application.edit", &Target::from(&after), "success", told(&after));
        match draft.commit().await? {
            Commit::Committed => Ok(Application { revision: after.revision + 1, ..after }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// A new secret of an application; the one before is taken for so many hours, 0 to 168.
    pub async fn replace_application_secret(
        &self,
        granted: &Granted<ManageUsers>,
        (id, hours): (ApplicationId, i64),
    ) -> Result<Token, Refusal> {
        if !(0..=MOST_HOURS).contains(&hours) {
            let message = format!("Hours must be between 0 and {MOST_HOURS}.");
            return Err(FieldError::new("hours", message).into());
        }
        self.require_fresh_code(granted.actor())?;
        let application = self.load_oidc_application(id).await?;
        if !keeps_secret(&application) {
            return Err(Refusal::state("public_client", "A public application keeps no secret."));
        }
        let secret = Token::new(PREFIX, self.random());
        let mut draft = Draft::new(self, granted.actor()).await?;
        let kept = (secret.hash(), draft.now, draft.now.plus(Span::hours(hours)));
        draft.write(application_secret::replace(draft.organization.id, &application, kept));
        let details = json!({ "old_for_hours": hours });
        draft.log("application.secret.make", &Target::from(&application), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(secret),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// What is known of an application's secret; nothing if it keeps none.
    pub async fn application_secret(
        &self,
        _: &Granted<ViewUsers>,
        id: ApplicationId,
    ) -> Result<Option<ShownSecret>, Refusal> {
        let application = self.load_oidc_application(id).await?;
        let organization = self.organization().await?.id;
        let kept = application_secret::of(&self.0.store, organization, id).await?;
        let old = kept.old.map(|(_, until)| until).filter(|until| *until > self.now());
        let shown = ShownSecret { made_at: kept.current.map(|(_, at)| at), old_until: old };
        Ok(keeps_secret(&application).then_some(shown))
    }

    async fn load_oidc_application(&self, id: ApplicationId) -> Result<Application, Refusal> {
        let application = self.load_application(id).await?;
        match application.protocol {
            Protocol::Oidc(_) => Ok(application),
            Protocol::Saml(_) => {
                Err(Refusal::state("other_protocol", "The application doesn't speak OpenID Connect."))
            }
        }
    }
}

const fn keeps_secret(application: &Application) -> bool {
    match &application.protocol {
        Protocol::Oidc(settings) => matches!(settings.client, Client::Confidential),
        Protocol::Saml(_) => false,
    }
}
