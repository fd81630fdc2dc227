//! Who has an application, what is signed with for it, and what it would be told (S10).

use super::{
    body::Query,
    condition::On,
    key::May,
    path::{OneApplication, OneBoundGroup, OneCertificate},
    problem::{Absent, ApiError, BadQuery, Conflicting, Refused},
};
use axum::{Json, http::StatusCode};
use claviger_app::{
    applications::{Preview, ShownCertificate, Told},
    saml::Refused as NotTold,
    stored::Assigned,
    words,
};
use claviger_domain::permission::{ManageUsers, ViewUsers};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A group that has an application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssignedView {
    /// UUID of the group.
    id: String,
    /// What it is called.
    name: String,
    /// How many are in it.
    members: i64,
}

impl From<Assigned> for AssignedView {
    fn from(group: Assigned) -> Self {
        Self { id: group.user_group.to_string(), name: group.name, members: group.members }
    }
}

#[utoipa::path(get, path = "/api/v1/applications/{id}/groups", tag = "applications",
    operation_id = "listGroupsOfApplication", extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<AssignedView>), Refused, Absent))]
pub(crate) async fn groups(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneApplication(id): OneApplication,
) -> Result<Json<Vec<AssignedView>>, ApiError> {
    web.app().application(&granted, id).await?;
    let groups = web.app().groups_of_application(&granted, id).await?;
    Ok(Json(groups.into_iter().map(AssignedView::from).collect()))
}

#[utoipa::path(put, path = "/api/v1/applications/{id}/groups/{group}", tag = "applications",
    operation_id = "assignApplication", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn assign(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    OneBoundGroup(group): OneBoundGroup,
) -> Result<StatusCode, ApiError> {
    web.app().assign_application(&granted, (id, group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/applications/{id}/groups/{group}", tag = "applications",
    operation_id = "unassignApplication", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("group" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent))]
pub(crate) async fn unassign(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    OneBoundGroup(group): OneBoundGroup,
) -> Result<StatusCode, ApiError> {
    web.app().unassign_application(&granted, (id, group)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is signed with for an application.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CertificateView {
    /// UUID.
    id: String,
    /// `current`, `next` or `retired`.
    stage: &'static str,
    /// SHA-256, in hexadecimal digits.
    sha256: String,
    /// PEM.
    pem: String,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC.
    expires_at: String,
}

impl From<ShownCertificate> for CertificateView {
    fn from(one: ShownCertificate) -> Self {
        Self {
            id: one.id.to_string(),
            stage: one.stage.key(),
            sha256: one.fingerprint,
            pem: one.pem,
            created_at: words::iso(one.created_at),
            expires_at: words::iso(one.expires_at),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/applications/{id}/certificates", tag = "applications",
    operation_id = "listApplicationCertificates", extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = Vec<CertificateView>), Refused, Absent))]
pub(crate) async fn certificates(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneApplication(id): OneApplication,
) -> Result<Json<Vec<CertificateView>>, ApiError> {
    let all = web.app().application_certificates(&granted, id).await?;
    Ok(Json(all.into_iter().map(CertificateView::from).collect()))
}

/// Makes the certificate that is to sign next. The metadata has it from now on.
#[utoipa::path(post, path = "/api/v1/applications/{id}/certificates", tag = "applications",
    operation_id = "makeApplicationCertificate", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")), responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn make_certificate(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
) -> Result<StatusCode, ApiError> {
    web.app().make_next_certificate(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets that certificate sign. The one that signed stays in the metadata until it is removed.
#[utoipa::path(post, path = "/api/v1/applications/{id}/certificates/{certificate}/switch", tag = "applications",
    operation_id = "switchApplicationCertificate", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("certificate" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn switch_certificate(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    OneCertificate(key): OneCertificate,
) -> Result<StatusCode, ApiError> {
    web.app().switch_certificate(&granted, (id, key)).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(delete, path = "/api/v1/applications/{id}/certificates/{certificate}", tag = "applications",
    operation_id = "removeApplicationCertificate", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID"), ("certificate" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn remove_certificate(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    OneCertificate(key): OneCertificate,
) -> Result<StatusCode, ApiError> {
    web.app().remove_certificate(&granted, (id, key)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Of whom the application would be told.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewQuery {
    /// E-mail or username.
    user: String,
}

/// What the application would be told of a user. Nothing is told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApplicationPreviewView {
    /// Null, or why it would be told nothing.
    refused: Option<&'static str>,
    /// What it would be told; null if nothing.
    told: Option<ToldView>,
    /// The groups that the user has the application through.
    groups: Vec<String>,
}

/// What an application would be told, by its protocol.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ToldView {
    /// In an assertion.
    Saml(ToldBySamlView),
    /// In an ID token and at `userinfo`.
    Oidc(ToldByOidcView),
}

/// What an application would be told in an assertion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToldBySamlView {
    /// Where to.
    consumer: String,
    /// `email`, `username`, `persistent` or `transient`.
    name_id_kind: &'static str,
    /// Null where it is made when it is needed.
    name_id: Option<String>,
    /// How the person signed in, as a class of authentication.
    context: &'static str,
    /// What else it would be told.
    attributes: Vec<ToldAttributeView>,
}

/// What an application would be told in an ID token and at `userinfo`, if it asks for all that it may.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToldByOidcView {
    /// Null where it is made at the first sign-in.
    sub: Option<String>,
    /// How the person signed in, as a class of authentication.
    acr: &'static str,
    /// By what.
    amr: Vec<&'static str>,
    /// What else it would be told.
    #[schema(value_type = Object)]
    claims: serde_json::Map<String, serde_json::Value>,
}

/// An attribute that an application would be told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ToldAttributeView {
    /// What the application calls it.
    name: String,
    /// What it says; nothing: it is left out.
    values: Vec<String>,
}

impl From<Preview> for ApplicationPreviewView {
    fn from(preview: Preview) -> Self {
        let refused = preview.outcome.as_ref().err().map(|reason| NotTold::Reason(*reason).key());
        let attribute = |(name, values)| ToldAttributeView { name, values };
        let told = preview.outcome.ok().map(|told| match told {
            Told::Saml(told) => ToldView::Saml(ToldBySamlView {
                consumer: told.consumer,
                name_id_kind: told.name_kind.key(),
                name_id: told.name_id,
                context: told.context,
                attributes: told.attributes.into_iter().map(attribute).collect(),
            }),
            Told::Oidc(told) => ToldView::Oidc(ToldByOidcView {
                sub: told.subject,
                acr: told.context,
                amr: told.methods.to_vec(),
                claims: told
                    .claims
                    .into_iter()
                    .map(|(name, value)| (name, serde_json::json!(value)))
                    .collect(),
            }),
        });
        Self { refused, told, groups: preview.groups }
    }
}

#[utoipa::path(get, path = "/api/v1/applications/{id}/preview", tag = "applications",
    operation_id = "previewApplication", extensions(("x-permission" = json!("ViewUsers"))),
    params(("id" = String, Path, description = "UUID"), PreviewQuery),
    responses((status = 200, body = ApplicationPreviewView), Refused, Absent, BadQuery))]
pub(crate) async fn preview(
    On(web): On,
    May(granted): May<ViewUsers>,
    OneApplication(id): OneApplication,
    Query(query): Query<PreviewQuery>,
) -> Result<Json<ApplicationPreviewView>, ApiError> {
    let preview = web.app().preview_application(&granted, id, &query.user).await?;
    Ok(Json(preview.into()))
}
