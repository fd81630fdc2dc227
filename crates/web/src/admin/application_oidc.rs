//! Applications that speak OpenID Connect: a new one, their part of the page, their secret, and the keys that sign.

use super::{applications::PATH, change::Change};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Check, Choice, Errors, Field, Posted},
    routing::{Routes, get, post},
    view::{filters, page, render},
    visit::Admin,
};
use askama::Template;
use axum::{Router, extract::State, response::Response};
use claviger_app::{
    applications::{OidcForm, USUAL_SCOPES, attribute_lines, attributes_from},
    oidc::{Endpoints, Turn},
    session::SignedIn,
    words,
};
use claviger_domain::{
    application::{
        Application,
        oidc::{Scope, key::Duty},
    },
    field::{FieldError, number},
    id::ApplicationId,
    permission::{Granted, ManageUsers, ViewUsers},
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/applications/new/oidc", get(blank).post(create))
        .at("/admin/applications/{id}/oidc", post(save))
        .at("/admin/applications/{id}/secret", post(replace_secret))
        .at("/admin/applications/{id}/signing-keys", post(turn_keys))
}

/// The form as it is shown.
pub(super) struct OidcShown {
    pub(super) name: Field,
    pub(super) description: Field,
    pub(super) access: Field,
    pub(super) tile: Field,
    pub(super) fresh_code: Field,
    pub(super) fresh_minutes: Field,
    pub(super) client: Field,
    pub(super) redirects: Field,
    pub(super) after_log_out: Field,
    pub(super) start: Field,
    pub(super) profile: Check,
    pub(super) email: Check,
    pub(super) groups: Check,
    pub(super) refresh: Field,
    pub(super) claims: Field,
    pub(super) signed: Field,
    pub(super) accesses: Vec<Choice>,
    pub(super) tiles: Vec<Choice>,
    pub(super) fresh_codes: Vec<Choice>,
    pub(super) clients: Vec<Choice>,
    pub(super) refreshes: Vec<Choice>,
    pub(super) algorithms: Vec<Choice>,
}

const SCOPES: [(&str, Scope); 3] =
    [("scope_profile", Scope::Profile), ("scope_email", Scope::Email), ("scope_groups", Scope::Groups)];

impl OidcShown {
    fn of(form: &OidcForm) -> Self {
        use super::application_form::{accesses, choices, fresh_codes, tiles};
        let usual = |text: &str, usual: &str| Field::of(if text.is_empty() { usual } else { text });
        let check =
            |scope: Scope| Check { on: form.scopes.iter().any(|key| key == scope.key()), error: None };
        Self {
            name: Field::of(&form.name),
            description: Field::of(&form.description),
            access: usual(&form.access, "enabled"),
            tile: usual(&form.tile, "shown"),
            fresh_code: usual(&form.fresh_code, "not_asked"),
            fresh_minutes: usual(&form.fresh_minutes, "15"),
            client: usual(&form.client, "confidential"),
            redirects: Field::of(&form.redirects),
            after_log_out: Field::of(&form.after_log_out),
            start: Field::of(&form.start),
            profile: check(Scope::Profile),
            email: check(Scope::Email),
            groups: check(Scope::Groups),
            refresh: usual(&form.refresh, "none"),
            claims: Field::of(attribute_lines(&form.claims)),
            signed: usual(&form.signed, "RS256"),
            accesses: accesses(),
            tiles: tiles(),
            fresh_codes: fresh_codes(),
            clients: choices(&[
                ("confidential", "On a server: it keeps a secret"),
                ("public", "In a browser or on a phone: it keeps none"),
            ]),
            refreshes: choices(&[
                ("none", "Not: people are sent here again"),
                ("rotating", "With refresh tokens, as long as the sign-in here lasts"),
            ]),
            algorithms: choices(&[
                ("RS256", "RS256 (RSA, every application takes it)"),
                ("ES256", "ES256 (P-256)"),
            ]),
        }
    }

    /// Puts what was typed back, with what is wrong in it.
    pub(super) fn put_back(&mut self, posted: &Posted, errors: &Errors) {
        posted.put_back(
            errors,
            [
                ("name", &mut self.name),
                ("description", &mut self.description),
                ("access", &mut self.access),
                ("tile", &mut self.tile),
                ("fresh_code", &mut self.fresh_code),
                ("fresh_minutes", &mut self.fresh_minutes),
                ("client", &mut self.client),
                ("redirects", &mut self.redirects),
                ("after_log_out", &mut self.after_log_out),
                ("start", &mut self.start),
                ("refresh", &mut self.refresh),
                ("claims", &mut self.claims),
                ("signed", &mut self.signed),
            ],
        );
        // Boxes that are not ticked don't come: what else came tells that it was this form.
        if posted.has("redirects") {
            self.profile = posted.check("scope_profile", errors);
            self.email = posted.check("scope_email", errors);
            self.groups = posted.check("scope_groups", errors);
        }
    }
}

fn typed(form: &Posted) -> OidcForm {
    let ticked = SCOPES.iter().filter(|(name, _)| form.has(name));
    OidcForm {
        name: form.owned("name"),
        description: form.owned("description"),
        access: form.owned("access"),
        tile: form.owned("tile"),
        fresh_code: form.owned("fresh_code"),
        fresh_minutes: form.owned("fresh_minutes"),
        client: form.owned("client"),
        redirects: form.owned("redirects"),
        after_log_out: form.owned("after_log_out"),
        start: form.owned("start"),
        scopes: ticked.map(|(_, scope)| scope.key().to_owned()).collect(),
        refresh: form.owned("refresh"),
        claims: attributes_from(form.text("claims")),
        signed: form.owned("signed"),
    }
}

/// The application's part of its page.
pub(super) struct OidcPart {
    pub(super) form: OidcShown,
    pub(super) client_id: String,
    pub(super) endpoints: Endpoints,
    pub(super) secret: Option<SecretState>,
    pub(super) keys: Vec<KeyRow>,
}

/// What is known of the secret.
pub(super) struct SecretState {
    pub(super) text: String,
    pub(super) verb: &'static str,
}

/// A key that signs ID tokens, did, or will.
pub(super) struct KeyRow {
    pub(super) id: String,
    pub(super) algorithm: &'static str,
    pub(super) state: String,
}

impl OidcPart {
    pub(super) async fn of(
        web: &Web,
        granted: &Granted<ViewUsers>,
        application: &Application,
    ) -> Result<Self, PageError> {
        let app = web.app();
        let form = OidcForm::of(application).ok_or(PageError::NotFound("application"))?;
        let zone = app.organization().await?.settings.time_zone.clone();
        let secret = app.application_secret(granted, application.id).await?.map(|secret| {
            let old = secret
                .old_until
                .map(|until| format!(" The one before is taken until {}.", words::date(until, &zone)));
            let text = match secret.made_at {
                Some(at) => format!("Made {}.{}", words::date(at, &zone), old.unwrap_or_default()),
                None => "There is none yet, so that the application can't get tokens.".into(),
            };
            SecretState {
                text,
                verb: if secret.made_at.is_some() { "Replace secret" } else { "Make secret" },
            }
        });
        let keys = app.oidc_signing_keys(granted).await?.into_iter().map(|key| KeyRow {
            id: key.id.to_string(),
            algorithm: key.algorithm.key(),
            state: match key.duty {
                Duty::Signs => "Signs".into(),
                Duty::Next => format!("Signs from {}", words::date(key.signs_from, &zone)),
                Duty::Retired | Duty::Gone => "Retired".into(),
            },
        });
        Ok(Self {
            form: OidcShown::of(&form),
            client_id: application.id.to_string(),
            endpoints: app.oidc_endpoints(),
            secret,
            keys: keys.collect(),
        })
    }
}

#[derive(Template)]
#[template(path = "admin/application_oidc_new.html")]
struct New {
    chrome: AdminChrome,
    problem: Option<String>,
    form: OidcShown,
}

impl New {
    async fn of(web: &Web, me: &SignedIn, frame: Frame, form: &OidcForm) -> Result<Self, PageError> {
        let chrome = AdminChrome::new(web, me, frame, "applications").await?;
        Ok(Self { chrome, problem: None, form: OidcShown::of(form) })
    }
}

async fn blank(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    let scopes = USUAL_SCOPES.iter().map(|scope| scope.key().to_owned()).collect();
    let usual = OidcForm { scopes, ..OidcForm::default() };
    Ok(page(&New::of(&web, &me, frame, &usual).await?))
}

async fn create(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let entered = typed(&form);
    let made = web.app().create_oidc_application(&granted, &entered).await;
    let Again { status, errors, problem } = match made {
        Ok((application, Some(secret))) => {
            return shown_once(&web, &me, frame, (&application, secret.expose())).await;
        }
        Ok((application, None)) => {
            return Ok(flash::redirect(&format!("{PATH}/{}", application.id), "application_created"));
        }
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = New::of(&web, &me, frame, &entered).await?;
    again.problem = problem;
    again.form.put_back(&form, &errors);
    Ok(render(status, &again))
}

#[derive(Template)]
#[template(path = "admin/application_secret.html")]
struct SecretPage {
    chrome: AdminChrome,
    name: String,
    client_id: String,
    secret: String,
    back: String,
}

/// Nothing that can be kept may hold the secret: it is in this page, and in no address or cookie.
async fn shown_once(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    (application, secret): (&Application, &str),
) -> Result<Response, PageError> {
    Ok(page(&SecretPage {
        chrome: AdminChrome::new(web, me, frame, "applications").await?,
        name: application.name.as_str().to_owned(),
        client_id: application.id.to_string(),
        secret: secret.to_owned(),
        back: format!("{PATH}/{}", application.id),
    }))
}

async fn save(change: Change<ApplicationId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let done = web.app().edit_oidc_application(granted, *id, &typed(form)).await.map(|_| "saved");
    change.answer(done).await
}

async fn replace_secret(change: Change<ApplicationId>) -> Result<Response, PageError> {
    let Change { web, granted, id, form, .. } = &change;
    let hours = number("hours", "Hours", form.text("hours"), 0, 168);
    let made = match hours {
        Ok(hours) => web.app().replace_application_secret(granted, (*id, hours)).await,
        Err(error) => Err(FieldError { field: "hours", ..error }.into()),
    };
    match made {
        Ok(secret) => {
            let view: Granted<ViewUsers> = change.me.actor.granted()?;
            let application = change.web.app().application(&view, change.id).await?;
            let Change { web, me, frame, .. } = change;
            shown_once(&web, &me, frame, (&application, secret.expose())).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn turn_keys(
    Change { web, granted, id, form, .. }: Change<ApplicationId>,
) -> Result<Response, PageError> {
    let turn = Turn::from_key(form.text("turn")).unwrap_or(Turn::Planned);
    web.app().turn_oidc_keys(&granted, turn).await?;
    Ok(flash::redirect(&format!("{PATH}/{id}"), "signing_keys_made"))
}
