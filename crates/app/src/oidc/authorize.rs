//! Requests for a code, as they come in. Nobody needs to be signed in for that.

use super::{Party, extended};
use crate::{
    App, Problem,
    door::SIGN_IN,
    draft::Target,
    saml::{PENDING, Wrong, WrongMessage, open_kept, seal_kept},
    session::Origin,
};
use claviger_domain::{
    application::oidc::request::{Authorization, Error, Fault, Parameters},
    id::ApplicationId,
    time::Timestamp,
};
use claviger_store::seal::Place;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What came of a request for a code.
#[derive(Clone, Debug)]
pub enum Authorized {
    /// It is right, and waits for the person with this text.
    Pending(ApplicationId, String),
    /// The browser goes back to this address of the application, which is told what is wrong.
    Back(String),
    /// Nothing is sent anywhere: where it would go to is not known to be the application's.
    Wrong(Wrong),
    /// There is no such application.
    Unknown,
}

/// What is kept of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    /// A random name.
    id: String,
    pub(super) asked: Authorization,
    /// Whom it is about, by the name that the application knows them by.
    pub(super) subject: Option<String>,
    /// When it came.
    pub(super) at: Timestamp,
}

impl Pending {
    /// What it is remembered by once it was answered.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"authorization\0").chain_update(&self.id).finalize().into()
    }
}

/// The application that calls itself so, letter for letter.
pub(super) fn named(client_id: &str) -> Option<ApplicationId> {
    client_id.parse().ok().filter(|id: &ApplicationId| id.to_string() == client_id)
}

const fn place(id: ApplicationId) -> Place {
    Place { table: "oidc_request", column: "pending", row: id.0 }
}

impl App {
    /// S10.1: checks a request of an application for a code.
    pub async fn receive_authorization(
        &self,
        parameters: &Parameters,
        origin: &Origin,
    ) -> Result<Authorized, Problem> {
        let Some(id) = parameters.once("client_id").and_then(named) else { return Ok(Authorized::Unknown) };
        let Some(party) = self.oidc_party(id).await? else { return Ok(Authorized::Unknown) };
        let Some(redirect) = party.settings.destination(parameters) else {
            return self.unknown_destination(&party, origin).await;
        };
        let state = parameters.once("state");
        let fault = match Authorization::parse(&party.settings, redirect, parameters) {
            Ok(asked) => match self.kept_authorization(id, asked, parameters).await? {
                Ok(kept) => return Ok(Authorized::Pending(id, kept)),
                Err(fault) => fault,
            },
            Err(fault) => fault,
        };
        let details = json!({ "error": fault.error.key(), "message": fault.description });
        let target = Target::from(&party.application);
        self.log_stranger((SIGN_IN, &target, "wrong_message"), details, origin).await?;
        Ok(Authorized::Back(self.refused_at(redirect, state, fault)))
    }

    async fn unknown_destination(&self, party: &Party, origin: &Origin) -> Result<Authorized, Problem> {
        let details = json!({ "message": "redirect_uri is not one of the application's" });
        let target = Target::from(&party.application);
        self.log_stranger((SIGN_IN, &target, "wrong_message"), details, origin).await?;
        Ok(Authorized::Wrong(Wrong { application: party.name(), kind: WrongMessage::Misaddressed }))
    }

    async fn kept_authorization(
        &self,
        id: ApplicationId,
        asked: Authorization,
        parameters: &Parameters,
    ) -> Result<Result<String, Fault>, Problem> {
        let wrong = |description| Fault { error: Error::InvalidRequest, description };
        let subject = match parameters.once("id_token_hint") {
            None => None,
            Some(hint) => match self.hinted(id, hint).await? {
                None => return Ok(Err(wrong("id_token_hint is not an ID token of this application."))),
                Some(hint) => Some(hint.subject),
            },
        };
        let name = BASE64URL_NOPAD.encode(&self.random::<16>());
        let kept = seal_kept(self, place(id), &Pending { id: name, asked, subject, at: self.now() })?;
        Ok(kept.ok_or(wrong("state, nonce and acr_values are too long together.")))
    }

    /// What was sealed for that application, unless it is too old.
    pub(super) fn open_authorization(&self, id: ApplicationId, text: &str) -> Option<Pending> {
        let pending: Pending = open_kept(self, place(id), text)?;
        (self.now().since(pending.at) <= PENDING).then_some(pending)
    }

    /// Where the browser goes with an error. `iss` says whose it is (RFC 9207).
    pub(super) fn refused_at(&self, redirect: &str, state: Option<&str>, fault: Fault) -> String {
        let mut told = vec![("error", fault.error.key()), ("error_description", fault.description)];
        told.extend(state.map(|state| ("state", state)));
        told.push(("iss", &self.0.public_url));
        extended(redirect, &told)
    }
}

/// Whom an ID token of ours was about.
#[derive(Clone, Debug)]
pub(super) struct Hint {
    pub(super) subject: String,
    pub(super) session: String,
}

#[derive(Deserialize)]
struct HintClaims {
    iss: String,
    aud: ApplicationId,
    sub: String,
    sid: String,
}

impl App {
    /// What an ID token of that application says, however old it is; nothing if it is none.
    pub(super) async fn hinted(&self, id: ApplicationId, token: &str) -> Result<Option<Hint>, Problem> {
        Ok(self.hint(token).await?.filter(|(of, _)| *of == id).map(|(_, hint)| hint))
    }

    /// The same of whichever application it was for.
    pub(super) async fn hint(&self, token: &str) -> Result<Option<(ApplicationId, Hint)>, Problem> {
        let Some(claims) = self.own_token(token).await? else { return Ok(None) };
        let read = serde_json::from_value::<HintClaims>(claims).ok();
        let ours = read.filter(|claims| claims.iss == self.0.public_url);
        Ok(ours.map(|claims| (claims.aud, Hint { subject: claims.sub, session: claims.sid })))
    }
}
