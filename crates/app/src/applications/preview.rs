//! What an application would be told of somebody, without telling it (S10.1).

use super::certificates::instant;
use crate::{App, Refusal, door, saml::usual_class};
use claviger_domain::{
    account::{Account, Realm},
    application::{
        FreshCode, Protocol,
        oidc::claims::{Value as Claim, methods},
        release::{Asked, Context, Freshness, Interaction, Reason, Release, Request, Visitor, release},
        saml::{NameId, Settings},
    },
    field::FieldError,
    id::ApplicationId,
    mfa::Enrollment,
    permission::{Granted, ViewUsers},
    sign_in::{Next, Proven, next},
    time::Timestamp,
};
use claviger_store::table;

/// What would come of a sign-in of a user who shows all that they are asked for.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Whose.
    pub account: Account,
    /// What comes of it.
    pub outcome: Result<Told, Reason>,
    /// Whether a code or the password is asked for once more at the door.
    pub asks: Option<Asked>,
    /// The groups that the user has the application through.
    pub groups: Vec<String>,
}

/// What the application would be told, by its protocol.
#[derive(Clone, Debug)]
pub enum Told {
    /// In an assertion.
    Saml(ToldBySaml),
    /// In an ID token and at `userinfo`.
    Oidc(ToldByOidc),
}

/// What the application would be told in an ID token and at `userinfo`, if it asks for all that it may.
#[derive(Clone, Debug)]
pub struct ToldByOidc {
    /// The name that it alone knows the user by; nothing if it is made when it is needed.
    pub subject: Option<String>,
    /// How the person signed in.
    pub context: &'static str,
    /// By what.
    pub methods: &'static [&'static str],
    /// Each claim with its value.
    pub claims: Vec<(String, Claim)>,
}

/// What the application would be told in an assertion.
#[derive(Clone, Debug)]
pub struct ToldBySaml {
    /// Where to.
    pub consumer: String,
    /// The kind of name.
    pub name_kind: NameId,
    /// The name; nothing if it is made when it is needed.
    pub name_id: Option<String>,
    /// How the person signed in.
    pub context: &'static str,
    /// Each attribute with its values.
    pub attributes: Vec<(String, Vec<String>)>,
    /// When this was so, as messages have it.
    pub at: String,
}

impl App {
    /// What the application would be told of that user, by e-mail or username. Nothing is told, and nothing logged.
    pub async fn preview_application(
        &self,
        _: &Granted<ViewUsers>,
        id: ApplicationId,
        identifier: &str,
    ) -> Result<Preview, Refusal> {
        let application = self.load_application(id).await?;
        let found = self.find_account(Realm::User, identifier.trim()).await?;
        let account = found.ok_or_else(|| FieldError::new("user", "No user has that e-mail or username."))?;
        let organization = self.organization().await?;
        let (store, now) = (&self.0.store, self.now());
        let groups = table::application::groups_of_user(store, organization.id, id, account.id).await?;
        let proven = all_that_is_asked(&account, organization.totp, now);
        let visitor =
            Visitor { account: &account, proven, proven_at: now, assignment: door::assignment(&groups) };
        let request = Request { at: now, freshness: Freshness::Any, interaction: Interaction::Allowed };
        let doors = (application.access, application.fresh_code);
        let decided = release(doors, &request, Some(&visitor), (organization.totp, now));
        let outcome = match decided {
            Release::Tell(context) => {
                let subject =
                    table::application_visit::subject(store, organization.id, (id, account.id)).await?;
                Ok(match &application.protocol {
                    Protocol::Saml(settings) => {
                        Told::Saml(told(settings, (&account, &groups), (context, subject), now))
                    }
                    Protocol::Oidc(settings) => Told::Oidc(ToldByOidc {
                        subject,
                        context: crate::oidc::usual_class(context.by),
                        methods: methods(context.by),
                        claims: settings.claims(&settings.scopes, &account, &groups),
                    }),
                })
            }
            Release::Refuse(reason) => Err(reason),
            // A sign-in that can't be finished, such as one that waits for a new password.
            Release::Ask(asked) => Err(Reason::MayNotAsk(asked)),
        };
        let asks = match (application.fresh_code, proven) {
            (FreshCode::NotAsked, _) => None,
            (FreshCode::EveryTime | FreshCode::OlderThan(_), Proven::Code) => Some(Asked::Code),
            (FreshCode::EveryTime | FreshCode::OlderThan(_), _) => Some(Asked::Password),
        };
        Ok(Preview { outcome, asks, groups, account })
    }
}

/// What a session of that user shows that is in.
fn all_that_is_asked(
    account: &Account,
    totp: claviger_domain::sign_in::TotpSwitch,
    now: Timestamp,
) -> Proven {
    match (account.mfa.enrollment, next(account, totp, Proven::Password, now)) {
        (Enrollment::Enrolled(_), Next::Code(_)) => Proven::Code,
        (_, Next::MayEnroll { .. }) => Proven::PutOff,
        (_, _) => Proven::Password,
    }
}

fn told(
    settings: &Settings,
    (account, groups): (&Account, &[String]),
    (context, subject): (Context, Option<String>),
    now: Timestamp,
) -> ToldBySaml {
    let attributes = settings.attributes.iter().map(|one| (one.name.clone(), one.values(account, groups)));
    ToldBySaml {
        consumer: settings.consumers.first().map(|one| one.address.as_str().to_owned()).unwrap_or_default(),
        name_kind: settings.name_id,
        name_id: match settings.name_id {
            NameId::Email => Some(account.email.as_str().to_owned()),
            NameId::Username => account.username().map(|name| name.as_str().to_owned()),
            NameId::Persistent => subject,
            NameId::Transient => None,
        },
        context: usual_class(context.by),
        attributes: attributes.collect(),
        at: instant(now).to_string(),
    }
}
