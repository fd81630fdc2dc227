//! Applications that people sign in to by SAML (S10).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    path::OneApplication,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::{
        AccessWord, BindingWord, FreshCodeWord, NameIdWord, RequestsWord, SignedWord, SourceWord,
        TemplateWord, TileWord,
    },
};
use crate::Web;
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    applications::{ApplicationForm, AttributeForm, ConsumerForm, templates},
    words,
};
use claviger_domain::{
    application::Application,
    field::FieldError,
    permission::{ManageUsers, ViewUsers},
};
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
        let attribute = |one: AttributeBody| AttributeForm {
            name: one.name,
            source: one.source,
            constant: one.constant.unwrap_or_default(),
        };
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
            attributes: body.attributes.into_iter().map(attribute).collect(),
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
        let attribute = |one: AttributeForm| AttributeBody {
            constant: (one.source == "constant").then_some(one.constant),
            name: one.name,
            source: one.source,
        };
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
            attributes: form.attributes.into_iter().map(attribute).collect(),
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
    /// What was entered.
    #[serde(flatten)]
    entered: ApplicationBody,
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

impl Revised for ApplicationView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

fn view(web: &Web, application: &Application) -> Option<ApplicationView> {
    let addresses = web.app().saml_addresses(application.id);
    Some(ApplicationView {
        id: application.id.to_string(),
        revision: application.revision,
        protocol: application.protocol.key(),
        entered: ApplicationForm::of(application)?.into(),
        provider: ProviderView {
            entity_id: addresses.entity_id,
            sign_on: addresses.sign_on,
            log_out: addresses.log_out,
        },
        created_at: words::iso(application.created_at),
    })
}

fn shown_one(web: &Web, application: &Application) -> Result<Tagged<ApplicationView>, ApiError> {
    let other = || ApiError::from(claviger_app::Refusal::NotFound("application"));
    view(web, application).map(Tagged).ok_or_else(other)
}

#[utoipa::path(get, path = "/api/v1/applications", tag = "applications", operation_id = "listApplications",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<ApplicationView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
) -> Result<Json<Vec<ApplicationView>>, ApiError> {
    let all = web.app().applications(&granted).await?;
    Ok(Json(all.iter().filter_map(|one| view(&web, &one.application)).collect()))
}

#[utoipa::path(post, path = "/api/v1/applications", tag = "applications", operation_id = "createApplication",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = ApplicationBody,
    responses((status = 201, body = ApplicationView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<ApplicationBody>,
) -> Result<Response, ApiError> {
    let application = web.app().create_application(&granted, &ApplicationForm::from(new)).await?;
    let location = format!("/api/v1/applications/{}", application.id);
    let shown = shown_one(&web, &application)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], shown).into_response())
}

#[utoipa::path(get, path = "/api/v1/applications/{id}", tag = "applications", operation_id = "getApplication",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = ApplicationView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneApplication(id): OneApplication,
) -> Result<Tagged<ApplicationView>, ApiError> {
    let application = web.app().application(&granted, id).await?;
    shown_one(&web, &application)
}

#[utoipa::path(put, path = "/api/v1/applications/{id}", tag = "applications", operation_id = "changeApplication",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = ApplicationBody,
    responses((status = 200, body = ApplicationView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    Body(change): Body<ApplicationBody>,
) -> Result<Tagged<ApplicationView>, ApiError> {
    let application = web.app().edit_application(&granted, id, &ApplicationForm::from(change)).await?;
    shown_one(&web, &application)
}

#[utoipa::path(delete, path = "/api/v1/applications/{id}", tag = "applications",
    operation_id = "deleteApplication", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")), responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
) -> Result<StatusCode, ApiError> {
    web.app().delete_application(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an application says of itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetadataBody {
    /// SAML metadata of one service provider, up to 256 KiB.
    metadata: String,
}

/// What the metadata of an application fills in, to be looked at and sent to `POST /applications`. Nothing is made.
#[utoipa::path(post, path = "/api/v1/applications/metadata", tag = "applications",
    operation_id = "readApplicationMetadata", extensions(("x-permission" = json!("ManageUsers"))),
    request_body = MetadataBody, responses((status = 200, body = ApplicationBody), Refused, BadBody))]
pub(crate) async fn read_metadata(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(body): Body<MetadataBody>,
) -> Result<Json<ApplicationBody>, ApiError> {
    let form = web.app().read_metadata(&granted, body.metadata.as_bytes())?;
    Ok(Json(form.into()))
}

/// A form for a common application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateView {
    /// Its word.
    key: &'static str,
    /// What the application is called.
    name: &'static str,
    /// What the organization's own part of its addresses is called; null where there is none.
    own: Option<&'static str>,
    /// What is to be done at the application.
    hint: &'static str,
}

#[utoipa::path(get, path = "/api/v1/applications/templates", tag = "applications",
    operation_id = "listApplicationTemplates", extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<TemplateView>), Refused))]
pub(crate) async fn list_templates(May(_): May<ViewUsers>) -> Json<Vec<TemplateView>> {
    let view = |one: &templates::Template| TemplateView {
        key: one.key,
        name: one.name,
        own: one.own.map(|own| own.label),
        hint: one.hint,
    };
    Json(templates::ALL.iter().map(view).collect())
}

/// Which template is filled in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateBody {
    /// A template's `key`.
    #[schema(value_type = TemplateWord)]
    template: String,
    /// The organization's own part, such as its workspace, up to 200 characters.
    own: Option<String>,
}

/// What a template fills in, to be looked at and sent to `POST /applications`. Nothing is made.
#[utoipa::path(post, path = "/api/v1/applications/templates", tag = "applications",
    operation_id = "fillApplicationTemplate", extensions(("x-permission" = json!("ManageUsers"))),
    request_body = TemplateBody, responses((status = 200, body = ApplicationBody), Refused, BadBody))]
pub(crate) async fn fill_template(
    May(_): May<ManageUsers>,
    Body(body): Body<TemplateBody>,
) -> Result<Json<ApplicationBody>, ApiError> {
    let unknown = || FieldError::new("template", "There is no such template.");
    let template = templates::template(&body.template).ok_or_else(unknown);
    let filled = template.and_then(|one| one.filled(body.own.as_deref().unwrap_or_default()));
    Ok(Json(filled.map_err(claviger_app::Refusal::from)?.into()))
}
