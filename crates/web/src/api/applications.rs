//! Applications that people sign in to; what is made and changed here speaks SAML (S10).

use super::{
    application_shapes::{AnyApplicationView, ApplicationBody, tagged},
    body::Body,
    condition::{On, Tagged},
    key::May,
    path::OneApplication,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::TemplateWord,
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    Refusal,
    applications::{ApplicationForm, templates},
};
use claviger_domain::{
    field::FieldError,
    permission::{ManageUsers, ViewUsers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[utoipa::path(get, path = "/api/v1/applications", tag = "applications", operation_id = "listApplications",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<AnyApplicationView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
) -> Result<Json<Vec<AnyApplicationView>>, ApiError> {
    let all = web.app().applications(&granted).await?;
    Ok(Json(all.iter().filter_map(|one| AnyApplicationView::of(&web, &one.application)).collect()))
}

#[utoipa::path(post, path = "/api/v1/applications", tag = "applications", operation_id = "createApplication",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = ApplicationBody,
    responses((status = 201, body = AnyApplicationView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<ApplicationBody>,
) -> Result<Response, ApiError> {
    let application = web.app().create_application(&granted, &ApplicationForm::from(new)).await?;
    let location = format!("/api/v1/applications/{}", application.id);
    let shown = tagged(&web, &application)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], shown).into_response())
}

#[utoipa::path(get, path = "/api/v1/applications/{id}", tag = "applications", operation_id = "getApplication",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = AnyApplicationView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneApplication(id): OneApplication,
) -> Result<Tagged<AnyApplicationView>, ApiError> {
    let application = web.app().application(&granted, id).await?;
    tagged(&web, &application)
}

#[utoipa::path(put, path = "/api/v1/applications/{id}", tag = "applications", operation_id = "changeApplication",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = ApplicationBody,
    responses((status = 200, body = AnyApplicationView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    Body(change): Body<ApplicationBody>,
) -> Result<Tagged<AnyApplicationView>, ApiError> {
    let application = web.app().edit_application(&granted, id, &ApplicationForm::from(change)).await?;
    tagged(&web, &application)
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
    Ok(Json(filled.map_err(Refusal::from)?.into()))
}
