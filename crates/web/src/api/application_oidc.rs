//! Applications that people sign in to by OpenID Connect, and the keys that sign for them (S10).

use super::{
    application_shapes::{AnyApplicationView, AttributeBody, tagged},
    body::Body,
    condition::{On, Tagged},
    key::May,
    path::OneApplication,
    problem::{Absent, ApiError, BadBody, Conflicting, Refused},
    repeat::ShownOnce,
    schema::{
        AccessWord, AlgorithmWord, ClientWord, FreshCodeWord, RefreshWord, ScopeWord, TileWord, TurnWord,
    },
};
use crate::Web;
use axum::{
    Extension, Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{
    Refusal,
    applications::OidcForm,
    oidc::{ShownKey, Turn},
    words,
};
use claviger_domain::{
    application::Application,
    field::FieldError,
    permission::{ManageUsers, ViewUsers},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An application that speaks OpenID Connect and is to be. What is left out is what most applications want.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcApplicationBody {
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
    /// Whether it keeps a secret: on a server it does, in a browser or on a phone it can't.
    #[serde(default = "confidential")]
    #[schema(value_type = ClientWord)]
    client: String,
    /// Where people come back to with a code, 1 to 20, compared byte for byte: `https`, or `http` on localhost.
    #[schema(min_items = 1)]
    redirect_uris: Vec<String>,
    /// Where people may land after they signed out, up to 20.
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    /// Where its tile leads; null: it has none.
    start: Option<String>,
    /// What it may be told beside `openid`.
    #[serde(default = "usual_scopes")]
    #[schema(value_type = Vec<ScopeWord>)]
    scopes: Vec<String>,
    /// Whether it may go on without the person, as long as their session here lasts.
    #[serde(default = "none")]
    #[schema(value_type = RefreshWord)]
    refresh: String,
    /// What it is told beside, whatever it asks for, up to 50.
    #[serde(default)]
    claims: Vec<AttributeBody>,
    /// What its ID tokens are signed with.
    #[serde(default = "rs256")]
    #[schema(value_type = AlgorithmWord)]
    signed: String,
}

macro_rules! usual {
    ($($name:ident),*) => { $(fn $name() -> String { stringify!($name).into() })* };
}
usual!(enabled, shown, not_asked, confidential, none);

fn rs256() -> String {
    "RS256".into()
}

fn usual_scopes() -> Vec<String> {
    claviger_app::applications::USUAL_SCOPES.iter().map(|scope| scope.key().to_owned()).collect()
}

impl From<OidcApplicationBody> for OidcForm {
    fn from(body: OidcApplicationBody) -> Self {
        Self {
            name: body.name,
            description: body.description,
            access: body.access,
            tile: body.tile,
            fresh_code: body.fresh_code,
            fresh_minutes: body.fresh_minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            client: body.client,
            redirects: body.redirect_uris.join("\n"),
            after_log_out: body.post_logout_redirect_uris.join("\n"),
            start: body.start.unwrap_or_default(),
            scopes: body.scopes,
            refresh: body.refresh,
            claims: body.claims.into_iter().map(Into::into).collect(),
            signed: body.signed,
        }
    }
}

/// The fields as the API calls them.
fn renamed(refusal: Refusal) -> Refusal {
    let Refusal::Fields(errors) = refusal else { return refusal };
    let name = |error: FieldError| {
        let field = match error.field {
            "redirects" => "redirect_uris",
            "after_log_out" => "post_logout_redirect_uris",
            other => other,
        };
        FieldError { field, ..error }
    };
    Refusal::Fields(errors.into_iter().map(name).collect())
}

/// An application that speaks OpenID Connect.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OidcApplicationView {
    /// UUID; its `client_id`.
    id: String,
    /// Counts every change of what is below, and of its secret; who has it is no part of it.
    pub(super) revision: i64,
    /// How it speaks: `oidc`.
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
    /// `confidential` or `public`.
    client: String,
    /// Where people come back to with a code.
    redirect_uris: Vec<String>,
    /// Where people may land after they signed out.
    post_logout_redirect_uris: Vec<String>,
    /// Where its tile leads.
    start: Option<String>,
    /// What it may be told beside `openid`.
    scopes: Vec<String>,
    /// `none` or `rotating`.
    refresh: String,
    /// What it is told beside, whatever it asks for.
    claims: Vec<AttributeBody>,
    /// `RS256` or `ES256`.
    signed: String,
    /// Where it finds this server.
    issuer: String,
    /// RFC 3339, UTC.
    created_at: String,
}

impl OidcApplicationView {
    /// Nothing of an application that speaks another protocol.
    pub(super) fn of(web: &Web, application: &Application) -> Option<Self> {
        let form = OidcForm::of(application)?;
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        Some(Self {
            id: application.id.to_string(),
            revision: application.revision,
            protocol: application.protocol.key(),
            redirect_uris: lines(&form.redirects),
            post_logout_redirect_uris: lines(&form.after_log_out),
            name: form.name,
            description: form.description,
            access: form.access,
            tile: form.tile,
            fresh_code: form.fresh_code,
            fresh_minutes: form.fresh_minutes.parse().ok(),
            client: form.client,
            start: (!form.start.is_empty()).then_some(form.start),
            scopes: form.scopes,
            refresh: form.refresh,
            claims: form.claims.into_iter().map(Into::into).collect(),
            signed: form.signed,
            issuer: web.app().oidc_endpoints().issuer,
            created_at: words::iso(application.created_at),
        })
    }
}

/// An application that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewOidcApplicationView {
    /// What it shows itself by; null if it keeps none. It is in this answer and nowhere else.
    secret: Option<String>,
    /// The application.
    application: OidcApplicationView,
}

#[utoipa::path(post, path = "/api/v1/applications/oidc", tag = "applications",
    operation_id = "createOidcApplication", extensions(("x-permission" = json!("ManageUsers"))),
    request_body = OidcApplicationBody,
    responses((status = 201, body = NewOidcApplicationView), Refused, Conflicting, BadBody))]
pub(crate) async fn create(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(new): Body<OidcApplicationBody>,
) -> Result<Response, ApiError> {
    let made = web.app().create_oidc_application(&granted, &OidcForm::from(new)).await;
    let (application, secret) = made.map_err(renamed)?;
    let location = format!("/api/v1/applications/{}", application.id);
    let view = OidcApplicationView::of(&web, &application).ok_or(Refusal::NotFound("application"))?;
    let secret = secret.map(|secret| secret.expose().to_owned());
    let view = NewOidcApplicationView { secret, application: view };
    let answer = (StatusCode::CREATED, Extension(ShownOnce), [(header::LOCATION, location)], Json(view));
    Ok(answer.into_response())
}

#[utoipa::path(put, path = "/api/v1/applications/{id}/oidc", tag = "applications",
    operation_id = "changeOidcApplication", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = OidcApplicationBody,
    responses((status = 200, body = AnyApplicationView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn change(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    Body(change): Body<OidcApplicationBody>,
) -> Result<Tagged<AnyApplicationView>, ApiError> {
    let changed = web.app().edit_oidc_application(&granted, id, &OidcForm::from(change)).await;
    tagged(&web, &changed.map_err(renamed)?)
}

/// How another secret takes over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    /// How many hours the secret before is taken beside it.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 168)]
    hours: i64,
}

const fn a_day() -> i64 {
    24
}

/// A secret that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewSecretView {
    /// What the application shows itself by. It is in this answer and nowhere else.
    secret: String,
}

/// Makes another secret. The one before is taken for a while beside it, so that the application can be told in peace.
#[utoipa::path(post, path = "/api/v1/applications/{id}/secret", tag = "applications",
    operation_id = "replaceApplicationSecret", extensions(("x-permission" = json!("ManageUsers"))),
    params(("id" = String, Path, description = "UUID")), request_body = SecretBody,
    responses((status = 201, body = NewSecretView), Refused, Absent, Conflicting, BadBody))]
pub(crate) async fn replace_secret(
    On(web): On,
    May(granted): May<ManageUsers>,
    OneApplication(id): OneApplication,
    Body(body): Body<SecretBody>,
) -> Result<Response, ApiError> {
    let secret = web.app().replace_application_secret(&granted, (id, body.hours)).await?;
    let view = NewSecretView { secret: secret.expose().to_owned() };
    Ok((StatusCode::CREATED, Extension(ShownOnce), Json(view)).into_response())
}

/// A key that signs ID tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SigningKeyView {
    /// UUID; its `kid`.
    id: String,
    /// `RS256` or `ES256`.
    algorithm: &'static str,
    /// `next`, `current` or `retired`.
    state: &'static str,
    /// RFC 3339, UTC.
    created_at: String,
    /// RFC 3339, UTC: from when on it signs.
    signs_from: String,
}

impl From<ShownKey> for SigningKeyView {
    fn from(key: ShownKey) -> Self {
        Self {
            id: key.id.to_string(),
            algorithm: key.algorithm.key(),
            state: key.duty.key(),
            created_at: words::iso(key.created_at),
            signs_from: words::iso(key.signs_from),
        }
    }
}

/// The keys that sign ID tokens, of all applications together.
#[utoipa::path(get, path = "/api/v1/applications/signing-keys", tag = "applications",
    operation_id = "listSigningKeys", extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = Vec<SigningKeyView>), Refused))]
pub(crate) async fn keys(
    On(web): On,
    May(granted): May<ViewUsers>,
) -> Result<Json<Vec<SigningKeyView>>, ApiError> {
    let keys = web.app().oidc_signing_keys(&granted).await?;
    Ok(Json(keys.into_iter().map(SigningKeyView::from).collect()))
}

/// When the next keys take over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TurnBody {
    /// `planned`: a day after they are published. `at_once`: now, and the ones before are forgotten, as somebody may have
    /// them.
    #[schema(value_type = TurnWord)]
    turn: String,
}

/// Makes the next keys. They take over by themselves every 90 days; this is for between.
#[utoipa::path(post, path = "/api/v1/applications/signing-keys", tag = "applications",
    operation_id = "turnSigningKeys", extensions(("x-permission" = json!("ManageUsers"))),
    request_body = TurnBody, responses((status = 204), Refused, Conflicting, BadBody))]
pub(crate) async fn turn_keys(
    On(web): On,
    May(granted): May<ManageUsers>,
    Body(body): Body<TurnBody>,
) -> Result<StatusCode, ApiError> {
    let turn = Turn::from_key(&body.turn)
        .ok_or_else(|| Refusal::from(FieldError::new("turn", "Choose planned or at_once.")))?;
    web.app().turn_oidc_keys(&granted, turn).await?;
    Ok(StatusCode::NO_CONTENT)
}
