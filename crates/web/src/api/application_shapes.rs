//! What is sent and told of an application.

use super::{
    application_oidc::OidcApplicationView,
    condition::{Revised, Tagged},
    problem::ApiError,
    schema::{
        AccessWord, BindingWord, FreshCodeWord, NameIdWord, RequestsWord, SignedWord, SourceWord, TileWord,
    },
};
use crate::Web;
use claviger_app::{
    Refusal,
    applications::{ApplicationForm, AttributeForm, ConsumerForm},
    words,
};
use claviger_domain::application::{Application, Protocol};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A place where responses may go.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsumerBody {
    /// `https`, compared byte for byte; `http` on localhost alone.
    address: String,
    /// Its index in the application's metadata; left out: its place in the list, from 0.
    #[schema(minimum = 0, maximum = 65535)]
    index: Option<i64>,
}

/// Where the application is told that somebody signs out.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogOutBody {
    /// Its Single Logout service.
    address: String,
    /// `redirect` or `post`.
    #[schema(value_type = BindingWord)]
    binding: String,
}

/// What the application is told of a user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttributeBody {
    /// What the application calls it: up to 300 characters.
    name: String,
    /// A fact about the user, the names of their `groups` that have the application, or a `constant`.
    #[schema(value_type = SourceWord)]
    source: String,
    /// The value of a constant: up to 300 characters.
    constant: Option<String>,
}

impl From<AttributeBody> for AttributeForm {
    fn from(body: AttributeBody) -> Self {
        Self { name: body.name, source: body.source, constant: body.constant.unwrap_or_default() }
    }
}

impl From<AttributeForm> for AttributeBody {
    fn from(form: AttributeForm) -> Self {
        Self {
            constant: (form.source == "constant").then_some(form.constant),
            name: form.name,
            source: form.source,
        }
    }
}

/// An application that is to be. What is left out is what most applications want.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplicationBody {
    /// One of a kind whatever its case.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 300)]
    description: String,
    /// Whether anybody gets in.
    #[serde(default = "enabled")]
    #[schema(value_type = AccessWord)]
    access: String,
    /// Whether the User Portal shows it.
    #[serde(default = "shown")]
    #[schema(value_type = TileWord)]
    tile: String,
    /// Whether it asks for a code of its own.
    #[serde(default = "not_asked")]
    #[schema(value_type = FreshCodeWord)]
    fresh_code: String,
    /// With `older_than`.
    #[schema(minimum = 1, maximum = 1440)]
    fresh_minutes: Option<i64>,
    /// Its name among service providers, one of a kind.
    #[schema(min_length = 1, max_length = 1024)]
    entity_id: String,
    /// Where responses may go, 1 to 20; the first is the usual one.
    #[schema(min_items = 1)]
    consumers: Vec<ConsumerBody>,
    /// Where it is told that somebody signs out; null: it isn't.
    log_out: Option<LogOutBody>,
    /// Whether its requests must be signed; then it has a certificate.
    #[serde(default = "may_be_unsigned")]
    #[schema(value_type = RequestsWord)]
    requests: String,
    /// What it signs with, up to 5: PEM, or Base64 of DER.
    #[serde(default)]
    certificates: Vec<String>,
    /// What is signed for it.
    #[serde(default = "both")]
    #[schema(value_type = SignedWord)]
    signed: String,
    /// How it names people.
    #[serde(default = "email")]
    #[schema(value_type = NameIdWord)]
    name_id: String,
    /// What it is told beside, up to 50.
    #[serde(default)]
    attributes: Vec<AttributeBody>,
    /// RelayState for people who begin at the User Portal.
    #[serde(default)]
    #[schema(max_length = 1000)]
    relay_state: String,
}

macro_rules! usual {
    ($($name:ident),*) => { $(fn $name() -> String { stringify!($name).into() })* };
}
usual!(enabled, shown, not_asked, may_be_unsigned, both, email);

impl From<ApplicationBody> for ApplicationForm {
    fn from(body: ApplicationBody) -> Self {
        let text = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        let (log_out, log_out_binding) =
            body.log_out.map(|one| (one.address, one.binding)).unwrap_or_default();
        let consumer = |one: ConsumerBody| ConsumerForm { address: one.address, index: text(one.index) };
        Self {
            name: body.name,
            description: body.description,
            access: body.access,
            tile: body.tile,
            fresh_code: body.fresh_code,
            fresh_minutes: text(body.fresh_minutes),
            entity_id: body.entity_id,
            consumers: body.consumers.into_iter().map(consumer).collect(),
            log_out,
            log_out_binding,
            requests: body.requests,
            certificates: body.certificates,
            signed: body.signed,
            name_id: body.name_id,
            attributes: body.attributes.into_iter().map(Into::into).collect(),
            relay_state: body.relay_state,
        }
    }
}

impl From<ApplicationForm> for ApplicationBody {
    fn from(form: ApplicationForm) -> Self {
        let or = |text: String, usual: fn() -> String| if text.is_empty() { usual() } else { text };
        let log_out = (!form.log_out.is_empty()).then_some(LogOutBody {
            address: form.log_out,
            binding: if form.log_out_binding.is_empty() { "redirect".into() } else { form.log_out_binding },
        });
        let consumer =
            |one: ConsumerForm| ConsumerBody { address: one.address, index: one.index.parse().ok() };
        Self {
            name: form.name,
            description: form.description,
            access: or(form.access, enabled),
            tile: or(form.tile, shown),
            fresh_code: or(form.fresh_code, not_asked),
            fresh_minutes: form.fresh_minutes.parse().ok(),
            entity_id: form.entity_id,
            consumers: form.consumers.into_iter().map(consumer).collect(),
            log_out,
            requests: or(form.requests, may_be_unsigned),
            certificates: form.certificates,
            signed: or(form.signed, both),
            name_id: or(form.name_id, email),
            attributes: form.attributes.into_iter().map(Into::into).collect(),
            relay_state: form.relay_state,
        }
    }
}

/// An application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationView {
    /// UUID.
    id: String,
    /// Counts every change of what is below; who has it is no part of it.
    revision: i64,
    /// How it speaks: `saml`.
    protocol: &'static str,
    /// What it is called.
    name: String,
    /// What it is for.
    description: String,
    /// `enabled` or `disabled`.
    access: String,
    /// `shown` or `hidden`.
    tile: String,
    /// `not_asked`, `every_time` or `older_than`.
    fresh_code: String,
    /// With `older_than`.
    fresh_minutes: Option<i64>,
    /// Its name among service providers.
    entity_id: String,
    /// Where responses may go; the first is the usual one.
    consumers: Vec<ConsumerBody>,
    /// Where it is told that somebody signs out.
    log_out: Option<LogOutBody>,
    /// `may_be_unsigned` or `must_be_signed`.
    requests: String,
    /// What it signs with: PEM.
    certificates: Vec<String>,
    /// `both`, `assertion` or `response`.
    signed: String,
    /// `email`, `username`, `persistent` or `transient`.
    name_id: String,
    /// What it is told beside.
    attributes: Vec<AttributeBody>,
    /// RelayState for people who begin at the User Portal.
    relay_state: String,
    /// Where it finds this server.
    provider: ProviderView,
    /// RFC 3339, UTC.
    created_at: String,
}

/// Where an application finds this server.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderView {
    /// This server's entity ID for it, where its metadata is, too.
    entity_id: String,
    /// Where requests to sign in go, by Redirect or POST.
    sign_on: String,
    /// Where messages about log-outs go, by Redirect or POST.
    log_out: String,
}

impl ApplicationView {
    /// Nothing of an application that speaks another protocol.
    fn of(web: &Web, application: &Application) -> Option<Self> {
        let addresses = web.app().saml_addresses(application.id);
        let entered = ApplicationBody::from(ApplicationForm::of(application)?);
        Some(Self {
            id: application.id.to_string(),
            revision: application.revision,
            protocol: application.protocol.key(),
            name: entered.name,
            description: entered.description,
            access: entered.access,
            tile: entered.tile,
            fresh_code: entered.fresh_code,
            fresh_minutes: entered.fresh_minutes,
            entity_id: entered.entity_id,
            consumers: entered.consumers,
            log_out: entered.log_out,
            requests: entered.requests,
            certificates: entered.certificates,
            signed: entered.signed,
            name_id: entered.name_id,
            attributes: entered.attributes,
            relay_state: entered.relay_state,
            provider: ProviderView {
                entity_id: addresses.entity_id,
                sign_on: addresses.sign_on,
                log_out: addresses.log_out,
            },
            created_at: words::iso(application.created_at),
        })
    }
}

/// An application, whatever it speaks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum AnyApplicationView {
    /// SAML 2.0.
    Saml(Box<ApplicationView>),
    /// OpenID Connect.
    Oidc(Box<OidcApplicationView>),
}

impl Revised for AnyApplicationView {
    fn revision(&self) -> i64 {
        match self {
            Self::Saml(view) => view.revision,
            Self::Oidc(view) => view.revision,
        }
    }
}

impl AnyApplicationView {
    pub(super) fn of(web: &Web, application: &Application) -> Option<Self> {
        match application.protocol {
            Protocol::Saml(_) => ApplicationView::of(web, application).map(Box::new).map(Self::Saml),
            Protocol::Oidc(_) => OidcApplicationView::of(web, application).map(Box::new).map(Self::Oidc),
        }
    }
}

/// The application with its `ETag`.
pub(super) fn tagged(web: &Web, application: &Application) -> Result<Tagged<AnyApplicationView>, ApiError> {
    let other = || ApiError::from(Refusal::NotFound("application"));
    AnyApplicationView::of(web, application).map(Tagged).ok_or_else(other)
}
