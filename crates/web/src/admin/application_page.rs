//! The page of one application, whatever it speaks (S10).

use super::{application_form::Shown, application_oidc::OidcPart, applications::PATH, groups};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Choice, Errors, Field, Posted},
    view::{Fact, filters},
};
use askama::Template;
use claviger_app::{
    applications::{ApplicationForm, Preview, Told, ToldByOidc, ToldBySaml},
    session::SignedIn,
    words,
};
use claviger_domain::{
    application::{
        Application, Protocol,
        certificate::{End, Stage},
        oidc::claims::Value as Claim,
        release::{Asked, Reason},
        saml::NameId,
    },
    id::ApplicationId,
    permission::{Granted, ManageUsers, ViewUsers},
};

#[derive(Template)]
#[template(path = "admin/application.html")]
pub(super) struct Page {
    chrome: AdminChrome,
    may_edit: bool,
    base: String,
    title: String,
    pub(super) problem: Option<String>,
    part: Part,
    groups: Vec<GroupRow>,
    group_choices: Vec<Choice>,
    group: Field,
    pub(super) user: Field,
    pub(super) preview: Option<ShownPreview>,
}

/// What the page has by how the application speaks.
enum Part {
    Saml(Box<SamlPart>),
    Oidc(Box<OidcPart>),
}

struct SamlPart {
    form: Shown,
    metadata: String,
    sign_on: String,
    log_out: String,
    certificates: Vec<CertificateRow>,
    may_make: bool,
}

struct GroupRow {
    href: String,
    name: String,
    members: String,
    remove: String,
}

struct CertificateRow {
    href: String,
    state: &'static str,
    is_current: bool,
    fingerprint: String,
    ends: String,
    is_warned: bool,
}

/// What the application would be told.
pub(super) struct ShownPreview {
    kind: &'static str,
    text: String,
    facts: Vec<Fact>,
}

impl Page {
    pub(super) async fn new(
        web: &Web,
        me: &SignedIn,
        frame: Frame,
        id: ApplicationId,
    ) -> Result<Self, PageError> {
        let granted = me.actor.granted::<ViewUsers>()?;
        let app = web.app();
        let application = app.application(&granted, id).await?;
        let base = format!("{PATH}/{id}");
        let part = match &application.protocol {
            Protocol::Saml(_) => {
                SamlPart::of(web, &granted, &application, &base).await.map(Box::new).map(Part::Saml)?
            }
            Protocol::Oidc(_) => {
                OidcPart::of(web, &granted, &application).await.map(Box::new).map(Part::Oidc)?
            }
        };
        let groups = app.groups_of_application(&granted, id).await?;
        Ok(Self {
            chrome: AdminChrome::new(web, me, frame, "applications").await?,
            may_edit: me.actor.granted::<ManageUsers>().is_ok(),
            title: application.name.as_str().to_owned(),
            problem: None,
            part,
            groups: groups
                .into_iter()
                .map(|one| GroupRow {
                    href: format!("/admin/groups/{}", one.user_group),
                    remove: format!("{base}/groups/{}/remove", one.user_group),
                    name: one.name,
                    members: words::counted(one.members, "member"),
                })
                .collect(),
            group_choices: groups::choices(web, me).await?,
            group: Field::default(),
            user: Field::default(),
            preview: None,
            base,
        })
    }

    /// Puts what was typed back, with what is wrong in it.
    pub(super) fn put_back(&mut self, form: &Posted, errors: &Errors) {
        match &mut self.part {
            Part::Saml(part) => part.form.put_back(form, errors),
            Part::Oidc(part) => part.form.put_back(form, errors),
        }
        form.put_back(errors, [("group", &mut self.group)]);
    }
}

impl SamlPart {
    async fn of(
        web: &Web,
        granted: &Granted<ViewUsers>,
        application: &Application,
        base: &str,
    ) -> Result<Self, PageError> {
        let app = web.app();
        let form = ApplicationForm::of(application).ok_or(PageError::NotFound("application"))?;
        let zone = app.organization().await?.settings.time_zone.clone();
        let certificates = app.application_certificates(granted, application.id).await?;
        let addresses = app.saml_addresses(application.id);
        Ok(Self {
            form: Shown::of(&form),
            metadata: addresses.entity_id,
            sign_on: addresses.sign_on,
            log_out: addresses.log_out,
            may_make: certificates.iter().all(|one| one.stage != Stage::Next),
            certificates: certificates
                .into_iter()
                .map(|one| CertificateRow {
                    href: format!("{base}/certificates/{}", one.id),
                    state: match one.stage {
                        Stage::Current => "Signs",
                        Stage::Next => "Next",
                        Stage::Retired => "Retired",
                    },
                    is_current: one.stage == Stage::Current,
                    fingerprint: one.fingerprint,
                    ends: words::date(one.expires_at, &zone),
                    is_warned: one.end != End::Far,
                })
                .collect(),
        })
    }
}

pub(super) fn shown(preview: &Preview) -> ShownPreview {
    let who = preview.account.email.as_str();
    let told = match &preview.outcome {
        Ok(told) => told,
        Err(reason) => {
            let text =
                format!("{who} would not get in: {}. The application would be told nothing.", why(*reason));
            return ShownPreview { kind: "warning", text, facts: Vec::new() };
        }
    };
    let asks = match preview.asks {
        None => "",
        Some(Asked::Code) => " A code is asked for at the door.",
        Some(Asked::Password | Asked::SignIn) => " The password is asked for at the door.",
    };
    let facts = match told {
        Told::Saml(told) => facts_of_saml(told),
        Told::Oidc(told) => facts_of_oidc(told),
    };
    ShownPreview {
        kind: "success",
        text: format!("{who} would get in.{asks} The application would be told:"),
        facts,
    }
}

fn facts_of_saml(told: &ToldBySaml) -> Vec<Fact> {
    let kind = match told.name_kind {
        NameId::Email => "NameID (e-mail)",
        NameId::Username => "NameID (username)",
        NameId::Persistent => "NameID (persistent)",
        NameId::Transient => "NameID (transient)",
    };
    let name = match (&told.name_id, told.name_kind) {
        (Some(name), _) => name.clone(),
        (None, NameId::Transient) => "another one each time".into(),
        (None, NameId::Email | NameId::Username | NameId::Persistent) => "made at the first sign-in".into(),
    };
    let mut facts = vec![
        Fact::new("Sent to", &told.consumer),
        Fact::new(kind, name),
        Fact::new("AuthnContext", told.context),
    ];
    facts.extend(told.attributes.iter().map(|(name, values)| {
        let values = if values.is_empty() { "nothing: left out".to_owned() } else { values.join(", ") };
        Fact::new(name, values)
    }));
    facts
}

fn facts_of_oidc(told: &ToldByOidc) -> Vec<Fact> {
    let subject = told.subject.clone().unwrap_or_else(|| "made at the first sign-in".into());
    let mut facts = vec![
        Fact::new("sub", subject),
        Fact::new("acr", told.context),
        Fact::new("amr", told.methods.join(", ")),
    ];
    facts.extend(told.claims.iter().map(|(name, value)| {
        let value = match value {
            Claim::Text(text) => text.clone(),
            Claim::Flag(flag) => flag.to_string(),
            Claim::Texts(texts) if texts.is_empty() => "an empty list".into(),
            Claim::Texts(texts) => texts.join(", "),
        };
        Fact::new(name, value)
    }));
    facts
}

const fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Disabled => "the application is switched off",
        Reason::Barred => "the account is not active",
        Reason::LockedOut { .. } => "the time to set up MFA has ended",
        Reason::NotAssigned => "no group of theirs has the application",
        Reason::NoFactor => "the application asks for a code, and MFA is not set up",
        Reason::MayNotAsk(_) => {
            "the sign-in here isn't finished, such as by a new password or the set-up of MFA"
        }
    }
}
