//! Policies (S9.1).

use super::{
    body::Body,
    condition::{On, Revised, Tagged},
    key::May,
    path::OnePolicy,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    schema::{DataWord, ModeWord, PolicyTemplateWord},
};
use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::words;
use claviger_domain::{
    device::Platform,
    permission::{ManageUsers, ViewUsers},
    policy::{Policy, PolicyForm, Systems, ValueForm},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The largest body: 64 KiB of content, however it is escaped.
pub(super) const LIMIT: usize = 512 * 1024;

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolicyView {
    /// UUID.
    id: String,
    /// Counts every change.
    revision: i64,
    /// 1 to 100 characters, one of a kind whatever its case.
    name: String,
    /// Up to 300 characters.
    description: String,
    /// What kind it is; it stays.
    template: String,
    /// `windows`, or `linux` for what is for Linux and macOS.
    platform: &'static str,
    /// All systems that it is for: `windows`; or `linux` and `macos`.
    platforms: Vec<&'static str>,
    /// Of `registry`.
    values: Vec<ValueView>,
    /// Of `sshd`.
    settings: Vec<SettingView>,
    /// Of `file`.
    path: Option<String>,
    /// Of `file`.
    content: Option<String>,
    /// Of `file`.
    mode: Option<String>,
    /// Of `banner`.
    text: Option<String>,
    /// RFC 3339, UTC.
    created_at: String,
}

/// A value of the registry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueView {
    /// Under `HKEY_LOCAL_MACHINE`.
    location: String,
    /// Empty for the default value of the key.
    name: String,
    /// Its type.
    r#type: String,
    /// A number as a text, a text, or a line for each text.
    data: String,
}

/// A setting of sshd.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SettingView {
    /// As sshd's manual spells it.
    keyword: String,
    /// As `sshd -T` prints it.
    value: String,
}

/// The one system that `platform` named before there were Macs; programs may read it still.
const fn platform(systems: Systems) -> Platform {
    match systems {
        Systems::Windows => Platform::Windows,
        Systems::Unix => Platform::Linux,
    }
}

impl From<&Policy> for PolicyView {
    fn from(policy: &Policy) -> Self {
        let form = PolicyForm::of(&policy.name, &policy.description, &policy.template);
        let only = |template: &str, text: String| (form.template == template).then_some(text);
        Self {
            id: policy.id.to_string(),
            revision: policy.revision,
            path: only("file", form.path),
            content: only("file", form.content),
            mode: only("file", form.mode),
            text: only("banner", form.text),
            name: form.name,
            description: form.description,
            platform: platform(policy.template.systems()).key(),
            platforms: policy.template.systems().platforms().iter().map(|one| one.key()).collect(),
            values: form.values.into_iter().map(ValueView::from).collect(),
            settings: form
                .settings
                .into_iter()
                .map(|(keyword, value)| SettingView { keyword, value })
                .collect(),
            template: form.template,
            created_at: words::iso(policy.created_at),
        }
    }
}

impl From<ValueForm> for ValueView {
    fn from(value: ValueForm) -> Self {
        Self { location: value.location, name: value.name, r#type: value.kind, data: value.data }
    }
}

impl Revised for PolicyView {
    fn revision(&self) -> i64 {
        self.revision
    }
}

/// A policy that is to be made or changed. Of the fields below `template` only those of that template count.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyBody {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Up to 300 characters.
    #[serde(default)]
    #[schema(max_length = 300)]
    description: String,
    /// What kind it is; a change names what it is.
    #[schema(value_type = PolicyTemplateWord)]
    template: String,
    /// Of `registry`: 1 to 100.
    #[serde(default)]
    values: Vec<ValueBody>,
    /// Of `sshd`: each keyword once.
    #[serde(default)]
    settings: Vec<SettingBody>,
    /// Of `file`: absolute, in `/etc`, `/opt` or `/srv`.
    path: Option<String>,
    /// Of `file`: up to 64 KiB.
    content: Option<String>,
    /// Of `file`.
    #[schema(value_type = Option<ModeWord>)]
    mode: Option<String>,
    /// Of `banner`: up to 4000 characters.
    text: Option<String>,
}

/// A value of the registry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueBody {
    /// Under `HKEY_LOCAL_MACHINE`, in `SOFTWARE` or `SYSTEM`.
    location: String,
    /// Empty for the default value of the key.
    name: String,
    /// Its type.
    #[schema(value_type = DataWord)]
    r#type: String,
    /// A number as a text, in decimal or after `0x`; a text; or a line for each text.
    data: String,
}

/// A setting of sshd.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingBody {
    /// As sshd's manual spells it, in whatever case.
    keyword: String,
    /// What it is to be.
    value: String,
}

impl From<PolicyBody> for PolicyForm {
    fn from(body: PolicyBody) -> Self {
        let value = |value: ValueBody| ValueForm {
            location: value.location,
            name: value.name,
            kind: value.r#type,
            data: value.data,
        };
        Self {
            name: body.name,
            description: body.description,
            template: body.template,
            values: body.values.into_iter().map(value).collect(),
            settings: body.settings.into_iter().map(|one| (one.keyword, one.value)).collect(),
            path: body.path.unwrap_or_default(),
            content: body.content.unwrap_or_default(),
            mode: body.mode.unwrap_or_else(|| "0644".into()),
            text: body.text.unwrap_or_default(),
        }
    }
}

#[utoipa::path(get, path = "/api/v1/policies", tag = "policies", operation_id = "listPolicies",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<PolicyView>), Refused))]
pub(crate) async fn list(
    On(web): On,
    May(granted): May<ViewUsers>,
) -> Result<Json<Vec<PolicyView>>, ApiError> {
    let policies = web.app().policies(&granted).await?;
    Ok(Json(policies.iter().map(|counted| PolicyView::from(&counted.policy)).collect()))
}

#[utoipa::path(post, path = "/api/v1/policies", tag = "policies", operation_id = "createPolicy",
    extensions(("x-permission" = json!("ManageUsers"))), request_body = PolicyBody,
    responses((status = 201, body = PolicyView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<PolicyBody>,
) -> Result<Response, ApiError> {
    let policy = web.app().create_policy(&granted, &PolicyForm::from(new)).await?;
    let location = format!("/api/v1/policies/{}", policy.id);
    let view = Tagged(PolicyView::from(&policy));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], view).into_response())
}

#[utoipa::path(get, path = "/api/v1/policies/{id}", tag = "policies", operation_id = "getPolicy",
    extensions(("x-permission" = json!("ViewUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 200, body = PolicyView), Refused, Absent))]
pub(crate) async fn show(
    On(web): On,
    May(granted): May<ViewUsers>,
    OnePolicy(id): OnePolicy,
) -> Result<Tagged<PolicyView>, ApiError> {
    let policy = web.app().policy(&granted, id).await?;
    Ok(Tagged(PolicyView::from(&policy)))
}

#[utoipa::path(put, path = "/api/v1/policies/{id}", tag = "policies", operation_id = "changePolicy",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    request_body = PolicyBody,
    responses((status = 200, body = PolicyView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OnePolicy(id): OnePolicy,
    Body(change): Body<PolicyBody>,
) -> Result<Tagged<PolicyView>, ApiError> {
    let policy = web.app().change_policy(&granted, id, &PolicyForm::from(change), None).await?;
    Ok(Tagged(PolicyView::from(&policy)))
}

#[utoipa::path(delete, path = "/api/v1/policies/{id}", tag = "policies", operation_id = "deletePolicy",
    extensions(("x-permission" = json!("ManageUsers"))), params(("id" = String, Path, description = "UUID")),
    responses((status = 204), Refused, Absent, Conflicting))]
pub(crate) async fn delete(
    On(web): On,
    May(granted): May<ManageUsers>,
    OnePolicy(id): OnePolicy,
) -> Result<StatusCode, ApiError> {
    web.app().delete_policy(&granted, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
